"""What kremote says of cases: many at once, so that few requests are made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

from kremote.tensor import Tensor
from kremote_proto.errors import KremoteError
from kremote_proto.specs import Spec, spec_of

from .arguments import Draw
from .knowledge import KNOWLEDGE
from .outcome import Outcome, Refused
from .tables.table import Case


@dataclass
class Symbolic:
    """A call with symbols: what was made of them, and what to feed."""

    case: Case
    knowledge: str
    inputs: list[Any] = field(default_factory=list)
    fed: list[Any] = field(default_factory=list)
    made: list[Any] | Refused = field(default_factory=list)

    @property
    def specs(self) -> list[Spec] | Refused:
        """What is known of the results."""
        if isinstance(self.made, Refused):
            return self.made
        return [one.spec if isinstance(one, Tensor) else spec_of(np.asarray(one)) for one in self.made]


def eager(K: ModuleType, cases: Sequence[Case]) -> list[Outcome]:
    """The outcome of each case."""
    made = []
    for case in cases:
        made.append(_made(lambda case=case: getattr(K, case.op)(**case.given(K))))  # type: ignore[misc]
        _settle_often(K, len(made))
    return _fetched(K, made)


def symbolic(K: ModuleType, cases: Sequence[tuple[Case, str]]) -> list[Symbolic]:
    """The symbols each case makes of placeholders of which so much is known."""
    found = []
    for case, knowledge in cases:
        call = Symbolic(case, knowledge)

        def place(draw: Draw, seed: int, call: Symbolic = call) -> Any:
            call.fed.append(draw.array(seed))
            call.inputs.append(K.placeholder(KNOWLEDGE[call.knowledge](draw.shape), dtype=draw.dtype))
            return call.inputs[-1]

        call.made = _made(lambda call=call, place=place: getattr(K, call.case.op)(**call.case.given(K, place)))  # type: ignore[misc]
        found.append(call)
        _settle_often(K, len(found))
    _settle(K)
    for call in found:
        call.made = _checked(call.made)
    return found


def called(K: ModuleType, calls: Sequence[Symbolic], computed: Callable[[Symbolic], bool]) -> list[Outcome]:
    """The outcome of each when a function is called: of what is `computed` at once in one function, else one by one."""
    together = [call for call in calls if not isinstance(call.made, Refused) and computed(call)]
    outcomes = dict(zip(map(id, together), _call(K, together), strict=True))
    return [
        call.made
        if isinstance(call.made, Refused)
        else outcomes[id(call)]
        if id(call) in outcomes
        else _call(K, [call])[0]
        for call in calls
    ]


def _call(K: ModuleType, calls: Sequence[Symbolic]) -> list[Outcome]:
    """The outcomes of calls in one function; where that fails, of each half."""
    if not calls:
        return []
    outputs = [one for call in calls for one in call.made]  # type: ignore[union-attr]
    try:
        function = K.function([one for call in calls for one in call.inputs], outputs)
        results = iter(function([one for call in calls for one in call.fed]))
        return [[np.asarray(next(results)) for _ in call.made] for call in calls]  # type: ignore[union-attr]
    except Exception as error:
        _settle(K)
        if len(calls) == 1:
            return [Refused.of(error)]
        half = len(calls) // 2
        return [*_call(K, calls[:half]), *_call(K, calls[half:])]


def _made(call: Callable[[], Any]) -> list[Any] | Refused:
    try:
        return _flat(call())
    except Exception as error:
        return Refused.of(error)


def _flat(result: Any) -> list[Any]:
    if isinstance(result, list | tuple):
        return [one for item in result for one in _flat(item)]
    return [] if result is None else [result]


def _settle_often(K: ModuleType, calls: int) -> None:
    """Run what is queued before the queue is full and runs by itself, in the middle of a call that is not at fault."""
    if calls % 20 == 0:
        _settle(K)


def _settle(K: ModuleType) -> None:
    """Have everything queued run, whatever fails."""
    from kremote.current import current_session

    failed = True
    while failed:
        failed = False
        try:
            current_session().flush()
        except KremoteError:  # one for each that nobody has seen
            failed = True


def _checked(made: list[Any] | Refused) -> list[Any] | Refused:
    """What was made, or the error of its instruction."""
    if isinstance(made, Refused):
        return made
    errors = [one._value.error for one in made if isinstance(one, Tensor) and one._value.error is not None]
    return Refused.of(errors[0]) if errors else made


def _fetched(K: ModuleType, made: Sequence[list[Any] | Refused]) -> list[Outcome]:
    _settle(K)
    checked = [_checked(one) for one in made]
    handles = [one for outcome in checked if isinstance(outcome, list) for one in outcome if isinstance(one, Tensor)]
    with suppress(KremoteError):
        values = iter(K.batch_get_value(handles))
        return [
            outcome
            if isinstance(outcome, Refused)
            else [np.asarray(next(values) if isinstance(one, Tensor) else one) for one in outcome]
            for outcome in checked
        ]
    return [_fetched_alone(K, outcome) for outcome in checked]


def _fetched_alone(K: ModuleType, outcome: list[Any] | Refused) -> Outcome:
    if isinstance(outcome, Refused):
        return outcome
    try:
        return [np.asarray(K.eval(one) if isinstance(one, Tensor) else one) for one in outcome]
    except Exception as error:
        return Refused.of(error)
