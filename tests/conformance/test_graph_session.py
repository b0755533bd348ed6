"""What code written for sessions does: `K.get_session`, `eval` in one, `K.function` with its keywords, name scopes."""

from __future__ import annotations

import threading
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import kremote


def test_run(K: ModuleType) -> None:
    x, weight = K.placeholder((2,)), K.variable([1.0, 2.0])
    session = K.get_session()
    got = session.run({"sum": x + weight, "parts": (x, [weight])}, feed_dict={x: np.array([10.0, 20.0])})
    np.testing.assert_array_equal(got["sum"], [11.0, 22.0])
    np.testing.assert_array_equal(got["parts"][0], [10.0, 20.0])
    np.testing.assert_array_equal(got["parts"][1][0], [1.0, 2.0])
    K.set_value(weight, [5.0, 5.0])
    np.testing.assert_array_equal(session.run(weight), [5.0, 5.0])
    assert session.run([]) == []


def test_run_makes_updates(K: ModuleType) -> None:
    count = K.variable(0.0)
    add = K.symbolic(K.update_add)(count, 2.0)
    session = K.get_session()
    assert [float(session.run(add)) for _ in range(3)] == [2.0, 4.0, 6.0]
    assert float(K.eval(count)) == 6.0


def test_the_same_run_compiles_once(K: ModuleType) -> None:
    x = K.placeholder((2,))
    doubled, session = x * 2, K.get_session()
    session.run(doubled, {x: [1.0, 2.0]})
    (made,) = session._functions.values()
    session.run(doubled, {x: [3.0, 4.0]})
    assert list(session._functions.values()) == [made]


def test_a_session_keeps_no_more_than_it_says(K: ModuleType) -> None:
    session, x = K.get_session(), K.placeholder(())
    for n in range(40):
        assert float(session.run(x + n, {x: 1.0})) == n + 1
    assert len(session._functions) == 32


def test_what_run_refuses(K: ModuleType) -> None:
    x, session = K.placeholder((2,)), K.get_session()
    with pytest.raises(ValueError, match="lacks"):
        session.run(x * 2)
    with pytest.raises(ValueError, match="got shape"):
        session.run(x * 2, {x: [1.0]})
    with pytest.raises(TypeError, match="expected tensors to fetch and feed; got 'x:0'"):
        session.run("x:0")
    with pytest.raises(TypeError, match="expected tensors to fetch and feed; got 'x'"):
        session.run(x, {"x": [1.0, 2.0]})
    with pytest.raises(ValueError, match="run_metadata"):
        session.run(x, {x: [1.0, 2.0]}, run_metadata=object())


def test_a_closed_session_runs_nothing_and_another_is_given(K: ModuleType) -> None:
    with K.get_session() as session:
        assert K.get_session() is session
        assert float(session.run(K.constant(1.0))) == 1.0
    with pytest.raises(RuntimeError, match="closed"):
        session.run(K.constant(1.0))
    assert K.get_session() is not session
    assert float(K.get_session().run(K.constant(2.0))) == 2.0


def test_clear_session_gives_another(K: ModuleType) -> None:
    before = K.get_session()
    K.clear_session()
    assert K.get_session() is not before
    assert float(K.get_session().run(K.constant(2.0))) == 2.0


def test_eval_in_a_session(K: ModuleType) -> None:
    x, weight = K.placeholder((2,)), K.variable([1.0, 2.0])
    session = K.get_session()
    np.testing.assert_array_equal((x + weight).eval({x: [1.0, 1.0]}, session), [2.0, 3.0])
    np.testing.assert_array_equal((x + weight).eval(feed_dict={x: [1.0, 1.0]}), [2.0, 3.0])
    np.testing.assert_array_equal(weight.eval(session=session), [1.0, 2.0])
    np.testing.assert_array_equal(weight.eval(session=session.session), [1.0, 2.0])
    with pytest.raises(TypeError, match=r"K\.get_session"):
        weight.eval(session="session")


def test_set_session(K: ModuleType, server: Any) -> None:
    with kremote.Session(server.url, server.token) as other:
        inside = K.get_session()
        assert inside.session is other
    K.set_session(inside.session)
    with pytest.raises(TypeError, match=r"kremote\.Session; got None"):
        K.set_session(None)


def test_a_graph_is_entered_in_another_thread(K: ModuleType) -> None:
    graph, made = K.get_session().graph, []

    def build() -> None:
        with graph.as_default():
            made.append(K.constant(1.0))

    thread = threading.Thread(target=build)
    thread.start()
    thread.join()
    assert made[0].symbolic
    assert made[0].session is graph._session
    assert not K.constant(1.0).symbolic
    assert K.get_graph() is graph


