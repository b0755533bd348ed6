"""A module of K functions as an engine: `tf_keras.backend`, with placeholders, functions and callables of kremote's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kremote_server.engines.engine import Engine
from kremote_server.engines.loading import load_engine

from .tensorflow.calls import Calls, tensor

pytestmark = pytest.mark.filterwarnings("ignore")

X = np.array([[1.5, -2.0, 3.0], [0.25, 4.0, -1.0]], "float32")
CUBE = np.linspace(-2, 3, 24, dtype="float32").reshape(2, 3, 4)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return load_engine("tf_keras.backend")


@pytest.fixture
def call(engine: Engine) -> Calls:
    return Calls(engine)


def softmax(x: Any) -> Any:
    exponentials = np.exp(x - x.max(-1, keepdims=True))
    return exponentials / exponentials.sum(-1, keepdims=True)


#: Op, its arguments with arrays, and what numpy says.
TABLE: list[tuple[str, dict[str, Any], Any]] = [
    ("dot", {"x": X, "y": X.T}, X @ X.T),
    ("dot", {"x": X, "y": [[1.0], [2.0], [3.0]]}, X @ np.array([[1.0], [2.0], [3.0]], "float32")),
    ("transpose", {"x": CUBE}, CUBE.transpose()),
    ("gather", {"reference": X, "indices": [1, 0]}, X[[1, 0]]),
    ("sum", {"x": CUBE, "axis": [0, 2]}, CUBE.sum((0, 2))),
    ("max", {"x": X, "axis": 1, "keepdims": True}, X.max(1, keepdims=True)),
    ("argmax", {"x": X, "axis": 0}, X.argmax(0)),
    ("cumsum", {"x": X, "axis": 1}, X.cumsum(1)),
    ("square", {"x": X}, X * X),
    ("equal", {"x": X, "y": 1.5}, X == 1.5),
    ("softmax", {"x": X}, softmax(X)),
    ("relu", {"x": X, "alpha": 0.5}, np.where(X > 0, X, X / 2)),
    ("reshape", {"x": X, "shape": [3, -1]}, X.reshape(3, 2)),
    ("concatenate", {"tensors": [tensor(X), tensor(X)], "axis": 0}, np.concatenate([X, X])),
    ("cast", {"x": X, "dtype": "int32"}, X.astype("int32")),
    ("zeros_like", {"x": CUBE}, np.zeros_like(CUBE)),
    ("shape", {"x": CUBE}, np.array(CUBE.shape, "int32")),
    ("size", {"x": CUBE}, np.array(CUBE.size, "int32")),
    ("identity", {"x": X}, X),
    ("pool2d", {"x": CUBE[..., None], "pool_size": [1, 2]}, np.maximum(CUBE[..., :-1], CUBE[..., 1:])[..., None]),
    ("constant", {"value": [[1, 2]], "dtype": "float64"}, np.array([[1.0, 2.0]])),
    ("zeros", {"shape": [2, 3], "dtype": "int32"}, np.zeros((2, 3), "int32")),
    ("eye", {"size": [3], "dtype": "float64"}, np.eye(3)),
    ("operator.add", {"x": X, "y": [1.0, 2.0, 3.0]}, X + np.array([1, 2, 3], "float32")),
    ("operator.sub", {"x": 1, "y": X}, 1 - X),
    ("operator.lt", {"x": X, "y": 0.0}, X < 0),
    ("operator.neg", {"x": X}, -X),
    ("operator.absolute", {"x": X}, np.abs(X)),
    ("operator.getitem", {"x": CUBE, "index": [0, {"slice": [1, None, None]}, {"newaxis": True}]}, CUBE[0, 1:, None]),
    ("operator.getitem", {"x": CUBE, "index": [tensor(np.array([1, -2]))]}, CUBE[[1, -2]]),
]


@pytest.mark.parametrize(("op", "arguments", "wanted"), TABLE, ids=[f"{row[0]}-{i}" for i, row in enumerate(TABLE)])
def test_an_op_computes_at_once_and_in_a_function(call: Calls, op: str, arguments: dict[str, Any], wanted: Any) -> None:
    given: dict[str, Any] = {
        name: tensor(value) if isinstance(value, np.ndarray) else value for name, value in arguments.items()
    }
    at_once = call.value(call(op, **given))
    np.testing.assert_allclose(at_once, wanted, rtol=1e-5)
    assert (at_once.dtype, at_once.shape) == (wanted.dtype, wanted.shape)

    array = next((value for value in arguments.values() if isinstance(value, np.ndarray)), None)
    if array is None:
        return
    fed = call("placeholder", shape=[None] * array.ndim, dtype=array.dtype.name)
    changed: dict[str, Any] = {name: fed if arguments[name] is array else value for name, value in given.items()}
    function = call("function", inputs=[fed], outputs=[call(op, **changed)])
    (recorded,) = call.value(call("function.call", function=function, inputs=[tensor(array)]))
    np.testing.assert_array_equal(recorded, at_once)


def test_variables_and_updates(call: Calls) -> None:
    w = call("variable", value=[1, 2], dtype="float64")
    assert call.result("variable", value=1.0)["kind"] == "variable"
    call("update_add", x=w, increment=[3.0, 4.0])
    assert call.value(w).tolist() == [4, 6]
    assert call.result("set_value", x=w, value=[0, 1]).get("error") is None
    assert call.value(call("moving_average_update", x=w, value=[2.0, 3.0], momentum=0.5)).tolist() == [1, 2]


def test_a_function_updates_after_it_computed(call: Calls) -> None:
    p, w, m = call("placeholder", shape=[]), call("variable", value=1.0), call("variable", value=1.0)
    moved = call("moving_average_update", x=m, value=p, momentum=0.5)
    updates = [[w, call("operator.add", x=w, y=p)], moved]
    function = call("function", inputs=[p], outputs=[call("operator.mul", x=w, y=p), moved], updates=updates)
    results = [call.value(call("function.call", function=function, inputs=[3.0])) for _ in range(2)]
    assert np.array(results).tolist() == [[3, 2], [12, 2.5]]
    assert (call.value(w), call.value(m)) == (7, 2.5)


def accumulator(call: Calls, scale: dict[str, int]) -> dict[str, int]:
    x, state = call("placeholder", shape=[None, 1]), call("placeholder", shape=[None, 1])
    total = call("operator.add", x=call("operator.mul", x=x, y=scale), y=state)
    return call("function", inputs=[x, state], outputs=[total, total])


@pytest.mark.parametrize("unroll", [False, True])
def test_rnn(call: Calls, unroll: bool) -> None:
    series = np.arange(6, dtype="float32").reshape(2, 3, 1)
    step = accumulator(call, call("variable", value=2.0))
    arguments: dict[str, Any] = {
        "inputs": tensor(series),
        "initial_states": [tensor(np.zeros((2, 1), "float32"))],
        "unroll": unroll,
    }
    result = call("rnn", step_function=step, **arguments)
    last, every, state = (call.value({**result, "item": n}) for n in range(3))
    wanted = 2 * series.cumsum(1)
    np.testing.assert_array_equal(every, wanted)
    np.testing.assert_array_equal(last, wanted[:, -1])
    np.testing.assert_array_equal(state, wanted[:, -1])


def test_an_rnn_of_symbols(call: Calls) -> None:
    x, scale = call("placeholder", shape=[None, None, 1]), call("placeholder", shape=[])
    step = accumulator(call, scale)
    result = call("rnn", step_function=step, inputs=x, initial_states=[tensor(np.zeros((1, 1), "float32"))])
    function = call("function", inputs=[x, scale], outputs=[{**result, "item": 1}])
    (every,) = call.value(call("function.call", function=function, inputs=[[[[1.0], [2.0], [4.0]]], 3.0]))
    assert every[0, :, 0].tolist() == [3, 9, 21]


def test_callables(call: Calls) -> None:
    row, total = call("placeholder", shape=[3]), call("placeholder", shape=[3])
    of_row = call("function", inputs=[row], outputs=[call("sum", x=row)])
    mapped = call("map_fn", fn=of_row, elems=[tensor(X)])
    np.testing.assert_allclose(call.value({**mapped, "item": 0}), X.sum(1))
    fold = call("function", inputs=[total, row], outputs=[call("operator.sub", x=row, y=total)])
    np.testing.assert_allclose(call.value({**call("foldl", fn=fold, elems=[tensor(X)]), "item": 0}), X[1] - X[0])
    np.testing.assert_allclose(call.value({**call("foldr", fn=fold, elems=[tensor(X)]), "item": 0}), X[0] - X[1])


def test_switch(call: Calls) -> None:
    one, two = (call("function", inputs=[], outputs=[call("constant", value=n, dtype="float32")]) for n in (1, 2))
    for condition, wanted in ((True, 1.0), (False, 2.0)):
        given: dict[str, Any] = {
            "condition": tensor(np.array(condition)),
            "then_expression": one,
            "else_expression": two,
        }
        assert call.value({**call("switch", **given), "item": 0}) == wanted
    chosen = call("switch", condition=tensor(X > 0), then_expression=tensor(X), else_expression=tensor(-X))
    np.testing.assert_array_equal(call.value({**chosen, "item": 0}), np.abs(X))


def test_graph_mode(call: Calls) -> None:
    w = call("variable", value=2.0)
    doubled = call("operator.mul", symbolic=True, x=w, y=2.0)
    call("update", x=w, new_x=5.0)
    assert call.value(doubled) == 10


def test_what_is_printed_goes_to_the_client(call: Calls) -> None:
    x = call("placeholder", shape=[2])
    function = call("function", inputs=[x], outputs=[call("print_tensor", x=x, message="x is")])
    call("function.call", function=function, inputs=[[1.0, 2.0]])
    assert call.printed == ["x is [1. 2.]"]


def test_there_are_no_gradients(call: Calls) -> None:
    x = call("placeholder", shape=[])
    error = call.error("gradients", loss=x, variables=[x])
    assert error["code"] == "unsupported"
    assert "the engine tf_keras.backend has no gradients" in error["message"]
    assert "tensorflow" in error["hint"]


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> Calls:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    return Calls(load_engine("tiny"))


def test_a_module_of_a_few_functions_has_symbols_all_the_same(tiny: Calls) -> None:
    x, w = tiny("placeholder", shape=[None, 2]), tiny("variable", value=[[1.0], [2.0]])
    function = tiny("function", inputs=[x], outputs=[tiny("dot", x=x, y=w)])
    (product,) = tiny.value(tiny("function.call", function=function, inputs=[[[3.0, 4.0]]]))
    assert product.tolist() == [[11]]


def test_a_module_is_given_the_arguments_it_has(tiny: Calls) -> None:
    """Its `rnn` is of Keras 2.3.1, without `time_major` and what else came later."""
    state = tensor(np.zeros((1, 1), "float32"))
    arguments: dict[str, Any] = {"inputs": tensor(np.ones((1, 3, 1), "float32")), "initial_states": [state]}
    step = accumulator(tiny, tiny("constant", value=2.0))
    assert tiny.value({**tiny("rnn", step_function=step, **arguments), "item": 0}).tolist() == [[6]]
    error = tiny.error("rnn", step_function=step, time_major=True, **arguments)
    assert error["code"] == "unsupported"
    assert "the engine tiny has no argument 'time_major' of rnn" in error["message"]


def test_the_client_s_floatx_is_sent(tiny: Calls) -> None:
    assert tiny.result("constant", value=1.0)["dtype"] == "float32", "what K's dtype=None says without a setting"
    assert tiny.result("constant", value=1.0, dtype="float16")["dtype"] == "float16"


def test_what_a_module_lacks_is_named(tiny: Calls) -> None:
    error = tiny.error("softmax", x=[[1.0]])
    assert (error["code"], error["op"]) == ("unsupported", "softmax")
    assert "the engine tiny has no softmax" in error["message"]
