"""Fixed values sampled from the data (SWIM, Bolager et al., NeurIPS 2023, arXiv 2306.16830)."""

from hwsim.model.sampling.network import find_misfits, respond, sample_values
from hwsim.model.sampling.pairs import place_units, sample_pairs, solve_output

__all__ = ["find_misfits", "place_units", "respond", "sample_pairs", "sample_values", "solve_output"]
