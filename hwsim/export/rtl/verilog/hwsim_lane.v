// One multiplier of a folded network with its weights, its permutation memory and its biases. All lanes meet the same
// signal in the same clock, each for a unit of its own.
module hwsim_lane #(
    parameter FILE = "",     // contents of the memory of weights
    parameter SIGNAL = 8,    // width of a signal
    parameter SIGNED = 0,    // whether signals are
    parameter WEIGHT = 6,
    parameter WEIGHTS = 2,
    parameter CELL = 1,      // address of a weight
    parameter ENTRY = 1,     // number of a cell in its bank
    parameter WORD = 16,     // of the configuration
    parameter WORDS = 4,     // of this lane
    parameter ADDRESS = 2,   // of such a word
    parameter POSITION = 2,  // address of such a word or of a weight
    parameter BIAS = 24,
    parameter BIASES = 1,    // of this lane
    parameter PARTS = 2,     // words of a bias: 1 or 2
    parameter BIAS_AT = 1,   // number of a bias
    parameter SUM = 25,
    parameter MAXIMA = 0     // whether any node takes a maximum
) (
    input  wire                clk,
    input  wire                step,
    input  wire                active,      // which of the two configurations is read
    input  wire                load,        // a word into the other
    input  wire [ADDRESS-1:0]  load_address,
    input  wire [WORD-1:0]     load_data,
    input  wire [POSITION-1:0] position_a,
    input  wire [POSITION-1:0] position_b,
    input  wire [CELL-1:0]     bank_b,      // where the weights of the bank begin
    input  wire                fixed,       // position is the address of a weight
    input  wire [SIGNAL-1:0]   signal_c,
    input  wire [BIAS_AT-1:0]  bias_at_c,
    input  wire                first_d,     // of a unit
    input  wire                biased,
    input  wire                maximum,
    output reg signed [SUM-1:0] sum         // of stage E
);
  wire unused_bits = &{1'b0, load_data, position_a, position_b};  // of which a memory may be narrower

  // ---- stage B: which cell, and where its weight stands
  wire [ENTRY-1:0] cell_b;
  hwsim_swap #(.WIDTH(ENTRY), .DEPTH(WORDS), .ADDRESS(ADDRESS)) permutations (
      .clk(clk), .active(active), .write(load), .write_address(load_address), .write_data(load_data[ENTRY-1:0]),
      .enable(step), .address(position_a[ADDRESS-1:0]), .data(cell_b)
  );

  wire [CELL-1:0] address_b = fixed ? position_b[CELL-1:0] : bank_b + {{(CELL - ENTRY) {1'b0}}, cell_b};

  // ---- stage C: the weight
  wire signed [WEIGHT-1:0] weight_c;
  hwsim_rom #(.FILE(FILE), .WIDTH(WEIGHT), .DEPTH(WEIGHTS), .ADDRESS(CELL)) weights (
      .clk(clk), .enable(step), .address(address_b), .data(weight_c)
  );

  // ---- stage D: the product, and the bias where a unit begins
  wire signed [SIGNAL:0] signal_x = {SIGNED != 0 && signal_c[SIGNAL-1], signal_c};
  reg signed [WEIGHT+SIGNAL:0] product;
  always @(posedge clk) if (step) product <= weight_c * signal_x;
  localparam [31:0] BIAS_WORDS = BIASES * PARTS;
  wire among = {{(32 - ADDRESS) {1'b0}}, load_address} < BIAS_WORDS;
  wire signed [BIAS-1:0] bias;
  genvar part;
  generate
    for (part = 0; part < PARTS; part = part + 1) begin : biases
      localparam WIDTH = (BIAS > (part + 1) * WORD) ? WORD : BIAS - part * WORD;
      wire here;
      wire [BIAS_AT-1:0] number;
      if (PARTS == 1) begin : whole
        assign here = 1'b1;
        assign number = load_address[BIAS_AT-1:0];
      end else begin : halves
        assign here = load_address[0] == part;
        assign number = load_address[BIAS_AT:1];
      end
      hwsim_ram #(.WIDTH(WIDTH), .DEPTH(2 << BIAS_AT), .ADDRESS(BIAS_AT + 1)) memory (
          .clk(clk), .write(load && here && among), .write_address({!active, number}),
          .write_data(load_data[WIDTH-1:0]),
          .enable(step), .address({active, bias_at_c}), .data(bias[part*WORD +: WIDTH])
      );
    end
  endgenerate

  // ---- stage E: the sum, or the largest
  wire signed [SUM-1:0] addend = {{(SUM - WEIGHT - SIGNAL - 1) {product[WEIGHT+SIGNAL]}}, product};
  wire signed [SUM-1:0] start = biased ? {{(SUM - BIAS) {bias[BIAS-1]}}, bias} : {SUM{1'b0}};
  wire signed [SUM-1:0] base = first_d ? start : sum;
  generate
    if (MAXIMA != 0) begin : maxima
      always @(posedge clk)
        if (step) begin
          if (!maximum) sum <= base + addend;
          else if (first_d || addend > sum) sum <= addend;
        end
    end else begin : sums
      wire unused_maximum = maximum;
      always @(posedge clk) if (step) sum <= base + addend;
    end
  endgenerate
endmodule
