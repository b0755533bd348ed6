"""Every rule against TensorFlow's own inference: a rule may know less, and is never wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from kremote_proto.op import CATALOGUE
from kremote_proto.specs import Shape, Spec, spec_of

from .calling import arrays, complete, implementation
from .rows import ROWS, Row, draw

EACH = [pytest.param(row, dtype, id=f"{row.op}-{dtype}-{i}") for i, row in enumerate(ROWS) for dtype in row.dtypes]

#: What is known of an argument's shape while a symbol is made.
KNOWLEDGE: dict[str, Callable[[Shape], Shape | None]] = {
    "known": lambda shape: shape,
    "unknown leading": lambda shape: (None, *shape[1:]) if shape else shape,
    "unknown last": lambda shape: (*shape[:-1], None) if shape else shape,
    "unknown lengths": lambda shape: (None,) * len(shape),
    "unknown rank": lambda shape: None,
}


def by_rule(row: Row, arguments: dict[str, Any], knowledge: Callable[[Shape], Shape | None]) -> Spec | None:
    """What the rule says when that much is known of each array's shape."""

    def spec(value: Any) -> Spec:
        whole = spec_of(value)
        assert whole.shape is not None
        return Spec(whole.dtype, knowledge(whole.shape)) if isinstance(value, np.ndarray) else whole

    said = CATALOGUE[row.op].infer(arguments, spec)
    assert not isinstance(said, list)
    return said


def by_tensorflow(row: Row, arguments: dict[str, Any], knowledge: Callable[[Shape], Shape | None]) -> Spec:
    """What TensorFlow says, from placeholders in a graph."""
    import tensorflow as tf

    with tf.Graph().as_default():
        given = arrays(arguments, lambda array: tf.compat.v1.placeholder(array.dtype, knowledge(array.shape)))
        result = tf.convert_to_tensor(implementation(row.op)(**complete(row.op, given)))
        lengths = None if result.shape.rank is None else tuple(result.shape.as_list())
        return Spec(result.dtype.name, lengths)


def assert_compatible(rule: Spec, other: Spec, place: str) -> None:
    assert rule.dtype == other.dtype, place
    if rule.shape is None or other.shape is None:
        return
    assert len(rule.shape) == len(other.shape), f"{place}: {rule} and {other}"
    same = [a is None or b is None or a == b for a, b in zip(rule.shape, other.shape, strict=True)]
    assert all(same), f"{place}: {rule} and {other}"


@pytest.mark.parametrize(("row", "dtype"), EACH)
def test_rule_says_what_the_engine_computes(row: Row, dtype: str) -> None:
    import tensorflow as tf

    for one in row.cases:
        arguments = draw(one.arguments, dtype, f"{row.op} {one.name}")
        result = implementation(row.op)(**complete(row.op, arrays(arguments, tf.constant)))
        said, computed = by_rule(row, arguments, KNOWLEDGE["known"]), Spec(result.dtype.name, tuple(result.shape))
        if said is not None and (one.name.startswith("by a ") or "by tensor" in one.name):
            assert_compatible(said, computed, one.name)
        else:
            assert said in (None, computed), one.name


@pytest.mark.parametrize("knowledge", KNOWLEDGE)
@pytest.mark.parametrize(("row", "dtype"), [each for each in EACH if each.values[1] in ("float32", "bool")])
def test_rule_agrees_with_inference(row: Row, dtype: str, knowledge: str) -> None:
    import tensorflow as tf

    for one in row.cases:
        arguments = draw(one.arguments, dtype, f"{row.op} {one.name}")
        said = by_rule(row, arguments, KNOWLEDGE[knowledge])
        if said is None:
            continue
        eager = implementation(row.op)(**complete(row.op, arrays(arguments, tf.constant)))
        assert_compatible(said, Spec(eager.dtype.name, tuple(eager.shape)), one.name)
        assert_compatible(said, by_tensorflow(row, arguments, KNOWLEDGE[knowledge]), one.name)


@pytest.mark.parametrize(("row", "dtype"), [each for each in EACH if each.values[1] == "float32"])
def test_rule_knows_what_is_static(row: Row, dtype: str) -> None:
    """From known shapes a rule knows the result's, unless values decide it."""
    for one in row.cases:
        in_index = row.op == "operator.getitem" and ("tensor" in one.name or "mask" in one.name)
        said = by_rule(row, draw(one.arguments, dtype, one.name), KNOWLEDGE["known"])
        assert in_index or one.name.startswith("by a ") or said is not None, one.name
