// The signals that enter a layer: loaded side by side, then they rotate, and the top bit of each is handed out.
// Bits stand plane by plane, the top ones last, so that one step moves whole planes. After BITS steps all are home.
// Of signed signals the top bit is inverted: all are 2**(BITS-1) too large, and accumulators start that much lower.
module hwsim_map #(
  parameter SIGNALS = 1,
  parameter BITS = 1,
  parameter SIGNED = 0
) (
  input  wire clk,
  input  wire load,
  input  wire step,
  input  wire [SIGNALS*BITS-1:0] codes,
  output wire [SIGNALS-1:0] top
);
  wire [SIGNALS*BITS-1:0] entering;
  reg  [SIGNALS*BITS-1:0] planes;
  genvar s, b;
  generate
    for (s = 0; s < SIGNALS; s = s + 1) begin : of_signal
      for (b = 0; b < BITS; b = b + 1) begin : of_bit
        if (SIGNED != 0 && b == BITS - 1) begin : inverted
          assign entering[b*SIGNALS+s] = ~codes[s*BITS+b];
        end else begin : plain
          assign entering[b*SIGNALS+s] = codes[s*BITS+b];
        end
      end
    end
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
