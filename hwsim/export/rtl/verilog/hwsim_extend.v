// A signed number in another width: its sign is repeated, or bits that only repeat it are dropped.
module hwsim_extend #(
  parameter FROM = 1,
  parameter TO = 1
) (
  input  wire [FROM-1:0] number,
  output wire [TO-1:0] found
);
  generate
    if (TO > FROM) begin : wider
      assign found = {{TO-FROM{number[FROM-1]}}, number};
    end else begin : narrower
      assign found = number[TO-1:0];
    end
    if (TO < FROM) begin : dropped
      wire unused_bits = ^number[FROM-1:TO];
    end
  endgenerate
endmodule
