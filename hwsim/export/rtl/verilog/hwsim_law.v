// What becomes of an accumulator: a signal, or the address in its table. All combinational.
module hwsim_law #(
    parameter STEP = 0,      // 1 where the accumulator is positive, else 0; nothing else counts
    parameter SLOPE = 0,     // negative accumulators are shifted right by so many first
    parameter SHIFT = 0,     // rounded half up
    parameter LEAST = 0,     // clipped to these two
    parameter LARGEST = 255,
    parameter BASE = 0,      // taken off: LEAST for the address in a table
    parameter SUM = 25,
    parameter SIGNAL = 8
) (
    input  wire signed [SUM-1:0]    sum,
    output wire        [SIGNAL-1:0] signal
);
  generate
    if (STEP != 0) begin : step
      assign signal = {{(SIGNAL - 1) {1'b0}}, !sum[SUM-1] && |sum};
    end else begin : clip
      localparam signed [SUM:0] HALF = (SHIFT > 0) ? {{SUM{1'b0}}, 1'b1} << ((SHIFT > 0) ? SHIFT - 1 : 0) : {(SUM + 1) {1'b0}};
      localparam signed [SUM:0] LOW = LEAST;
      localparam signed [SUM:0] HIGH = LARGEST;
      localparam signed [SUM:0] OFF = BASE;
      wire signed [SUM:0] sloped = (sum[SUM-1]) ? {sum[SUM-1], sum >>> SLOPE} : {1'b0, sum};
      wire signed [SUM:0] rounded = (sloped + HALF) >>> SHIFT;
      wire signed [SUM:0] clipped = (rounded < LOW) ? LOW : (rounded > HIGH) ? HIGH : rounded;
      wire signed [SUM:0] given = clipped - OFF;
      wire unused_given = &{1'b0, given[SUM:SIGNAL]};
      assign signal = given[SIGNAL-1:0];
    end
  endgenerate
endmodule
