"""numpy arrays beside handles in arithmetic, and scipy's sparse matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kremote_proto.dtypes import INTEGERS, dtype_name
from kremote_proto.errors import InvalidDType, InvalidType
from kremote_proto.op import Op
from kremote_proto.specs import Spec, spec_of
from kremote_proto.tensors import SparseArray

from .configuration import floatx
from .tensor import Tensor


def matched(op: Op, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a call: an array beside a handle takes the handle's dtype, as Python numbers do.

    Raises `InvalidType` where that would change the kind of its numbers.
    """
    names = [name for name in op.one_dtype if name in arguments]
    listed = [name for name in names if _lists_tensors(arguments[name])]
    single = [name for name in names if name not in listed]
    try:
        found = dict(zip(single, _of_one_dtype([arguments[name] for name in single]), strict=True))
        return arguments | found | {name: _of_one_dtype(arguments[name]) for name in listed}
    except InvalidType as error:
        raise error.at(op=op.name) from None


def _lists_tensors(value: Any) -> bool:
    """Whether a value is a list of tensors rather than one tensor's numbers."""
    return isinstance(value, list | tuple) and any(isinstance(item, Tensor | np.ndarray) for item in value)


def _of_one_dtype(operands: Sequence[Any]) -> list[Any]:
    """The operands, host values in the dtype of the first handle; where there is none, of the first of themselves."""
    handle = next((value for value in operands if isinstance(value, Tensor)), None)
    if handle is not None:
        _check_fractions(operands, handle)
    arrays = [value for value in operands if isinstance(value, np.ndarray | np.generic | complex)]
    if handle is None:
        # Where arrays meet without a handle the first one is what the others go by.
        given = [array for array in arrays if not isinstance(array, complex) or isinstance(array, np.generic)]
        return [_matched(value, given[0], dtype_name(given[0].dtype)) for value in operands] if given else [*operands]
    return [_matched(value, handle, handle.dtype) for value in operands] if arrays else [*operands]


def _check_fractions(operands: Sequence[Any], handle: Tensor) -> None:
    """Refuse Python floats beside integers, at the call also where a symbol or an update is made of them."""
    spec = handle.known_spec
    if spec is None or spec.dtype not in INTEGERS:
        return
    for value in operands:
        if isinstance(value, float) or (isinstance(value, list | tuple) and np.asarray(value).dtype.kind == "f"):
            raise InvalidType(
                f"expected numbers that {spec.dtype} holds; got {str(value)[:60]} beside {handle!r}",
                hint='cast the integers: K.cast(handle, "float32")',
            )


def _matched(value: Any, beside: Any, dtype: str) -> Any:
    if not isinstance(value, np.ndarray | np.generic | complex):
        return value
    array = np.asarray(value)
    if dtype in ("string", "bfloat16") or dtype_name(array.dtype) == dtype:
        return array
    if not np.can_cast(array.dtype, dtype, "same_kind"):
        raise InvalidDType(
            f"expected an array whose numbers can become {dtype}; got {array.dtype} beside {repr(beside)[:60]}",
            hint=f"cast one of them: K.cast(x, {str(array.dtype)!r}) or array.astype({dtype!r})",
        )
    return array.astype(dtype)


def known_spec(value: Any) -> Spec | None:
    """The spec of an argument as far as it is known here, for an op's rule."""
    if isinstance(value, Tensor):
        return value.known_spec
    if is_sparse_array(value):
        entries = value.values if isinstance(value, SparseArray) else value
        return Spec(dtype_name(entries.dtype), tuple(value.shape), sparse=True)
    return spec_of(value)


def floatx_spec(value: Any) -> Spec:
    """The spec of an argument as a tensor of its own: numbers and lists are of the default float type."""
    if isinstance(value, Tensor):
        return value.spec
    spec = spec_of(np.asarray(value))
    return spec if isinstance(value, np.ndarray | np.generic) else Spec(floatx(), spec.shape)


def is_sparse_array(value: Any) -> bool:
    """Whether a host value is sparse: kremote's or scipy's."""
    return isinstance(value, SparseArray) or hasattr(value, "tocoo")


def sparse_array(matrix: Any) -> SparseArray:
    """The sparse array of a scipy matrix."""
    coo = matrix.tocoo()
    return SparseArray(np.stack([coo.row, coo.col], axis=1).astype("int64"), np.asarray(coo.data), tuple(coo.shape))
