// Two memories of a single port that change places: one is read by the network, the other, the shadow, is written.
module hwsim_swap #(
    parameter WIDTH = 16,
    parameter DEPTH = 2,
    parameter ADDRESS = 1
) (
    input  wire               clk,
    input  wire               active,         // which of the two is read
    input  wire               write,          // of the shadow
    input  wire [ADDRESS-1:0] write_address,
    input  wire [WIDTH-1:0]   write_data,
    input  wire               enable,         // of the reading
    input  wire [ADDRESS-1:0] address,
    output wire [WIDTH-1:0]   data
);
  wire [2*WIDTH-1:0] both;
  genvar which;
  generate
    for (which = 0; which < 2; which = which + 1) begin : half
      wire read = (which == 0) ? !active : active;
      hwsim_single #(.WIDTH(WIDTH), .DEPTH(DEPTH), .ADDRESS(ADDRESS)) memory (
          .clk(clk),
          .enable(read ? enable : write),
          .write(!read),
          .address(read ? address : write_address),
          .write_data(write_data),
          .data(both[which*WIDTH +: WIDTH])
      );
    end
  endgenerate
  assign data = active ? both[2*WIDTH-1:WIDTH] : both[WIDTH-1:0];
endmodule
