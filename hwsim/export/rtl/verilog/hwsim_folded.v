// One multiplier, or one in each of a few lanes, computes a whole network, a product a clock and lane. Weights stand in
// initialised memory; the cell whose weight a position meets is told by a permutation MEMORY, loaded word by word: no
// circuit of switches, no fixed-weight logic.
//
// Stages: A the sequencer points at a position; B its cell and its tap are read; C weight
// and signal are read; D they are multiplied; E the sum is taken (accumulator of a unit at its last tap). Units are
// computed in bundles, one a lane, and their accumulators leave one after the other while everything else waits.
module hwsim_folded #(
    parameter LANES = 1,
    parameter LANE = 0,      // width of a lane's number, 0 for a single one
    parameter TAKEN = 8,     // width of a code that enters
    parameter TAKES_SIGNED = 0,
    parameter INPUTS = 64,   // codes of an image
    parameter SIGNED = 0,    // whether signals in memory are
    parameter SIGNAL = 8,    // width of a signal in memory
    parameter STORED = 192,  // signals in memory
    parameter STORE = 8,     // address
    parameter WEIGHT = 6,
    parameter WEIGHTS = 2,
    parameter CELL = 1,      // address of a weight
    parameter ENTRY = 1,     // number of a cell in its bank
    parameter WORD = 16,     // of the configuration
    parameter WORDS = 4,     // of a lane
    parameter ADDRESS = 2,   // of such a word
    parameter POSITION = 2,  // address of such a word or of a weight
    parameter BIAS = 24,
    parameter BIASES = 1,    // of a lane
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
    input  wire [ADDRESS+LANE-1:0] cfg_address,  // of a word in its lane, and below it the lane
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
    input  wire [CELL-1:0]       node_weight,  // the first
    input  wire [CELL-1:0]       node_bank_step,   // from bundle to bundle
    input  wire                  node_shared,
    input  wire [TAP-1:0]        node_last_tap,
    input  wire [CHANNEL-1:0]    node_last_channel,
    input  wire [STORE-1:0]      node_stride,
    input  wire [UNIT-1:0]       node_last_unit,   // bundle
    input  wire [((LANE > 0) ? LANE : 1)-1:0] node_last_lane,  // of the last bundle
    input  wire [GROUP-1:0]      node_last_group,
    input  wire [STORE-1:0]      node_group_step,
    input  wire                  node_biased,
    input  wire [BIAS_AT-1:0]    node_bias,
    input  wire                  node_maximum,
    input  wire                  node_table,   // the signal is the address of an entry
    input  wire                  node_rows,    // every unit has a table
    input  wire [TABLE_ROW-1:0]  node_row,
    output wire signed [SUM-1:0] sum,
    output wire                  done,         // sum is the accumulator of a unit; told once
    input  wire [SIGNAL-1:0]     signal        // what becomes of it
);
  // ---- images come in while nothing is computed
  localparam [31:0] LAST_INPUT = INPUTS - 1;
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
  assign cfg_ready = !commit;

  // ---- the nodes one after another
  reg prepared;                                // its signals stand in memory
  wire step;
  wire first_a, last_a, bundle_a, wrap_a, finish_a;
  wire [POSITION-1:0] position_a;
  wire [CELL-1:0] bank_a;
  wire [STORE-1:0] window_a;
  wire [SHAPE-1:0] shape_a;
  wire [TAP-1:0] tap_a;
  hwsim_sequencer #(
      .POSITION(POSITION), .CELL(CELL), .STORE(STORE), .SHAPE(SHAPE), .TAP(TAP), .CHANNEL(CHANNEL), .UNIT(UNIT),
      .GROUP(GROUP), .PLACE(PLACE), .PLACES(PLACES)
  ) sequencer (
      .clk(clk), .rst(rst), .step(step), .go(taken || prepared),
      .node_position(node_position), .node_weight(node_weight), .node_bank_step(node_bank_step),
      .node_shared(node_shared), .node_last_tap(node_last_tap),
      .node_last_channel(node_last_channel), .node_stride(node_stride), .node_last_unit(node_last_unit),
      .node_last_group(node_last_group), .node_group_step(node_group_step),
      .position(position_a), .bank(bank_a), .window(window_a), .shape(shape_a), .tap(tap_a),
      .first(first_a), .last(last_a), .bundle(bundle_a), .wrap(wrap_a), .finish(finish_a)
  );
  reg [2:0] first, last, bundle, wrap, finish;  // bits 0, 1, 2: stages B, C, D
  reg last_e, bundle_e, wrap_e, finish_e;
  always @(posedge clk)
    if (rst) begin
      {first, last, bundle, wrap, finish} <= 15'd0;
      {last_e, bundle_e, wrap_e, finish_e} <= 4'd0;
    end else if (step) begin
      first <= {first[1:0], first_a};
      {last_e, last} <= {last, last_a};
      {bundle_e, bundle} <= {bundle, bundle_a};
      {wrap_e, wrap} <= {wrap, wrap_a};
      {finish_e, finish} <= {finish, finish_a};
    end

  // ---- stage B: where signal and weight stand
  wire outside_b;
  wire [STORE-1:0] tap_b;
  reg [STORE-1:0] window_b;
  reg [POSITION-1:0] position_b;
  reg [CELL-1:0] bank_b;
  hwsim_rom #(.FILE("taps.mem"), .WIDTH(1 + STORE), .DEPTH(1 << (SHAPE + TAP)), .ADDRESS(SHAPE + TAP)) taps (
      .clk(clk), .enable(step), .address({shape_a, tap_a}), .data({outside_b, tap_b})
  );
  always @(posedge clk)
    if (step) begin
      window_b <= window_a;
      position_b <= position_a;
      bank_b <= bank_a;
    end

  // ---- stage C: the signal, and which bias comes next
  wire [SIGNAL-1:0] signal_c;
  reg outside_c;
  wire write;
  wire [SIGNAL-1:0] written;
  hwsim_ram #(.WIDTH(SIGNAL), .DEPTH(STORED), .ADDRESS(STORE)) signals (
      .clk(clk), .write(write), .write_address(store), .write_data(written),
      .enable(step), .address(window_b + tap_b), .data(signal_c)
  );
  always @(posedge clk) if (step) outside_c <= outside_b;
  wire [SIGNAL-1:0] nothing = {node_maximum && SIGNED != 0, {(SIGNAL - 1) {1'b0}}};
  reg [BIAS_AT-1:0] bias_at;
  always @(posedge clk)
    if (step) begin
      if (prepared || taking || wrap[1]) bias_at <= node_bias;
      else if (last[1]) bias_at <= bias_at + 1'b1;
    end

  // ---- stages B to E of every lane, and which of their accumulators leaves
  wire [LANES*SUM-1:0] sums;
  wire [LANES-1:0] loads;                      // into which lane a word goes
  wire more;                                   // another lane's accumulator follows
  genvar lane;
  generate
    for (lane = 0; lane < LANES; lane = lane + 1) begin : lanes
      localparam [31:0] DIGIT = 48 + lane;     // of the file's name, in ASCII
      hwsim_lane #(
          .FILE({"weights", DIGIT[7:0], ".mem"}), .SIGNAL(SIGNAL), .SIGNED(SIGNED), .WEIGHT(WEIGHT),
          .WEIGHTS(WEIGHTS), .CELL(CELL), .ENTRY(ENTRY), .WORD(WORD), .WORDS(WORDS), .ADDRESS(ADDRESS),
          .POSITION(POSITION), .BIAS(BIAS), .BIASES(BIASES), .PARTS(PARTS), .BIAS_AT(BIAS_AT), .SUM(SUM), .MAXIMA(MAXIMA)
      ) unit (
          .clk(clk), .step(step), .active(active), .load(loads[lane]),
          .load_address(cfg_address[LANE +: ADDRESS]), .load_data(cfg_data),
          .position_a(position_a), .position_b(position_b), .bank_b(bank_b), .fixed(node_fixed),
          .signal_c(outside_c ? nothing : signal_c), .bias_at_c(bias_at), .first_d(first[2]),
          .biased(node_biased), .maximum(node_maximum), .sum(sums[lane*SUM +: SUM])
      );
    end
    if (LANES == 1) begin : single
      wire unused_lane = &{1'b0, node_last_lane, bundle_e};
      assign loads = cfg_valid && !commit;
      assign sum = sums;
      assign more = 1'b0;
    end else begin : several
      reg [LANE-1:0] leaving;
      localparam [31:0] LAST = LANES - 1;
      assign loads = (cfg_valid && !commit) ? {{(LANES - 1) {1'b0}}, 1'b1} << cfg_address[LANE-1:0] : {LANES{1'b0}};
      assign sum = sums[leaving*SUM +: SUM];
      assign more = leaving != (bundle_e ? node_last_lane : LAST[LANE-1:0]);
      always @(posedge clk)
        if (rst || (done && !more)) leaving <= {LANE{1'b0}};
        else if (done) leaving <= leaving + 1'b1;
    end
  endgenerate
  assign out_valid = last_e && node_ends;
  assign done = last_e && (!node_ends || out_ready);
  assign step = !last_e || (done && !more);

  // ---- results become signals, through a table where there is one
  wire over = finish_e && step;                // the node's last result is there
  wire finished;                               // and is written
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
        finish_f <= !rst && over;
        table_f <= node_table;
        signal_f <= signal;
        if (prepared || taking || (done && !more && wrap_e)) row <= node_row;
        else if (done && node_rows) row <= row + 1'b1;
      end
      assign write = take || last_f;
      assign written = last_f ? (table_f ? entry : signal_f) : code;
      assign finished = finish_f;
    end else begin : no_tables
      wire unused_row = &{1'b0, wrap_e, node_table, node_rows, node_row};
      assign write = take || (last_e && !node_ends);
      assign written = take ? code : signal;
      assign finished = over;
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
      else if (finished && node_ends) taking <= 1'b1;
      prepared <= finished && !node_ends;
      if (commit) active <= !active;
      if (finished) node <= node_ends ? {NODE{1'b0}} : node + 1'b1;
      if (finished && node_ends) store <= {STORE{1'b0}};
      else if (write) store <= store + 1'b1;
    end
  end
endmodule
