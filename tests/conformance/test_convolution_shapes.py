"""The rules of windows against what TensorFlow computes, for any lengths, of which some are unknown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kremote_proto.errors import InvalidValue
from kremote_proto.op import CATALOGUE
from kremote_proto.specs import Spec, spec_of

from .calling import arrays, complete, implementation


@st.composite
def windowed(draw: Any) -> tuple[str, dict[str, Any], list[bool]]:
    """An op of two axes with its arguments, and which lengths of the image are not known."""
    pooling = draw(st.booleans())
    numbers = st.integers(1, 4)
    lengths = [draw(st.integers(0, 2)), *(draw(st.integers(1, 7)) for _ in range(2)), draw(st.sampled_from([2, 4]))]
    size = (draw(numbers), draw(numbers))
    last = draw(st.booleans())
    image = lengths if last else [lengths[0], lengths[3], *lengths[1:3]]
    arguments: dict[str, Any] = {
        "x": np.ones(image, "float32"),
        "padding": draw(st.sampled_from(["valid", "same"])),
        "data_format": "channels_last" if last else "channels_first",
    }
    spaced = not pooling and draw(st.booleans())
    arguments["dilation_rate" if spaced else "strides"] = (draw(numbers), draw(numbers))
    hidden = draw(st.lists(st.booleans(), min_size=4, max_size=4))
    if pooling:
        return "pool2d", {**arguments, "pool_size": size}, hidden
    if draw(st.booleans()):
        return "depthwise_conv2d", {**arguments, "depthwise_kernel": np.ones((*size, lengths[3], 2), "float32")}, hidden
    return (
        "conv2d",
        {**arguments, "kernel": np.ones((*size, draw(st.sampled_from([2, lengths[3]])), 4), "float32")},
        hidden,
    )


def longer_than_the_image(arguments: dict[str, Any]) -> bool:
    """Whether a window without padding does not fit."""
    kernel = arguments.get("kernel", arguments.get("depthwise_kernel"))
    size = arguments["pool_size"] if kernel is None else kernel.shape[:2]
    first = 1 if arguments["data_format"] == "channels_last" else 2
    lengths = arguments["x"].shape[first : first + 2]
    axes = zip(lengths, size, arguments.get("dilation_rate", (1, 1)), strict=True)
    return arguments["padding"] == "valid" and any((n - 1) * apart + 1 > length for length, n, apart in axes)


@settings(max_examples=100, deadline=None)
@given(windowed())
def test_a_rule_says_what_is_computed(drawn: tuple[str, dict[str, Any], list[bool]]) -> None:
    import tensorflow as tf

    op, arguments, hidden = drawn

    def forgetful(value: Any) -> Spec:
        whole = spec_of(value)
        assert whole.shape is not None
        if value is not arguments["x"]:
            return whole
        return Spec(whole.dtype, tuple(None if hide else n for n, hide in zip(whole.shape, hidden, strict=True)))

    if longer_than_the_image(arguments):
        with pytest.raises(InvalidValue, match="expected a window no longer than the axis"):
            CATALOGUE[op].infer(arguments, spec_of)
        return
    said = CATALOGUE[op].infer(arguments, spec_of)
    result = implementation(op)(**complete(op, arrays(arguments, tf.constant)))
    assert said == Spec("float32", tuple(result.shape))
    partly = CATALOGUE[op].infer(arguments, forgetful)
    assert isinstance(partly, Spec)
    assert partly.shape is not None
    assert all(n in (None, m) for n, m in zip(partly.shape, result.shape, strict=True))


def test_a_window_longer_than_the_axis_is_one_that_tensorflow_does_not_trace() -> None:
    import tensorflow as tf

    with tf.Graph().as_default(), pytest.raises(ValueError, match=r"[Nn]egative dimension"):
        tf.nn.max_pool2d(tf.compat.v1.placeholder("float32", [1, 2, 2, 1]), 3, 2, "VALID")
