"""A table: how the arguments of an op are generated, compactly."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

import numpy as np

from ..arguments import Draw, Source, replaced


class LeftOut:
    """Stands for an argument that is not given."""

    def __repr__(self) -> str:
        return "left out"


LEFT_OUT: Final = LeftOut()


@dataclass(frozen=True)
class Case:
    """One call of an op."""

    op: str
    number: int
    arguments: Mapping[str, Any]

    def given(self, K: ModuleType, place: Callable[[Draw, int], Any] | None = None) -> dict[str, Any]:
        """The arguments with tensors drawn; `place` says what stands for a tensor where it is not a value."""
        seeds = itertools.count(zlib.crc32(f"{self.op} {self.number}".encode()))

        def value(leaf: Draw | Source) -> Any:
            seed = next(seeds)
            if isinstance(leaf, Source):
                return leaf.value(K)
            return place(leaf, seed) if place and leaf.given == "tensor" else leaf.value(K, seed)

        return {name: replaced(argument, value) for name, argument in self.arguments.items()}

    @property
    def tensors(self) -> list[Draw]:
        """The arguments in whose place symbols can stand."""
        found: list[Draw] = []
        replaced(list(self.arguments.values()), lambda leaf: found.append(leaf) if isinstance(leaf, Draw) else None)
        return [draw for draw in found if draw.given == "tensor"]

    @property
    def has_tensor(self) -> bool:
        """Whether a symbol can stand among the arguments."""
        return bool(self.tensors)

    def snippet(self) -> str:
        """Python that makes the call."""
        seeds = itertools.count(zlib.crc32(f"{self.op} {self.number}".encode()))

        def source(leaf: Draw | Source) -> Any:
            seed = next(seeds)
            return _Text(leaf.text if isinstance(leaf, Source) else leaf.source(seed))

        shown = [f"{name}={replaced(argument, source)!r}" for name, argument in self.arguments.items()]
        return f"K.{self.op}({', '.join(shown)})"

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={argument!r}" for name, argument in self.arguments.items())
        return f"{self.op}({shown})"


class _Text(str):
    """Text that is shown as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


Values = Sequence[Any]
Crossed = Mapping[str, Values]


@dataclass(frozen=True)
class Table:
    """The cases of an op: a base, each parameter varied alone, and products of parameters that interact."""

    op: str
    #: The values of each parameter; the first is the base's.
    parameters: Mapping[str, Values]
    crossed: Sequence[Crossed] = ()
    #: How many cases of each product are tried.
    most: int = 60
    #: Whether values agree; random numbers agree in dtype and shape.
    values: bool = True
    #: Whether TensorFlow, asked at once, ends the process for some of what its graphs refuse: they are asked first.
    fragile: bool = False
    #: Whether symbols may stand in the place of tensors.
    symbols: bool = True

    def cases(self) -> list[Case]:
        """The cases, always the same."""
        base = {name: values[0] for name, values in self.parameters.items()}
        found: dict[str, dict[str, Any]] = {}
        for arguments in itertools.chain([base], self._varied(base), self._products(base)):
            given = {name: value for name, value in arguments.items() if value is not LEFT_OUT}
            found.setdefault(repr(given), given)
        return [Case(self.op, number, arguments) for number, arguments in enumerate(found.values())]

    def _varied(self, base: dict[str, Any]) -> Iterable[dict[str, Any]]:
        for name, values in self.parameters.items():
            for value in values[1:]:
                yield {**base, name: value}

    def _products(self, base: dict[str, Any]) -> Iterable[dict[str, Any]]:
        for crossed in self.crossed:
            chosen = list(itertools.product(*crossed.values()))
            if len(chosen) > self.most:
                generator = np.random.default_rng(zlib.crc32(self.op.encode()))
                chosen = [chosen[i] for i in sorted(generator.choice(len(chosen), self.most, replace=False))]
            for values in chosen:
                yield {**base, **dict(zip(crossed, values, strict=True))}
