"""Routers: how switch states are found for a permutation, by effort and by cost; no topology is defined here."""
