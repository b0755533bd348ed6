"""Calls like one before: what that came to is done again, with other tensors in its holes.

`Call` is the one place that says what a call means. Here its outcome is remembered by the op and the arguments' kinds:
of handles the spec, of arrays dtype and shape, of plain values the value. It holds for calls of concrete values outside
graph mode, traces and dependencies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import get_ident
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from kremote_proto.op import Op
from kremote_proto.specs import MOST_LENGTHS, Spec

from . import configuration
from .current import existing_session
from .forms import Content, Form
from .keys import Key, key_of
from .location import Location, caller_location
from .packing import MOST_INLINE_BYTES
from .program_queue import ProgramQueue
from .tensor import Function, Handle, Tensor, Variable
from .values import Value

if TYPE_CHECKING:
    from .calling import Call

#: How many calls a session remembers.
_MOST_CALLS = 4096
#: How many numbers are taken for constants of the program where calls differ in them alone.
_MOST_CONSTANTS = 8
_PLAIN = frozenset({int, float, bool, str, type(None), type(Ellipsis)})
_RETURNS = frozenset({"tensor", "variable", "tensors", "nothing", "arrays"})

#: What stands for the result of a call that nothing is remembered of.
UNSEEN = object()

#: The queue a call belongs to, what it is found by, and the handles and arrays among its arguments, in order.
Look: TypeAlias = tuple[ProgramQueue, tuple[Any, ...], list[Content]]


def look_at(op: Op, args: tuple[Any, ...], named: dict[str, Any]) -> Look | None:
    """What a call is remembered by; None where it must be looked at by `Call`."""
    key: list[Any] = [op]
    if named:
        key += named
        args += tuple(named.values())
    contents: list[Content] = []
    queue = None
    nested = False
    for argument in args:
        kind = type(argument)
        if kind is Tensor or kind is Variable:
            value = argument._value
            known = value.key if argument._item is None else value.item_key(argument._item)
            if known is None or (queue is not None and value.queue is not queue):
                return None
            queue = value.queue
            key.append(kind)
            key.append(known)
            contents.append(argument)
        elif kind in _PLAIN:
            key.append(kind)
            key.append(argument or repr(argument))  # 0.0 and -0.0 are equal, and not the same
        elif _note(argument, kind, key, contents):
            nested = True
        else:
            return None
    if queue is None or nested:
        queue = _queue_of(contents)
        if queue is None:
            return None
    if op.settings_read:
        key += [configuration.op_settings[name] for name in op.settings_read]
    if not queue.live or (queue.errors and _some_failed(queue, contents)):
        return None
    return queue, tuple(key), contents


def _note(argument: Any, kind: type, key: list[Any], contents: list[Content]) -> bool:
    """Take in an argument of parts, an array or a function; whether it may be remembered."""
    if kind is list or kind is tuple:
        key += kind, len(argument)
        return _note_all(argument, key, contents)
    if kind in _PLAIN:
        key += kind, argument or repr(argument)
        return True
    if kind is slice:
        key.append(kind)
        return _note_all((argument.start, argument.stop, argument.step), key, contents)
    known: Any = None
    if kind is Tensor or kind is Variable:
        known = argument._value.key if argument._item is None else argument._value.item_key(argument._item)
    elif kind is Function:
        known = argument.key
    elif kind is np.ndarray and _is_known_by_shape(argument):
        known = (argument.dtype, argument.shape)
    key += kind, known
    contents.append(argument)
    return known is not None


def _note_all(parts: Sequence[Any], key: list[Any], contents: list[Content]) -> bool:
    return all(_note(part, type(part), key, contents) for part in parts)


def _is_known_by_shape(array: np.ndarray[Any, Any]) -> bool:
    """Whether a rule sees no more of an array than dtype and shape; of what may be lengths it sees them."""
    kind = array.dtype.kind
    may_be_lengths = kind in "iu" and array.ndim <= 1 and array.size <= MOST_LENGTHS
    return kind in "fbiuc" and not may_be_lengths and array.nbytes <= MOST_INLINE_BYTES


def _queue_of(contents: list[Content]) -> ProgramQueue | None:
    """The queue of all handles, or of the session in use; None where they are of several."""
    queues = {content._value.queue for content in contents if isinstance(content, Handle)}
    if len(queues) > 1:
        return None
    if queues:
        return queues.pop()
    session = existing_session()
    return None if session is None else session.queue


def _some_failed(queue: ProgramQueue, contents: list[Content]) -> bool:
    return any(isinstance(content, Handle) and content._value.id in queue.errors for content in contents)


@dataclass(eq=False, slots=True)
class Repetition:
    """How a call is done again."""

    form: Form
    #: By hole, which of the call's tensors fills it, and as which dtype an array goes; None: in order, as they are.
    order: list[tuple[int, Any]] | None
    returns: str
    spec: Spec | None
    key: Key | None
    items: list[Spec | None] | None
    told: bool
    #: Which of the call's tensors is the result, as a variable is of its update; and which the result's logits.
    result: int | None
    logits: int | None


def repeated(look: Look) -> Any:
    """The result of a call like one before, else `UNSEEN`."""
    queue, key, contents = look
    how = queue.calls.get(key)
    if how is None:
        return UNSEEN
    filling = contents if how.order is None else [_as_dtype(contents[n], dtype) for n, dtype in how.order]
    location = caller_location(4)
    if queue.full:
        queue.make_room(location)
    if how.returns == "arrays":
        return _fetched(how, queue, filling, location)
    value = _added(how, queue, filling, location)
    if queue.quiet:
        queue.notice()
    if how.returns == "tensor" and how.logits is None:
        return Tensor(value)
    return _made(how, value, contents)


def _added(
    how: Repetition, queue: ProgramQueue, filling: list[Content], location: Location | None, lender: int | None = None
) -> Value:
    with queue.lock:
        identifier = queue.program.add(how.form, filling, location, lender)
        value = Value(queue, identifier, how.spec, how.key)
        if how.told:
            queue.program.tell(value)
    return value


def _fetched(how: Repetition, queue: ProgramQueue, filling: list[Content], location: Location | None) -> Any:
    """The arrays of a call. Who makes it waits for them, so its arrays are sent from where they are."""
    try:
        value = _added(how, queue, filling, location, get_ident())
        value.items = how.items
        return value.session.fetch_result(value)
    except BaseException:
        queue.keep_arrays()
        raise


def with_varying_numbers(op: Op, args: tuple[Any, ...], look: Look) -> tuple[Any, ...] | None:
    """The arguments with floats beside a handle as arrays, which are inputs of a program: its template stays the same.

    None where there are none, or as long as few calls differed in them alone: a constant belongs to the template.
    """
    queue, key, _ = look
    if float not in map(type, args):
        return None
    beside = [n for n, name in enumerate(op.signature.parameters) if n < len(args) and name in op.one_dtype]
    places = [n for n in beside if type(args[n]) is float]
    spec = next((args[n].known_spec for n in beside if isinstance(args[n], Tensor)), None)
    if not places or spec is None or spec.dtype not in ("float32", "float64"):
        return None
    alike = (op, *places, *(one for one in key if type(one) is not float))
    if len(queue.varying) >= _MOST_CALLS:
        queue.varying.clear()
    queue.varying[alike] = times = queue.varying.get(alike, 0) + 1
    if times <= _MOST_CONSTANTS:
        return None
    return tuple(np.asarray(one, spec.dtype) if n in places else one for n, one in enumerate(args))


def _as_dtype(content: Any, dtype: Any) -> Any:
    return content if dtype is None else content.astype(dtype)


def _made(how: Repetition, value: Value, contents: list[Content]) -> Any:
    """What a call gives of its value."""
    if how.result is not None:
        return contents[how.result]
    if how.returns == "tensors":
        value.items = how.items
        return [None if spec is None else Tensor(value, item) for item, spec in enumerate(how.items or [])]
    if how.returns == "nothing":
        return None
    made = Variable(value) if how.returns == "variable" else Tensor(value)
    if how.logits is not None:
        made._keras_logits = contents[how.logits]  # type: ignore[attr-defined]
    return made


def remember(look: Look, arguments: Mapping[str, Any], call: Call, result: Any) -> None:
    """Remember what a call came to, where the tensors among its arguments say all that may differ."""
    queue, key, contents = look
    op = call.op
    if op.returns not in _RETURNS or arguments.get("name") is not None:
        return
    paths = {path: n for n, path in enumerate(_paths(arguments))}
    holes = [paths.get(hole.path) for hole in call.holes]
    places = [n for n in holes if n is not None]
    if len(paths) != len(contents) or len(holes) != len(contents) or len({*places}) != len(contents):
        return
    order = [(n, _dtype_change(contents[n], hole.content)) for n, hole in zip(places, call.holes, strict=True)]
    in_order = order == [(n, None) for n in range(len(contents))]
    several = call.spec if isinstance(call.spec, list) else None
    logits = None if op.logits is None else paths.get(f"$.{op.logits}")
    if (op.returns == "tensors" and several is None) or (op.logits is not None and logits is None):
        return
    if op.returns == "variable" and not isinstance(result, Variable):
        return
    if len(queue.calls) >= _MOST_CALLS:
        queue.calls.clear()
        queue.varying.clear()
    spec = call.spec if isinstance(call.spec, Spec) else None
    queue.calls[key] = Repetition(
        form=call.form,
        order=None if in_order else order,
        returns=op.returns,
        spec=spec,
        key=key_of(spec),
        items=several,  # type: ignore[arg-type]
        told=call.told,
        result=paths["$.x"] if op.returns == "variable" and result is arguments.get("x") else None,
        logits=logits,
    )


def _paths(arguments: Mapping[str, Any]) -> Iterator[str]:
    """Where in the call its tensors stand, in order."""
    for name, argument in arguments.items():
        yield from _paths_in(argument, f"$.{name}")


def _paths_in(argument: Any, path: str) -> Iterator[str]:
    if isinstance(argument, list | tuple):
        for n, part in enumerate(argument):
            yield from _paths_in(part, f"{path}[{n}]")
    elif isinstance(argument, slice):
        for part in (argument.start, argument.stop, argument.step):
            yield from _paths_in(part, path)
    elif isinstance(argument, Handle | np.ndarray):
        yield path


def _dtype_change(given: Content, sent: Any) -> Any:
    return sent.dtype if isinstance(given, np.ndarray) and sent.dtype != given.dtype else None
