"""A variable: an array that is replaced as a whole, so that what was read of it before stays as it was."""

from __future__ import annotations

import numpy as np

from kremote_proto.tensors import Array


class Variable:
    """A value that updates change."""

    def __init__(self, value: Array) -> None:
        self.value = np.array(value)
