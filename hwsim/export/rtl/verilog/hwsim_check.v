// Compares a stream with what the emulator accumulates, value by value, and says where they differ.
module hwsim_check #(
  parameter WHERE = "layer 0",
  parameter VALUES = 1,   // a beat
  parameter BITS = 8,     // a value, signed
  parameter BEATS = 1,    // an image
  parameter UNITS = 1,
  parameter SIZE = 1,     // values an image; what fills the last beat counts for nothing
  parameter SHARE = 1,    // images a phase
  parameter [63:0] PHASE0 = "before",
  parameter [63:0] PHASE1 = "after",
  parameter [63:0] PHASE2 = "exercise",
  parameter IMAGES = 1,
  parameter MOST = 10     // differences that are told
) (
  input  wire                   clk,
  input  wire                   rst,
  input  wire                   strobe,
  input  wire [VALUES*BITS-1:0] data,
  output wire [31:0]            next,      // which beat is wanted from the file
  input  wire [VALUES*BITS-1:0] word,
  output reg  [31:0]            image,     // images that are complete
  output reg  [31:0]            values,    // compared
  output reg  [31:0]            wrong,
  output wire                   last       // an image's last beat is here
);
  reg [31:0] beat, count;
  integer v, flat;

  assign next = image * BEATS + beat;
  assign last = strobe && beat == BEATS - 1;

  function [63:0] phase(input [31:0] number);
    case (number / SHARE)
      0:       phase = PHASE0;
      1:       phase = PHASE1;
      default: phase = PHASE2;
    endcase
  endfunction

  always @(posedge clk) begin
    if (rst) begin
      beat <= 32'd0;
      image <= 32'd0;
      values <= 32'd0;
      wrong <= 32'd0;
    end else if (strobe && image == IMAGES) begin
      wrong <= wrong + 32'd1;
      if (wrong < MOST) $display("DIFFERS: %0s gives more than %0d images", WHERE, IMAGES);
    end else if (strobe) begin
      count = 32'd0;
      for (v = 0; v < VALUES; v = v + 1) begin
        flat = beat * VALUES + v;
        if (flat < SIZE && data[v*BITS +: BITS] !== word[v*BITS +: BITS]) begin
          if (wrong + count < MOST)
            $display("DIFFERS: %0s, image %0d of phase %0s, place %0d, unit %0d: got %0d, expected %0d", WHERE,
                     image % SHARE, phase(image), flat / UNITS, flat % UNITS,
                     $signed(data[v*BITS +: BITS]), $signed(word[v*BITS +: BITS]));
          count = count + 32'd1;
        end
      end
      wrong <= wrong + count;
      values <= values + (beat == BEATS - 1 ? SIZE - (BEATS - 1) * VALUES : VALUES);
      beat <= beat == BEATS - 1 ? 32'd0 : beat + 32'd1;
      if (beat == BEATS - 1) image <= image + 32'd1;
    end
  end
endmodule
