// 1 where a signed number is above 0, else 0.
module hwsim_step #(
  parameter TAKEN = 2
) (
  input  wire [TAKEN-1:0] number,
  output wire [0:0] found
);
  assign found = !number[TAKEN-1] && number != {TAKEN{1'b0}};
endmodule
