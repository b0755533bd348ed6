"""Arguments of any op, from the kinds its declaration names: such as its rule takes, and hostile ones among them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from kremote_proto import ops  # noqa: F401  the catalogue is complete only when every family is imported
from kremote_proto.dtypes import DTYPES, wire_dtype
from kremote_proto.errors import KremoteError
from kremote_proto.op import REQUIRED, Op, Parameter
from kremote_proto.specs import FunctionSpec, Spec
from kremote_proto.specs import spec_of as host_spec
from kremote_proto.tensors import Array, SparseArray

#: How often arguments are drawn for an op until its rule takes them.
_TRIES = 200

_INTEGERS = (-1, 0, 1, 3, 33, 1000, 10**5, 2**20, 2**31 - 1, 2**31, -(2**31), 2**40, 2**62, 2**63 - 1, 2**63, 10**30)
_SMALL = (1, 2, 1, 2, 0, -1, 3)
_NUMBERS = (float("nan"), float("inf"), float("-inf"), 1e308, -1e308, 1e-45, -1, 0, 2**63, -0.5, 1.5)
_TEXT = "x" * 100_000
_LENGTHS = (0, 1, 2, 3, 7)


@dataclass(frozen=True, eq=False)
class Held:
    """A variable to be made."""

    value: Array


@dataclass(frozen=True, eq=False)
class Step:
    """A function to be made: each output is an input, by its place, or a constant."""

    inputs: tuple[Spec, ...]
    sources: tuple[int | Array, ...]

    @property
    def spec(self) -> FunctionSpec:
        """What it takes and gives."""
        outputs = [self.inputs[one] if isinstance(one, int) else host_spec(one) for one in self.sources]
        return FunctionSpec(self.inputs, tuple(outputs))


def spec_of(value: Any) -> Spec | None:
    """The spec of what is given for a tensor."""
    if isinstance(value, SparseArray):
        return Spec(str(value.values.dtype), value.shape, sparse=True)
    if isinstance(value, Step):
        return None
    return host_spec(value.value if isinstance(value, Held) else value)


class Arguments:
    """What draws arguments, the same for the same seed."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)
        self._rank = 2

    def accepted(self, op: Op) -> dict[str, Any]:
        """Arguments that the op's rule takes, where drawing finds some."""
        arguments: dict[str, Any] = {}
        for _ in range(_TRIES):
            self._rank = self.random.randrange(6)
            arguments = {
                name: self._accepted(parameter)
                for name, parameter in op.parameters.items()
                if parameter.default is REQUIRED or self.random.random() < 0.5
            }
            try:
                op.infer(arguments, spec_of)
            except (KremoteError, ValueError, TypeError):
                continue
            break
        return arguments

    def hostile(self, op: Op, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments with one or two replaced by what nobody means well."""
        changed = dict(arguments)
        names = list(op.parameters)
        for name in self.random.sample(names, min(len(names), self.random.choice((1, 1, 1, 2)))):
            changed[name] = self._hostile(op.parameters[name], changed.get(name))
        return changed

    def _accepted(self, parameter: Parameter) -> Any:
        if parameter.default is not REQUIRED and parameter.default is not None and self.random.random() < 0.5:
            return parameter.default
        return self._of_kind(parameter.kind.name)

    def _of_kind(self, kind: str) -> Any:
        makers: dict[str, Callable[[], Any]] = {
            "tensor": self._tensor,
            "scalar": lambda: self.random.choice((0, 1, 0.5)),
            "variable": lambda: Held(self._tensor()),
            "function": self._step,
            "branch": self.random.choice((self._tensor, self._step)),
            "tensors": lambda: [self._tensor() for _ in range(self.random.choice((1, 1, 2, 2, 3)))],
            "structure": lambda: self.random.choice((self._tensor(), [self._tensor()])),
            "pairs": lambda: [(Held(self._tensor()), self._tensor())],
            "updates": lambda: [(Held(self._tensor()), self._tensor())],
            "shape": lambda: self._integers(self._rank),
            "integers or tensor": lambda: self.random.choice((self._integers(self._rank), np.array([1, 2]))),
            "integer or tensor": lambda: self.random.choice((1, 2, np.array(1))),
            "paddings": lambda: [(1, 1)] * self.random.randrange(1, 4),
            "index": self._index,
            "axis": lambda: self.random.choice((-1, 0, 1, [0], [0, 1], [0, 2])),
            "numbers for each axis": lambda: self.random.choice((1, 2, (1, 1), (2, 1), (1, 1, 1))),
            "integer": lambda: self.random.choice(_SMALL),
            "integers": lambda: self.random.choice((self._integers(self.random.randrange(6)), self._permutation())),
            "boolean": lambda: self.random.random() < 0.5,
            "number": lambda: self.random.choice((0.0, 0.5, 1.0, 2.0)),
            "dtype": lambda: self.random.choice(("float32", "int32")),
            "string": lambda: "x",
            "padding": lambda: self.random.choice(("same", "valid")),
            "data_format": lambda: self.random.choice(("channels_first", "channels_last")),
        }
        return makers[kind]() if kind in makers else self._anything()

    def _hostile(self, parameter: Parameter, value: Any) -> Any:
        if self.random.random() < 0.1:
            return self._anything()
        kind, value = parameter.kind.name, self._of_kind(parameter.kind.name) if value is None else value
        return self._worse(kind, value)

    def _worse(self, kind: str, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return self._worse_tensor(value)
        if isinstance(value, Held):
            return Held(self._worse_dense(value.value))
        if isinstance(value, Step):
            return self._worse_step(value)
        if isinstance(value, list | tuple) and kind not in ("axis", "numbers for each axis", "integers", "shape"):
            return self._worse_list(kind, list(value))
        if kind in ("number", "scalar"):
            return self.random.choice((*_NUMBERS, np.array(self.random.choice(_NUMBERS[:6]), "float64")))
        if kind == "dtype":
            return self.random.choice((*DTYPES, "float99", ""))
        if kind in ("string", "padding", "data_format"):
            return self.random.choice(("", "causal", "max", "avg", "nearest", "bilinear", "\x00", "ä/:0", _TEXT))
        return self._worse_integers(kind, value)

    def _worse_list(self, kind: str, items: list[Any]) -> Any:
        chosen = self.random.randrange(6)
        if chosen == 0:
            return []
        if chosen == 1:
            return items[:1] * self.random.choice((40, 3000))
        if chosen == 2:
            return [*items, self._anything()]
        if items:
            place = self.random.randrange(len(items))
            items[place] = self._worse(kind if isinstance(items[place], int | float) else "", items[place])
        return items

    def _worse_integers(self, kind: str, value: Any) -> Any:
        integer = self._integer()
        if kind in ("integer", "integer or tensor", "boolean") or self.random.random() < 0.3:
            tensor = np.array(min(max(integer, -(2**63)), 2**63 - 1))
            return tensor if kind == "integer or tensor" and self.random.random() < 0.5 else integer
        integers = list(value) if isinstance(value, list | tuple) else [value]
        if not integers or self.random.random() < 0.2:
            integers = [self._integer() for _ in range(self.random.choice((0, 1, 2, 3, 4, 5, 33, 300)))]
        else:
            for _ in range(self.random.choice((1, 1, 2))):
                integers[self.random.randrange(len(integers))] = integer
        if kind in ("shape", "integers or tensor") and self.random.random() < 0.5:
            within = [min(max(n, -(2**63)), 2**63 - 1) if isinstance(n, int) else 0 for n in integers]
            return np.array(within, "int64") if self.random.random() < 0.5 else [np.array(n) for n in within]
        return integers

    def _worse_tensor(self, value: Array) -> Any:
        chosen = self.random.randrange(12)
        if chosen == 0:
            return self.random.choice((self._integer(), self.random.choice(_NUMBERS), _TEXT, True, [], [[]], [[1], 2]))
        if chosen == 1:
            return self._step()
        if chosen == 2 and value.ndim:
            count = min(value.size, 1)
            return SparseArray(np.zeros((count, value.ndim), "int64"), np.ones(count, value.dtype), value.shape)
        if chosen == 3:
            return Held(value)
        if chosen == 4:
            return self.random.choice((value.tolist(), [value.tolist()] * 3))
        return self._worse_dense(value)

    def _worse_dense(self, value: Array) -> Array:
        chosen = self.random.randrange(4)
        if chosen == 0:
            return self._of_dtype(value, self.random.choice(tuple(DTYPES)))
        if chosen == 1:
            shape = [self.random.choice(_LENGTHS) for _ in range(self.random.choice((0, 1, 2, 3, 4, 5, 6, 9, 32)))]
            return self._zeros(shape, value.dtype)
        if chosen == 2 and value.ndim:
            shape = list(value.shape)
            shape[self.random.randrange(len(shape))] = self.random.choice((*_LENGTHS, 5000, 2**31, 2**40))
            return self._zeros(shape, value.dtype)
        return self._extreme(value)

    def _zeros(self, shape: list[int], dtype: Any) -> Array:
        """Zeros of up to 2**14 elements: of a longer shape nothing, one of its lengths being 0."""
        if np.prod([float(n) for n in shape]) > 2**14:
            far = max(range(len(shape)), key=shape.__getitem__)
            shape = [n if i == far else self.random.choice((0, min(n, 1))) for i, n in enumerate(shape)]
            shape[far - 1 if far else -1] = 0
        if np.prod([float(n) for n in shape if n]) > 2**50 or np.prod([float(n) for n in shape]) > 2**14:
            shape = [min(n, 1) for n in shape]
        return np.zeros(shape, dtype)

    def _extreme(self, value: Array) -> Array:
        if value.dtype == object or value.dtype.kind not in "iuf":
            return value
        if value.dtype.kind == "f":
            choices: tuple[Any, ...] = (*_NUMBERS[:3], -1.0, 1e38, 1e9)
        else:
            bounds = np.iinfo(value.dtype)
            choices = (bounds.min, bounds.max, min(bounds.max, 2**30), max(bounds.min, -1), 5)
        return np.full(value.shape, self.random.choice(choices), value.dtype)

    def _of_dtype(self, value: Array, dtype: str) -> Array:
        if dtype == "string":
            return np.full(value.shape, b"text", object)
        return value.astype(wire_dtype(dtype)) if value.dtype != object else np.zeros(value.shape, wire_dtype(dtype))

    def _worse_step(self, step: Step) -> Any:
        chosen = self.random.randrange(5)
        if chosen == 0:
            return self._step()
        if chosen == 1:
            return Step(step.inputs * self.random.choice((0, 2)), ())
        if chosen == 2:
            return Step(step.inputs, step.sources * self.random.choice((0, 2, 300)))
        if chosen == 3:
            return Step(step.inputs, tuple(self._worse_dense(self._tensor()) for _ in step.sources))
        return Step(tuple(Spec("int64", self.random.choice((None, spec.shape))) for spec in step.inputs), step.sources)

    def _anything(self) -> Any:
        plain: tuple[Any, ...] = (
            None,
            True,
            self._integer(),
            self.random.choice(_NUMBERS),
            "x",
            _TEXT,
            [],
            {},
            [[1], [2, 3]],
        )
        maps = ({"ref": 1}, {"ref": -1}, {"a": {"b": [1, None]}})
        return self.random.choice((*plain, *maps, self._tensor(), self._step(), [self._tensor()] * 2))

    def _tensor(self) -> Array:
        rank = self.random.choice((self._rank, self._rank, self.random.randrange(6)))
        shape = [self.random.choice((2, 2, 2, 2, 2, 2, 2, 2, 1, 4)) for _ in range(rank)]
        dtype = self.random.choice(("float32",) * 8 + ("int32", "bool"))
        values = [self.random.randrange(2) for _ in range(int(np.prod(shape)))]
        return np.array(values).reshape(shape).astype(dtype)

    def _step(self) -> Step:
        tensors = [self._tensor() for _ in range(self.random.choice((0, 1, 1, 2, 2, 3)))]
        sources = [
            self.random.randrange(len(tensors)) if tensors and self.random.random() < 0.8 else self._tensor()
            for _ in range(self.random.choice((1, 1, 2, 2, 3)))
        ]
        return Step(tuple(host_spec(tensor) for tensor in tensors), tuple(sources))

    def _integers(self, count: int) -> tuple[int, ...]:
        return tuple(self.random.choice((2, 2, 2, 1)) for _ in range(count))

    def _permutation(self) -> tuple[int, ...]:
        return tuple(self.random.sample(range(self._rank), self._rank))

    def _integer(self) -> int:
        integer = self.random.choice(_INTEGERS)
        return -integer if self.random.random() < 0.2 else integer

    def _index(self) -> tuple[Any, ...]:
        entries = (0, -1, slice(None), slice(0, 1, 1), slice(None, None, -1), None, Ellipsis, np.array([0, 1]))
        return tuple(self.random.choice(entries) for _ in range(self.random.randrange(1, 4)))
