"""Arguments of cases: what stands for a tensor until it is drawn, and how each is shown in a snippet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal

import numpy as np

Given = Literal["tensor", "array", "variable", "list"]


@dataclass(frozen=True)
class Draw:
    """A tensor of random numbers, given as a tensor (a symbol in a function), an array, a variable or a list."""

    shape: tuple[int, ...]
    dtype: str = "float32"
    low: float = -2.0
    high: float = 2.0
    given: Given = "tensor"

    def array(self, seed: int) -> np.ndarray[Any, Any]:
        """The numbers: the same for the same seed."""
        generator = np.random.default_rng(seed)
        kind = np.dtype(self.dtype)
        if kind.kind == "b":
            return np.asarray(generator.integers(0, 2, self.shape)).astype(kind)
        if kind.kind in "iu":
            low = max(int(np.ceil(self.low)), 0 if kind.kind == "u" else -100)
            return np.asarray(generator.integers(low, max(int(self.high), low) + 1, self.shape)).astype(kind)
        if kind.kind == "c":
            real, imaginary = generator.uniform(self.low, self.high, (2, *self.shape))
            return np.asarray(real + 1j * imaginary).astype(kind)
        return np.asarray(generator.uniform(self.low, self.high, self.shape)).astype(kind)

    def value(self, K: ModuleType, seed: int) -> Any:
        """What a user would give."""
        array = self.array(seed)
        if self.given == "tensor":
            return K.constant(array, dtype=self.dtype)
        if self.given == "variable":
            return K.variable(array, dtype=self.dtype)
        return array.tolist() if self.given == "list" else array

    def source(self, seed: int) -> str:
        """Python for the value."""
        array = np.array2string(self.array(seed), separator=", ", threshold=64, floatmode="unique")
        text = f"np.array({array}, {self.dtype!r})".replace("\n", " ")
        if "..." in text or 0 in self.shape:
            text = (
                f"np.random.default_rng({seed}).uniform({self.low}, {self.high}, {self.shape}).astype({self.dtype!r})"
            )
        if self.given in ("tensor", "variable"):
            make = "constant" if self.given == "tensor" else "variable"
            return f"K.{make}({text}, dtype={self.dtype!r})"
        return f"{text}.tolist()" if self.given == "list" else text

    def __repr__(self) -> str:
        mark = "" if self.given == "tensor" else f" as {self.given}"
        return f"{self.dtype}{list(self.shape)}{mark}"


@dataclass(frozen=True)
class Source:
    """An argument written as Python, with K at hand: a callable, for instance."""

    text: str

    def value(self, K: ModuleType) -> Any:
        """What the text says."""
        return eval(self.text, {"K": K, "np": np})

    def __repr__(self) -> str:
        return self.text


def tensor(*shape: int, dtype: str = "float32", low: float = -2.0, high: float = 2.0) -> Draw:
    """A tensor of K's."""
    return Draw(shape, dtype, low, high)


def array(*shape: int, dtype: str = "float32", low: float = -2.0, high: float = 2.0) -> Draw:
    """A numpy array."""
    return Draw(shape, dtype, low, high, "array")


def variable(*shape: int, dtype: str = "float32", low: float = -2.0, high: float = 2.0) -> Draw:
    """A variable."""
    return Draw(shape, dtype, low, high, "variable")


def listed(*shape: int, dtype: str = "float32", low: float = -2.0, high: float = 2.0) -> Draw:
    """A nested list of Python numbers."""
    return Draw(shape, dtype, low, high, "list")


def replaced(value: Any, replace: Callable[[Draw | Source], Any]) -> Any:
    """An argument with what is to be drawn replaced, inside lists and tuples too."""
    if isinstance(value, Draw | Source):
        return replace(value)
    if isinstance(value, list | tuple):
        return type(value)(replaced(item, replace) for item in value)
    return value
