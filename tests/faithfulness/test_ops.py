"""Every op's value, dtype, static shape and errors, at once and through a function, as tf_keras has them."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import pytest

from . import reference, remote
from .difference import Found
from .differences import DIFFERENCES
from .knowledge import tried
from .outcome import Outcome, Refused, difference, shown, static_difference
from .tables import TABLES, Case, Table

OPS = sorted({table.op for table in TABLES})


@pytest.mark.parametrize("op", OPS)
def test_as_tf_keras(K: ModuleType, op: str) -> None:
    found, count = [], 0
    for table in (table for table in TABLES if table.op == op):
        cases = table.cases()
        count += len(cases)
        wanted = [reference.eager(case, table.fragile) for case in cases]
        ours = remote.eager(K, cases)
        found += [*_eager(table, cases, wanted, ours), *_symbolic(K, table, cases, wanted, ours)]
    unexplained = [one for one in found if not any(listed.explains(one) for listed in DIFFERENCES)]
    assert not unexplained, _report(unexplained, count)
    gone = [listed.name for listed in DIFFERENCES if op in listed.ops.split() and not any(map(listed.explains, found))]
    assert not gone, f"listed as different, but the same in each case of {op}: {', '.join(gone)}"


def _report(found: list[Found], count: int) -> str:
    """The differences, by case, with Python that makes the call."""
    by_case: dict[int, list[Found]] = {}
    for one in found:
        by_case.setdefault(one.case.number, []).append(one)
    lines = [f"{len(by_case)} of {count} cases differ"]
    for several in by_case.values():
        first = several[0]
        lines += [str(first.case), f"    {first.case.snippet()}"]
        for what in dict.fromkeys((one.what, shown(one.theirs), shown(one.ours)) for one in several):
            modes = ", ".join(one.mode for one in several if (one.what, shown(one.theirs), shown(one.ours)) == what)
            lines += [f"    {modes}: {what[0]}", f"        tf_keras: {what[1]}", f"        kremote:  {what[2]}"]
    return "\n".join(lines)


def _eager(table: Table, cases: list[Case], wanted: list[Outcome], got: list[Outcome]) -> Iterator[Found]:
    for case, theirs, ours in zip(cases, wanted, got, strict=True):
        what = difference(theirs, ours, _kinds(theirs, *_graph(case, theirs)), table.values)
        if what:
            yield Found(case, "eager", what, theirs, ours)


def _symbolic(
    K: ModuleType, table: Table, cases: list[Case], wanted: list[Outcome], got: list[Outcome]
) -> Iterator[Found]:
    outcomes = {case.number: outcome for case, outcome in zip(cases, wanted, strict=True)}
    computed = {case.number for case, ours in zip(cases, got, strict=True) if isinstance(ours, list)}
    tensors = [case for case in cases if table.symbols and case.has_tensor]
    calls = remote.symbolic(
        K, [(case, name) for case in tensors for name in tried(case.number, case.number in computed)]
    )
    results = remote.called(K, calls, lambda call: call.case.number in computed)
    for call, ours in zip(calls, results, strict=True):
        theirs, static = outcomes[call.case.number], reference.symbolic(call.case, call.knowledge)
        kinds = _kinds(theirs, static)
        if isinstance(static, Refused) and isinstance(theirs, list) and isinstance(ours, Refused):
            continue  # the reference needs to know more of the shape, so whatever we say is as good
        what = difference(theirs, ours, kinds, table.values)
        if what and not _as_graph(call, ours, table.values):
            yield Found(call.case, call.knowledge, what, theirs, ours)
        specs = call.specs
        if isinstance(theirs, Refused) or isinstance(static, Refused) or isinstance(specs, Refused):
            continue  # nothing is of such a shape
        if len(static) == len(specs):
            for one, other in zip(static, specs, strict=True):
                what = static_difference(one, other)
                if what:
                    yield Found(call.case, call.knowledge, what, one, other)


def _as_graph(call: remote.Symbolic, ours: Outcome, values: bool) -> bool:
    """Whether the reference's graph gives what a function of ours does, where at once it gives something else."""
    theirs = reference.called(call.case, call.knowledge)
    return difference(theirs, ours, _kinds(theirs), values) is None


def _kinds(*outcomes: object) -> frozenset[str]:
    """The kinds of error that agree with the reference's."""
    return frozenset().union(*(outcome.kinds for outcome in outcomes if isinstance(outcome, Refused)))


def _graph(case: Case, theirs: Outcome) -> list[object]:
    """How the reference refuses a case while it makes a graph, which may be with another kind of error."""
    return [reference.symbolic(case, "known")] if isinstance(theirs, Refused) else []
