"""Random tensors, drawn by TensorFlow's stateless ops with seeds of the session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from ..seeds import next_seed
from .operands import dense, filled


def random_normal(shape: Any, mean: float, stddev: float, dtype: str, seed: int | None) -> Any:
    """Samples of a normal distribution."""
    return _drawn(tf.random.stateless_normal, shape, seed, mean, stddev, dtype)


def truncated_normal(shape: Any, mean: float, stddev: float, dtype: str, seed: int | None) -> Any:
    """Samples of a normal distribution within two standard deviations."""
    return _drawn(tf.random.stateless_truncated_normal, shape, seed, mean, stddev, dtype)


def random_uniform(shape: Any, minval: float, maxval: float, dtype: str, seed: int | None) -> Any:
    """Samples of a uniform distribution."""
    low, high = (int(minval), int(maxval)) if tf.as_dtype(dtype).is_integer else (minval, maxval)
    return _drawn(tf.random.stateless_uniform, shape, seed, low, high, dtype)


def random_bernoulli(shape: Any, p: float, dtype: str, seed: int | None) -> Any:
    """Ones with a probability, else zeros."""
    return tf.cast(_uniform(shape, seed) < p, dtype)


def random_binomial(shape: Any, p: float, dtype: str, seed: int | None) -> Any:
    """Ones with a probability, else zeros."""
    return random_bernoulli(shape, p, dtype, seed)


def dropout(x: Any, level: float, noise_shape: Any, seed: int | None) -> Any:
    """Zeros for a part of the elements, the others scaled up."""
    x = dense(x)
    kept = _uniform(tf.shape(x) if noise_shape is None else _completed(noise_shape, x), seed) >= level
    dropped = tf.where(kept, x * tf.constant(1 / (1 - level), x.dtype), tf.zeros([], x.dtype))
    dropped.set_shape(x.shape)
    return dropped


def _completed(noise_shape: Any, x: Any) -> Any:
    """A noise shape with the lengths of `x` where it says None."""
    if not isinstance(noise_shape, Sequence):
        return noise_shape
    first = tf.rank(x) - len(noise_shape)
    return [tf.shape(x)[first + i] if length is None else length for i, length in enumerate(noise_shape)]


def _uniform(shape: Any, seed: int | None) -> Any:
    """Numbers in [0, 1) to compare with a probability; float32 has many of them, whatever the result's dtype."""
    return _drawn(tf.random.stateless_uniform, shape, seed, 0, 1, "float32")


def _drawn(sample: Callable[..., Any], shape: Any, seed: int | None, *parameters: Any) -> Any:
    return filled(lambda wanted: sample(wanted, next_seed(seed), *parameters), shape)
