"""Verilog of a netlist: circuits and constants side by side, or one multiplier; benches, boards and their files."""
