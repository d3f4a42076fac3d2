// Gathers the signals of one place after the other into a map, and hands it out when all are there.
// Unit u of place p stands at UNIT_STEP * u + PLACE_STEP * p.
module hwsim_collect #(
  parameter UNITS = 1,
  parameter PLACES = 2,
  parameter PLACE_BITS = 1,
  parameter BITS = 1,
  parameter UNIT_STEP = 1,
  parameter PLACE_STEP = 1
) (
  input  wire clk,
  input  wire rst,
  input  wire in_valid,
  output wire in_ready,
  input  wire in_commit,
  input  wire [UNITS*BITS-1:0] signals,
  output reg  out_valid,
  input  wire out_ready,
  output reg  out_commit,
  output wire [UNITS*PLACES*BITS-1:0] map,
  output wire pending         // a commit is here that later layers have yet to see
);
  localparam integer LAST = PLACES - 1;
  reg [PLACE_BITS-1:0] place;
  wire take = in_valid && in_ready;
  wire last = place == LAST[PLACE_BITS-1:0];
  assign in_ready = !out_valid;
  assign pending = out_commit;
  always @(posedge clk) begin
    if (rst) begin
      place <= {PLACE_BITS{1'b0}};
      out_valid <= 1'b0;
      out_commit <= 1'b0;
    end else begin
      if (take) place <= last ? {PLACE_BITS{1'b0}} : place + 1'b1;
      out_valid <= (take && last) || (out_valid && !out_ready);
      out_commit <= (take && in_commit) || (out_commit && !(out_valid && out_ready));
    end
  end
  reg [UNITS*PLACES*BITS-1:0] held;
  assign map = held;
  genvar p;
  generate
    for (p = 0; p < PLACES; p = p + 1) begin : of_place
      localparam integer HERE = p;
      integer u;
      always @(posedge clk) begin
        if (take && place == HERE[PLACE_BITS-1:0]) begin
          for (u = 0; u < UNITS; u = u + 1) begin
            held[(UNIT_STEP*u+PLACE_STEP*p)*BITS +: BITS] <= signals[u*BITS +: BITS];
          end
        end
      end
    end
  endgenerate
endmodule
