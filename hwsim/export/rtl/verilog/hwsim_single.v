// A single port, without contents at the start: the form of the large memories (SPRAM) that an iCE40 UltraPlus has beside
// its block RAM. Yosys takes them by itself for many bits; with the macro HWSIM_LARGE, for any number.
module hwsim_single #(
    parameter WIDTH = 16,
    parameter DEPTH = 2,
    parameter ADDRESS = 1
) (
    input  wire               clk,
    input  wire               enable,
    input  wire               write,
    input  wire [ADDRESS-1:0] address,
    input  wire [WIDTH-1:0]   write_data,
    output reg  [WIDTH-1:0]   data
);
`ifdef HWSIM_LARGE
  (* ram_style = "huge" *)
`endif
  reg [WIDTH-1:0] words [0:DEPTH-1];
  always @(posedge clk)
    if (enable) begin
      if (write) words[address] <= write_data;
      else data <= words[address];
    end
endmodule
