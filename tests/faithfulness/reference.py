"""What tf_keras says of a case: at once, and of symbols in a graph."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from kremote_proto.specs import Spec

from .arguments import Draw
from .knowledge import KNOWLEDGE
from .outcome import Array, Outcome, Refused
from .tables.table import Case


def eager(case: Case, fragile: bool = False) -> Outcome:
    """The reference's answer."""
    from tf_keras.src import backend

    if fragile and isinstance(refused := symbolic(case, "known"), Refused):
        return refused
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return arrays(getattr(backend, case.op)(**case.given(backend)))
        except Exception as error:
            return Refused.of(error)


def symbolic(case: Case, knowledge: str) -> list[Spec] | Refused:
    """The dtypes and static shapes of what the reference makes of placeholders."""
    import tensorflow as tf
    from tf_keras.src import backend

    def place(draw: Draw, seed: int) -> Any:
        return tf.compat.v1.placeholder(draw.dtype, KNOWLEDGE[knowledge](draw.shape))

    with warnings.catch_warnings(), tf.Graph().as_default():
        warnings.simplefilter("ignore")
        try:
            return specs(getattr(backend, case.op)(**case.given(backend, place)))
        except Exception as error:
            return Refused.of(error)


def called(case: Case, knowledge: str) -> Outcome:
    """What the graph of `symbolic` gives, fed: TensorFlow's graphs do not always compute what it computes at once."""
    import tensorflow as tf
    from tf_keras.src import backend

    fed: dict[Any, Any] = {}

    def place(draw: Draw, seed: int) -> Any:
        made = tf.compat.v1.placeholder(draw.dtype, KNOWLEDGE[knowledge](draw.shape))
        fed[made] = draw.array(seed)
        return made

    with warnings.catch_warnings(), tf.Graph().as_default(), tf.compat.v1.Session() as session:
        warnings.simplefilter("ignore")
        try:
            result = getattr(backend, case.op)(**case.given(backend, place))
            session.run(tf.compat.v1.global_variables_initializer())
            return arrays(session.run([one for one in tf.nest.flatten(result) if one is not None], fed))
        except Exception as error:
            return Refused.of(error)


def arrays(result: Any) -> list[Array]:
    """The results as arrays, sparse ones dense, ones inside structures in order."""
    import tensorflow as tf

    return [array(one) for one in tf.nest.flatten(result) if one is not None]


def array(value: Any) -> Array:
    """One result as an array."""
    import tensorflow as tf

    if isinstance(value, tf.SparseTensor):
        value = tf.sparse.to_dense(value)
    return np.asarray(value.numpy() if hasattr(value, "numpy") else value)


def specs(result: Any) -> list[Spec]:
    """What is known of results."""
    import tensorflow as tf

    found = []
    for one in tf.nest.flatten(result):
        if one is None:
            continue
        value = one if hasattr(one, "shape") and hasattr(one, "dtype") else tf.convert_to_tensor(one)
        shape = tf.TensorShape(value.shape)
        lengths = None if shape.rank is None else tuple(shape.as_list())
        found.append(Spec(tf.as_dtype(value.dtype).base_dtype.name, lengths))
    return found
