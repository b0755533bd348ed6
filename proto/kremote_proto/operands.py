"""Operands: the checks rules share, of element types and of sparse tensors."""

from __future__ import annotations

from typing import Any, NamedTuple

from .dtypes import COMPLEXES, DTYPES, FLOATS, INTEGERS, item_bytes
from .errors import InvalidDType, InvalidType, InvalidValue
from .shapes import show
from .specs import Shape, Spec

#: What stands for an operand of which nothing is known yet.
UNKNOWN = Spec(None, None)


class DTypes(NamedTuple):
    """A set of dtypes and what messages call it."""

    described: str
    names: frozenset[str]


_SIGNED = tuple(name for name in INTEGERS if name.startswith("i"))

ANY = DTypes("any dtype", frozenset(DTYPES))
FLOAT = DTypes("a float dtype", frozenset(FLOATS))
INTEGER = DTypes("an integer dtype", frozenset(INTEGERS))
INEXACT = DTypes("a float or complex dtype", frozenset(FLOATS + COMPLEXES))
REAL = DTypes("an integer or float dtype", frozenset(FLOATS + INTEGERS))
ORDERED = DTypes("bool, an integer or a float dtype", frozenset((*FLOATS, *INTEGERS, "bool")))
NUMERIC = DTypes("a numeric dtype", frozenset(FLOATS + INTEGERS + COMPLEXES))
COUNTABLE = DTypes("bool or a numeric dtype", NUMERIC.names | {"bool"})
MEASURABLE = DTypes("bool, a float or a complex dtype", INEXACT.names | {"bool"})
ADDABLE = DTypes("a numeric dtype or string", NUMERIC.names | {"string"})
SIGNED = DTypes("a float, complex or signed integer dtype", frozenset(FLOATS + COMPLEXES + _SIGNED))
LOGICAL = DTypes("bool or an integer dtype", frozenset((*INTEGERS, "bool")))
#: What images may be made of, to be resized.
RESIZABLE = DTypes("a float dtype or an integer dtype but uint32 and uint64", REAL.names - {"uint32", "uint64"})
#: What matrix products compute.
MATRIX = DTypes("a float or complex dtype, int32 or int64", INEXACT.names | {"int32", "int64"})

#: What products of batches compute.
BATCH = DTypes("a float or complex dtype, int16, int32 or int64", MATRIX.names | {"int16"})


def checked(x: Spec | None, dtypes: DTypes, name: str = "x", *, sparse: bool = False) -> Spec:
    """The operand's spec; raises `InvalidDType` for a dtype not among `dtypes`, `InvalidType` for a sparse tensor."""
    if x is None:
        return UNKNOWN
    if x.dtype is not None and x.dtype not in dtypes.names:
        raise InvalidDType(f"expected {name} of {dtypes.described}; got {x}", hint="K.cast makes it another dtype")
    if x.sparse and not sparse:
        raise InvalidType(f"expected {name} to be dense; got a sparse {x}", hint="K.to_dense makes it dense")
    return x


def common_dtype(*operands: Spec) -> str | None:
    """The one dtype of the operands, None where it is not known; raises `InvalidDType` when they differ."""
    found = [operand for operand in operands if operand.dtype is not None]
    for operand in found[1:]:
        if operand.dtype != found[0].dtype:
            raise InvalidDType(
                f"expected tensors of one dtype; got {found[0]} and {operand}",
                hint=f'K.cast(x, "{found[0].dtype}") makes one the other',
            )
    return found[0].dtype if found else None


def known(dtype: str | None, shape: Shape | None) -> Spec | None:
    """The spec of a result, None where only the engine can tell."""
    return None if dtype is None or shape is None else Spec(dtype, shape)


def filled(shape: Any, dtype: str) -> Spec | None:
    """The spec of a tensor made from nothing, None where its rank is a tensor's; raises for a negative length."""
    if shape is Ellipsis:
        return None
    if [n for n in shape if n is not None and n < 0]:
        raise InvalidValue(f"expected lengths of 0 or more; got {show(shape)}")
    return Spec(dtype, shape)


def castable(value: Spec, dtype: str | None) -> Spec:
    """The spec of a value that can become of a dtype; text and numbers cannot become each other."""
    if value.dtype is not None and dtype is not None and (value.dtype == "string") != (dtype == "string"):
        raise InvalidDType(f"expected a value that can be cast to {dtype}; got {value}")
    return value


def check_listed(kind: str, dtype: str) -> None:
    """Refuse numbers (of one of numpy's kinds) that are listed for a dtype which has none of their kind.

    >>> check_listed("f", "int32")
    Traceback (most recent call last):
    kremote_proto.errors.InvalidType: expected numbers that int32 holds; got floats
    """
    kind = "f" if kind == "V" else kind  # bfloat16, which numpy does not know
    held = {"bool": "b", "string": "OSU"}.get(dtype, "biufc" if dtype in COMPLEXES else "biuf")
    if kind not in (held.replace("f", "") if dtype in INTEGERS else held):
        named = {"b": "bool", "i": "integers", "u": "integers", "f": "floats", "c": "complex numbers"}.get(kind, "text")
        raise InvalidType(f"expected numbers that {dtype} holds; got {named}", hint="K.cast makes them of that dtype")


def real_dtype(dtype: str | None) -> str | None:
    """The dtype of absolute values.

    >>> real_dtype("complex64"), real_dtype("int8")
    ('float32', 'int8')
    """
    return {"complex64": "float32", "complex128": "float64"}.get(dtype or "", dtype)


def quotient_dtype(dtype: str | None) -> str | None:
    """The dtype of quotients: short integers give float32, longer ones float64.

    >>> quotient_dtype("int8"), quotient_dtype("int32"), quotient_dtype("float16")
    ('float32', 'float64', 'float16')
    """
    if dtype not in INTEGERS:
        return dtype
    return "float32" if item_bytes(dtype) <= 2 else "float64"
