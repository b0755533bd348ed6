"""What a conformance row says of an op: cases to try, what numpy answers, what is refused."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

FLOATS = ("float32", "float64")
NUMBERS = ("float32", "float64", "int32")
ALL = ("float32", "float64", "int32", "bool")


@dataclass(frozen=True)
class Sample:
    """A tensor argument, drawn for each dtype."""

    shape: tuple[int, ...]
    low: float = -2.0
    high: float = 2.0
    #: A dtype of its own, whatever the others have.
    dtype: str | None = None

    def draw(self, dtype: str, generator: np.random.Generator) -> np.ndarray[Any, Any]:
        """An array of the sample's shape."""
        kind = np.dtype(self.dtype or dtype)
        if kind.kind == "b":
            return generator.integers(0, 2, self.shape).astype(kind)
        if kind.kind in "iu":
            return generator.integers(int(np.ceil(self.low)), int(self.high) + 1, self.shape).astype(kind)
        return np.asarray(generator.uniform(self.low, self.high, self.shape)).astype(kind)


@dataclass(frozen=True)
class Case:
    """Arguments by name, samples in the place of tensors."""

    name: str
    arguments: Mapping[str, Any]
    #: Whether a small step stays on one side of every kink.
    smooth: bool = True


@dataclass(frozen=True)
class Refusal:
    """Arguments an op refuses, for float32 samples, and words of the message."""

    name: str
    arguments: Mapping[str, Any]
    error: type[Exception]
    says: str


@dataclass(frozen=True)
class Row:
    """One op."""

    op: str
    cases: tuple[Case, ...]
    #: The answer, from the case's arguments with arrays in the place of samples.
    reference: Callable[..., Any]
    dtypes: tuple[str, ...] = FLOATS
    result_dtype: Callable[[str], str] = lambda dtype: dtype
    #: The arguments that have a gradient.
    differentiable: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()
    #: Whether `tf_keras.backend` says the same in every case.
    keras: bool = True
    #: Relative, and absolute, differences that rounding explains.
    tolerance: float = 1e-5


def case(name: str, **arguments: Any) -> Case:
    """A case."""
    return Case(name, arguments)


def kinked(name: str, **arguments: Any) -> Case:
    """A case whose gradient central differences cannot tell."""
    return Case(name, arguments, smooth=False)


def bad_value(name: str, says: str, **arguments: Any) -> Refusal:
    """Arguments refused with a `ValueError`."""
    return Refusal(name, arguments, ValueError, says)


def bad_type(name: str, says: str, **arguments: Any) -> Refusal:
    """Arguments refused with a `TypeError`."""
    return Refusal(name, arguments, TypeError, says)


def draw(arguments: Mapping[str, Any], dtype: str, seed: str) -> dict[str, Any]:
    """The arguments with an array for each sample, the same for the same seed."""
    generator = np.random.default_rng(zlib.crc32(f"{seed} {dtype}".encode()))
    return {name: replaced(value, lambda sample: sample.draw(dtype, generator)) for name, value in arguments.items()}


def replaced(value: Any, function: Callable[[Any], Any], leaf: type = Sample) -> Any:
    """An argument with each leaf of a type replaced, inside lists, tuples and slices too."""
    if isinstance(value, leaf):
        return function(value)
    if isinstance(value, list | tuple):
        return type(value)(replaced(item, function, leaf) for item in value)
    if isinstance(value, slice):
        return slice(*(replaced(bound, function, leaf) for bound in (value.start, value.stop, value.step)))
    return value
