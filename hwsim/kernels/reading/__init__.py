"""Compiled reads of chips: products, converters, noise, light, activations."""
