// A serial line of 8 data bits, no parity, one stop bit. DIVIDER clocks make a bit; at least 4.

module hwsim_uart_rx #(
  parameter DIVIDER = 104
) (
  input  wire       clk,
  input  wire       rst,
  input  wire       rx,
  output reg        valid,  // for one clock
  output reg  [7:0] data
);
  localparam WIDTH = $clog2(DIVIDER);
  localparam [31:0] LAST = DIVIDER - 1;
  localparam [31:0] HALF = DIVIDER / 2 - 1;

  reg [1:0]       line;  // two registers, since the line knows nothing of this clock
  reg [WIDTH-1:0] timer;
  reg [3:0]       place;  // 0: idle; 1: start bit; 2 to 9: data; 10: stop bit

  always @(posedge clk) begin
    line  <= {line[0], rx};
    valid <= 1'b0;
    if (rst) begin
      line  <= 2'b11;
      place <= 4'd0;
      timer <= {WIDTH{1'b0}};
    end else if (place == 4'd0) begin
      timer <= HALF[WIDTH-1:0];
      if (!line[1]) place <= 4'd1;
    end else if (timer != {WIDTH{1'b0}}) begin
      timer <= timer - 1'b1;
    end else begin
      timer <= LAST[WIDTH-1:0];
      place <= place + 4'd1;
      if (place == 4'd1 && line[1]) place <= 4'd0;  // a spike, no start bit
      if (place >= 4'd2 && place <= 4'd9) data <= {line[1], data[7:1]};
      if (place == 4'd10) begin
        place <= 4'd0;
        valid <= line[1];  // without a stop bit it was no byte
      end
    end
  end
endmodule
