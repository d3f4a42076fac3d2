// Ends the simulation: with exit code 0 where every value was compared and none differs, and with 1 where one does, where
// nothing happens any more, and in an even run where clocks are others than told.
module hwsim_verdict #(
  parameter LAYERS = 1,
  parameter PHASES = 1,
  parameter SHARE = 1,    // images a phase
  parameter IMAGES = 1,
  parameter WORDS = 1,    // of all configurations
  parameter CLOCKS = 1,   // told: from the start of an image to that of the next
  parameter SETTLES = 4,  // images of a phase from which on it is
  parameter LATENCY = 1,  // told: from the last beat in to the last beat out
  parameter LIMIT = 1,    // clocks without any beat that are taken for a hang
  parameter MOST = 10     // differences that end the simulation
) (
  input wire        clk,
  input wire        rst,
  input wire        even,
  input wire        loads,     // a configuration word is taken
  input wire        first,     // an image's first beat is taken
  input wire        last,      // its last
  input wire        gives,     // an image's last result is taken
  input wire        moves,     // any beat of any stream
  input wire        complete,  // every stream gave all images
  input wire [31:0] values,    // compared at taps
  input wire [31:0] outputs,   // compared at the output
  input wire [31:0] wrong
);
  reg [31:0] clocks, idle, words, under_way, started, ended, given, settling, interval, latency;
  reg [31:0] start_at, end_at;
  wire measured = even && IMAGES - (PHASES - 1) * SHARE >= SETTLES;
  wire slow = measured && interval != CLOCKS;
  wire late = even && SHARE > 1 && latency != LATENCY;
  wire idle_port = PHASES > 1 && SHARE > 2 && under_way == 32'd0;
  wire short = values == 32'd0 || outputs == 32'd0 || words != WORDS;

  task told;
    begin
      $display(", %0d images in %0d phases: %0d accumulators of %0d layers and %0d outputs compared, %0d differ; %0d configuration words, %0d of them while images were under way; %0d clocks",
               given, PHASES, values, LAYERS, outputs, wrong, words, under_way, clocks);
    end
  endtask

  always @(posedge clk) begin
    if (rst) begin
      {clocks, idle, words, under_way, started, ended, given, settling, interval, latency} <= 320'd0;
      {start_at, end_at} <= 64'd0;
    end else begin
      clocks <= clocks + 32'd1;
      idle <= moves ? 32'd0 : idle + 32'd1;
      if (loads) words <= words + 32'd1;
      if (loads && started != given) under_way <= under_way + 32'd1;
      if (first) begin
        started <= started + 32'd1;
        start_at <= clocks;
        interval <= clocks - start_at;
      end
      if (last) begin
        ended <= ended + 32'd1;
        if (ended == 32'd1) end_at <= clocks;
      end
      if (gives) given <= given + 32'd1;
      if (gives && given == 32'd1) latency <= clocks - end_at;
      if (complete) settling <= settling + 32'd1;
      if (wrong >= MOST) begin
        $write("FAIL, stopped early");
        told;
        $fatal(1);
      end else if (idle >= LIMIT && !complete) begin
        $write("FAIL, nothing moves any more");
        told;
        $fatal(1);
      end else if (settling >= LIMIT / 4) begin
        if (slow) $display("DIFFERS: an image takes %0d clocks, %0d are told", interval, CLOCKS);
        if (late) $display("DIFFERS: latency is %0d clocks, %0d are told", latency, LATENCY);
        if (idle_port) $display("DIFFERS: no configuration word was taken while images were under way");
        if (short) $display("DIFFERS: something was not compared, or not loaded");
        if (wrong != 32'd0 || slow || late || idle_port || short) begin
          $write("FAIL");
          told;
          $fatal(1);
        end
        if (measured) $display("%0d clocks an image, latency %0d", interval, latency);
        $write("PASS");
        told;
        $finish;
      end
    end
  end
endmodule
