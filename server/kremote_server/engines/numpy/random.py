"""Random numbers: a generator for each draw, seeded by the op or from the session's stream."""

from __future__ import annotations

import numpy as np

from ..seeds import next_seed


def generator(seed: int | None) -> np.random.Generator:
    """A generator: the same seed gives the same numbers; None is the next seed of the session's stream."""
    return np.random.default_rng(list(next_seed()) if seed is None else [seed % 2**63])
