// A signed number in another width: its sign is repeated, or bits that only repeat it are dropped.
module hwsim_extend #(
  parameter FROM = 1,
  parameter TO = 1
) (
  input  wire [FROM-1:0] number,
  output wire [TO-1:0] found
);
  genvar b;
  generate
    for (b = 0; b < TO; b = b + 1) begin : of_bit
      assign found[b] = number[b < FROM ? b : FROM - 1];
    end
  endgenerate
endmodule
