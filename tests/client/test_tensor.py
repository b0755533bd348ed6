"""Handles: what they say of themselves, and how they meet Python and numpy."""

from __future__ import annotations

import copy
import operator
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from kremote.session import Session
from kremote.tensor import Tensor
from kremote.tensorflow_names import DType
from kremote_proto.specs import Spec

from .fake_server import FakeServer


@pytest.fixture
def v(session: Session) -> Tensor:
    return session.K.variable([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], name="w")  # type: ignore[no-any-return]


def unknown(handle: Any) -> Any:
    """A handle of whose result nothing is known yet."""
    handle._value.spec = None
    handle.session.queue.program.tell(handle._value)
    return handle


def test_a_repr_shows_what_is_known_and_asks_nothing(fake: FakeServer, session: Session, v: Tensor) -> None:
    assert repr(v) == "<kremote.Variable 'w' shape=(2, 3) dtype=float32>"
    assert repr(unknown(v + 1)) == "<kremote.Tensor shape=? dtype=?>"
    placeholder = session.K.placeholder((None, 4), name="x")
    assert repr(placeholder) == "<kremote.Placeholder 'x' shape=(None, 4) dtype=float32 symbolic>"
    assert fake.programs == []


def test_the_printed_form_has_the_name(v: Tensor, capsys: pytest.CaptureFixture[str]) -> None:
    """Statement 46."""
    print(v)
    assert "w" in capsys.readouterr().out


def test_a_repr_of_a_failed_or_closed_handle_still_works(session: Session, v: Tensor) -> None:
    v.eval()
    session.close()
    assert "Variable" in repr(v)


def test_what_is_unknown_is_asked_for_once(fake: FakeServer, v: Tensor) -> None:
    total = unknown(v + 1)
    assert (total.shape, total.dtype, total.ndim, total.size) == ((2, 3), "float32", 2, 6)
    assert len(fake.programs) == 1


def test_the_name_is_the_server_s(fake: FakeServer, session: Session, v: Tensor) -> None:
    assert v.name == "w"
    assert fake.instructions == ["variable"]
    assert (v + 1).name is None


def test_keras_may_set_attributes(session: Session, v: Tensor) -> None:
    placeholder = session.K.placeholder((2, 4, 5))
    handles: list[Any] = [v, v + 1, placeholder]
    for handle in handles:
        handle._keras_history = ("layer", 0, 0)
        handle._uses_learning_phase = True
        assert handle._keras_history == ("layer", 0, 0)


def test_keras_shape_is_there_until_keras_sets_another(session: Session, v: Tensor) -> None:
    """Statement 53."""
    placeholder = session.K.placeholder((2, 4, 5))
    assert placeholder._keras_shape == (2, 4, 5)
    assert v._keras_shape == (2, 3)
    assert placeholder._uses_learning_phase is False
    assert not hasattr(v + 1, "_keras_shape")
    placeholder._keras_shape = (None, 4, 5)
    assert session.K.int_shape(placeholder) == (None, 4, 5)
    assert placeholder.shape == (2, 4, 5)


def test_equality_and_hash_are_identity(v: Tensor) -> None:
    other = v + 0
    assert v == v  # noqa: PLR0124
    assert v != other
    assert {v: 1, other: 2}[v] == 1


def test_arithmetic_with_numbers_and_arrays(v: Tensor) -> None:
    array = np.arange(6, dtype="float64").reshape(2, 3)
    value = v.eval()
    for function in (operator.add, operator.sub, operator.mul, operator.truediv):
        for left, right in ((v, 2), (2, v), (v, array + 1), (array + 1, v), (np.float64(2), v)):
            expected = function(*(value if side is v else side for side in (left, right)))
            result = function(left, right)
            assert isinstance(result, Tensor)
            assert result.eval().dtype == np.dtype("float32")
            np.testing.assert_allclose(result.eval(), expected, rtol=1e-6)


def test_an_array_of_another_kind_is_refused(session: Session) -> None:
    integers = session.K.variable([1, 2], dtype="int32")
    with pytest.raises(TypeError, match=r"become int32; got float64.*\n?.*astype\('int32'\)"):
        integers + np.array([0.5, 1.5])
    assert (integers + np.array([1, 2], "int64")).eval().dtype == np.dtype("int32")


