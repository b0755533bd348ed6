"""Python's operators on tensors, named after Python's `operator` module, with numpy's broadcasting."""

from __future__ import annotations

from ..handles import Tensor
from ..kinds import TensorLike
from ..op import op
