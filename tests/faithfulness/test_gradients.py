"""Gradients of every op through K.gradients and a function, as TensorFlow's tape has them of tf_keras."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from types import ModuleType

import pytest

from kremote import backend

from ..conformance.rows import ROWS
from . import reference
from .differences import gradient_reason
from .gradients import Gradients, Make, Wanted, by_graph, by_tape
from .outcome import Refused, shown
from .tables import TABLES, Case, Table

#: How many cases of a table have their gradients compared, and how many are looked at to find them.
MOST, LOOKED_AT = 5, 20
#: Ops that give values, change a variable, or make a constant of one: not what symbols are given to.
CONCRETE = {
    "batch_get_value",
    "constant",
    "eval",
    "get_value",
    "moving_average_update",
    "update",
    "update_add",
    "update_sub",
}
#: Ops of which there must be something to compare; tf_keras gives its own separable_conv1d a layout TensorFlow refuses.
DIFFERENTIABLE = {row.op for row in ROWS if row.differentiable} - {"separable_conv1d"}
EACH = [
    pytest.param(table, id=f"{table.op}-{i}")
    for i, table in enumerate(TABLES)
    if table.values and table.symbols and table.op in backend.__all__ and table.op not in CONCRETE
]


@pytest.mark.parametrize("table", EACH)
def test_as_tf_keras(K: ModuleType, table: Table) -> None:
    gradients, compared = Gradients(K), []
    for case, wanted in _of_reference(table):
        with suppress(TypeError, ValueError):  # what is refused, test_ops has
            gradients.add(_made(case), wanted.shapes)
            compared.append((case, wanted))
        if len(compared) == MOST:
            break
    assert compared or table.op not in DIFFERENTIABLE, "no case of the table has a gradient"
    wrong = [
        f"{case}: {what}\n    tf_keras: {shown(wanted.gradients)}\n    kremote:  {shown(got)}\n    {case.snippet()}"
        for (case, wanted), got in zip(compared, gradients.computed(), strict=True)
        if (what := wanted.difference(got)) and by_graph(_made(case)).difference(got) and gradient_reason(case) is None
    ]
    assert not wrong, "\n".join(wrong)


def _made(case: Case) -> Make:
    return lambda K, place: getattr(K, case.op)(**case.given(K, place))


def _of_reference(table: Table) -> Iterator[tuple[Case, Wanted]]:
    """Cases with tensors to differentiate by and results that are floats, and their gradients."""
    for case in _spread([case for case in table.cases() if _smooth(case)]):
        if table.fragile and isinstance(reference.symbolic(case, "known"), Refused):
            continue
        with suppress(Exception):  # the reference computes none; nothing is said of the gradient
            wanted = by_tape(_made(case))
            if wanted.shapes:
                yield case, wanted


def _spread(cases: list[Case]) -> list[Case]:
    """Some of all parts of a table, the ones to look at first in front."""
    step = max(1, len(cases) // MOST)
    return [*cases[::step], *(case for i, case in enumerate(cases) if i % step)][:LOOKED_AT]


def _smooth(case: Case) -> bool:
    """Whether there is something to differentiate by."""
    shapes = [draw.shape for draw in case.tensors]
    return all(0 not in shape for shape in shapes) and any(
        draw.dtype in ("float32", "float64") for draw in case.tensors
    )
