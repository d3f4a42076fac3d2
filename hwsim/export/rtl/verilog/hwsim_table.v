// Look-up table: value bit k is bit `address` of its truth table, 2**INPUTS bits of TRUTHS from 2**INPUTS * k on.
// With four inputs a value bit is one LUT4, and its truth table what that LUT holds.
module hwsim_table #(
  parameter INPUTS = 4,
  parameter BITS = 1,
  parameter [BITS*(2**INPUTS)-1:0] TRUTHS = 0
) (
  input  wire [INPUTS-1:0] address,
  output wire [BITS-1:0] value
);
  genvar k;
  generate
    for (k = 0; k < BITS; k = k + 1) begin : of_bit
      localparam [2**INPUTS-1:0] TRUTH = TRUTHS[k*(2**INPUTS) +: 2**INPUTS];
      assign value[k] = TRUTH[address];
    end
  endgenerate
endmodule