def test_a_complex_number_beside_a_complex_handle(session: Session) -> None:
    v = session.K.variable(np.array([1j]), dtype="complex64")
    np.testing.assert_array_equal((v * 2j).eval(), np.array([-2], "complex64"))


def test_matmul_is_left_to_the_handle(v: Tensor) -> None:
    product: Any = np.ones((1, 2)) @ v
    np.testing.assert_array_equal(product.eval(), [[5.0, 7.0, 9.0]])


def test_as_an_array(v: Tensor) -> None:
    array = np.asarray(v)
    assert array.dtype == np.dtype("float32")
    assert np.asarray(v, dtype="float64").dtype == np.dtype("float64")
    assert np.array(v, copy=True).sum() == 21
    with pytest.raises(ValueError, match="copy"):
        np.array(v, copy=False)
    np.testing.assert_array_equal(np.stack([v, v]).shape, (2, 2, 3))


def test_fetched_arrays_are_one_s_own(v: Tensor) -> None:
    array = v.eval()
    array[:] = 0
    assert v.eval().sum() == 21


def test_a_scalar_comes_as_a_numpy_scalar(session: Session) -> None:
    value = session.K.variable(3.5).eval()
    assert isinstance(value, np.float32)
    assert f"{value:.2f}" == "3.50"


def test_python_s_questions_to_concrete_values(session: Session, v: Tensor) -> None:
    three = session.K.variable(3, dtype="int32")
    assert (bool(three), int(three), float(three), complex(three), operator.index(three)) == (True, 3, 3.0, 3 + 0j, 3)
    assert list(range(5))[three] == 3
    assert len(v) == 2
    assert 6.0 in v
    assert 7.0 not in v
    with pytest.raises(ValueError, match="ambiguous"):
        bool(v)
    with pytest.raises(TypeError, match="rank 0 has no length"):
        len(three)
    with pytest.raises(TypeError, match="integer of rank 0"):
        operator.index(session.K.variable(3.0))
    with pytest.raises(TypeError, match="integer of rank 0"):
        operator.index(session.K.variable([3], dtype="int32"))


def test_going_through_a_tensor_gives_its_parts(fake: FakeServer, v: Tensor) -> None:
    rows = list(v)
    assert len(rows) == 2
    assert fake.programs == []
    assert all(isinstance(row, Tensor) for row in rows)


@pytest.mark.parametrize(
    "question",
    [bool, iter, float, int, complex, operator.index, np.asarray, lambda x: 1 in x, lambda x: [*x]],
    ids=["bool", "iter", "float", "int", "complex", "index", "array", "contains", "unpack"],
)
def test_symbols_refuse_python_s_questions_with_advice(fake: FakeServer, session: Session, question: object) -> None:
    symbol = session.K.placeholder((2,))
    with pytest.raises(TypeError, match=r"symbol.*\n.*K\.function"):
        question(symbol)  # type: ignore[operator]
    assert fake.programs == []


def test_the_length_of_a_symbol_is_its_static_one(session: Session) -> None:
    assert len(session.K.placeholder((2, None))) == 2
    with pytest.raises(TypeError, match="a length"):
        len(session.K.placeholder((None, 2)))


def test_an_update_gives_the_variable_itself(fake: FakeServer, session: Session) -> None:
    """Statement 73."""
    v = session.K.variable([1.0, 2.0])
    assert session.K.update_add(v, [3.0, 4.0]) is v
    assert v.eval().tolist() == [4.0, 6.0]
    assert len(fake.freed) == 1


def test_an_update_with_a_symbol_is_a_symbol(session: Session) -> None:
    """Statement 72."""
    v = session.K.variable([1.0, 2.0])
    update = session.K.update_add(v, session.K.placeholder((2,)))
    assert update is not v
    assert update.symbolic
    assert not session.K.is_variable(update)


def test_what_a_symbol_touches_is_a_symbol(session: Session, v: Tensor) -> None:
    symbol = session.K.placeholder((2, 3))
    assert (symbol + v).symbolic
    assert (v * (symbol + 1)).symbolic
    assert not (v + 1).symbolic


