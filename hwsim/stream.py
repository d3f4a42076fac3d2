"""Named random streams: adding a probe, a layer or a worker changes no other draw.

A stream is fixed by a seed and a path such as ``"chip/0/programming"``; the path is hashed into the spawn key of a
NumPy ``SeedSequence`` (positional spawning would shift when one child more is taken).
"""

from __future__ import annotations

import hashlib

import numpy as np


def stream(seed: int, path: str) -> np.random.Generator:
    """Return the generator of one named stream (Philox, counter based).

    Args:
        seed: non-negative seed of the run.
        path: name of the stream; equal names give equal draws.

    Example:
        >>> float(stream(0, "a").random()) == float(stream(0, "a").random())
        True
        >>> float(stream(0, "a").random()) == float(stream(0, "b").random())
        False
    """
    digest = hashlib.sha256(path.encode()).digest()
    key = tuple(int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4))
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(entropy=seed, spawn_key=key)))
