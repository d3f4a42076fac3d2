// Horner's rule: twice what was there and the sum of the next bit; a result is that and the bias.
// START and ODD together, 2 * START + ODD, are what the first bit's sum is added to.
module hwsim_accumulator #(
  parameter SUM = 1,          // bits of the sum of one bit of all signals
  parameter HELD = 2,         // bits of what is accumulated, more than of a sum
  parameter BIAS = 1,
  parameter TOTAL = 1,        // bits of a result, which holds any
  parameter [HELD-1:0] START = 0,
  parameter [0:0] ODD = 0
) (
  input  wire clk,
  input  wire move,
  input  wire clear,
  input  wire lead,
  input  wire [SUM-1:0] sum,
  input  wire result,
  input  wire [BIAS-1:0] bias,
  output reg  [TOTAL-1:0] total
);
  reg [HELD-1:0] held;
  wire [HELD-1:0] doubled = {held[HELD-2:0], ODD & lead};
  wire [TOTAL-1:0] wide_held, wide_bias;
  hwsim_extend #(.FROM(HELD), .TO(TOTAL)) extend_held (.number(held), .found(wide_held));
  hwsim_extend #(.FROM(BIAS), .TO(TOTAL)) extend_bias (.number(bias), .found(wide_bias));
  always @(posedge clk) begin
    if (move) begin
      if (clear) held <= START;
      else held <= doubled + {{HELD-SUM{sum[SUM-1]}}, sum};
    end
    if (result) total <= wide_held + wide_bias;
  end
endmodule
