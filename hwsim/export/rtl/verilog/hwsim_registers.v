// The shadow of what is configured of one unit; its words are written one by one.
// Word w holds bits WORD*w and above; the last one may be shorter.
module hwsim_registers #(
  parameter BITS = 1,
  parameter WORD = 1,
  parameter ADDRESS = 1,
  parameter FIRST = 0  // address of word 0
) (
  input  wire clk,
  input  wire write,
  input  wire [ADDRESS-1:0] address,
  input  wire [WORD-1:0] data,
  output reg  [BITS-1:0] shadow
);
  genvar w;
  generate
    for (w = 0; w * WORD < BITS; w = w + 1) begin : word
      localparam HELD = (BITS - w * WORD < WORD) ? BITS - w * WORD : WORD;
      localparam integer HERE = FIRST + w;
      always @(posedge clk) begin
        if (write && address == HERE[ADDRESS-1:0]) shadow[w*WORD +: HELD] <= data[HELD-1:0];
      end
    end
  endgenerate
endmodule
