"""Constants in look-up tables: exact integers, areas and clock cycles; plug-ins ``lut`` and ``wired``."""
