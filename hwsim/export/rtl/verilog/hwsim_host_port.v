// Frames of a host become configuration words, images and answers.
//
// A frame: A5, kind, turn, length, payload, CRC-16 (polynomial 1021, start FFFF, high byte first) of all but A5.
// An answer: 5A, turn, status, length, payload, CRC-16 likewise. A frame does nothing before its CRC is right. The same
// turn twice is carried out once, and answered twice. A line that is silent for 2^SILENCE_BITS clocks within a frame
// ends it.
//
// Kinds: I who are you (answer: 8 bytes that name the design); B begin a configuration; W words (address in 3 bytes,
// lowest first, then words likewise); C commit (the seal, high byte first); X codes of an image (first byte: 1 for its
// first piece, then codes, lowest byte first); A accumulators of the image whose sums were not read; R reset.
// The seal holds a configuration together: FFFF at B, and for every W turned left by one bit and xored with the CRC of
// its frame. Status: 0 done; 1 busy, ask again; 2 the configuration is not whole, nothing is committed; 3 no such kind.

module hwsim_host_port #(
  parameter         CODE_BITS    = 8,   // of an input code
  parameter         CODES        = 1,   // side by side in a beat
  parameter         BEATS        = 64,  // of an image
  parameter         SUM_BITS     = 25,  // of an accumulator of the last layer
  parameter         SUMS         = 1,
  parameter         SUM_BEATS    = 10,
  parameter         ADDRESS_BITS = 16,
  parameter         WORD_BITS    = 16,
  parameter [63:0]  DESIGN       = 64'h0,
  parameter         SILENCE_BITS = 18   // a frame ends after 2 to so many clocks without a byte
) (
  input  wire                       clk,
  input  wire                       rst,
  // bytes of the line
  input  wire                       rx_valid,
  input  wire [7:0]                 rx_data,
  output wire                       tx_valid,
  input  wire                       tx_ready,
  output reg  [7:0]                 tx_data,
  // the network
  output reg                        network_rst,
  output wire                       cfg_valid,
  input  wire                       cfg_ready,
  output wire [ADDRESS_BITS-1:0]    cfg_address,
  output wire [WORD_BITS-1:0]       cfg_data,
  output wire                       in_valid,
  input  wire                       in_ready,
  output wire                       in_commit,
  output wire [CODES*CODE_BITS-1:0] in_data,
  input  wire                       out_valid,
  output wire                       out_ready,
  input  wire [SUMS*SUM_BITS-1:0]   out_data
);
  localparam CODE_BYTES = (CODE_BITS + 7) / 8;
  localparam WORD_BYTES = (WORD_BITS + 7) / 8;
  localparam SUM_BYTES  = (SUM_BITS + 7) / 8;
  localparam BEAT_BITS  = $clog2(BEATS + 1);
  localparam LANE_BITS  = $clog2(CODES + 1);
  localparam INDEX_BITS = $clog2(SUMS + 1);
  // Numbers of 32 bits, of which as many are taken as a register has.
  localparam [31:0] ANSWER    = SUM_BEATS * SUMS * SUM_BYTES;  // at most 255
  localparam [31:0] LAST_CODE = CODES - 1, LAST_BEAT = BEATS - 1, LAST_SUM = SUMS - 1, LAST_BYTE = ANSWER - 1;
  localparam [31:0] END_OF_CODE = CODE_BYTES - 1, END_OF_WORD = WORD_BYTES - 1, END_OF_SUM = SUM_BYTES - 1;

  localparam [7:0] IDENTIFY = "I", BEGIN = "B", WORDS = "W", COMMIT = "C", IMAGE = "X", READ = "A", RESET = "R";
  localparam [1:0] DONE = 2'd0, BUSY = 2'd1, NOT_WHOLE = 2'd2, UNKNOWN = 2'd3;

  localparam [3:0] HUNT = 4'd0, KIND = 4'd1, TURN = 4'd2, LENGTH = 4'd3, BODY = 4'd4, CHECK_HIGH = 4'd5,
                   CHECK_LOW = 4'd6, START = 4'd7, FETCH = 4'd8, TAKE = 4'd9, HAND_WORD = 4'd10, HAND_BEAT = 4'd11,
                   TELL_HEAD = 4'd12, TELL_FETCH = 4'd13, TELL_BODY = 4'd14, TELL_CHECK = 4'd15;

  reg [3:0]                 state;
  reg [SILENCE_BITS:0]      silent;     // clocks since the last byte of a frame that is under way
  reg [7:0]                 kind, turn, length;
  reg [1:0]                 status;
  reg [7:0]                 last;       // turn that was carried out last
  reg                       known;      // whether there was one
  reg [7:0]                 place;      // byte of a payload, of a head or of a CRC
  reg [15:0]                seal;       // of the configuration that is written
  reg                       same;       // what C says is the seal
  reg                       pending;    // the next image takes the new configuration along
  reg [1:0]                 under_way;  // images taken in whose sums were not read and left
  reg                       told;       // the sums in memory were sent
  reg                       left;       // they may go, for one clock
  reg [ADDRESS_BITS-1:0]    address;
  reg [WORD_BITS-1:0]       word;
  reg [CODES*CODE_BITS-1:0] beat;
  reg [1:0]                 part;       // byte of a word or a code
  reg [LANE_BITS-1:0]       lane;       // code of a beat
  reg [BEAT_BITS-1:0]       number;     // beat of an image
  integer                   b;

  wire receiving = state == KIND || state == TURN || state == LENGTH || state == BODY;
  wire telling   = state == TELL_HEAD || state == TELL_BODY;
  wire [7:0] next = place + 8'd1;

  // The CRC of a frame or an answer, bit by bit: bytes of a line are many clocks apart.
  reg  [15:0] check;
  reg  [7:0]  checked;
  reg  [3:0]  bits_left;
  wire        fold = check[15] ^ checked[7];

  always @(posedge clk) begin
    if (state == HUNT || state == START) begin
      check     <= 16'hffff;
      bits_left <= 4'd0;
    end else if (receiving && rx_valid) begin
      checked   <= rx_data;
      bits_left <= 4'd8;
    end else if (telling && tx_ready && !(state == TELL_HEAD && place == 8'd0)) begin
      checked   <= tx_data;
      bits_left <= 4'd8;
    end else if (bits_left != 4'd0) begin
      check     <= {check[14:0], 1'b0} ^ (fold ? 16'h1021 : 16'h0000);
      checked   <= {checked[6:0], 1'b0};
      bits_left <= bits_left - 4'd1;
    end
  end

  // Memory: the payload of a frame in the lower half, the sums of an image in the upper. One port writes, one reads.
  reg  [7:0] memory [0:511];
  reg  [7:0] read;
  wire       payload_comes = state == BODY && rx_valid;
  wire       sum_goes;
  reg  [7:0] written;
  wire [7:0] sum_byte;

  always @(posedge clk) begin
    if (payload_comes || sum_goes)
      memory[payload_comes ? {1'b0, place} : {1'b1, written}] <= payload_comes ? rx_data : sum_byte;
    read <= memory[{state == TELL_FETCH || state == TELL_BODY, place}];
  end

  // Sums of an image go to memory as soon as those before them were left, byte by byte, lowest first, sign extended.
  reg                   full;
  reg  [INDEX_BITS-1:0] which;
  reg  [1:0]            sum_part;
  wire [SUM_BITS-1:0]   sum  = out_data[which*SUM_BITS +: SUM_BITS];
  wire [31:0]           wide = {{(32 - SUM_BITS) {sum[SUM_BITS-1]}}, sum};
  wire                  sum_done  = sum_part == END_OF_SUM[1:0];
  wire                  beat_done = sum_done && which == LAST_SUM[INDEX_BITS-1:0];

  assign sum_goes  = out_valid && !full && !payload_comes;
  assign sum_byte  = wide[8*sum_part +: 8];
  assign out_ready = sum_goes && beat_done;

  always @(posedge clk) begin
    if (network_rst) begin
      full     <= 1'b0;
      written  <= 8'd0;
      which    <= {INDEX_BITS{1'b0}};
      sum_part <= 2'd0;
    end else if (left) begin
      full <= 1'b0;
    end else if (sum_goes) begin
      sum_part <= sum_done ? 2'd0 : sum_part + 2'd1;
      if (sum_done) which <= beat_done ? {INDEX_BITS{1'b0}} : which + 1'b1;
      full    <= written == LAST_BYTE[7:0];
      written <= written == LAST_BYTE[7:0] ? 8'd0 : written + 8'd1;
    end
  end

  // What stands at each byte of an answer.
  wire [7:0] answer_length = kind == IDENTIFY ? 8'd8 : kind == READ && status == DONE ? ANSWER[7:0] : 8'd0;

  always @* begin
    case (state)
      TELL_HEAD:
        case (place[1:0])
          2'd0:    tx_data = 8'h5a;
          2'd1:    tx_data = turn;
          2'd2:    tx_data = {6'd0, status};
          default: tx_data = answer_length;
        endcase
      TELL_CHECK: tx_data = place[0] ? check[7:0] : check[15:8];
      default:    tx_data = kind == IDENTIFY ? DESIGN[8*place[2:0] +: 8] : read;
    endcase
  end

  assign tx_valid    = telling || state == TELL_CHECK;
  assign cfg_address = address;
  assign cfg_data    = word;
  assign in_data     = beat;
  assign in_commit   = pending && number == {BEAT_BITS{1'b0}};

  // What a byte of the payload makes of a word, a code and a beat; lowest byte and first code first.
  wire       word_done = part == END_OF_WORD[1:0];
  wire       code_done = part == END_OF_CODE[1:0];
  wire       beat_full = lane == LAST_CODE[LANE_BITS-1:0];
  wire [WORD_BITS-1:0]       word_now;
  wire [CODE_BITS-1:0]       code_now;
  wire [CODES*CODE_BITS-1:0] beat_now;

  generate
    if (WORD_BYTES > 1) begin : long_words
      reg [8*WORD_BYTES-9:0] low;
      assign word_now = {read[WORD_BITS-8*WORD_BYTES+7:0], low};
      if (WORD_BYTES > 2) begin : longer
        always @(posedge clk) if (state == TAKE) low <= {read, low[8*WORD_BYTES-9:8]};
      end else begin : two
        always @(posedge clk) if (state == TAKE) low <= read;
      end
    end else begin : short_words
      assign word_now = read[WORD_BITS-1:0];
    end
    if (CODE_BYTES > 1) begin : long_codes  // two bytes, since a code has at most 16 bits
      reg [7:0] low;
      assign code_now = {read[CODE_BITS-9:0], low};
      always @(posedge clk) if (state == TAKE) low <= read;
    end else begin : short_codes
      assign code_now = read[CODE_BITS-1:0];
    end
    if (CODES > 1) begin : beat_of_several
      assign beat_now = {code_now, beat[CODES*CODE_BITS-1:CODE_BITS]};
    end else begin : beat_of_one
      assign beat_now = code_now;
    end
  endgenerate

  always @(posedge clk) begin
    left   <= 1'b0;
    silent <= state == HUNT || rx_valid ? {(SILENCE_BITS + 1) {1'b0}} : silent + 1'b1;
    if (rst) begin
      state       <= HUNT;
      known       <= 1'b0;
      network_rst <= 1'b1;
    end else begin
      case (state)
        // A frame comes in.
        HUNT: begin
          network_rst <= 1'b0;
          place       <= 8'd0;
          if (rx_valid && rx_data == 8'ha5) state <= KIND;
        end
        KIND, TURN, LENGTH, BODY, CHECK_HIGH, CHECK_LOW:
          if (rx_valid) begin
            if (state == KIND) kind <= rx_data;
            if (state == TURN) turn <= rx_data;
            if (state == LENGTH) length <= rx_data;
            if (state == BODY) place <= next;
            case (state)
              KIND:       state <= TURN;
              TURN:       state <= LENGTH;
              LENGTH:     state <= rx_data == 8'd0 ? CHECK_HIGH : BODY;
              BODY:       if (next == length) state <= CHECK_HIGH;
              CHECK_HIGH: state <= rx_data == check[15:8] ? CHECK_LOW : HUNT;
              default:    state <= rx_data == check[7:0] ? START : HUNT;
            endcase
          end else if (silent[SILENCE_BITS]) begin
            state <= HUNT;
          end
        // It is carried out, unless it is the last one once more.
        START: begin
          place <= 8'd0;
          part  <= 2'd0;
          same  <= 1'b1;
          known <= 1'b1;
          last  <= turn;
          state <= TELL_HEAD;
          if (!known || turn != last) begin
            status <= kind == COMMIT ? NOT_WHOLE : DONE;
            if (told) begin
              told      <= 1'b0;
              left      <= 1'b1;
              under_way <= under_way - 2'd1;
            end
            case (kind)
              IDENTIFY: ;
              BEGIN: begin
                pending <= 1'b0;
                seal    <= 16'hffff;
              end
              WORDS:
                if (pending) begin
                  status <= BUSY;
                end else begin
                  seal  <= {seal[14:0], seal[15]} ^ check;
                  state <= FETCH;
                end
              COMMIT: state <= FETCH;
              IMAGE: state <= FETCH;
              READ:
                if (full && !told) told <= 1'b1;
                else status <= BUSY;
              RESET: network_rst <= 1'b1;
              default: status <= UNKNOWN;
            endcase
          end
        end
        // Its payload, byte by byte.
        FETCH: begin
          state <= place == length ? TELL_HEAD : TAKE;
          if (place == length) place <= 8'd0;
        end
        TAKE: begin
          place <= next;
          state <= FETCH;
          case (kind)
            WORDS:
              if (place < 8'd3) begin
                for (b = 0; b < ADDRESS_BITS; b = b + 1) if (place[1:0] == b[4:3]) address[b] <= read[b[2:0]];
              end else begin
                word <= word_now;
                part <= word_done ? 2'd0 : part + 2'd1;
                if (word_done) state <= HAND_WORD;
              end
            COMMIT: begin
              if (read != (place[0] ? seal[7:0] : seal[15:8])) same <= 1'b0;
              if (place[0]) begin
                pending <= same && read == seal[7:0];
                status  <= same && read == seal[7:0] ? DONE : NOT_WHOLE;
                state   <= TELL_HEAD;
                place   <= 8'd0;
              end
            end
            default:  // IMAGE
              if (place == 8'd0) begin
                if (read[0] && under_way == 2'd2) begin
                  status <= BUSY;
                  state  <= TELL_HEAD;
                  place  <= 8'd0;
                end
              end else begin
                part <= code_done ? 2'd0 : part + 2'd1;
                if (code_done) begin
                  beat <= beat_now;
                  lane <= beat_full ? {LANE_BITS{1'b0}} : lane + 1'b1;
                  if (beat_full) state <= HAND_BEAT;
                end
              end
          endcase
        end
        HAND_WORD:
          if (cfg_ready) begin
            address <= address + 1'b1;
            state   <= FETCH;
          end
        HAND_BEAT:
          if (in_ready) begin
            number <= number == LAST_BEAT[BEAT_BITS-1:0] ? {BEAT_BITS{1'b0}} : number + 1'b1;
            state  <= FETCH;
            if (number == {BEAT_BITS{1'b0}}) begin
              pending   <= 1'b0;
              under_way <= under_way + 2'd1;
            end
          end
        // The answer goes out.
        TELL_HEAD:
          if (tx_ready) begin
            place <= place == 8'd3 ? 8'd0 : next;
            if (place == 8'd3) state <= answer_length == 8'd0 ? TELL_CHECK : TELL_FETCH;
          end
        TELL_FETCH: state <= TELL_BODY;
        TELL_BODY:
          if (tx_ready) begin
            place <= next == answer_length ? 8'd0 : next;
            state <= next == answer_length ? TELL_CHECK : TELL_FETCH;
          end
        default:  // TELL_CHECK
          if (tx_ready) begin
            place <= next;
            if (place[0]) state <= HUNT;
          end
      endcase
    end
    if (network_rst) begin
      pending   <= 1'b0;
      under_way <= 2'd0;
      told      <= 1'b0;
      number    <= {BEAT_BITS{1'b0}};
      lane      <= {LANE_BITS{1'b0}};
    end
  end

  assign cfg_valid = state == HAND_WORD;
  assign in_valid  = state == HAND_BEAT;
endmodule
