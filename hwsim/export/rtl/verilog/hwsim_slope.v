// A negative number is divided by 2**SLOPE, rounded down; any other one passes.
module hwsim_slope #(
  parameter TAKEN = 2,
  parameter SLOPE = 0
) (
  input  wire [TAKEN-1:0] number,
  output wire [TAKEN-1:0] found
);
  genvar b;
  generate
    for (b = 0; b < TAKEN; b = b + 1) begin : of_bit
      assign found[b] = number[TAKEN-1] ? number[b + SLOPE < TAKEN ? b + SLOPE : TAKEN - 1] : number[b];
    end
  endgenerate
endmodule
