// Hands one stream to several takers, each at its own time; it goes on when all have taken.
module hwsim_fork #(
  parameter COUNT = 2
) (
  input  wire clk,
  input  wire rst,
  input  wire in_valid,
  output wire in_ready,
  output wire [COUNT-1:0] out_valid,
  input  wire [COUNT-1:0] out_ready
);
  reg [COUNT-1:0] taken;
  assign out_valid = {COUNT{in_valid}} & ~taken;
  assign in_ready = &(taken | out_ready);
  always @(posedge clk) begin
    if (rst || (in_valid && in_ready)) taken <= {COUNT{1'b0}};
    else taken <= taken | (out_valid & out_ready);
  end
endmodule
