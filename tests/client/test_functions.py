"""`K.function` and calls of what it makes."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from kremote.session import Session

from .fake_server import FakeServer


def inputs_sent(fake: FakeServer) -> list[Any]:
    """The wire form of the inputs of the last call."""
    calls = [i for program in fake.programs for i in program["instructions"] if i["op"] == "function.call"]
    return calls[-1]["args"]["inputs"]  # type: ignore[no-any-return]


def test_a_list_of_outputs_gives_a_list(session: Session) -> None:
    x = session.K.placeholder((2,))
    (doubled,) = session.K.function([x], [x * 2])([[1.0, 2.0]])
    np.testing.assert_array_equal(doubled, [2.0, 4.0])


def test_a_single_output_gives_a_single_array(session: Session) -> None:
    x = session.K.placeholder((2,))
    np.testing.assert_array_equal(session.K.function(x, x * 2)([[1.0, 2.0]]), [2.0, 4.0])


def test_a_call_is_one_exchange(fake: FakeServer, session: Session) -> None:
    x = session.K.placeholder((2,))
    function = session.K.function([x], [x * 2])
    function([[1.0, 2.0]])
    assert len(fake.programs) == 1
    function([[1.0, 2.0]])
    assert len(fake.programs) == 2


def test_a_tuple_and_a_bare_array_are_inputs_too(session: Session) -> None:
    x = session.K.placeholder((2,))
    function = session.K.function([x], [x * 2])
    for inputs in (([1.0, 2.0],), np.array([1.0, 2.0])):
        np.testing.assert_array_equal(function(inputs)[0], [2.0, 4.0])


@pytest.mark.parametrize(
    "value", [[1, 2], np.array([1, 2], "float64"), np.array([1, 2], "int64"), np.array([1, 2], ">f4")]
)
def test_host_values_are_cast_to_the_placeholder_s_dtype(fake: FakeServer, session: Session, value: Any) -> None:
    x = session.K.placeholder((2,), dtype="float32")
    session.K.function([x], [x])([value])
    assert inputs_sent(fake)[0]["dtype"] == "float32"


def test_handles_are_fed_by_reference(fake: FakeServer, session: Session) -> None:
    x = session.K.placeholder((2,))
    v = session.K.variable([1.0, 2.0])
    session.K.function([x], [x])([v])
    assert inputs_sent(fake) == [v.reference]


def test_sparse_matrices_are_fed_sparse(fake: FakeServer, session: Session) -> None:
    x = session.K.placeholder((2, 2), sparse=True)
    function = session.K.function([x], [session.K.to_dense(x)])
    with suppress(ValueError, TypeError):  # the fake server computes nothing sparse
        function([sparse.csr_matrix(np.eye(2))])
    assert set(inputs_sent(fake)[0]) == {"dtype", "shape", "indices", "values"}
    assert inputs_sent(fake)[0]["dtype"] == "float32"


@pytest.mark.parametrize(
    ("shape", "value", "said"),
    [
        ((2,), [1.0, 2.0, 3.0], "as input 0; got shape"),
        ((None, 2), [1.0, 2.0], "as input 0; got shape"),
        ((2,), [[1.0], [2.0, 3.0]], "as input 0"),
        ((2,), ["a", "b"], "as input 0"),
        ((2,), None, "a value as input 0"),
    ],
)
def test_what_does_not_fit_is_refused_at_the_call(
    fake: FakeServer, session: Session, shape: Any, value: Any, said: str
) -> None:
    x = session.K.placeholder(shape)
    function = session.K.function([x], [x])
    with pytest.raises((ValueError, TypeError), match=said):
        function([value])
    assert fake.programs == []


def test_unknown_lengths_take_any(session: Session) -> None:
    x = session.K.placeholder((None, 2))
    function = session.K.function([x], [x * 2])
    for rows in (0, 1, 5):
        assert function([np.ones((rows, 2))])[0].shape == (rows, 2)


def test_the_number_of_inputs_is_checked(session: Session) -> None:
    x = session.K.placeholder((2,))
    function = session.K.function([x], [x])
    with pytest.raises(ValueError, match=r"expected 1 inputs .*; got 2"):
        function([[1.0, 2.0], [1.0, 2.0]])


@pytest.mark.parametrize("name", ["options", "run_metadata", "config"])
def test_arguments_for_a_tensorflow_session_are_refused(session: Session, name: str) -> None:
    x = session.K.placeholder((2,))
    with pytest.raises(ValueError, match=name):
        session.K.function([x], [x], **{name: 1})
    if name != "config":
        session.K.function([x], [x], **{name: None})


def test_fetches_are_tensors(session: Session) -> None:
    with pytest.raises(TypeError, match="expected tensors as fetches; got 1"):
        session.K.function([], [], fetches=[1])


def test_fetches_are_run_with_the_updates(fake: FakeServer, session: Session) -> None:
    x = session.K.placeholder((2,))
    doubled = x * 2
    session.K.function([x], [x], fetches=[doubled, session.K.variable(1.0)])
    session.flush()
    arguments = fake.programs[0]["instructions"][-1]["args"]
    assert arguments["updates"] == [doubled.reference]


def test_updates_are_pairs_or_results_of_updates(fake: FakeServer, session: Session) -> None:
    x, v = session.K.placeholder((2,)), session.K.variable([1.0, 2.0])
    update = session.K.update_add(v, x)
    session.K.function([x], [x], updates=[update, (v, x)], name="train")
    session.flush()
    arguments = fake.programs[0]["instructions"][-1]["args"]
    assert arguments["updates"] == [update.reference, [v.reference, x.reference]]
    assert arguments["name"] == "train"


def test_a_function_belongs_to_its_session(session: Session) -> None:
    function = session.K.function([], [], updates=[(session.K.variable(1.0), 2.0)])
    assert function.session is session
    with FakeServer().session():
        assert function([]) == []


def test_a_repr_says_what_it_is(session: Session) -> None:
    x = session.K.placeholder((2,))
    assert repr(session.K.function([x, x], [x], name="f")) == "<kremote.Function 'f' of 2 inputs>"


def test_stop_gradient_takes_a_list(session: Session) -> None:
    x = session.K.placeholder((2,))
    assert session.K.stop_gradient(x).symbolic
    assert [item.shape for item in session.K.stop_gradient([x, x])] == [(2,), (2,)]


def test_values_are_no_inputs_of_a_function(fake: FakeServer, session: Session) -> None:
    K = session.K
    x = K.placeholder((2,))
    for value, advice in ((K.variable([1.0, 2.0]), "reads variables by itself"), (0, r"K\.learning_phase")):
        with pytest.raises(TypeError, match=advice):
            K.function([x, value], [x])


def test_a_gradient_that_is_none_is_no_output(session: Session) -> None:
    with pytest.raises(TypeError, match=r"output 0; got None[^$]*K\.gradients"):
        session.K.function([session.K.placeholder((2,))], [None])


def test_inputs_are_one_list(session: Session) -> None:
    x, y = session.K.placeholder((2,)), session.K.placeholder((2,))
    function = session.K.function([x, y], [x * y])
    with pytest.raises(TypeError, match=r"one list of inputs, f\(\[a, b\]\); got 2"):
        function([1.0, 2.0], [3.0, 4.0])
    with pytest.raises(TypeError, match="got a dict"):
        function({x: [1.0, 2.0], y: [3.0, 4.0]})


def test_sparse_and_dense_are_not_taken_for_each_other(session: Session) -> None:
    K = session.K
    for is_sparse, value, advice in ((False, sparse.eye(2), "toarray"), (True, np.eye(2), r"scipy\.sparse")):
        x = K.placeholder((2, 2), sparse=is_sparse)
        with pytest.raises(TypeError, match=advice):
            K.function([x], [x])([value])
