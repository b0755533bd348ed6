"""What a call of a K function does: its arguments become an instruction, its result a handle or an array."""

from __future__ import annotations

import sys
from collections.abc import Callable, ItemsView, Iterator, Mapping
from typing import Any

import numpy as np

from kremote_proto.arguments import TENSOR, Kind
from kremote_proto.compound_arguments import PAIRS
from kremote_proto.errors import InvalidValue, ResultTooLarge
from kremote_proto.kinds import PARTS
from kremote_proto.limits import check_tensor_bytes
from kremote_proto.op import Op, find_op, set_caller
from kremote_proto.specs import Spec
from kremote_proto.tensors import Array

from . import configuration
from .current import current_session
from .dependencies import Dependencies
from .forms import form_of
from .location import caller_location
from .logits import keep_logits, with_logits
from .name_scopes import scoped
from .operands import is_sparse_array, known_spec, matched
from .packing import Packer
from .reading import READERS
from .repeated import UNSEEN, Look, look_at, remember, repeated, with_varying_numbers
from .situation import PLAIN, current_situation
from .structure import leaves
from .tensor import Function, Placeholder, Tensor, Variable
from .values import Value


class Call:
    """A call that is packed and checked, not yet queued."""

    def __init__(self, op: Op, arguments: dict[str, Any]) -> None:
        self.op = op
        try:
            arguments = {name: _meant(op.parameters[name].kind, value) for name, value in arguments.items()}
        except InvalidValue as error:
            raise error.at(op=op.name) from None
        self.arguments = matched(op, arguments) if op.one_dtype else arguments
        if "name" in op.parameters and op.returns != "function":
            self.arguments = scoped(self.arguments)
        self._packer = Packer()
        settings = configuration.op_settings
        self._wire = op.pack(self.arguments, settings, self._packer)
        self.spec = op.infer(self.arguments, known_spec, settings)
        self.session = self._packer.session or current_session()
        self._situation = current_situation.get()
        self._traced = op.traceable and (self._situation.graph_mode or self._packer.deferred)
        self._check_size()

    @property
    def told(self) -> bool:
        """Whether the server is to say what the result is, since that is not all known here."""
        named = self.op.returns == "variable" and self.arguments.get("name") is not None
        specs = self.spec if isinstance(self.spec, list) else [self.spec]
        sized = all(spec is not None and spec.dtype is not None and spec.size is not None for spec in specs)
        return self.op.returns in ("tensor", "variable", "tensors") and (named or not sized)

    def _check_size(self) -> None:
        """Refuse at the call what the server would refuse for its size."""
        self.session.check_body(self._packer.inline_bytes)
        specs = self.spec if isinstance(self.spec, list) else [self.spec]
        for spec in specs:
            if spec is not None:
                try:
                    check_tensor_bytes(spec, self.session.limits.get("tensor_bytes", sys.maxsize))
                except ResultTooLarge as error:
                    raise error.at(op=self.op.name) from None

    @property
    def symbolic(self) -> bool:
        """Whether the result is a symbol."""
        if not self.op.traceable:  # symbols stand for their present values, except in a shape
            return any(isinstance(n, Tensor) and n.symbolic for n in leaves(self.arguments.get("shape")))
        return self._traced or self._packer.symbolic or self.op.name.startswith("placeholder")

    def submit(self) -> Value:
        """Queue the call; what becomes its result."""
        trace = self._situation.trace
        if trace is not None:
            for argument in self._packer.values:
                trace.note_use(argument)
        try:
            self.form, self.holes = form_of(self.op.name, self._wire, self._traced)
        except OverflowError as error:
            raise InvalidValue(f"expected numbers that fit 64 bits; {error}", op=self.op.name) from None
        self.repeatable = not (self._packer.large or self.symbolic)
        for large in self._packer.large:
            large.content = self.session.upload(large.content)
        self.session.check_open()
        value = self.session.queue.submit(
            self.form,
            [hole.content for hole in self.holes],
            self.spec,
            symbolic=self.symbolic and self.op.returns in ("tensor", "variable", "tensors"),
            name=self.arguments.get("name"),
            told=self.told,
            location=caller_location(2),
        )
        for large in self._packer.large:
            self.session.free(large.content)
        value.trace = trace
        return value


