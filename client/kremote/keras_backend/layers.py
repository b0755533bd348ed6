"""What Keras' own layers do only for backends it knows by name: `Lambda` finds out the shape of what it computes."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from ..introspection import int_shape
from .variables import placeholder

_MODULE = "keras.layers.core"


class AfterImport(MetaPathFinder):
    """Lets a function change a module of Keras right after its import: K is imported before Keras' layers are."""

    def __init__(self, module: str, change: Callable[[ModuleType], None]) -> None:
        self.module, self.change = module, change

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: object = None) -> ModuleSpec | None:
        if fullname != self.module:
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(fullname, path)
        if spec is not None and spec.loader is not None:
            setattr(spec.loader, "exec_module", self._changing(spec.loader.exec_module))  # noqa: B010  of this one
        return spec

    def _changing(self, execute: Callable[[ModuleType], None]) -> Callable[[ModuleType], None]:
        def exec_module(module: ModuleType) -> None:
            execute(module)
            self.change(module)

        return exec_module


def complete_layers() -> None:
    """Have Keras' layers do here what they do on TensorFlow, as soon as they are imported."""
    sys.meta_path.insert(0, AfterImport(_MODULE, _complete))


def _complete(core: Any) -> None:
    core.Lambda.compute_output_shape = _inferring(core.Lambda.compute_output_shape)
    for layer in (core.Flatten, core.Reshape):
        layer.compute_output_shape = _of_plain_integers(layer.compute_output_shape)


def _inferring(said: Callable[..., Any]) -> Callable[..., Any]:
    """The shape that a `Lambda` is told, else the one of what its function makes of placeholders."""

    @functools.wraps(said)
    def compute_output_shape(layer: Any, input_shape: Any) -> Any:
        return _inferred(layer, input_shape) if layer._output_shape is None else said(layer, input_shape)

    return compute_output_shape


def _inferred(layer: Any, input_shape: Any) -> Any:
    several = isinstance(input_shape, list)
    shapes = input_shape if several else [input_shape]
    known = layer._input_dtypes if several else [layer._input_dtypes]
    inputs = [
        placeholder(shape, dtype=dtype) for shape, dtype in zip(shapes, known or [None] * len(shapes), strict=True)
    ]
    outputs = layer.call(inputs if several else inputs[0])
    return [int_shape(output) for output in outputs] if isinstance(outputs, list) else int_shape(outputs)


def _of_plain_integers(said: Callable[..., Any]) -> Callable[..., Any]:
    """A shape without numpy's integers, as which numpy multiplies lengths: `model.summary()` would spell them out."""

    @functools.wraps(said)
    def compute_output_shape(layer: Any, input_shape: Any) -> Any:
        return tuple(None if length is None else int(length) for length in said(layer, input_shape))

    return compute_output_shape
