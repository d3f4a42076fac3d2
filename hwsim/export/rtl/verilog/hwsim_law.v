// What becomes of an accumulator: a signal, or the address in its table. All combinational.
module hwsim_law #(
    parameter SUM = 25,
    parameter SIGNAL = 8,
    parameter STEP = 0,      // 1 where the accumulator is positive, else 0; nothing else counts
    parameter SLOPE = 0,     // negative accumulators are shifted right by so many first
    parameter SHIFT = 0,     // rounded half up
    parameter signed [SIGNAL:0] LEAST = {(SIGNAL + 1) {1'b0}},   // clipped to these two
    parameter signed [SIGNAL:0] LARGEST = {1'b0, {SIGNAL{1'b1}}},
    parameter signed [SIGNAL:0] BASE = {(SIGNAL + 1) {1'b0}}     // taken off: LEAST for the address in a table
) (
    input  wire signed [SUM-1:0]    sum,
    output wire        [SIGNAL-1:0] signal
);
  generate
    if (STEP != 0) begin : step
      assign signal = {{(SIGNAL - 1) {1'b0}}, !sum[SUM-1] && |sum};
    end else begin : clip
      localparam signed [SUM:0] HALF = (SHIFT == 0) ? {(SUM + 1) {1'b0}} : {{SUM{1'b0}}, 1'b1} << (SHIFT - 1);
      localparam [0:0] TOP = LARGEST != {1'b0, {SIGNAL{1'b1}}};     // bounds that the width alone does not hold
      localparam [0:0] BOTTOM = LEAST != {1'b1, {SIGNAL{1'b0}}};
      wire signed [SUM:0] sloped = sum[SUM-1] ? {sum[SUM-1], sum >>> SLOPE} : {1'b0, sum};
      wire signed [SUM:0] rounded = (sloped + HALF) >>> SHIFT;
      wire negative = rounded[SUM];
      wire fits = rounded[SUM:SIGNAL] == {(SUM + 1 - SIGNAL) {negative}};
      wire signed [SIGNAL:0] narrow = {negative, rounded[SIGNAL-1:0]};
      wire high = !negative && (!fits || (TOP && narrow > LARGEST));
      wire low = negative && (!fits || (BOTTOM && narrow < LEAST));
      wire signed [SIGNAL:0] clipped = high ? LARGEST : low ? LEAST : narrow;
      wire signed [SIGNAL:0] given = clipped - BASE;
      wire unused_given = given[SIGNAL];
      assign signal = given[SIGNAL-1:0];
    end
  endgenerate
endmodule
