"""Datasheets from measurements: a table of cells becomes levels, laws with standard errors, and a file of its own."""
