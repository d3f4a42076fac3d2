// Words of a memory file on the bench. A file that is cut short or changed ends the simulation with its name.
module hwsim_file #(
  parameter FILE = "",
  parameter WIDTH = 8,
  parameter DEPTH = 1,
  parameter [31:0] SUM = 32'd0  // sum = 31 * sum + part (mod 2^32) over the words' parts of 32 bits, lowest first
) (
  input  wire [31:0]      address,
  output wire [WIDTH-1:0] word
);
  reg [WIDTH-1:0] words [0:DEPTH-1];
  reg [WIDTH+31:0] rest;
  reg [31:0] sum;
  integer k, n;

  assign word = words[address];

  initial begin
    $readmemh(FILE, words);
    sum = 32'd0;
    for (k = 0; k < DEPTH; k = k + 1) begin
      rest = {32'd0, words[k]};
      for (n = 0; n < WIDTH; n = n + 32) begin
        sum = 32'd31 * sum + rest[31:0];
        rest = rest >> 32;
      end
    end
    if (sum !== SUM) begin
      $display("FAIL: %0s is not the file that was written with this bench: sum %h, not %h", FILE, sum, SUM);
      $fatal(1);
    end
  end
endmodule
