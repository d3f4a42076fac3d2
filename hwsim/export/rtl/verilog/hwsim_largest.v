// The largest of some numbers.
module hwsim_largest #(
  parameter COUNT = 1,
  parameter BITS = 1,
  parameter [0:0] SIGNED = 0
) (
  input  wire [COUNT*BITS-1:0] codes,
  output wire [BITS-1:0] found
);
  // signed numbers compare as unsigned ones when their top bits are inverted
  localparam [BITS-1:0] TOP = {{BITS-1{1'b0}}, SIGNED} << (BITS - 1);
  reg [BITS-1:0] best, next;
  integer k;
  always @* begin
    best = codes[BITS-1:0] ^ TOP;
    for (k = 1; k < COUNT; k = k + 1) begin
      next = codes[k*BITS +: BITS] ^ TOP;
      if (next > best) best = next;
    end
  end
  assign found = best ^ TOP;
endmodule
