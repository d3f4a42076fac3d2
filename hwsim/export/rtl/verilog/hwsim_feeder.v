// Offers the images of the bench, phase by phase. The first of a phase commits what was loaded; the last of a phase waits
// until the next configuration is loaded, and must not notice it. Data are noise while nothing is offered, and commit is
// noise on every beat but an image's first.
module hwsim_feeder #(
  parameter WIDTH = 8,
  parameter BEATS = 1,   // an image
  parameter SHARE = 1,   // images a phase
  parameter IMAGES = 1
) (
  input  wire             clk,
  input  wire             rst,
  input  wire             go,
  input  wire             even,
  input  wire [1:0]       loaded,  // configurations that are written whole
  input  wire [31:0]      given,   // images that came out
  output wire [31:0]      next,    // which beat is wanted from the file
  input  wire [WIDTH-1:0] word,
  output reg              in_valid,
  input  wire             in_ready,
  output reg              in_commit,
  output reg  [WIDTH-1:0] in_data,
  output wire             first,   // a first beat is taken
  output wire             last     // a last beat is taken
);
  reg [31:0] beat, image, turn, phase;  // the next to be taken; turn its phase
  wire taken = in_valid && in_ready;
  wire ends = beat == BEATS - 1;
  wire turns = ends && turn == SHARE - 1;

  // the beat after the one that is taken now
  wire [31:0] beat_next = !taken ? beat : ends ? 32'd0 : beat + 32'd1;
  wire [31:0] image_next = taken && ends ? image + 32'd1 : image;
  wire [31:0] turn_next = !(taken && ends) ? turn : turns ? 32'd0 : turn + 32'd1;
  wire [31:0] phase_next = taken && turns ? phase + 32'd1 : phase;
  wire opens = beat_next == 32'd0;
  wire waits = turn_next == SHARE - 1 && turn_next != 32'd0 && image_next != IMAGES - 1;
  wire configured = {30'd0, loaded} > phase_next + {31'd0, waits};
  wire alone = !even || image_next != 32'd1 || given == 32'd1;  // the second image of an even run shows the latency
  wire offered = go && image_next < IMAGES && (!opens || (configured && alone));

  assign next = image_next * BEATS + beat_next;
  assign first = taken && beat == 32'd0;
  assign last = taken && ends;

  always @(posedge clk) begin
    if (rst) begin
      beat <= 32'd0;
      image <= 32'd0;
      turn <= 32'd0;
      phase <= 32'd0;
      in_valid <= 1'b0;
      in_commit <= 1'b1;
      in_data <= {WIDTH{1'b1}};
    end else begin
      beat <= beat_next;
      image <= image_next;
      turn <= turn_next;
      phase <= phase_next;
      if (taken || !in_valid) begin
        in_valid <= offered;
        in_data <= offered ? word : ~word;
        in_commit <= offered && opens ? turn_next == 32'd0 : !in_commit;
      end
    end
  end
endmodule
