"""Elements in another order, repeated, or some of them."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from .operands import arranged, bounded, dense, integers

#: Of how many axes TensorFlow makes a tile at once, rather than element by element.
MOST_TILED = 7


def permute_dimensions(x: Any, pattern: Any) -> Any:
    """The axes in another order."""
    if pattern is None:
        return tf.transpose(dense(x))
    axes = integers(pattern)
    return tf.transpose(dense(x), tf.where(axes < 0, axes + tf.size(axes, tf.int64), axes))


def repeat(x: Any, n: Any) -> Any:
    """A matrix along a new axis."""
    (count,) = tf.unstack(integers(n), 1)
    return _tiled(tf.expand_dims(dense(x), 1), tf.stack([1, count, 1]))


def repeat_elements(x: Any, rep: int, axis: int) -> Any:
    """Each element of an axis several times: along an axis of its own, which is then joined to the other."""
    x = dense(x)
    lengths = tf.shape(x, tf.int64)
    before, after = lengths[:axis], lengths[axis:]
    repeated = _tiled(tf.reshape(x, tf.concat([before, after[:1], [1], after[1:]], 0)), _counts(before, rep, after))
    return tf.reshape(repeated, tf.concat([before, after[:1] * rep, after[1:]], 0))


def _counts(before: Any, rep: int, after: Any) -> Any:
    ones = tf.ones_like
    return tf.concat([ones(before), ones(after[:1]), [rep], ones(after[1:])], 0)


def reverse(x: Any, axes: Any) -> Any:
    """Axes in the other direction."""
    return tf.reverse(dense(x), integers(axes))


def slice(x: Any, start: Any, size: Any) -> Any:
    """A part, by where it starts and how long it is."""
    return tf.slice(dense(x), integers(start), integers(size))


def tile(x: Any, n: Any) -> Any:
    """A tensor several times along each axis; where there are fewer counts, along the last ones."""
    x, counts = dense(x), integers(n)
    return _tiled(x, tf.concat([tf.ones([tf.rank(x) - tf.size(counts)], tf.int64), counts], 0))


def _tiled(x: Any, counts: Any) -> Any:
    if x.dtype == tf.uint16:  # TensorFlow has no tile of it
        return tf.bitcast(_tiled(tf.bitcast(x, tf.int16), counts), tf.uint16)
    counts = bounded(counts, counts * tf.shape(x, tf.int64))
    return arranged(lambda x: tf.tile(x, counts) if (x.shape.rank or 0) <= MOST_TILED else _axis_by_axis(x, counts), x)


def _axis_by_axis(x: Any, counts: Any) -> Any:
    """A tile of more axes than TensorFlow is fast at."""
    lengths, static = tf.shape(x, tf.int64), tf.get_static_value(counts)
    wanted = lengths * counts
    for axis in range(x.shape.rank):
        if static is None or static[axis] != 1:
            outer = tf.concat([wanted[:axis], lengths[axis:]], 0)
            rows = [tf.reduce_prod(outer[:axis]), tf.reduce_prod(outer[axis:])]
            x = tf.tile(tf.reshape(x, rows), [1, counts[axis]])
    return tf.reshape(x, wanted)
