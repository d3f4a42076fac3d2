// Chance for the bench: each of three streams goes always, often, now and then, or hardly; that changes about every 64
// clocks. +seed=N makes other stalls; +even makes none.
module hwsim_stall (
  input  wire      clk,
  output reg       even,
  output reg [2:0] go
);
  reg [31:0] drawn;                  // linear congruential numbers; their high bits are by chance
  reg [6:0] level0, level1, level2;  // of 128 clocks a stream stands so many

  function [6:0] level(input [1:0] rate);
    level = rate == 2'd0 ? 7'd0 : rate == 2'd1 ? 7'd32 : rate == 2'd2 ? 7'd64 : 7'd112;
  endfunction

  initial begin
    even = $test$plusargs("even") != 0;
    go = 3'b111;
    if ($value$plusargs("seed=%d", drawn) == 0) drawn = 32'd1;
    drawn = drawn * 32'd2654435761;  // so that seeds side by side begin far apart
    {level2, level1, level0} = {level(2'd1), level(2'd2), level(2'd3)};
  end

  always @(posedge clk)
    if (!even) begin
      drawn <= drawn * 32'd1664525 + 32'd1013904223;
      go <= {drawn[31:25] >= level2, drawn[24:18] >= level1, drawn[17:11] >= level0};
      if (drawn[30:25] == 6'd0) {level2, level1, level0} <= {level(drawn[15:14]), level(drawn[17:16]), level(drawn[20:19])};
    end
endmodule
