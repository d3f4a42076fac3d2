"""Compiled training of networks of one hidden layer."""
