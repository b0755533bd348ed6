"""K's functions that call functions, as a module has them: on tensors or structures of them, not on flat lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kremote_proto.errors import Unsupported

from .structures import flat_list

#: The module's own function, given K's arguments by name.
Call = Callable[[Mapping[str, Any]], Any]
Tensors = list[Any]


def rnn(call: Call, **arguments: Any) -> Tensors:
    """A recurrence; the step is a callable of inputs and states to an output and new states."""
    inputs, states = flat_list(arguments["inputs"]), flat_list(arguments["initial_states"])
    step = arguments["step_function"]
    outputs = len(step.spec.outputs) - len(states)

    def step_function(step_inputs: Any, step_states: Sequence[Any]) -> tuple[Any, list[Any]]:
        results = step([*flat_list(_as_list(step_inputs)), *step_states])
        return _single(results[:outputs]), results[outputs:]

    changed = {"step_function": step_function, "inputs": _single(inputs), "initial_states": states}
    last, every, new_states = call({**arguments, **changed})
    return [*_as_list(last), *_as_list(every), *_as_list(new_states)]


def map_fn(call: Call, **arguments: Any) -> Tensors:
    """A function of each element."""
    fn, elems = arguments["fn"], arguments["elems"]
    given = call({"fn": lambda element: _single(fn(_as_list(element))), "elems": _single(elems)})
    return _as_list(given)


def foldl(call: Call, **arguments: Any) -> Tensors:
    """What a function accumulates; the module has it for one tensor."""
    fn, elems, initializer = arguments["fn"], arguments["elems"], arguments["initializer"]
    if len(elems) != 1 or (initializer is not None and len(initializer) != 1):
        raise Unsupported("expected one tensor to fold, with one accumulated value, for an engine that is a module")
    start = None if initializer is None else initializer[0]
    folded = call(
        {"fn": lambda total, element: fn([total, element])[0], "elems": elems[0], "initializer": start},
    )
    return [folded]


def switch(call: Call, **arguments: Any) -> Tensors:
    """One of two expressions."""
    chosen = {name: _expression(value, arguments["condition"]) for name, value in arguments.items()}
    return _as_list(call(chosen))


def _expression(value: Any, condition: Any) -> Any:
    if not hasattr(value, "bindings"):
        return value
    return lambda: _single(value([condition] if value.spec.inputs else []))


def _single(tensors: Any) -> Any:
    """One tensor alone, several as a list."""
    return tensors[0] if len(tensors) == 1 else list(tensors)


def _as_list(tensors: Any) -> Tensors:
    return list(tensors) if isinstance(tensors, list | tuple) else [tensors]


#: The op and how it is called.
CALLING: dict[str, Callable[..., Tensors]] = {
    "rnn": rnn,
    "map_fn": map_fn,
    "foldl": foldl,
    "foldr": foldl,
    "switch": switch,
}
