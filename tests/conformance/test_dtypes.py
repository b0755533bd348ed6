"""Every dtype of the wire: what a rule lets through the engine computes, and with the dtype the rule said."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from kremote_proto.dtypes import DTYPES
from kremote_proto.errors import InvalidType
from kremote_proto.op import CATALOGUE
from kremote_proto.specs import spec_of

from .calling import arrays, complete, implementation
from .rows import ROWS, Row, draw

EACH = [pytest.param(row, id=f"{row.op}-{i}") for i, row in enumerate(ROWS)]
NUMBERS = [dtype for dtype in DTYPES if dtype != "string"]


def of_dtype(dtype: str, kept: tuple[str, ...]) -> Any:
    """What makes the drawn float32 samples of a dtype; indices, which have a dtype of their own, stay."""

    def convert(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        if array.dtype.name in kept:
            return array
        wanted: type | str = ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype
        converted: np.ndarray[Any, Any] = (np.abs(array) + 1).astype(wanted)
        return converted

    return convert


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("dtype", NUMBERS)
@pytest.mark.parametrize("row", EACH)
def test_what_a_rule_lets_through_is_computed(row: Row, dtype: str) -> None:
    import tensorflow as tf

    one = row.cases[0]
    arguments = arrays(draw(one.arguments, "float32", one.name), of_dtype(dtype, ("int32", "int64", "uint8")))
    try:
        said = CATALOGUE[row.op].infer(arguments, spec_of)
    except InvalidType:
        return
    result = implementation(row.op)(**complete(row.op, arrays(arguments, tf.constant)))
    assert said is None or said.dtype == result.dtype.name  # type: ignore[union-attr]


def test_floats_of_every_width_are_let_through() -> None:
    for row in ROWS:
        if row.op in ("operator.and_", "operator.or_", "operator.xor", "operator.invert"):
            continue
        for dtype in ("float16", "bfloat16", "float32", "float64"):
            drawn = draw(row.cases[0].arguments, "float32", row.op)
            CATALOGUE[row.op].infer(arrays(drawn, of_dtype(dtype, ("int32", "int64", "uint8"))), spec_of)
