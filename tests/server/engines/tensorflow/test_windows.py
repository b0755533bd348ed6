"""Windows whose image only shows in a call: work and memory stay bounded, and an empty batch has its right shape."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .calls import Calls, tensor

FAR = 2**30


def ones(*shape: int) -> dict[str, Any]:
    return tensor(np.ones(shape, "float32"))


def called(call: Calls, op: str, x: dict[str, Any], rank: int, /, **arguments: Any) -> dict[str, Any]:
    """What a function of an image of unknown lengths says of one."""
    image = call("placeholder", shape=[None] * rank)
    made = call(op, False, **{"inputs" if op.startswith("local") else "x": image}, **arguments)
    return call.result("function.call", function=call("function", inputs=[image], outputs=[made]), inputs=[x])


BOUNDED: dict[str, tuple[str, dict[str, Any], int, dict[str, Any]]] = {
    "a pool's window": ("pool2d", ones(1, 3, 3, 1), 4, {"pool_size": [FAR, FAR], "padding": "same"}),
    "a pool of three axes": ("pool3d", ones(1, 3, 3, 3, 1), 5, {"pool_size": [FAR] * 3, "padding": "same"}),
    "strides": (
        "conv3d",
        ones(1, 3, 3, 3, 1),
        5,
        {"kernel": ones(2, 2, 2, 1, 1), "strides": [2**31 - 1] * 3, "padding": "same"},
    ),
}


@pytest.mark.parametrize("what", BOUNDED)
def test_a_far_window_is_refused_when_the_image_shows(call: Calls, what: str) -> None:
    op, x, rank, arguments = BOUNDED[what]
    assert "as far as the image reaches" in called(call, op, x, rank, **arguments)["error"]["message"]


@pytest.mark.parametrize("padding", ["same", "causal"])
def test_a_far_dilation_costs_no_memory(call: Calls, padding: str) -> None:
    kernel = ones(3, 1, 1)
    result = called(call, "conv1d", ones(1, 4, 1), 3, kernel=kernel, dilation_rate=FAR, padding=padding)
    value = call.value({"ref": result["id"], "item": 0})
    np.testing.assert_array_equal(value, np.ones((1, 4, 1)))


@pytest.mark.parametrize("lengths", [[1, -4, 4, 1], [1, 9, 9, 1], [3, 4, 4, 1], [1, 2**31 + 4, 4, 1], [1, 4, 4, 3]])
def test_an_output_shape_that_only_shows_in_a_call_is_checked(call: Calls, lengths: list[int]) -> None:
    shape = call("placeholder", shape=[4], dtype="int64")
    made = call("conv2d_transpose", x=ones(1, 3, 3, 1), kernel=ones(2, 2, 1, 1), output_shape=shape)
    f = call("function", inputs=[shape], outputs=[made])
    assert "expected" in call.error("function.call", function=f, inputs=[tensor(np.array(lengths))])["message"]
    right = call("function.call", function=f, inputs=[tensor(np.array([1, 4, 4, 1]))])
    assert call.value({**right, "item": 0}).shape == (1, 4, 4, 1)


EMPTY: dict[str, tuple[int, dict[str, Any], tuple[int, ...]]] = {
    "conv1d": (3, {"kernel": ones(2, 3, 4)}, (0, 4, 4)),
    "conv2d": (4, {"kernel": ones(2, 2, 3, 4)}, (0, 4, 4, 4)),
    "conv3d": (5, {"kernel": ones(2, 2, 2, 3, 4), "strides": 2}, (0, 2, 2, 2, 4)),
    "depthwise_conv2d": (4, {"depthwise_kernel": ones(2, 2, 3, 2), "dilation_rate": [2, 2]}, (0, 3, 3, 6)),
    "pool2d": (4, {"pool_size": [2, 2]}, (0, 4, 4, 3)),
    "pool3d": (5, {"pool_size": [2, 2, 2], "pool_mode": "avg"}, (0, 4, 4, 4, 3)),
    "local_conv1d": (3, {"kernel": ones(4, 6, 2), "kernel_size": [2], "strides": [1]}, (0, 4, 2)),
    "conv2d_transpose": (4, {"kernel": ones(2, 2, 4, 3), "output_shape": [None, 6, 6, 4]}, (0, 6, 6, 4)),
}


@pytest.mark.parametrize("op", EMPTY)
def test_an_empty_batch_has_the_right_shape(call: Calls, op: str) -> None:
    rank, arguments, shape = EMPTY[op]
    x = ones(0, *[5] * (rank - 2), 3)
    result = called(call, op, x, rank, **arguments)
    assert "error" not in result, result["error"]
    assert call.value({"ref": result["id"], "item": 0}).shape == shape
    at_once = call(op, False, **{"inputs" if op.startswith("local") else "x": x}, **arguments)
    assert call.value(at_once).shape == shape
