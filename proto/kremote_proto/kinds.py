"""The kinds of argument an op can declare.

A declaration's annotation is one of the aliases at the end of this file (or a plain `int`, `bool`, ...); the kind rides
in it, so that the type checker, the client, the server and the documentation all read the same line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np

from . import handles
from .arguments import FUNCTION, SCALAR, TENSOR, VARIABLE, BranchKind, Kind, ListKind, is_integer
from .compound_arguments import (
    PAIRS,
    IndexKind,
    IntegerLikeKind,
    IntegersLikeKind,
    PaddingsKind,
    ShapeKind,
    StructureKind,
    UpdatesKind,
)
from .dtypes import dtype_name
from .errors import InvalidValue


def _integers(schema_item: str) -> dict[str, Any]:
    return {"type": "array", "items": {"type": schema_item}}


def _plain_integers(values: Any) -> tuple[Any, ...]:
    return tuple(int(value) if isinstance(value, np.integer) else value for value in values)


def _as_axis(value: Any) -> Any:
    if not isinstance(value, list | tuple | range | np.ndarray):
        return value
    if any(isinstance(axis, list | tuple | np.ndarray) for axis in value):
        raise InvalidValue(f"expected an axis (an integer) or a list of axes; got lists inside one, {value}")
    return list(_plain_integers(value))


def _is_axis(value: Any) -> bool:
    return is_integer(value) or (isinstance(value, list) and all(is_integer(axis) for axis in value))


def _as_place(value: Any) -> Any:
    return _plain_integers(value)[0] if isinstance(value, list | tuple | np.ndarray) and len(value) == 1 else value


def _as_integers(value: Any) -> Any:
    return _plain_integers(value) if isinstance(value, list | tuple | np.ndarray) else value


def _is_integers(value: Any) -> bool:
    return isinstance(value, tuple) and all(is_integer(item) for item in value)


def _as_padding(value: Any) -> Any:
    if isinstance(value, str) and value not in ("same", "valid", "causal"):
        raise InvalidValue(f"expected padding 'same', 'valid' or 'causal'; got {value!r}")
    return value


def _as_data_format(value: Any) -> Any:
    if isinstance(value, str) and value not in ("channels_first", "channels_last"):
        raise InvalidValue(f"expected data_format 'channels_first' or 'channels_last'; got {value!r}")
    return value


_NUMBER = {"type": "number"}
_BRANCH = BranchKind("branch", "a tensor, or a function of the condition or of no inputs", TENSOR.schema)
_TENSORS = ListKind("tensors", TENSOR)
#: Tensors that are joined: the client takes the rows of a single one.
PARTS = ListKind("tensors", TENSOR)
_UPDATES = UpdatesKind("updates", "a list of updates or (variable, tensor) pairs", {"type": "array"})
_STRUCTURE = StructureKind("structure", "tensors in nested lists and maps", {})
SHAPE = ShapeKind(
    "shape",
    "a shape: a list of lengths, None where unknown",
    {"type": "array", "items": {"type": ["integer", "null", "object"]}},
)
_INTEGERS_LIKE = IntegersLikeKind(
    "integers or tensor",
    "integers, each a number or a scalar tensor, or one tensor of them",
    {"oneOf": [{"type": "integer"}, {"type": "array", "items": {"type": ["integer", "object"]}}, {"type": "object"}]},
)
_INTEGER_LIKE = IntegerLikeKind(
    "integer or tensor",
    "an integer, or a scalar tensor of one",
    {"oneOf": [{"type": "integer"}, {"type": "object"}]},
    is_integer,
)
_PADDINGS = PaddingsKind("paddings", _INTEGERS_LIKE)
_INDEX = IndexKind("index", "an index: integers, slices, ellipsis, newaxis or tensors", {"type": "array"})
_AXIS = Kind(
    "axis",
    "an axis (an integer) or a list of axes",
    {"oneOf": [{"type": "integer"}, _integers("integer")]},
    _is_axis,
    convert=_as_axis,
)
_PLACE = Kind("integer", "an integer", {"type": "integer"}, is_integer, convert=_as_place)
_PER_AXIS = Kind(
    "numbers for each axis",
    "an integer or a tuple of integers",
    {"oneOf": [{"type": "integer"}, _integers("integer")]},
    lambda v: is_integer(v) or _is_integers(v),
    convert=_as_integers,
)
_INTEGERS = Kind("integers", "a tuple of integers", _integers("integer"), _is_integers, convert=_as_integers)
_DTYPE = Kind("dtype", "a dtype", {"type": "string"}, convert=dtype_name)
_FLOATX = Kind("dtype", "a dtype", {"type": "string"}, convert=dtype_name, setting="floatx")
_PADDING = Kind("padding", "a padding", {"type": "string"}, lambda v: isinstance(v, str), convert=_as_padding)
_DATA_FORMAT = Kind(
    "data_format",
    "a data format",
    {"type": "string"},
    lambda v: isinstance(v, str),
    convert=_as_data_format,
    setting="image_data_format",
)

#: The kinds of plain annotations.
PLAIN_KINDS: dict[Any, Kind] = {
    bool: Kind(
        "boolean",
        "a boolean",
        {"type": "boolean"},
        lambda v: isinstance(v, bool) or v in (0, 1, None),
        convert=lambda v: bool(v) if v in (0, 1, None) else v,
    ),
    int: Kind("integer", "an integer", {"type": "integer"}, is_integer),
    float: Kind("number", "a number", _NUMBER, lambda v: isinstance(v, int | float) and not isinstance(v, bool)),
    str: Kind("string", "text", {"type": "string"}, lambda v: isinstance(v, str)),
    handles.Variable: VARIABLE,
    handles.Function: FUNCTION,
}

# The aliases declarations use.
TensorLike = Annotated[handles.TensorLike, TENSOR]
Scalar = Annotated[int | float | handles.Tensor, SCALAR]
Branch = Annotated[handles.TensorLike | handles.Function, _BRANCH]
Tensors = Annotated[Sequence[handles.TensorLike] | handles.Tensor, _TENSORS]
Parts = Annotated[Sequence[handles.TensorLike] | handles.TensorLike, PARTS]
Pairs = Annotated[Sequence[tuple[handles.Variable, handles.TensorLike]], PAIRS]
Updates = Annotated[Sequence[Any], _UPDATES]
Structure = Annotated[Any, _STRUCTURE]
ShapeLike = Annotated[Sequence[Any] | handles.Tensor | int, SHAPE]
IntegerLike = Annotated[handles.Tensor | int, _INTEGER_LIKE]
IntegersLike = Annotated[Sequence[Any] | handles.Tensor | int, _INTEGERS_LIKE]
Paddings = Annotated[Sequence[Any], _PADDINGS]
Index = Annotated[Any, _INDEX]
Axis = Annotated[int | Sequence[int], _AXIS]
Place = Annotated[int | Sequence[int], _PLACE]
Integers = Annotated[Sequence[int], _INTEGERS]
PerAxis = Annotated[int | Sequence[int], _PER_AXIS]
DType = Annotated[str, _DTYPE]
FloatX = Annotated[str, _FLOATX]
Padding = Annotated[str, _PADDING]
DataFormat = Annotated[str, _DATA_FORMAT]
