// A serial line of 8 data bits, no parity, one stop bit. DIVIDER clocks make a bit; at least 4.

module hwsim_uart_tx #(
  parameter DIVIDER = 104
) (
  input  wire       clk,
  input  wire       rst,
  input  wire       valid,
  output wire       ready,
  input  wire [7:0] data,
  output wire       tx
);
  localparam WIDTH = $clog2(DIVIDER);
  localparam [31:0] LAST = DIVIDER - 1;

  reg [9:0]       bits;  // what is still to be sent, lowest first; all ones at rest
  reg [3:0]       left;
  reg [WIDTH-1:0] timer;

  assign tx    = bits[0];
  assign ready = left == 4'd0;

  always @(posedge clk) begin
    if (rst) begin
      bits  <= 10'h3ff;
      left  <= 4'd0;
      timer <= {WIDTH{1'b0}};
    end else if (ready) begin
      timer <= LAST[WIDTH-1:0];
      if (valid) begin
        bits <= {1'b1, data, 1'b0};
        left <= 4'd10;
      end
    end else if (timer != {WIDTH{1'b0}}) begin
      timer <= timer - 1'b1;
    end else begin
      timer <= LAST[WIDTH-1:0];
      bits  <= {1'b1, bits[9:1]};
      left  <= left - 4'd1;
    end
  end
endmodule
