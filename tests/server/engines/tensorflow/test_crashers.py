"""Arguments that end or wedge TensorFlow's process where they reach it: each costs its sender a clear error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kremote_server.engines import printing
from kremote_server.engines.engine import Engine
from kremote_server.engines.tensorflow import operands

from .calls import Calls, tensor

FAR = 2**40
PIXEL = tensor(np.ones((1, 1, 1, 1), "float32"))
IMAGE = tensor(np.ones((1, 3, 3, 1), "float32"))
KERNEL = tensor(np.ones((2, 2, 1, 1), "float32"))


def empty(*shape: int) -> dict[str, Any]:
    return {"dtype": "float32", "shape": list(shape), "data": b""}


REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "broadcast of empty tensors": ("operator.add", {"x": empty(FAR, 1, 0), "y": empty(1, FAR, 0)}, "but 0"),
    "rows without elements": ("softmax", {"x": empty(0, 2**31), "axis": -2}, "but 0"),
    "lengths that overflow": ("zeros", {"shape": [2**62, 2**62, 0]}, "but 0"),
    "lengths that overflow beside an unknown one": ("placeholder", {"shape": [None, 2**62, 2**62]}, "but 0"),
    "samples of overflowing lengths": (
        "random_normal_variable",
        {"shape": [0, 2**62, 2**62], "mean": 0, "scale": 1},
        "but 0",
    ),
    "too many axes": ("reshape", {"x": 1.0, "shape": [1] * 300}, "at most 32 axes"),
    "too many new axes": ("operator.getitem", {"x": PIXEL, "index": [{"newaxis": True}] * 100}, "at most 32 axes"),
    "a placeholder of 10**18 axes": ("placeholder", {"ndim": 10**18}, "from 0 to 32"),
    "strides": ("conv2d", {"x": PIXEL, "kernel": PIXEL, "strides": [FAR, 1]}, "2**31"),
    "strides with padding": (
        "conv2d",
        {"x": PIXEL, "kernel": PIXEL, "strides": [1, 2**62], "padding": "same"},
        "2**31",
    ),
    "dilation": ("conv2d", {"x": IMAGE, "kernel": KERNEL, "dilation_rate": [FAR, 1], "padding": "same"}, "2**31"),
    "a pool's window": ("pool2d", {"x": IMAGE, "pool_size": [2**31, 2**31], "padding": "same"}, "2**31"),
    "a pool's strides": ("pool2d", {"x": IMAGE, "pool_size": [1, 1], "strides": [FAR, FAR]}, "2**31"),
    "no channels": ("conv2d", {"x": empty(1, 3, 3, 0), "kernel": KERNEL}, "for 0 channels"),
}


@pytest.mark.parametrize("symbolic", [False, True])
@pytest.mark.parametrize("what", REFUSED)
def test_refused(call: Calls, what: str, symbolic: bool) -> None:
    op, arguments, message = REFUSED[what]
    result = call.result(op, symbolic, **arguments)
    assert message in result["error"]["message"]


LENGTHS = tensor(np.array([2**20, 2**20]))
LENGTH = tensor(np.array(2**40))


@pytest.mark.parametrize("shape", [LENGTHS, [LENGTH], [3, LENGTH]])
@pytest.mark.parametrize(
    ("op", "arguments"),
    [
        ("zeros", {}),
        ("ones", {}),
        ("constant", {"value": 1.0}),
        ("random_uniform_variable", {"low": 0, "high": 1}),
        ("random_normal_variable", {"mean": 0, "scale": 1}),
    ],
)
def test_a_shape_given_as_tensors_is_bounded_too(call: Calls, op: str, arguments: dict[str, Any], shape: Any) -> None:
    assert call.error(op, shape=shape, **arguments)["code"] == "result_too_large"


@pytest.mark.parametrize("length", [2.5, [[1]], True])
def test_lengths_are_integers(call: Calls, length: Any) -> None:
    assert call.error("zeros", shape=[tensor(length)])["code"] == "invalid_type"


@pytest.mark.parametrize("op", ["zeros", "ones", "random_uniform_variable", "constant"])
def test_a_shape_that_only_a_call_says_is_bounded(call: Calls, op: str) -> None:
    every: dict[str, dict[str, Any]] = {"random_uniform_variable": {"low": 0, "high": 1}, "constant": {"value": 1.0}}
    more = every.get(op, {})
    length = call("placeholder", shape=[], dtype="int64")
    made = call(op, shape=[length, 2**20], **more)
    f = call("function", inputs=[length], outputs=[made])
    assert "at most 2**30 elements" in call.error("function.call", function=f, inputs=[2**20])["message"]
    assert call.value(call("function.call", function=f, inputs=[0]))[0].shape == (0, 2**20)


def test_a_call_of_a_function_is_bounded_by_the_shapes_it_is_fed(engine: Engine) -> None:
    call = Calls(engine, tensor_bytes=1 << 20)
    column, row = call("placeholder", shape=[None, 1]), call("placeholder", shape=[1, None])
    table = call("operator.mul", x=column, y=row)
    f = call("function", inputs=[column, row], outputs=[call("sum", x=table)])
    for _ in range(2):
        ones = [tensor(np.ones((600, 1), "float32")), tensor(np.ones((1, 600), "float32"))]
        assert call.error("function.call", function=f, inputs=ones)["code"] == "result_too_large"
    ones = [tensor(np.ones((5, 1), "float32")), tensor(np.ones((1, 6), "float32"))]
    assert call.value(call("function.call", function=f, inputs=ones)) == [30.0]


def test_the_outputs_of_rnn_are_bounded(engine: Engine) -> None:
    call = Calls(engine, tensor_bytes=1 << 20)
    x, state = call("placeholder", shape=[1, 1]), call("placeholder", shape=[1, 1])
    wide = call("operator.mul", x=x, y=tensor(np.ones((1, 1000), "float32")))
    step = call("function", inputs=[x, state], outputs=[wide, state])
    arguments: dict[str, Any] = {"step_function": step, "initial_states": [tensor(np.zeros((1, 1), "float32"))]}
    series = tensor(np.ones((1, 1000, 1), "float32"))
    assert call.error("rnn", inputs=series, **arguments)["code"] == "result_too_large"
    few = call("rnn", inputs=tensor(np.ones((1, 10, 1), "float32")), **arguments)
    assert call.value(few)[1].shape == (1, 10, 1000)


def test_a_window_far_beyond_the_image_is_the_whole_image(call: Calls) -> None:
    x = tensor(np.arange(9, dtype="float32").reshape(1, 3, 3, 1))
    for mode, expected in (("max", 8.0), ("avg", 4.0)):
        pooled = call("pool2d", x=x, pool_size=[2**30, 2**30], padding="same", pool_mode=mode)
        np.testing.assert_array_equal(call.value(pooled), np.full((1, 3, 3, 1), expected))


def test_a_dilation_far_beyond_the_image_meets_the_kernels_middle_alone(call: Calls) -> None:
    x = np.arange(9, dtype="float32").reshape(1, 3, 3, 1)
    kernel = tensor(np.arange(9, dtype="float32").reshape(3, 3, 1, 1))
    far = call("conv2d", x=tensor(x), kernel=kernel, dilation_rate=[2**30, 2**20], padding="same")
    np.testing.assert_array_equal(call.value(far), 4 * x)


TEXTS = {"dtype": "string", "shape": [2], "data": ["ab", "c"]}
REPEATED: dict[str, tuple[str, dict[str, Any], list[bytes]]] = {
    "add": ("operator.add", {"x": TEXTS, "y": TEXTS}, [b"abab", b"cc"]),
    "gather": ("gather", {"reference": TEXTS, "indices": [0, 0, 0]}, [b"ab"] * 3),
    "index": ("operator.getitem", {"x": TEXTS, "index": [tensor([0, 0, -1])]}, [b"ab", b"ab", b"c"]),
    "constant": ("constant", {"value": "abc", "dtype": "string", "shape": [2]}, [b"abc"] * 2),
    "concatenate": ("concatenate", {"tensors": [TEXTS, TEXTS]}, [b"ab", b"c"] * 2),
}


@pytest.mark.parametrize("symbolic", [False, True])
@pytest.mark.parametrize("what", REPEATED)
def test_repeated_texts_are_bounded(call: Calls, what: str, symbolic: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    op, arguments, expected = REPEATED[what]
    assert call.value(call("eval", x=call(op, symbolic, **arguments))).tolist() == expected
    monkeypatch.setattr(operands, "MOST_TEXT_BYTES", 4)
    made = call.result(op, symbolic, **arguments)
    error = call.error("eval", x={"ref": made["id"]}) if symbolic else made["error"]
    assert "at most 4 bytes of text" in error["message"]


def test_what_is_printed_is_bounded(call: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "MOST_ELEMENTS", 100)
    call("print_tensor", x=tensor(np.arange(100)), summarize=-1)
    assert "50" in call.printed[0], "within the bound all is shown"
    for shape, shown in (((50, 50), 100), ((3, 3, 3, 3, 3), 32)):
        call("print_tensor", x=tensor(np.ones(shape, "int8")), summarize=-1)
        assert call.printed[0].count("1") == shown
    call("print_tensor", x=1.0, summarize=10**30)
    assert call.printed == ["1."]
    monkeypatch.setattr(printing, "MOST_CHARACTERS", 3)
    x = call("placeholder", shape=[])
    outputs = [call("print_tensor", x=x, message=f"a{i}") for i in range(3)]
    call("function.call", function=call("function", inputs=[x], outputs=outputs), inputs=[1.0])
    assert call.printed == ["... and more than one reply can hold"]


def test_a_new_shape_that_only_a_call_says_is_bounded(call: Calls) -> None:
    x, length = call("placeholder", shape=[None]), call("placeholder", shape=[], dtype="int64")
    f = call("function", inputs=[x, length], outputs=[call("reshape", x=x, shape=[length, 0, -1, 2**31, 33])])
    assert "at most 2**30 elements" in call.error("function.call", function=f, inputs=[empty(0), FAR])["message"]
    g = call("function", inputs=[x, length], outputs=[call("reshape", x=x, shape=[length, -1])])
    assert call.value(call("function.call", function=g, inputs=[tensor(np.ones(6, "float32")), 2]))[0].shape == (2, 3)


def test_a_text_is_printed_and_a_long_one_shortened(call: Calls) -> None:
    x = call("placeholder", shape=[])
    printed = call("print_tensor", True, x="a" * 2000, message="text")
    f = call("function", inputs=[x], outputs=[printed])
    call("function.call", function=f, inputs=[1.0])
    assert call.printed == [f"text b'{'a' * 1000}...'"]


NUMBER: dict[str, Any] = {"shape": [], "dtype": "float32"}


def function_of_a_number(call: Calls) -> dict[str, int]:
    x = call("placeholder", **NUMBER)
    return call("function", inputs=[x], outputs=[x])


def test_a_branch_is_given_the_condition_in_the_dtype_it_takes(call: Calls) -> None:
    branch = function_of_a_number(call)
    chosen = call("switch", condition=tensor(np.array(3)), then_expression=branch, else_expression=2.0)
    (value,) = call.value(chosen)
    assert (value, value.dtype) == (1, "float32")


def test_a_function_is_given_elements_like_its_inputs(call: Calls) -> None:
    table = tensor(np.ones((3, 2), "float32"))
    assert (
        "like float32[2]; got one of float32[]"
        in call.error("map_fn", fn=function_of_a_number(call), elems=[table])["message"]
    )
    total, element = call("placeholder", **NUMBER), call("placeholder", **NUMBER)
    last = call("function", inputs=[total, element], outputs=[element])
    for op in ("foldl", "foldr"):
        error = call.error(op, fn=last, elems=[table], initializer=[0.0])
        assert "whose input 1 is like float32[2]" in error["message"]
    series = call("placeholder", dtype="float32")
    f = call(
        "function", inputs=[series], outputs=[{**call("foldl", fn=last, elems=[series], initializer=[0.0]), "item": 0}]
    )
    assert call.value(call("function.call", function=f, inputs=[tensor(np.arange(3, dtype="float32"))])) == [2.0]
    assert "expected" in call.error("function.call", function=f, inputs=[table])["message"]


def test_a_function_of_sparse_results_is_not_mapped(call: Calls) -> None:
    row = call("placeholder", shape=[2], dtype="int32")
    labels = tensor(np.ones((2, 2), "float32"))
    f = call("function", inputs=[row], outputs=[call("ctc_label_dense_to_sparse", labels=labels, label_lengths=row)])
    error = call.error("map_fn", fn=f, elems=[tensor(np.ones((3, 2), "int32"))])
    assert "expected the function's results to be dense" in error["message"]


def test_a_complex_loss_has_no_gradients(call: Calls) -> None:
    x = call("placeholder", shape=[2], dtype="complex64")
    assert call.error("gradients", loss=x, variables=[x])["code"] == "invalid_dtype"


SPARSE: dict[str, Any] = {"shape": [2], "dtype": "int64", "sparse": True}


@pytest.mark.parametrize(
    ("op", "arguments"),
    [
        ("operator.getitem", {"x": IMAGE, "index": [None]}),
        ("temporal_padding", {"x": tensor(np.ones((1, 2, 1))), "padding": None}),
        ("one_hot", {"indices": [0, 1], "num_classes": None}),
        ("reshape", {"x": [1.0, 2.0], "shape": None}),
        ("zeros", {"shape": [None, 2]}),
    ],
)
def test_lengths_and_indices_are_dense(call: Calls, op: str, arguments: dict[str, Any]) -> None:
    sparse = call("placeholder", **SPARSE)
    given = {
        name: [sparse if item is None else item for item in value] if isinstance(value, list) else value or sparse
        for name, value in arguments.items()
    }
    error = call.error(op, **given)
    assert (error["code"], "expected a dense tensor" in error["message"]) == ("invalid_type", True)


def test_a_mask_is_dense(call: Calls) -> None:
    x, state = call("placeholder", shape=[1, 1]), call("placeholder", shape=[1, 1])
    step = call("function", inputs=[x, state], outputs=[x, state])
    mask = call("placeholder", shape=[1, 2], dtype="bool", sparse=True)
    series, start = tensor(np.ones((1, 2, 1), "float32")), [tensor(np.ones((1, 1), "float32"))]
    error = call.error("rnn", step_function=step, inputs=series, initial_states=start, mask=mask)
    assert "expected mask to be dense" in error["message"]


@pytest.mark.parametrize("mode", ["max", "avg"])
@pytest.mark.parametrize("shape", [(0, 4, 4, 3), (5, 4, 4, 0)])
def test_nothing_to_pool_has_gradients_of_nothing(call: Calls, shape: tuple[int, ...], mode: str) -> None:
    x = call("placeholder", shape=[None, 4, 4, shape[-1]])
    pooled = call("pool2d", x=x, pool_size=[2, 2], strides=[2, 2], padding="same", pool_mode=mode)
    gradient = call("gradients", loss=call("sum", x=pooled), variables=[x])
    function = call("function", inputs=[x], outputs=[{**gradient, "item": 0}])
    (slope,) = call.value(call("function.call", function=function, inputs=[tensor(np.zeros(shape, "float32"))]))
    assert slope.shape == shape
