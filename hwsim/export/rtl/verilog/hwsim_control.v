// The course of one layer: an image is taken, then for every place its bits pass, the sum is complete, and goes on.
// The next place, of this image or the next, begins when the bits of the one before have passed, if its sum will find
// the accumulators free: no sum is on its way, or one, and the register of results that it goes to is empty.
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
  output wire [DELAY+1:0] commits, // what is k registers behind the map takes over what the shadow holds; biases last
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
  output wire committing,     // a commit is on its way through this layer
  output wire pending         // or is here, and later layers have yet to see it
);
  localparam DEEP = DELAY >= BITS; // one sum at a time is on its way, else two would come at uneven times
  reg [BITS+DELAY-1:0] token; // which bit passes, and which ones are still on the way to the accumulators
  reg [DELAY:0] behind;       // a commit is so far
  reg stepping, complete, carried;
  reg [1:0] flying;           // places begun whose sum has not become a result
  wire start, again, more;    // a place begins; one that is not the first; there is such a one

  wire free = !stepping && (flying == 2'd0 || (!DEEP && flying == 2'd1 && !out_valid));
  assign in_ready = free && !more;
  assign again = free && more;
  assign load = in_valid && in_ready;
  assign start = load || again;
  assign commits = {behind, load && in_commit};
  assign step = stepping;
  assign first = token[0];
  assign lead = token[DELAY];
  assign result = complete && (!out_valid || out_ready);
  assign clear = result || rst;
  assign committing = behind != {DELAY+1{1'b0}};
  assign pending = committing || carried || (out_valid && out_commit);

  generate
    if (BITS + DELAY == 1) begin : short
      always @(posedge clk) token <= !rst && start;
    end else begin : long
      always @(posedge clk) token <= rst ? {BITS+DELAY{1'b0}} : {token[BITS+DELAY-2:0], start};
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
      assign more = 1'b0;
    end else begin : many_places
      localparam integer BEFORE_LAST = PLACES - 2;
      reg [PLACE_BITS-1:0] at;
      reg left;
      assign place = at;
      assign more = left;
      always @(posedge clk) begin
        if (load) at <= {PLACE_BITS{1'b0}};
        else if (again) at <= at + 1'b1;
        left <= !rst && (load || (left && !(again && at == BEFORE_LAST[PLACE_BITS-1:0])));
      end
    end
  endgenerate

  always @(posedge clk) begin
    if (rst) begin
      behind <= {DELAY+1{1'b0}};
      stepping <= 1'b0;
      complete <= 1'b0;
      carried <= 1'b0;
      flying <= 2'd0;
      out_valid <= 1'b0;
    end else begin
      behind <= commits[DELAY:0];
      stepping <= start || (stepping && !token[BITS-1]);
      complete <= token[BITS+DELAY-1] || (complete && !result);
      carried <= lead ? behind[DELAY] : carried && !result;
      if (start != result) flying <= start ? flying + 2'd1 : flying - 2'd1;
      out_valid <= result || (out_valid && !out_ready);
    end
    if (result) out_commit <= carried;
  end
endmodule