def test_constraint_is_stored(session: Session) -> None:
    """Statement 44."""

    def positive(value: object) -> object:
        return value

    assert session.K.variable([1.0], constraint=positive).constraint is positive
    assert session.K.variable([1.0]).constraint is None


def test_items_know_their_specs(session: Session, v: Tensor) -> None:
    first, nothing = session.K.gradients(v, [v, v])
    assert nothing is None
    assert first.reference == {"ref": first._value.id, "item": 0}
    assert first.spec == Spec("float32", (2, 3))


@pytest.mark.parametrize("copied", [copy.deepcopy, pickle.dumps])
def test_a_handle_is_not_copied_with_its_value(v: Tensor, copied: Callable[[object], object]) -> None:
    with pytest.raises(TypeError, match=r"K\.eval"):
        copied(v)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("mean", r"K\.mean\(x, ...\)"),
        ("reshape", r"K\.reshape"),
        ("get_value", r"K\.get_value"),
        ("tolist", r"x\.numpy\(\)"),
    ],
)
def test_what_arrays_have_and_handles_do_not(v: Tensor, name: str, advice: str) -> None:
    with pytest.raises(AttributeError, match=advice):
        getattr(v, name)
    assert not hasattr(v, "_keras_history")


def test_text_beside_numbers_is_refused_at_the_call(fake: FakeServer, v: Tensor) -> None:
    requests = len(fake.requests)
    with pytest.raises(TypeError, match=r"float32\[2, 3\] and string"):
        v + "a"
    assert len(fake.requests) == requests


@pytest.mark.parametrize("value", [None, len])
def test_what_has_no_value_is_not_evaluated(session: Session, value: object) -> None:
    with pytest.raises(TypeError, match="eval: expected a tensor"):
        session.K.eval(value)


def test_a_shape_has_what_tensorflow_s_have(session: Session) -> None:
    shape = session.K.placeholder((None, 4, 5)).get_shape()
    assert shape is not None
    assert (shape, shape.as_list(), shape.ndims, shape.rank) == ((None, 4, 5), [None, 4, 5], 3, 3)
    assert (shape.num_elements(), shape[1:].num_elements()) == (None, 20)
    assert (shape.is_fully_defined(), shape[1:].is_fully_defined()) == (False, True)
    assert ([2, *shape[1:]], [2] + shape[1:], shape[:-1] + [6]) == ([2, 4, 5], (2, 4, 5), (None, 4, 6))  # noqa: RUF005
    assert (shape[:2] + (3,)).as_list() == [None, 4, 3]  # noqa: RUF005
    assert (type(shape[1]), shape[0]) == (int, None)


def test_shapes_of_k_are_tuples(session: Session, v: Tensor) -> None:
    placeholder = session.K.placeholder((None, 4))
    assert {type(session.K.int_shape(x)) for x in (placeholder, v, placeholder + 1)} == {tuple}
    assert type(placeholder._keras_shape) is tuple


def test_a_dtype_is_a_string_with_what_tensorflow_s_have(session: Session, v: Tensor) -> None:
    dtype = v.dtype
    assert (dtype, dtype.name, dtype.base_dtype.name) == ("float32", "float32", "float32")
    assert (dtype.as_numpy_dtype, dtype.size) == (np.float32, 4)
    assert (dtype.is_floating, dtype.is_integer, dtype.is_bool, dtype.is_complex) == (True, False, False, False)
    assert session.K.placeholder((), dtype="bool").dtype.is_bool
    assert DType("string").as_numpy_dtype is object
    assert type(session.K.dtype(v)) is str
    assert session.K.placeholder((), dtype=dtype.base_dtype).dtype == "float32"


def test_a_concrete_value_is_formatted_as_its_array(session: Session) -> None:
    loss = session.K.variable(1.2345)
    assert f"{loss:.2f} {'{:5.1f}'.format(loss)}" == "1.23   1.2"  # noqa: UP032
    assert f"{loss}" == str(loss) == "<kremote.Variable shape=() dtype=float32>"
    with pytest.raises(TypeError, match="text in a format"):
        f"{session.K.placeholder(()):.2f}"
