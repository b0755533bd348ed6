"""Arguments that end or wedge TensorFlow's process where they reach it: each costs its sender a clear error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .calls import Calls, tensor

FAR = 2**40
PIXEL = tensor(np.ones((1, 1, 1, 1), "float32"))
IMAGE = tensor(np.ones((1, 3, 3, 1), "float32"))
KERNEL = tensor(np.ones((2, 2, 1, 1), "float32"))


def empty(*shape: int) -> dict[str, Any]:
    return {"dtype": "float32", "shape": list(shape), "data": b""}


REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "broadcast of empty tensors": ("operator.add", {"x": empty(FAR, 1, 0), "y": empty(1, FAR, 0)}, "2**59"),
    "lengths that overflow": ("zeros", {"shape": [2**62, 2**62, 0]}, "2**59"),
    "lengths that overflow beside an unknown one": ("placeholder", {"shape": [None, 2**62, 2**62]}, "2**59"),
    "samples of overflowing lengths": (
        "random_normal_variable",
        {"shape": [0, 2**62, 2**62], "mean": 0, "scale": 1},
        "2**59",
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
