// Look-up table: value number `address` of VALUES, which stand STRIDE bits apart, a power of two.
// With four inputs every bit of a value is one LUT4.
module hwsim_table #(
  parameter INPUTS = 4,
  parameter BITS = 1,
  parameter STRIDE_BITS = 0,  // STRIDE is 2**STRIDE_BITS
  parameter [(2**(INPUTS+STRIDE_BITS))-1:0] VALUES = 0
) (
  input  wire [INPUTS-1:0] address,
  output wire [BITS-1:0] value
);
  generate
    if (STRIDE_BITS == 0) begin : close
      assign value = VALUES[address];
    end else begin : apart
      assign value = VALUES[{address, {STRIDE_BITS{1'b0}}} +: BITS];
    end
  endgenerate
endmodule
