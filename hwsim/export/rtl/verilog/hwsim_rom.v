// Contents are given at configuration of the part.
module hwsim_rom #(
    parameter FILE = "",
    parameter WIDTH = 8,
    parameter DEPTH = 2,
    parameter ADDRESS = 1
) (
    input  wire               clk,
    input  wire               enable,
    input  wire [ADDRESS-1:0] address,
    output reg  [WIDTH-1:0]   data
);
  reg [WIDTH-1:0] words [0:DEPTH-1];
  generate
    if (FILE != "") begin : filled
      initial $readmemh(FILE, words);
    end
  endgenerate
  always @(posedge clk) if (enable) data <= words[address];
endmodule
