"""Random tensors: each draw has a generator of its own, with a seed of the session's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kremote_proto.tensors import Array

from ..seeds import next_seed
from .operands import dense, lengths, numpy_dtype


def generator(seed: int | None) -> np.random.Generator:
    """A generator: the next of the session's stream, or of the sequence that a seed begins."""
    return np.random.default_rng([int(number) for number in next_seed(seed)])


def random_normal(shape: Any, mean: float, stddev: float, dtype: str, seed: int | None) -> Any:
    """Samples of a normal distribution."""
    return generator(seed).normal(mean, stddev, lengths(shape)).astype(numpy_dtype(dtype))


def truncated_normal(shape: Any, mean: float, stddev: float, dtype: str, seed: int | None) -> Any:
    """Samples of a normal distribution within two standard deviations."""
    draw = generator(seed)
    samples: Array = np.asarray(draw.standard_normal(lengths(shape)))
    while (beyond := np.abs(samples) > 2).any():
        samples[beyond] = draw.standard_normal(int(beyond.sum()))
    return (mean + stddev * samples).astype(numpy_dtype(dtype))


def random_uniform(shape: Any, minval: float, maxval: float, dtype: str, seed: int | None) -> Any:
    """Samples of a uniform distribution."""
    wanted = numpy_dtype(dtype)
    if wanted.kind == "i":
        return generator(seed).integers(int(minval), int(maxval), lengths(shape), wanted)
    return generator(seed).uniform(minval, maxval, lengths(shape)).astype(wanted)


def random_bernoulli(shape: Any, p: float, dtype: str, seed: int | None) -> Any:
    """Ones with a probability, else zeros."""
    return (generator(seed).random(lengths(shape)) < p).astype(numpy_dtype(dtype))


def random_binomial(shape: Any, p: float, dtype: str, seed: int | None) -> Any:
    """Ones with a probability, else zeros."""
    return random_bernoulli(shape, p, dtype, seed)


def dropout(x: Any, level: float, noise_shape: Any, seed: int | None) -> Any:
    """Zeros for a part of the elements, the others scaled up."""
    x = dense(x)
    wanted = x.shape if noise_shape is None else lengths(_completed(noise_shape, x))
    kept = generator(seed).random(wanted) >= level
    return np.where(kept, x * np.asarray(1 / (1 - level), x.dtype), np.zeros((), x.dtype))


def _completed(noise_shape: Any, x: Array) -> Any:
    """A noise shape with the lengths of `x` where it says None."""
    if not isinstance(noise_shape, Sequence):
        return noise_shape
    first = x.ndim - len(noise_shape)
    return [x.shape[first + i] if length is None else length for i, length in enumerate(noise_shape)]
