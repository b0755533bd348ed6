"""The tables cover every op that tf_keras.backend has a name for; the rest are asked elsewhere."""

from __future__ import annotations

import pytest

from kremote import backend
from kremote_proto.op import CATALOGUE

from .differences import DIFFERENCES
from .tables import TABLES

#: Ops whose results are symbols, functions or lines of text, by the file that has their tests.
ELSEWHERE = {
    "function": "tests/client/test_functions.py",
    "gradients": "tests/conformance/test_gradients.py",
    "placeholder": "tests/faithfulness/test_placeholder.py",
    "print_tensor": "tests/conformance/test_graph.py",
}


@pytest.mark.filterwarnings("ignore")
def test_every_op_that_tf_keras_has_is_in_a_table() -> None:
    from tf_keras.src import backend as keras

    shared = {name for name in CATALOGUE if hasattr(keras, name) and name in backend.__all__}
    tables = {table.op for table in TABLES}
    assert shared - tables - set(ELSEWHERE) == set()
    assert not tables & set(ELSEWHERE)


def test_every_table_is_of_a_function_that_both_have() -> None:
    from tf_keras.src import backend as keras

    for table in TABLES:
        assert table.op in backend.__all__, table.op
        assert hasattr(keras, table.op), table.op


def test_cases_are_the_same_each_time_and_none_is_twice() -> None:
    for table in TABLES:
        cases = [str(case) for case in table.cases()]
        assert cases == [str(case) for case in table.cases()]


def test_a_difference_is_named_once() -> None:
    names = [one.name for one in DIFFERENCES]
    assert len(names) == len(set(names))
