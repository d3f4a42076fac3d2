// The signals that enter a layer: loaded side by side, then they rotate, and the top bit of each is handed out.
// Bits stand plane by plane, the top ones last, so that one step moves whole planes. After BITS steps all are home.
// Of signed signals the top bit is inverted: all are 2**(BITS-1) too large, and accumulators start that much lower.
module hwsim_map #(
  parameter SIGNALS = 1,
  parameter BITS = 1,
  parameter [0:0] SIGNED = 0
) (
  input  wire clk,
  input  wire load,
  input  wire step,
  input  wire [SIGNALS*BITS-1:0] codes,
  output wire [SIGNALS-1:0] top
);
  reg [SIGNALS*BITS-1:0] entering, planes;
  integer s, b;
  always @* begin
    for (s = 0; s < SIGNALS; s = s + 1) begin
      for (b = 0; b < BITS; b = b + 1) entering[b*SIGNALS+s] = codes[s*BITS+b] ^ (SIGNED && b == BITS - 1);
    end
  end
  generate
    if (BITS == 1) begin : still
      wire unused_step = step;
      always @(posedge clk) begin
        if (load) planes <= entering;
      end
    end else begin : rotating
      always @(posedge clk) begin
        if (load) planes <= entering;
        else if (step) planes <= {planes[(BITS-1)*SIGNALS-1:0], planes[BITS*SIGNALS-1 -: SIGNALS]};
      end
    end
  endgenerate
  assign top = planes[BITS*SIGNALS-1 -: SIGNALS];
endmodule
