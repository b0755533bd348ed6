"""Handles: what K functions return. A handle names a value on the server and knows as much of it as was told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from kremote_proto import handles
from kremote_proto.errors import InvalidType, InvalidValue, KremoteError
from kremote_proto.shapes import merge
from kremote_proto.specs import FunctionSpec, Spec

from .keys import Key
from .tensorflow_names import DType, TensorShape
from .values import Value

if TYPE_CHECKING:
    from .session import Session


class Handle:
    """What tensors, variables and functions share. It keeps a `__dict__`, for Keras sets attributes on handles."""

    _value: Value
    _item: int | None

    def __init__(self, value: Value, item: int | None = None) -> None:
        self._value = value
        self._item = item

    @property
    def reference(self) -> dict[str, Any]:
        """How a program names the value."""
        if not self._value.id:
            return {"variable": self._value.name}
        return {"ref": self._value.id} if self._item is None else {"ref": self._value.id, "item": self._item}

    @property
    def session(self) -> Session:
        """The session the value lives in."""
        return self._value.session

    @property
    def name(self) -> str | None:
        """The name the server knows a variable by; of anything else the name it was given, if any."""
        value = self._value
        if value.name is None and value.wanted_name is not None and isinstance(self, handles.Variable):
            value.session.learn(value)
        return value.name or value.wanted_name

    def _shown_name(self) -> str:
        name = self._value.name or self._value.wanted_name
        return f" {name!r}" if name else ""


class Tensor(Handle, handles.Tensor):
    """A value, concrete or symbolic."""

    #: The variable that this symbol, when a function runs, gives a new value.
    updates: Variable | None = None

    @property
    def known_spec(self) -> Spec | None:
        """The spec as far as it is known without asking the server."""
        value = self._value
        if self._item is None:
            return value.spec
        return value.items[self._item] if value.items is not None else None

    @property
    def spec(self) -> Spec:
        """dtype and static shape; the queue is sent where they are not known yet, of a concrete value in full."""
        known = self.known_spec
        if known is None or known.dtype is None or (known.size is None and not self.symbolic):
            self._value.session.learn(self._value)
            known = self.known_spec
        if known is None:
            raise InvalidValue(f"{self!r} has no dtype and no shape")
        return known

    @property
    def symbolic(self) -> bool:
        """Whether the value stands for a computation not yet fed."""
        return self._value.symbolic

    @property
    def size(self) -> int | None:
        """The number of elements, None when a length is unknown."""
        return self.spec.size

    @property
    def T(self) -> handles.Tensor:  # noqa: N802  numpy's name
        """The transpose."""
        from kremote_proto.ops.linear import transpose

        return transpose(self)

    @property
    def dtype(self) -> DType:
        """The element type's name, with what TensorFlow's dtypes have."""
        return DType(super().dtype)

    @property
    def shape(self) -> TensorShape | None:
        """The static shape, a tuple with what TensorFlow's shapes have; None is an unknown rank."""
        shape = self.spec.shape
        return None if shape is None else TensorShape(shape)

    def get_shape(self) -> TensorShape | None:
        """The static shape, as TensorFlow's users ask for it."""
        return self.shape

    def set_shape(self, shape: Any) -> None:
        """Say what of a symbol's static shape is not known; raises `InvalidValue` for another than the known one."""
        spec = self.spec
        merged = replace(spec, shape=merge(spec.shape, None if shape is None else tuple(shape)))
        if self._item is None:
            self._value.spec = merged
        else:
            assert self._value.items is not None
            self._value.items = [*self._value.items]  # a list that calls of the same share
            self._value.items[self._item] = merged

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        """The value as a numpy array, of a symbol with placeholders fed; in a session of `K.get_session`, if given."""
        if feed_dict is not None or session is not None:
            from .graph_session import evaluated

            return evaluated(self, feed_dict, session)
        from kremote_proto.ops.graph import eval as evaluate

        return evaluate(self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        if copy is False:
            raise InvalidValue("expected copy=None or True: the value is on the server, so an array of it is a copy")
        return np.asarray(self._concrete("an array"), dtype=dtype)

    def __format__(self, form: str) -> str:
        return format(self._concrete("text in a format"), form) if form else str(self)

    def __bool__(self) -> bool:
        return bool(self._concrete("a truth value"))

    def __len__(self) -> int:
        shape = self.shape
        if shape is None or (shape and shape[0] is None):
            raise self._refusal("a length")
        if not shape:
            raise InvalidType("expected an array of rank 1 or more; a tensor of rank 0 has no length")
        length = shape[0]
        assert length is not None
        return length

    def __iter__(self) -> Iterator[handles.Tensor]:
        if self.symbolic:
            raise self._refusal("something to go through")
        return (self[i] for i in range(len(self)))

    def __contains__(self, item: Any) -> bool:
        return item in self._concrete("a collection")

    def __float__(self) -> float:
        return float(self._concrete("a float"))

    def __int__(self) -> int:
        return int(self._concrete("an int"))

    def __complex__(self) -> complex:
        return complex(self._concrete("a complex number"))

    def __index__(self) -> int:
        value = self._concrete("an index")
        if value.dtype.kind not in "iu" or value.ndim:
            raise InvalidType(f"expected an integer of rank 0 as an index; got {self!r}")
        return int(value)

    def _concrete(self, wanted: str) -> Any:
        """The value, for one of Python's own questions."""
        if self.symbolic:
            raise self._refusal(wanted)
        return self.eval()

    def _refusal(self, wanted: str) -> KremoteError:
        return InvalidType(
            f"expected a concrete value where Python wants {wanted}; got the symbol {self!r}, "
            "which has a value only when a function runs",
            hint="compute with K's functions (K.shape, K.equal, ...), or call a K.function and use what it gives",
        )

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{_instead(name)}")

    def __repr__(self) -> str:
        spec = self.known_spec
        shape = "?" if spec is None or spec.shape is None else str(spec.shape)
        dtype = "?" if spec is None or spec.dtype is None else spec.dtype
        marks = " symbolic" if self.symbolic else ""
        marks += " sparse" if spec is not None and spec.sparse else ""
        return f"<kremote.{type(self).__name__}{self._shown_name()} shape={shape} dtype={dtype}{marks}>"


def _instead(name: str) -> str:
    """What to write in the place of an attribute that arrays have and handles do not."""
    if name.startswith("_"):
        return ""
    from . import backend

    ways = [f"K.{name}(x, ...)"] if name in backend.__all__ else []
    if hasattr(np.ndarray, name):
        ways.append(f"x.numpy().{name} of the fetched array")
    return f"; there is {' and '.join(ways)}" if ways else ""


class _StaticShape:
    """Keras' `_keras_shape`: the static shape, until Keras sets another (which goes to the handle's `__dict__`)."""

    def __get__(self, handle: Tensor | None, owner: type[Tensor]) -> Any:
        return self if handle is None else handle.spec.shape


class Placeholder(Tensor):
    """A symbol to be fed."""

    _keras_shape: Any = _StaticShape()
    _uses_learning_phase = False


class Variable(Tensor, handles.Variable):
    """A value that `K.update` and `K.set_value` change."""

    _keras_shape: Any = _StaticShape()
    _uses_learning_phase = False
    #: A function from a new value to an allowed one, for optimizers; `K.variable` sets it.
    constraint: Any = None

    def assign(self, value: Any) -> handles.Variable:
        """Give it a new value; the same as `K.update`."""
        from kremote_proto.ops.variables import update

        return update(self, value)

    def assign_add(self, delta: Any) -> handles.Variable:
        """Add to it; the same as `K.update_add`."""
        from kremote_proto.ops.variables import update_add

        return update_add(self, delta)

    def assign_sub(self, delta: Any) -> handles.Variable:
        """Subtract from it; the same as `K.update_sub`."""
        from kremote_proto.ops.variables import update_sub

        return update_sub(self, delta)

    def value(self) -> handles.Tensor:
        """Its value as a tensor that later updates leave as it is; the same as `K.identity`."""
        from kremote_proto.ops.creation import identity

        return identity(self)

    read_value = value


def _known(value: Any) -> Spec | None:
    return value.known_spec if isinstance(value, Tensor) else None


class Function(Handle, handles.Function):
    """Inputs, outputs and updates compiled once on the server."""

    def __init__(self, value: Value, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        super().__init__(value)
        #: What calls of this function have in common.
        self.key = Key()
        self._spec = FunctionSpec(tuple(map(_known, inputs)), tuple(map(_known, outputs)))
        #: How inputs and outputs are nested where the user calls it, and what is fed besides.
        self.nested_inputs: Any = [None] * len(inputs)
        self.nested_outputs: Any = [None] * len(outputs)
        self.feeds: Mapping[Any, Any] = {}

    @property
    def spec(self) -> FunctionSpec:
        return self._spec

    def __call__(self, inputs: Any = (), *more: Any) -> Any:
        """The outputs for one list of inputs, as numpy arrays."""
        from .functions import call_function

        if more:
            raise InvalidType(f"expected one list of inputs, f([a, b]); got {1 + len(more)} arguments of {self!r}")
        return call_function(self, inputs)

    def __repr__(self) -> str:
        return f"<kremote.Function{self._shown_name()} of {len(self._spec.inputs)} inputs>"
