// One multiplier computes a whole network, a product a clock. Weights stand in initialised memory; which of them a
// position meets is told by a permutation MEMORY, loaded word by word: no circuit of switches, no fixed-weight logic.
//
// Stages: A the sequencer points at a position; B its word (the address of a weight) and its tap are read; C weight
// and signal are read; D they are multiplied; E the sum is taken (accumulator of a unit at its last tap).
module hwsim_folded #(
    parameter TAKEN = 8,     // width of a code that enters
    parameter SIGNED = 0,    // whether signals in memory are
    parameter TAKES_SIGNED = 0,
    parameter INPUTS = 64,   // codes of an image
    parameter SIGNAL = 8,    // width of a signal in memory
    parameter STORED = 192,  // signals in memory
    parameter STORE = 8,     // address
    parameter WEIGHT = 6,
    parameter WEIGHTS = 2,
    parameter CELL = 1,      // address of a weight
    parameter WORD = 16,     // of the configuration
    parameter WORDS = 4,
    parameter ADDRESS = 2,   // of such a word
    parameter POSITION = 2,  // address of such a word or of a weight
    parameter BIAS = 24,
    parameter BIASES = 1,
    parameter PARTS = 2,     // words of a bias: 1 or 2
    parameter BIAS_AT = 1,   // number of a bias
    parameter SUM = 25,
    parameter MAXIMA = 0,    // whether any node takes a maximum
    parameter TABLES = 0,    // whether any law is a table
    parameter TABLE_ROW = 1,
    parameter TABLE_ENTRY = 1,
    parameter NODE = 1,
    parameter SHAPE = 1,
    parameter TAP = 1,
    parameter CHANNEL = 1,
    parameter UNIT = 1,
    parameter GROUP = 1,
    parameter PLACE = 1,
    parameter PLACES = 1
) (
    input  wire                  clk,
    input  wire                  rst,
    input  wire                  cfg_valid,
    output wire                  cfg_ready,
    input  wire [ADDRESS-1:0]    cfg_address,
    input  wire [WORD-1:0]       cfg_data,
    input  wire                  in_valid,
    output wire                  in_ready,
    input  wire                  in_commit,
    input  wire [TAKEN-1:0]      in_data,
    output wire                  out_valid,
    input  wire                  out_ready,
    output reg  [NODE-1:0]       node,         // the one that is computed, and what the network says of it
    input  wire                  node_ends,    // the last one, whose accumulators are given out
    input  wire [POSITION-1:0]   node_position,
    input  wire                  node_fixed,   // position is the address of a weight
    input  wire                  node_shared,
    input  wire [TAP-1:0]        node_last_tap,
    input  wire [CHANNEL-1:0]    node_last_channel,
    input  wire [STORE-1:0]      node_stride,
    input  wire [UNIT-1:0]       node_last_unit,
    input  wire [GROUP-1:0]      node_last_group,
    input  wire [STORE-1:0]      node_group_step,
    input  wire                  node_biased,
    input  wire [BIAS_AT-1:0]    node_bias,
    input  wire                  node_maximum,
    input  wire                  node_table,   // the signal is the address of an entry
    input  wire                  node_rows,    // every unit has a table
    input  wire [TABLE_ROW-1:0]  node_row,
    output reg  signed [SUM-1:0] sum,
    output wire                  done,         // sum is the accumulator of a unit; told once
    input  wire [SIGNAL-1:0]     signal        // what becomes of it
);
  localparam [31:0] LAST_INPUT = INPUTS - 1;
  localparam [31:0] BIAS_WORDS = BIASES * PARTS;

  // ---- images come in while nothing is computed
  reg taking;
  reg [STORE-1:0] store;                       // where the next signal is written
  wire take = in_valid && taking;
  wire taken = take && store == LAST_INPUT[STORE-1:0];
  wire commit = in_valid && in_commit && taking && store == {STORE{1'b0}};
  assign in_ready = taking;
  wire [SIGNAL-1:0] code;
  generate
    if (SIGNAL > TAKEN) begin : extended
      assign code = {{(SIGNAL - TAKEN) {TAKES_SIGNED != 0 && in_data[TAKEN-1]}}, in_data};
    end else begin : plain
      assign code = in_data;
    end
  endgenerate

  // ---- two configurations change places when an image commits; a word that comes in that clock waits
  reg active;
  wire unused_data = &{1'b0, cfg_data};        // of which a memory may be narrower
  wire load = cfg_valid && !commit;
  assign cfg_ready = !commit;

  // ---- the nodes one after another
  reg prepared;                                // its signals stand in memory
  wire step = !out_valid || out_ready;
  wire first_a, last_a, wrap_a, finish_a;
  wire [POSITION-1:0] position_a;
  wire [STORE-1:0] window_a;
  wire [SHAPE-1:0] shape_a;
  wire [TAP-1:0] tap_a;
  hwsim_sequencer #(
      .POSITION(POSITION), .STORE(STORE), .SHAPE(SHAPE), .TAP(TAP), .CHANNEL(CHANNEL), .UNIT(UNIT), .GROUP(GROUP),
      .PLACE(PLACE), .PLACES(PLACES)
  ) sequencer (
      .clk(clk), .rst(rst), .step(step), .go(taken || prepared),
      .node_position(node_position), .node_shared(node_shared), .node_last_tap(node_last_tap),
      .node_last_channel(node_last_channel), .node_stride(node_stride), .node_last_unit(node_last_unit),
      .node_last_group(node_last_group), .node_group_step(node_group_step),
      .position(position_a), .window(window_a), .shape(shape_a), .tap(tap_a),
      .first(first_a), .last(last_a), .wrap(wrap_a), .finish(finish_a)
  );

  // ---- stage B: which weight, which signal
  reg [2:0] first, last, wrap, finish;          // bits 0, 1, 2: stages B, C, D
  reg last_e, wrap_e, finish_e;
  always @(posedge clk)
    if (rst) begin
      {first, last, wrap, finish} <= 12'd0;
      {last_e, wrap_e, finish_e} <= 3'd0;
    end else if (step) begin
      first <= {first[1:0], first_a};
      {last_e, last} <= {last, last_a};
      {wrap_e, wrap} <= {wrap, wrap_a};
      {finish_e, finish} <= {finish, finish_a};
    end
  wire [CELL-1:0] word_b;
  wire outside_b;
  wire [STORE-1:0] tap_b;
  reg [STORE-1:0] window_b;
  reg [POSITION-1:0] position_b;
  wire unused_position = &{1'b0, position_b};   // of which a weight's address may be narrower
  hwsim_swap #(.WIDTH(CELL), .DEPTH(WORDS), .ADDRESS(ADDRESS)) permutations (
      .clk(clk), .active(active), .write(load), .write_address(cfg_address), .write_data(cfg_data[CELL-1:0]),
      .enable(step), .address(position_a[ADDRESS-1:0]), .data(word_b)
  );
  hwsim_rom #(.FILE("taps.mem"), .WIDTH(1 + STORE), .DEPTH(1 << (SHAPE + TAP)), .ADDRESS(SHAPE + TAP)) taps (
      .clk(clk), .enable(step), .address({shape_a, tap_a}), .data({outside_b, tap_b})
  );
  always @(posedge clk)
    if (step) begin
      window_b <= window_a;
      position_b <= position_a;
    end

  // ---- stage C: weight and signal
  wire signed [WEIGHT-1:0] weight_c;
  wire [SIGNAL-1:0] signal_c;
  reg outside_c;
  wire write;
  wire [SIGNAL-1:0] written;
  hwsim_rom #(.FILE("weights.mem"), .WIDTH(WEIGHT), .DEPTH(WEIGHTS), .ADDRESS(CELL)) weights (
      .clk(clk), .enable(step), .address(node_fixed ? position_b[CELL-1:0] : word_b), .data(weight_c)
  );
  hwsim_ram #(.WIDTH(SIGNAL), .DEPTH(STORED), .ADDRESS(STORE)) signals (
      .clk(clk), .write(write), .write_address(store), .write_data(written),
      .enable(step), .address(window_b + tap_b), .data(signal_c)
  );
  always @(posedge clk) if (step) outside_c <= outside_b;
  wire [SIGNAL-1:0] nothing = {node_maximum && SIGNED != 0, {(SIGNAL - 1) {1'b0}}};
  wire [SIGNAL-1:0] met = outside_c ? nothing : signal_c;
  wire signed [SIGNAL:0] signal_x = {SIGNED != 0 && met[SIGNAL-1], met};

  // ---- stage D: the product, and the bias where a unit begins
  reg signed [WEIGHT+SIGNAL:0] product;
  always @(posedge clk) if (step) product <= weight_c * signal_x;
  reg [BIAS_AT-1:0] bias_at;
  wire signed [BIAS-1:0] bias;
  always @(posedge clk)
    if (step) begin
      if (prepared || taking || wrap[1]) bias_at <= node_bias;
      else if (last[1]) bias_at <= bias_at + 1'b1;
    end
  genvar part;
  generate
    for (part = 0; part < PARTS; part = part + 1) begin : biases
      localparam WIDTH = (BIAS > (part + 1) * WORD) ? WORD : BIAS - part * WORD;
      wire here;
      wire [BIAS_AT-1:0] number;
      if (PARTS == 1) begin : whole
        assign here = 1'b1;
        assign number = cfg_address[BIAS_AT-1:0];
      end else begin : halves
        assign here = cfg_address[0] == part;
        assign number = cfg_address[BIAS_AT:1];
      end
      hwsim_ram #(.WIDTH(WIDTH), .DEPTH(2 << BIAS_AT), .ADDRESS(BIAS_AT + 1)) memory (
          .clk(clk), .write(load && here && {{(32 - ADDRESS) {1'b0}}, cfg_address} < BIAS_WORDS),
          .write_address({!active, number}), .write_data(cfg_data[WIDTH-1:0]),
          .enable(step), .address({active, bias_at}), .data(bias[part*WORD +: WIDTH])
      );
    end
  endgenerate

  // ---- stage E: the sum
  wire signed [SUM-1:0] addend = {{(SUM - WEIGHT - SIGNAL - 1) {product[WEIGHT+SIGNAL]}}, product};
  wire signed [SUM-1:0] start = node_biased ? {{(SUM - BIAS) {bias[BIAS-1]}}, bias} : {SUM{1'b0}};
  wire signed [SUM-1:0] base = first[2] ? start : sum;
  wire larger;
  generate
    if (MAXIMA != 0) begin : maximum
      assign larger = first[2] || addend > sum;
    end else begin : no_maximum
      assign larger = 1'b0;
    end
  endgenerate
  always @(posedge clk)
    if (step) begin
      if (MAXIMA == 0 || !node_maximum) sum <= base + addend;
      else if (larger) sum <= addend;
    end
  assign out_valid = last_e && node_ends;
  assign done = last_e && step;

  // ---- results become signals, through a table where there is one
  wire over;                                   // the node's last result is being written
  generate
    if (TABLES != 0) begin : tables
      reg [TABLE_ROW-1:0] row;
      reg last_f, finish_f, table_f;
      reg [SIGNAL-1:0] signal_f;
      wire [SIGNAL-1:0] entry;
      hwsim_rom #(.FILE("tables.mem"), .WIDTH(SIGNAL), .DEPTH(1 << (TABLE_ROW + TABLE_ENTRY)),
                  .ADDRESS(TABLE_ROW + TABLE_ENTRY)) rom (
          .clk(clk), .enable(1'b1), .address({row, signal[TABLE_ENTRY-1:0]}), .data(entry)
      );
      always @(posedge clk) begin
        last_f <= !rst && last_e && !node_ends;
        finish_f <= !rst && finish_e && step;
        table_f <= node_table;
        signal_f <= signal;
        if (prepared || taking || (done && wrap_e)) row <= node_row;
        else if (done && node_rows) row <= row + 1'b1;
      end
      assign write = take || last_f;
      assign written = last_f ? (table_f ? entry : signal_f) : code;
      assign over = finish_f;
    end else begin : no_tables
      wire unused_row = &{1'b0, wrap_e, node_table, node_rows, node_row};
      assign write = take || (last_e && !node_ends);
      assign written = take ? code : signal;
      assign over = finish_e && step;
    end
  endgenerate
  always @(posedge clk) begin
    if (rst) begin
      taking <= 1'b1;
      prepared <= 1'b0;
      active <= 1'b0;
      node <= {NODE{1'b0}};
      store <= {STORE{1'b0}};
    end else begin
      if (taken) taking <= 1'b0;
      else if (over && node_ends) taking <= 1'b1;
      prepared <= over && !node_ends;
      if (commit) active <= !active;
      if (over) node <= node_ends ? {NODE{1'b0}} : node + 1'b1;
      if (over && node_ends) store <= {STORE{1'b0}};
      else if (write) store <= store + 1'b1;
    end
  end
endmodule