def test_names_inside_scopes(K: ModuleType) -> None:
    with K.name_scope("a") as a, K.name_scope("b") as b:
        assert (a, b) == ("a/", "a/b/")
        assert K.variable(0.0, name="v").name == "a/b/v"
        assert K.placeholder((), name="p").name == "a/b/p"
        assert K.constant(1.0, name="c").name == "a/b/c"
        assert K.zeros((2,)).name is None
        with K.name_scope(""):
            assert K.variable(0.0, name="v").name == "v"
        with K.name_scope(a):
            assert K.variable(0.0, name="w").name == "a/w"
        with K.name_scope(None, default_name="d") as d:
            assert d == "a/b/d/"
        assert K.symbolic(K.learning_phase)().name == "keras_learning_phase"
        assert K.function([], [], name="step").name == "step"
    assert K.variable(0.0, name="v").name == "v_1"
    with K.name_scope("a"), K.name_scope("b"):
        assert K.variable(0.0, name="v").name == "a/b/v_1"
    with pytest.raises(TypeError, match="expected text"), K.name_scope(1):
        pass


def test_feed_dict_is_read_at_each_call(K: ModuleType) -> None:
    x, y = K.placeholder((2,)), K.placeholder((2,))
    feeds: dict[Any, Any] = {y: [10.0, 20.0]}
    function = K.function([x], [x + y], feed_dict=feeds)
    np.testing.assert_array_equal(function([[1.0, 2.0]])[0], [11.0, 22.0])
    feeds[y] = [0.0, 0.0]
    np.testing.assert_array_equal(function([[1.0, 2.0]])[0], [1.0, 2.0])
    del feeds[y]
    with pytest.raises(ValueError, match="keep its placeholders"):
        function([[1.0, 2.0]])


def test_nested_inputs_and_outputs(K: ModuleType) -> None:
    x, y = K.placeholder((2,)), K.placeholder((2,))
    function = K.function({"b": [y], "a": x}, {"sum": x + y, "pair": (x, y)})
    given = function({"a": [1.0, 2.0], "b": [[10.0, 20.0]]})
    assert {name: np.asarray(value).tolist() for name, value in given.items()} == {
        "pair": [[1.0, 2.0], [10.0, 20.0]],
        "sum": [11.0, 22.0],
    }
    assert isinstance(given["pair"], tuple)
    with pytest.raises(ValueError, match="a dict of a, b"):
        function({"a": [1.0, 2.0]})
    with pytest.raises(TypeError, match="got a dict"):
        K.function([x], [x])({"x": [1.0, 2.0]})


def test_symbols_fetched_by_a_function_run_with_it(K: ModuleType) -> None:
    count = K.variable(0.0)
    function = K.function([], [], fetches=[K.symbolic(K.update_add)(count, 1.0)])
    assert [function([]), function([])] == [[], []]
    assert float(K.eval(count)) == 2.0


def test_generators_of_layers(K: ModuleType) -> None:
    assert not K.experimental.is_tf_random_generator_enabled()
    K.experimental.enable_tf_random_generator()
    assert K.experimental.is_tf_random_generator_enabled()
    K.experimental.disable_tf_random_generator()
    assert not K.experimental.is_tf_random_generator_enabled()


def test_variables_are_initialised_already(K: ModuleType) -> None:
    weight = K.variable(1.0)
    assert K.__internal__.backend.track_variable(weight) is None
    assert K.__internal__.backend.initialize_variables(K.get_session()) is None
    with pytest.raises(TypeError, match="expected a variable"):
        K.__internal__.backend.track_variable(1.0)
    with pytest.raises(TypeError, match=r"K\.get_session"):
        K.__internal__.backend.initialize_variables(None)


def test_pattern_broadcast(K: ModuleType) -> None:
    row = K.placeholder((None, 1, 3))
    assert K.pattern_broadcast(row, (True, True, False)) is row
    with pytest.raises(ValueError, match="axis 2 to be of length 1"):
        K.pattern_broadcast(row, (False, False, True))
    with pytest.raises(ValueError, match="each of 3 axes"):
        K.pattern_broadcast(row, (False,))


def test_ragged_placeholders(K: ModuleType) -> None:
    assert K.placeholder((2, 3), ragged=False).shape == (2, 3)
    with pytest.raises(NotImplementedError, match="ragged"):
        K.placeholder((None, None), ragged=True)
    with pytest.raises(ValueError, match="both"):
        K.placeholder((None, None), sparse=True, ragged=True)


def test_names_of_either_reference(K: ModuleType) -> None:
    weight = K.variable([1.0])
    assert [array.tolist() for array in K.batch_get_value(ops=[weight])] == [[1.0]]
    assert [array.tolist() for array in K.batch_get_value(tensors=[weight])] == [[1.0]]
    with pytest.raises(TypeError, match="the same; got both"):
        K.batch_get_value(ops=[weight], tensors=[weight])
    K.set_floatx(value="float64")
    assert K.floatx() == "float64"
    K.set_epsilon(value=1e-3)
    assert K.epsilon() == 1e-3
