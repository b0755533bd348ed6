"""`K.experimental`: whether Keras' layers draw with generators that are variables.

    >>> K.experimental.enable_tf_random_generator()
    >>> K.experimental.is_tf_random_generator_enabled()
    True

K's own random functions draw the same numbers either way, as in tf_keras.
"""

from __future__ import annotations

_flags = {"tf_random_generator": False}


def enable_tf_random_generator() -> None:
    """Say that layers draw with generators."""
    _flags["tf_random_generator"] = True


def disable_tf_random_generator() -> None:
    """Say that layers draw without generators."""
    _flags["tf_random_generator"] = False


def is_tf_random_generator_enabled() -> bool:
    """What was said last; at first False."""
    return _flags["tf_random_generator"]
