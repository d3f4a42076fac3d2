"""The Numba floor: arrays in, arrays out; the only place that says njit, its options in ``compile``."""

from hwsim.files.environment import check_environment

check_environment()
