// The course of one layer: an image is taken, then for every place its bits pass, the sum is complete, and goes on.
// One image is in a layer at a time; while its last result waits to be taken, the next image may already compute.
module hwsim_control #(
  parameter BITS = 1,         // of a signal: clocks in which the bits of one place pass
  parameter DELAY = 0,        // registers from the map to the accumulators
  parameter PLACES = 1,
  parameter PLACE_BITS = 1
) (
  input  wire clk,
  input  wire rst,
  input  wire in_valid,
  output wire in_ready,
  input  wire in_commit,
  output wire load,           // the image enters the map
  output wire commit,         // active registers take what the shadow holds
  output wire step,           // a bit passes
  output wire first,          // it is the first, the most significant
  output wire [PLACE_BITS-1:0] place,
  output wire move,           // the accumulators change:
  output wire clear,          // to their start,
  output wire lead,           // or by the first bit's sum, or another
  output wire result,         // results take what is accumulated
  output reg  out_valid,
  input  wire out_ready,
  output reg  out_commit,
  output wire pending         // a commit is here that later layers have yet to see
);
  reg [BITS+DELAY-1:0] token; // which bit passes, and which ones are still on the way to the accumulators
  reg busy, stepping, complete, carried;
  wire again;                 // another place begins
  wire last_place;

  assign in_ready = !busy || (complete && last_place && !out_valid);
  assign load = in_valid && in_ready;
  assign commit = load && in_commit;
  assign step = stepping;
  assign first = token[0];
  assign lead = token[DELAY];
  assign result = complete && (!out_valid || out_ready);
  assign clear = result || rst;
  assign again = result && !last_place;
  assign pending = (busy && carried) || (out_valid && out_commit);

  generate
    if (BITS + DELAY == 1) begin : short
      always @(posedge clk) token <= !rst && (load || again);
    end else begin : long
      always @(posedge clk) begin
        if (rst) token <= {BITS+DELAY{1'b0}};
        else token <= {token[BITS+DELAY-2:0], load || again};
      end
    end
    if (DELAY == 0) begin : direct
      assign move = stepping || clear;
    end else begin : delayed
      reg adding;
      assign move = adding || clear;
      always @(posedge clk) adding <= !rst && (token[DELAY-1] || (adding && !token[BITS+DELAY-1]));
    end
    if (PLACES == 1) begin : one_place
      assign place = {PLACE_BITS{1'b0}};
      assign last_place = 1'b1;
    end else begin : many_places
      localparam integer LAST = PLACES - 1;
      reg [PLACE_BITS-1:0] at;
      assign place = at;
      assign last_place = at == LAST[PLACE_BITS-1:0];
      always @(posedge clk) begin
        if (load) at <= {PLACE_BITS{1'b0}};
        else if (again) at <= at + 1'b1;
      end
    end
  endgenerate

  always @(posedge clk) begin
    if (rst) begin
      busy <= 1'b0;
      stepping <= 1'b0;
      complete <= 1'b0;
      out_valid <= 1'b0;
    end else begin
      busy <= load || (busy && !(result && last_place));
      stepping <= load || again || (stepping && !token[BITS-1]);
      complete <= token[BITS+DELAY-1] || (complete && !result);
      out_valid <= result || (out_valid && !out_ready);
    end
    if (load) carried <= in_commit;
    if (result) out_commit <= carried;
  end
endmodule
