"""Gradients of what is written once with K at hand: by TensorFlow's tape over tf_keras, and by K.gradients."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

from kremote_proto.dtypes import FLOATS

from .arguments import Draw
from .outcome import Array, difference

#: What stands for a number that is drawn from a seed, and is differentiated by where it is a float.
Place = Callable[[Draw, int], Any]
#: What makes results with K, of the tensors it places.
Make = Callable[[ModuleType, Place], Any]
#: A gradient, or None where nothing depends on what it is by.
Gradient = Array | None


@dataclass(frozen=True)
class Wanted:
    """What the reference gives: the shapes of the results that are floats, and the gradients."""

    shapes: list[tuple[int, ...]]
    gradients: list[Gradient]

    def difference(self, got: Sequence[Gradient]) -> str | None:
        """How gradients differ from the reference's."""
        for number, (wanted, found) in enumerate(zip(self.gradients, got, strict=True)):
            if wanted is None or found is None:
                what = None if wanted is found else f"is {'there' if wanted is None else 'None'}"
            else:
                what = difference([wanted], [found], frozenset())
            if what:
                return f"the gradient by tensor {number} {what}"
        return None


def weights(shape: Sequence[int], dtype: Any) -> Array:
    """Another weight for each element of a result, so that elements cannot stand for each other."""
    return np.asarray(np.cos(np.arange(float(np.prod(shape))).reshape(shape)), dtype)


def by_tape(make: Make, order: int = 1) -> Wanted:
    """The reference's gradients, at once; of order 2, those of the weighed gradients."""
    import tensorflow as tf
    from tf_keras.src import backend as keras

    inputs: list[Any] = []

    def place(draw: Draw, seed: int) -> Any:
        tensor = tf.Variable(draw.array(seed)) if draw.given == "variable" else tf.constant(draw.array(seed))
        if draw.dtype in FLOATS:
            outer.watch(tensor)
            inner.watch(tensor)
            inputs.append(tensor)
        return tensor

    with warnings.catch_warnings(), tf.GradientTape() as outer:
        warnings.simplefilter("ignore")
        with tf.GradientTape() as inner:
            results = _floats(make(keras, place))
            loss = _weighed(results)
        if order == 2:
            loss = _weighed([one for one in inner.gradient(loss, inputs) if one is not None])
    found = (outer if order == 2 else inner).gradient(loss, inputs)
    dense = [None if one is None else tf.convert_to_tensor(one).numpy() for one in found]
    return Wanted([tuple(one.shape) for one in results], dense)


def by_graph(make: Make) -> Wanted:
    """The reference's gradients, of a graph, where a branch that is not taken has zeros and not None."""
    import tensorflow as tf
    from tf_keras.src import backend as keras

    inputs: list[Any] = []
    fed: dict[Any, Any] = {}

    def place(draw: Draw, seed: int) -> Any:
        if draw.given == "variable":
            inputs.append(keras.variable(draw.array(seed)))
            return inputs[-1]
        symbol = tf.compat.v1.placeholder(draw.dtype, draw.shape)
        fed[symbol] = draw.array(seed)
        inputs.extend([symbol] if draw.dtype in FLOATS else [])
        return symbol

    with warnings.catch_warnings(), tf.Graph().as_default(), tf.compat.v1.Session() as session:
        warnings.simplefilter("ignore")
        results = _floats(make(keras, place))
        found = [None if one is None else tf.convert_to_tensor(one) for one in tf.gradients(_weighed(results), inputs)]
        session.run(tf.compat.v1.global_variables_initializer())
        values = iter(session.run([one for one in found if one is not None], fed))
    return Wanted([tuple(one.shape) for one in results], [None if one is None else next(values) for one in found])


def _floats(made: Any) -> list[Any]:
    import tensorflow as tf

    return [one for one in tf.nest.flatten(made) if isinstance(one, tf.Tensor) and one.dtype.is_floating]


def _weighed(results: list[Any]) -> Any:
    import tensorflow as tf

    losses = [tf.reduce_sum(one * weights(one.shape, one.dtype.as_numpy_dtype)) for one in results]
    return sum((tf.cast(one, "float64") for one in losses), tf.constant(0.0, "float64"))


@dataclass
class Gradients:
    """The gradients of several, made with kremote: one K.gradients and one function for all of them."""

    K: ModuleType
    order: int = 1
    _inputs: list[Any] = field(default_factory=list)
    _fed: list[Array] = field(default_factory=list)
    _losses: list[Any] = field(default_factory=list)
    #: What each is differentiated by.
    _by: list[list[Any]] = field(default_factory=list)

    def add(self, make: Make, shapes: list[tuple[int, ...]]) -> None:
        """One more, whose float results have such shapes."""
        inputs: list[Any] = []
        fed: list[Array] = []
        by: list[Any] = []

        def place(draw: Draw, seed: int) -> Any:
            value = draw.array(seed)
            if draw.given == "variable":
                by.append(self.K.variable(value, dtype=draw.dtype))
                return by[-1]
            fed.append(value)
            inputs.append(self.K.placeholder(draw.shape, dtype=draw.dtype))
            if draw.dtype in FLOATS:
                by.append(inputs[-1])
            return inputs[-1]

        results = [one for one in _flat(make(self.K, place)) if one.dtype in FLOATS]
        loss = self._weighed(results, shapes)
        if self.order == 2:
            slopes = [one for one in self.K.gradients(loss, by) if one is not None]
            loss = self._weighed(slopes, [one.shape for one in slopes])
        self._inputs += inputs
        self._fed += fed
        self._losses.append(loss)
        self._by.append(by)

    def computed(self) -> list[list[Gradient]]:
        """The gradients of each."""
        if not self._losses:
            return []
        found = self.K.gradients(sum(self._losses[1:], self._losses[0]), [one for by in self._by for one in by])
        values = iter(self.K.function(self._inputs, [one for one in found if one is not None])(self._fed))
        gradients = iter([None if one is None else np.asarray(next(values)) for one in found])
        return [[next(gradients) for _ in by] for by in self._by]

    def _weighed(self, results: list[Any], shapes: list[Any]) -> Any:
        losses = [
            self.K.cast(self.K.sum(one * weights(shape, one.dtype)), "float64")
            for one, shape in zip(results, shapes, strict=True)
        ]
        return sum(losses[1:], losses[0])


def _flat(result: Any) -> list[Any]:
    return [one for item in result for one in _flat(item)] if isinstance(result, list | tuple) else [result]
