// The mean of 2**SHIFT numbers, halves rounded up.
module hwsim_mean #(
  parameter COUNT = 2,
  parameter BITS = 1,
  parameter [0:0] SIGNED = 0,
  parameter SHIFT = 1
) (
  input  wire [COUNT*BITS-1:0] codes,
  output wire [BITS-1:0] found
);
  localparam WIDE = BITS + SHIFT + 1;
  localparam integer HALF = COUNT / 2;
  reg [WIDE-1:0] sum;
  integer k;
  always @* begin
    sum = HALF[WIDE-1:0];
    for (k = 0; k < COUNT; k = k + 1) begin
      sum = sum + {{WIDE-BITS{SIGNED & codes[k*BITS+BITS-1]}}, codes[k*BITS +: BITS]};
    end
  end
  wire unused_bits = ^{sum[WIDE-1], sum[SHIFT-1:0]};
  assign found = sum[SHIFT +: BITS];
endmodule
