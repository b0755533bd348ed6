"""TensorFlow in the process that asks: no network at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .system import System, Work
from .tensorflow_works import TensorFlowWorks


class TensorFlowLocal(System):
    """The first device of this machine."""

    def __init__(self) -> None:
        self._works = TensorFlowWorks("/CPU:0")

    def works(self) -> Mapping[str, Callable[..., Work]]:
        works = self._works
        return {
            "op": works.op,
            "new_chain": works.new_chain,
            "chain": works.chain,
            "compiled_chain": works.compiled_chain,
            "step": works.step,
        }


def start() -> System:
    """The system."""
    return TensorFlowLocal()