def _meant(kind: Kind, value: Any) -> Any:
    """An argument as what it stands for, where that is something else of its kind."""
    if kind is TENSOR:
        return _joined(value)
    if kind is PARTS and isinstance(value, Tensor | np.ndarray):
        return _rows(value)
    if kind is PAIRS and isinstance(value, Iterator | ItemsView):
        return list(value)
    return value


def _rows(value: Tensor | Array) -> list[Any]:
    if not value.shape or value.shape[0] is None:
        raise InvalidValue(f"expected a list of tensors, or one whose rows are counted; got {repr(value)[:60]}")
    return [value[row] for row in range(value.shape[0])]


def _joined(value: Any) -> Any:
    """A list with tensors in it as the tensor that it stands for; anything else as it is."""
    if not isinstance(value, list | tuple) or not any(isinstance(leaf, Tensor) for leaf in leaves(value)):
        return value
    return call_op(find_op("stack"), ([_joined(item) for item in value],), {})


def call_op(op: Op, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Call an op: the caller of the whole catalogue."""
    if op.uses_logits:
        args, named = (), with_logits(op, op.bind(args, named))
    look = look_at(op, args, named) if current_situation.get() is PLAIN else None
    if look is not None:
        result = repeated(look)
        if result is not UNSEEN:
            return result
        varying = with_varying_numbers(op, args, look)
        if varying is not None:
            return call_op(op, varying, named)
    return _called(op, op.bind(args, named), look)


def _called(op: Op, arguments: dict[str, Any], look: Look | None) -> Any:
    """Call an op as if there was never a call like this one."""
    reader = READERS.get(op.name)
    if reader is not None:
        read = reader(arguments)
        if read is not NotImplemented:
            return read
    dependencies = current_situation.get().dependencies
    if dependencies is not None and op.traceable:
        return keep_logits(op, arguments, _ordered(op, arguments, dependencies))
    call = Call(op, arguments)
    result = keep_logits(op, arguments, _RETURNS[op.returns](call))
    if look is not None and call.repeatable:
        remember(look, arguments, call, result)
    return result


def _ordered(op: Op, arguments: dict[str, Any], dependencies: Dependencies) -> Any:
    """A call whose result comes after other symbols. An update itself stays one: what it assigns comes after them."""
    if op.family != "updates":
        return dependencies.before(_RETURNS[op.returns](Call(op, dependencies.reading(arguments))))
    target, amount, *_ = op.parameters
    reading = dependencies.reading(arguments, target)
    made = _variable(Call(op, reading | {amount: dependencies.after(reading[amount], of_dtype_of=reading[target])}))
    if made.updates is not None:
        made._control_inputs = dependencies.inputs  # type: ignore[attr-defined]
    return made


def _tensor(call: Call) -> Tensor:
    return Placeholder(call.submit()) if call.op.name.startswith("placeholder") else Tensor(call.submit())


def _variable(call: Call) -> Tensor:
    updated = call.arguments.get("x")
    value = call.submit()
    if isinstance(updated, Variable) and not value.symbolic:
        return updated  # the update was made; the id of its result goes with `value`
    sparse = isinstance(value.spec, Spec) and value.spec.sparse
    if value.symbolic or sparse or is_sparse_array(call.arguments.get("value")):
        made = Tensor(value)
        made.updates = updated if isinstance(updated, Variable) else None
        return made
    return Variable(value)


def _function(call: Call) -> Function:
    inputs, outputs = call.arguments["inputs"], call.arguments["outputs"]
    inputs = inputs if isinstance(inputs, list | tuple) else [inputs]
    return Function(call.submit(), inputs, outputs if isinstance(outputs, list | tuple) else [outputs])


def _array(call: Call) -> Any:
    return call.session.fetch_result(call.submit())


def _tensors(call: Call) -> list[Tensor | None]:
    value = call.submit()
    if value.items is None:
        call.session.learn(value)
    return [None if spec is None else Tensor(value, item) for item, spec in enumerate(value.items or [])]


def _nothing(call: Call) -> None:
    call.submit()


_RETURNS: Mapping[str, Callable[[Call], Any]] = {
    "tensor": _tensor,
    "variable": _variable,
    "function": _function,
    "array": _array,
    "arrays": _array,
    "tensors": _tensors,
    "nothing": _nothing,
}


set_caller(call_op)
