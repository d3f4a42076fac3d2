// Writes the configurations of the bench: the next one as soon as an image has picked up the one before, so while images
// are under way. Address and data are noise while nothing is offered.
module hwsim_loader #(
  parameter ADDRESS = 1,
  parameter DATA = 1,
  parameter END0 = 1,  // words up to the end of each configuration
  parameter END1 = 1,
  parameter END2 = 1
) (
  input  wire                    clk,
  input  wire                    rst,
  input  wire                    go,
  input  wire                    commit,   // an image picks up a configuration
  output wire [31:0]             next,     // which word is wanted from the files
  input  wire [ADDRESS+DATA-1:0] word,
  output reg                     cfg_valid,
  input  wire                    cfg_ready,
  output reg  [ADDRESS-1:0]      cfg_address,
  output reg  [DATA-1:0]         cfg_data,
  output wire [1:0]              loaded,   // configurations that are written whole
  output reg  [31:0]             at        // words taken
);
  reg [1:0] commits;
  wire taken = cfg_valid && cfg_ready;
  wire [31:0] limit = commits == 2'd0 ? END0 : commits == 2'd1 ? END1 : END2;
  wire offered = go && next < limit;

  assign next = at + {31'd0, taken};
  assign loaded = at < END0 ? 2'd0 : at < END1 ? 2'd1 : at < END2 ? 2'd2 : 2'd3;

  always @(posedge clk) begin
    if (rst) begin
      at <= 32'd0;
      commits <= 2'd0;
      cfg_valid <= 1'b0;
      {cfg_address, cfg_data} <= {ADDRESS + DATA{1'b1}};
    end else begin
      at <= next;
      if (commit) commits <= commits + 2'd1;
      if (taken || !cfg_valid) begin
        cfg_valid <= offered;
        {cfg_address, cfg_data} <= offered ? word : ~word;
      end
    end
  end
endmodule
