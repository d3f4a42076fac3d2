// Chance for the bench: streams that go at full rate, often, now and then, or hardly, in turns of 64 clocks.
// +seed=N makes other stalls; +even makes none.
module hwsim_stall (
  input  wire       clk,
  output wire       even,
  output wire [2:0] go
);
  reg [31:0] chance, seed;
  reg [5:0]  turn;
  reg [5:0]  rates;
  reg        steady;

  assign even = steady;
  assign go[0] = steady || passes(rates[1:0], chance[2:0]);
  assign go[1] = steady || passes(rates[3:2], chance[10:8]);
  assign go[2] = steady || passes(rates[5:4], chance[18:16]);

  function passes(input [1:0] rate, input [2:0] drawn);
    case (rate)
      2'd0:    passes = 1'b1;
      2'd1:    passes = drawn[1:0] != 2'd0;
      2'd2:    passes = drawn[0];
      default: passes = drawn == 3'd0;
    endcase
  endfunction

  initial begin
    steady = $test$plusargs("even") != 0;
    if ($value$plusargs("seed=%d", seed) == 0) seed = 32'd1;
    chance = 32'h2545f491 ^ (seed * 32'd2654435761);
    if (chance == 32'd0) chance = 32'd1;
    turn = 6'd0;
    rates = 6'b10_01_11;
  end

  always @(posedge clk) begin
    chance <= {1'b0, chance[31:1]} ^ (chance[0] ? 32'h80200003 : 32'd0);  // maximal length: 32, 22, 2, 1
    turn <= turn + 6'd1;
    if (turn == 6'd63) rates <= chance[30:25];
  end
endmodule
