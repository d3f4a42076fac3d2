// What switches or a bias stand at; a commit copies the shadow.
module hwsim_active #(
  parameter BITS = 1
) (
  input  wire clk,
  input  wire commit,
  input  wire [BITS-1:0] shadow,
  output reg  [BITS-1:0] active
);
  always @(posedge clk) begin
    if (commit) active <= shadow;
  end
endmodule
