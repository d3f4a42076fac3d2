// Rounds a number to steps of 2**SHIFT and clips it to LEAST .. 2**BITS - 1, by looking at bits.
// LEAST is 0, -(2**BITS - 1) or -2**BITS; found has BITS bits where it is 0, else one more.
module hwsim_clip #(
  parameter TAKEN = 2,        // bits of the number
  parameter SHIFT = 0,
  parameter BITS = 1,
  parameter integer LEAST = 0,
  parameter GIVEN = 1
) (
  input  wire [TAKEN-1:0] number,
  output wire [GIVEN-1:0] found
);
  localparam WIDE = (TAKEN > SHIFT + BITS + 1) ? TAKEN : SHIFT + BITS + 1;
  wire [WIDE-1:0] wide;
  wire half, negative, above, carry;
  wire [BITS-1:0] low;
  generate
    if (WIDE > TAKEN) begin : widened
      assign wide = {{WIDE-TAKEN{number[TAKEN-1]}}, number};
    end else begin : own
      assign wide = number;
    end
    if (SHIFT == 0) begin : exact
      assign half = 1'b0;
    end else begin : rounded
      assign half = wide[SHIFT-1];
    end
    if (SHIFT > 1) begin : dropped
      wire unused_bits = ^wide[SHIFT-2:0];
    end
  endgenerate
  assign negative = wide[WIDE-1];
  assign {carry, low} = {1'b0, wide[SHIFT +: BITS]} + {{BITS{1'b0}}, half};
  assign above = (wide[WIDE-1:SHIFT+BITS] != {WIDE-SHIFT-BITS{1'b0}}) || carry;
  generate
    if (LEAST == 0) begin : positive
      assign found = negative ? {BITS{1'b0}} : (low | {BITS{above}});
    end else begin : both
      // a negative number within reach has ones alone above; what rounds up to 0 carries
      wire reached = wide[WIDE-1:SHIFT+BITS] == {WIDE-SHIFT-BITS{1'b1}};
      wire lowest = !reached || (!carry && low == {BITS{1'b0}});
      wire [BITS:0] bottom = LEAST[BITS:0];
      assign found = !negative ? {1'b0, low | {BITS{above}}} : lowest ? bottom : {!carry, low};
    end
  endgenerate
endmodule
