"""Calls like one before give what a first call gives."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kremote
from kremote import program_queue
from kremote.session import Session
from kremote_proto.errors import InvalidType, InvalidValue

from ..conftest import Server
from .fake_server import FakeServer


def test_the_second_call_is_remembered(fake: FakeServer, session: Session) -> None:
    v = session.K.variable([1.0])
    first = v + 1
    remembered = len(session.queue.calls)
    second = first + 1
    third = second + 1
    assert len(session.queue.calls) == remembered + 1, "a variable is another kind of argument than a tensor"
    assert third.eval() == [4.0]
    assert third.shape == (1,)


@pytest.mark.parametrize("pair", [(0.0, -0.0), (1, True), (1, 1.0), (0, False), (2, 2.0)])
def test_numbers_that_are_equal_and_not_the_same(fake: FakeServer, session: Session, pair: tuple[Any, Any]) -> None:
    for number in pair * 2:
        session.K.constant(number).session.flush()
        sent = fake.programs[-1]["instructions"][0]["args"]["value"]
        assert repr(sent) == repr(number)


def test_an_array_is_copied_and_takes_the_handle_s_dtype(fake: FakeServer, session: Session) -> None:
    v = session.K.variable(np.zeros(3))
    for _ in range(3):
        array = np.arange(3.0)
        total = v + array
        array[:] = 100
        np.testing.assert_array_equal(total.eval(), np.arange(3, dtype="float32"))
        assert total.eval().dtype == "float32"


def test_wrong_arguments_raise_each_time(session: Session) -> None:
    x, y = session.K.variable(np.ones((2, 3))), session.K.variable(np.ones((2, 3)))
    for _ in range(3):
        with pytest.raises(InvalidValue):
            session.K.dot(x, y)
        with pytest.raises(InvalidType):
            session.K.dot(x, axis=1)


def test_handles_of_other_sessions_and_of_cleared_ones_are_refused(fake: FakeServer, session: Session) -> None:
    v = session.K.variable([1.0])
    v + v
    with FakeServer().session() as other:
        w = other.K.variable([1.0])
        w + w
        with pytest.raises(InvalidValue, match="got one of"):
            v + w
    with pytest.raises(InvalidValue, match="closed"):
        w + w
    session.clear()
    with pytest.raises(InvalidValue, match="clear_session"):
        v + v


def test_settings_belong_to_a_call(session: Session, fake: FakeServer) -> None:
    before = session.K.floatx()
    for floatx in ("float32", "float64", "float32"):
        session.K.set_floatx(floatx)
        assert session.K.constant(1).dtype == floatx
    session.K.set_floatx(before)


def test_graph_mode_makes_symbols_of_remembered_calls(session: Session) -> None:
    v = session.K.variable([1.0])
    v + 1
    assert session.K.symbolic(lambda: v + 1)().symbolic
    assert not (v + 1).symbolic


def test_a_number_that_changes_each_time_leaves_the_template_as_it_is(fake: FakeServer, session: Session) -> None:
    v = session.K.variable([1.0])
    session.flush()
    rates = [0.5 / (n + 1) for n in range(30)]
    for rate in rates:
        session.K.update_add(v, v * rate)
        session.flush()
    assert np.isclose(v.eval()[0], np.prod([1 + rate for rate in rates]))
    assert len({body["template"] for body in fake.bodies if "template" in body}) == 1


def test_a_loop_is_sent_as_a_template(fake: FakeServer, session: Session) -> None:
    v = session.K.variable([1.0])
    session.flush()
    for _ in range(4):
        total = v * 2 + 1
        assert total.eval() == [3.0]
    assert ["template" in body for body in fake.bodies] == [False, False, True, True, True]
    again = fake.bodies[-1]
    assert again["keep"] == [1]
    assert again["report"] == []
    assert again["fetch"] == [{"result": 1}]


def test_forgotten_templates_are_sent_anew(fake: FakeServer, session: Session) -> None:
    v = session.K.variable([0.0])
    session.flush()
    for n in range(6):
        if n % 2:
            fake.kept_templates.clear()
        session.K.update_add(v, [1.0])
        assert v.eval() == [n + 1.0]


def test_handles_that_are_dropped_leave_nothing_behind(fake: FakeServer) -> None:
    session = fake.session()
    v = session.K.variable([1.0])

    def count(times: int) -> int:
        for _ in range(times):
            v + 1
        session.flush()
        for kept in (fake.bodies, fake.programs, fake.requests, fake.replies):
            kept.clear()
        gc.collect()
        return len(gc.get_objects())

    before = count(2_000)
    after = count(20_000)
    assert after < before + 1_000
    assert len(session.queue.frees) == 0
    assert list(fake.values) == [v._value.id]


def test_a_late_error_of_a_remembered_call_names_its_line(fake: FakeServer, session: Session) -> None:
    x, y = session.K.variable(np.ones((2, 2))), session.K.variable(np.ones((2, 2)))
    session.K.dot(x, y)
    session.flush()
    fake.values[y._value.id] = np.ones((3, 3))
    line = sys._getframe().f_lineno + 1
    bad = session.K.dot(x, y)
    with pytest.raises(InvalidValue) as caught:
        bad.eval()
    assert caught.value.location == f"{__file__}:{line}"
    with pytest.raises(InvalidValue):
        bad + 1


# Random programs on a real server: one lazily, one an instruction at a time, without anything remembered.

Step = tuple[str, int, int]
_MAKERS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "add": lambda K, x, y: x + y,
    "times": lambda K, x, y: x * 0.5,
    "minus": lambda K, x, y: 1 - x,
    "dot": lambda K, x, y: K.dot(x, y),
    "relu": lambda K, x, y: K.relu(x),
    "sum": lambda K, x, y: K.sum(x, axis=-1, keepdims=True),
    "softmax": lambda K, x, y: K.softmax(x),
    "loss": lambda K, x, y: K.categorical_crossentropy(K.softmax(y), K.softmax(x)),
    "array": lambda K, x, y: x + np.array([[0.25, -0.5]]),
    "constant": lambda K, x, y: K.constant(np.array([[1.0, 2.0], [3.0, 4.0]])),
    "join": lambda K, x, y: K.concatenate([x, y], axis=0),
    "part": lambda K, x, y: x[:2, :1],
    "integers": lambda K, x, y: K.cast(x, "int32"),
    "gather": lambda K, x, y: K.gather(x, K.argmax(y, axis=-1)),
    "variable": lambda K, x, y: K.variable(np.ones((2, 2))),
    "update": lambda K, x, y: K.update_add(x, y),
    "set": lambda K, x, y: K.set_value(x, np.array([[5.0, 6.0], [7.0, 8.0]])),
    "reshape": lambda K, x, y: K.reshape(x, (-1, 2)),
    "random": lambda K, x, y: K.random_uniform((2, 2), seed=3),
    "normalized": lambda K, x, y: K.l2_normalize(x, axis=1),
}
steps = st.lists(
    st.tuples(st.sampled_from(sorted(_MAKERS)), st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=25
)


@pytest.fixture(scope="module")
def pair(server: Server) -> Iterator[tuple[Session, Session]]:
    with kremote.Session(server.url, server.token) as lazy, kremote.Session(server.url, server.token) as stepwise:
        yield lazy, stepwise


def outcome(session: Session, program: list[Step], after_each: Callable[[], None]) -> list[Any]:
    """What the values of a program are, and the types of its errors."""
    K = session.K
    pool: list[Any] = [K.variable(np.arange(4.0).reshape(2, 2)), K.constant(np.full((2, 2), 0.5))]
    seen: list[Any] = []
    for name, i, j in program:
        try:
            made = _MAKERS[name](K, pool[i % len(pool)], pool[j % len(pool)])
            seen.append(name)
            if isinstance(made, kremote.tensor.Tensor):
                pool.append(made)
        except kremote.KremoteError as error:
            seen.append(type(error).__name__)
        after_each()
    return seen + [evaluated(value) for value in pool]


def evaluated(value: Any) -> Any:
    try:
        return value.eval()
    except kremote.KremoteError as error:
        return type(error).__name__


@given(steps)
@settings(max_examples=40)
def test_laziness_is_invisible(pair: tuple[Session, Session], program: list[Step]) -> None:
    lazy, stepwise = pair

    def one_at_a_time() -> None:
        stepwise.queue.calls.clear()
        stepwise.queue.flush_quietly()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(program_queue, "ENOUGH_INSTRUCTIONS", 7)
        lazily = outcome(lazy, program * 2, lambda: None)
    at_once = outcome(stepwise, program * 2, one_at_a_time)
    assert len(lazily) == len(at_once)
    for one, other in zip(lazily, at_once, strict=True):
        if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
        else:
            assert str(one) == str(other)
