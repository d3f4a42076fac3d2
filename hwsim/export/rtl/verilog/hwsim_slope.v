// A negative number is divided by 2**SLOPE, rounded down; any other one passes.
module hwsim_slope #(
  parameter TAKEN = 2,
  parameter SLOPE = 0
) (
  input  wire [TAKEN-1:0] number,
  output wire [TAKEN-1:0] found
);
  wire signed [TAKEN-1:0] flat = $signed(number) >>> SLOPE;
  assign found = number[TAKEN-1] ? flat : number;
endmodule
