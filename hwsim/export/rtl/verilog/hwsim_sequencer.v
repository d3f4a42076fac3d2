// Nested loops over one node of the network: place, group, unit, channel, tap; one tap a clock.
//
// A place is where a window stands. A group is a run of units that read one window; the next group's stands group_step
// further. A unit reads its window channel by channel, stride apart, and in each channel tap by tap. The list of taps
// tells where each stands from the window, and depends on the shape: on which of them lie outside the map.
module hwsim_sequencer #(
    parameter POSITION = 1,  // widths
    parameter CELL = 1,
    parameter STORE = 1,
    parameter SHAPE = 1,
    parameter TAP = 1,
    parameter CHANNEL = 1,
    parameter UNIT = 1,
    parameter GROUP = 1,
    parameter PLACE = 1,
    parameter PLACES = 1     // of all nodes
) (
    input  wire                clk,
    input  wire                rst,
    input  wire                step,       // everything waits while this is low
    input  wire                go,         // the node may start
    input  wire [POSITION-1:0] node_position,
    input  wire [CELL-1:0]     node_weight,
    input  wire [CELL-1:0]     node_bank_step,
    input  wire                node_shared,  // every unit starts at node_position, else every place
    input  wire [TAP-1:0]      node_last_tap,
    input  wire [CHANNEL-1:0]  node_last_channel,
    input  wire [STORE-1:0]    node_stride,
    input  wire [UNIT-1:0]     node_last_unit,
    input  wire [GROUP-1:0]    node_last_group,
    input  wire [STORE-1:0]    node_group_step,
    output reg  [POSITION-1:0] position,   // which constant, or which word that tells the constant
    output reg  [CELL-1:0]     bank,       // where the weights of the unit's bank begin
    output reg  [STORE-1:0]    window,     // address in the memory of signals
    output reg  [SHAPE-1:0]    shape,
    output reg  [TAP-1:0]      tap,
    output wire                first,      // of a bundle of units
    output wire                last,       // of a bundle
    output wire                bundle,     // of the last bundle of a group
    output wire                wrap,       // last of a place
    output wire                finish       // last of the node
);
  reg running;
  reg [CHANNEL-1:0] channel;
  reg [UNIT-1:0] unit;
  reg [GROUP-1:0] group;
  reg [STORE-1:0] origin;                  // window of the group
  reg ends;                                // the node ends with this place
  reg [PLACE-1:0] place;                   // the next one

  wire tap_end = tap == node_last_tap;
  wire unit_end = tap_end && channel == node_last_channel;
  wire group_end = unit_end && unit == node_last_unit;
  wire place_end = group_end && group == node_last_group;
  assign first = running && tap == {TAP{1'b0}} && channel == {CHANNEL{1'b0}};
  assign last = running && unit_end;
  assign bundle = running && group_end;
  assign wrap = running && place_end;
  assign finish = running && place_end && ends;

  // the next place is read ahead
  localparam [31:0] LAST_PLACE = PLACES - 1;
  wire advance = step && (running ? place_end && !ends : go);
  wire [PLACE-1:0] next_place =
      !advance ? place : (place == LAST_PLACE[PLACE-1:0]) ? {PLACE{1'b0}} : place + 1'b1;
  wire next_ends;
  wire [SHAPE-1:0] next_shape;
  wire [STORE-1:0] next_origin;
  hwsim_rom #(.FILE("places.mem"), .WIDTH(1 + SHAPE + STORE), .DEPTH(1 << PLACE), .ADDRESS(PLACE)) places (
      .clk(clk),
      .enable(1'b1),
      .address(rst ? {PLACE{1'b0}} : next_place),
      .data({next_ends, next_shape, next_origin})
  );

  wire [STORE-1:0] next_group = origin + node_group_step;
  always @(posedge clk) begin
    place <= rst ? {PLACE{1'b0}} : next_place;
    if (rst) running <= 1'b0;
    else if (step) running <= running ? !(place_end && ends) : go;
    if (step) begin
      if (!running || place_end) begin
        ends <= next_ends;
        shape <= next_shape;
        origin <= next_origin;
        window <= next_origin;
      end else if (group_end) begin
        origin <= next_group;
        window <= next_group;
      end else if (unit_end) window <= origin;
      else if (tap_end) window <= window + node_stride;
      tap <= (!running || tap_end) ? {TAP{1'b0}} : tap + 1'b1;
      if (!running || unit_end) channel <= {CHANNEL{1'b0}};
      else if (tap_end) channel <= channel + 1'b1;
      if (!running || group_end) unit <= {UNIT{1'b0}};
      else if (unit_end) unit <= unit + 1'b1;
      if (!running || place_end) group <= {GROUP{1'b0}};
      else if (group_end) group <= group + 1'b1;
      if (!running || place_end) bank <= node_weight;
      else if (unit_end) bank <= bank + node_bank_step;
      position <= (!running || place_end || (unit_end && node_shared)) ? node_position : position + 1'b1;
    end
  end
endmodule
