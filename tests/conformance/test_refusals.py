"""What every op refuses: with a `ValueError` or `TypeError`, at the call, that says what was expected and what came."""

from __future__ import annotations

from types import ModuleType

import pytest

from kremote_proto.errors import KremoteError

from .calling import arrays, call
from .rows import ROWS, Row, draw
from .rows.row import Refusal

EACH = [pytest.param(row, one, id=f"{row.op}-{one.name}") for row in ROWS for one in row.refused]


@pytest.mark.parametrize(("row", "refusal"), EACH)
def test_eager(K: ModuleType, row: Row, refusal: Refusal) -> None:
    given = arrays(draw(refusal.arguments, "float32", refusal.name), lambda array: K.constant(array, dtype=array.dtype))
    with pytest.raises(refusal.error) as caught:
        K.eval(call(K, row.op, given))
    assert_helpful(caught.value, row, refusal)


@pytest.mark.parametrize(("row", "refusal"), EACH)
def test_symbolic(K: ModuleType, row: Row, refusal: Refusal) -> None:
    drawn = draw(refusal.arguments, "float32", refusal.name)
    if "not in" in refusal.says:
        pytest.skip("what depends on values is refused when the function runs")
    given = arrays(drawn, lambda array: K.placeholder(array.shape, dtype=array.dtype))
    with pytest.raises(refusal.error) as caught:
        K.function([K.placeholder(())], [call(K, row.op, given)])([0.0])
    assert_helpful(caught.value, row, refusal)


def assert_helpful(error: Exception, row: Row, refusal: Refusal) -> None:
    assert isinstance(error, KremoteError)
    text = str(error)
    assert refusal.says in text
    assert row.op in text
    assert "expected" in text or "index" in text or "indices" in text


def test_most_ops_refuse_something() -> None:
    without = {row.op for row in ROWS} - {row.op for row in ROWS if row.refused}
    assert without == {
        "batch_flatten",
        "flatten",
        "identity",
        "shape",
        "size",
        "stop_gradient",
        "to_dense",
        "transpose",
    }
