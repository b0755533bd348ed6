"""What an op takes and returns, seen from the declaring side: the handles a client subclasses.

Arithmetic, comparison and indexing are ops like any other (`operator.add`, ...), so they are written here once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from .specs import FunctionSpec, Shape, Spec


class Handle(ABC):
    """A client's object for one server value."""

    __slots__ = ("__weakref__",)

    @property
    @abstractmethod
    def reference(self) -> dict[str, Any]:
        """How a program names the value: `{"ref": id}`, with `"item"` for one of several results."""


class Tensor(Handle):
    """A value, concrete or symbolic, with numpy's operators."""

    __slots__ = ()

    #: What Keras sets on a client's handles, which have a `__dict__`; here are the names alone, for type checkers.
    _keras_history: Any
    _keras_shape: Any
    _uses_learning_phase: Any

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        """numpy's arithmetic on a handle is the handle's own; its other functions get the handle's array."""
        name = _OPERATORS_OF_UFUNCS.get(ufunc.__name__)
        if name and method == "__call__" and not options:
            return getattr(_operators, name)(*inputs)
        arrays = [value.eval() if isinstance(value, Tensor) else value for value in inputs]
        return getattr(ufunc, method)(*arrays, **options)

    @property
    @abstractmethod
    def spec(self) -> Spec:
        """dtype and static shape."""

    @property
    @abstractmethod
    def known_spec(self) -> Spec | None:
        """The spec as far as it is known without asking the server."""

    @property
    @abstractmethod
    def symbolic(self) -> bool:
        """Whether the value stands for a computation not yet fed."""

    @abstractmethod
    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        """The value as a numpy array, of a symbol with placeholders fed; in a session of `K.get_session`, if given."""

    @property
    def dtype(self) -> str:
        """The element type's name."""
        assert self.spec.dtype is not None
        return self.spec.dtype

    @property
    def shape(self) -> Shape | None:
        """The static shape; None entries are unknown, None is an unknown rank."""
        return self.spec.shape

    @property
    def name(self) -> str | None:
        """The name the server knows a variable by; of anything else the name it was given, if any."""
        return None

    @property
    def ndim(self) -> int | None:
        """The number of axes."""
        return self.spec.ndim

    def numpy(self) -> Any:
        """The value as a numpy array; the same as `eval`."""
        return self.eval()

    def __add__(self, other: TensorLike) -> Tensor:
        return _operators.add(self, other)

    def __radd__(self, other: TensorLike) -> Tensor:
        return _operators.add(other, self)

    def __sub__(self, other: TensorLike) -> Tensor:
        return _operators.sub(self, other)

    def __rsub__(self, other: TensorLike) -> Tensor:
        return _operators.sub(other, self)

    def __mul__(self, other: TensorLike) -> Tensor:
        return _operators.mul(self, other)

    def __rmul__(self, other: TensorLike) -> Tensor:
        return _operators.mul(other, self)

    def __truediv__(self, other: TensorLike) -> Tensor:
        return _operators.truediv(self, other)

    def __rtruediv__(self, other: TensorLike) -> Tensor:
        return _operators.truediv(other, self)

    def __floordiv__(self, other: TensorLike) -> Tensor:
        return _operators.floordiv(self, other)

    def __rfloordiv__(self, other: TensorLike) -> Tensor:
        return _operators.floordiv(other, self)

    def __mod__(self, other: TensorLike) -> Tensor:
        return _operators.mod(self, other)

    def __rmod__(self, other: TensorLike) -> Tensor:
        return _operators.mod(other, self)

    def __pow__(self, other: TensorLike) -> Tensor:
        return _operators.pow(self, other)

    def __rpow__(self, other: TensorLike) -> Tensor:
        return _operators.pow(other, self)

    def __matmul__(self, other: TensorLike) -> Tensor:
        return _operators.matmul(self, other)

    def __rmatmul__(self, other: TensorLike) -> Tensor:
        return _operators.matmul(other, self)

    def __and__(self, other: TensorLike) -> Tensor:
        return _operators.and_(self, other)

    def __rand__(self, other: TensorLike) -> Tensor:
        return _operators.and_(other, self)

    def __or__(self, other: TensorLike) -> Tensor:
        return _operators.or_(self, other)

    def __ror__(self, other: TensorLike) -> Tensor:
        return _operators.or_(other, self)

    def __xor__(self, other: TensorLike) -> Tensor:
        return _operators.xor(self, other)

    def __rxor__(self, other: TensorLike) -> Tensor:
        return _operators.xor(other, self)

    def __neg__(self) -> Tensor:
        return _operators.neg(self)

    def __pos__(self) -> Tensor:
        return self

    def __invert__(self) -> Tensor:
        return _operators.invert(self)

    def __abs__(self) -> Tensor:
        return _operators.absolute(self)

    def __lt__(self, other: TensorLike) -> Tensor:
        return _operators.lt(self, other)

    def __le__(self, other: TensorLike) -> Tensor:
        return _operators.le(self, other)

    def __gt__(self, other: TensorLike) -> Tensor:
        return _operators.gt(self, other)

    def __ge__(self, other: TensorLike) -> Tensor:
        return _operators.ge(self, other)

    def __getitem__(self, index: Any) -> Tensor:
        return _operators.getitem(self, (None,) if index is None else index)  # None alone would be no index


#: numpy's name → Python's.
_OPERATORS_OF_UFUNCS = {
    "add": "add",
    "subtract": "sub",
    "multiply": "mul",
    "divide": "truediv",
    "floor_divide": "floordiv",
    "remainder": "mod",
    "power": "pow",
    "matmul": "matmul",
    "negative": "neg",
    "absolute": "absolute",
    "bitwise_and": "and_",
    "bitwise_or": "or_",
    "bitwise_xor": "xor",
    "invert": "invert",
    "less": "lt",
    "less_equal": "le",
    "greater": "gt",
    "greater_equal": "ge",
}


class Variable(Tensor):
    """A value that `K.update` and `K.set_value` change."""

    __slots__ = ()


class Function(Handle):
    """Inputs, outputs and updates compiled once on the server."""

    __slots__ = ()

    @property
    @abstractmethod
    def spec(self) -> FunctionSpec:
        """What it takes and gives, as far as it is known without asking the server."""

    @abstractmethod
    def __call__(self, inputs: Any) -> Any:
        """The outputs for one list of inputs, as numpy arrays."""


#: What a tensor argument may be.
TensorLike = (
    Tensor
    | np.ndarray[Any, Any]
    | np.generic
    | int
    | float
    | complex
    | bool
    | str
    | bytes
    | list[Any]
    | tuple[Any, ...]
)

from .ops import operators as _operators  # noqa: E402  the operators take and return the classes above
