"""Connectionist temporal classification."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from kremote_proto.ops.ctc import MOST_BEAMS, MOST_BEAMS_OF_ALL

from .operands import as_dtype, dense


def ctc_label_dense_to_sparse(labels: Any, label_lengths: Any) -> Any:
    """Labels as a sparse tensor."""
    labels = dense(labels)
    lengths = tf.ensure_shape(as_dtype(label_lengths, "int64"), labels.shape[:1])
    shape = tf.shape(labels, tf.int64)
    places = tf.where(tf.range(shape[1]) < lengths[:, tf.newaxis])
    return tf.SparseTensor(places, tf.gather_nd(labels, places), shape)


def ctc_batch_cost(y_true: Any, y_pred: Any, input_length: Any, label_length: Any, epsilon: float) -> Any:
    """The CTC loss of each sample."""
    label_length, input_length = (
        tf.squeeze(as_dtype(length, "int32"), axis=-1) for length in (label_length, input_length)
    )
    labels = ctc_label_dense_to_sparse(as_dtype(y_true, "int32"), label_length)
    y_pred = dense(y_pred)
    message = "expected labels below the number of classes"  # the kernel reads beyond them where the last one is not
    with tf.control_dependencies([tf.debugging.assert_less(labels.values, tf.shape(y_pred)[-1], message)]):
        inputs = _by_time(y_pred, epsilon)
    loss = tf.compat.v1.nn.ctc_loss(labels, inputs, input_length)
    return tf.cast(loss, y_pred.dtype)[:, tf.newaxis]


def ctc_decode(
    y_pred: Any,
    input_length: Any,
    greedy: bool,
    beam_width: int,
    top_paths: int,
    merge_repeated: bool | None,
    epsilon: float,
) -> list[Any]:
    """The labels that series most likely give."""
    y_pred = dense(y_pred)
    inputs, length = _by_time(y_pred, epsilon), as_dtype(input_length, "int32")
    if greedy:
        paths, likely = tf.nn.ctc_greedy_decoder(inputs, length)
    else:
        merged = merge_repeated is not False
        with tf.control_dependencies(_bounded(y_pred, beam_width)):
            inputs = tf.identity(inputs)
        paths, likely = tf.compat.v1.nn.ctc_beam_search_decoder(inputs, length, beam_width, top_paths, merged)
    shape = tf.shape(y_pred, tf.int64)[:2]
    padded = [tf.sparse.to_dense(tf.SparseTensor(path.indices, path.values, shape), -1) for path in paths]
    return [*(tf.ensure_shape(path, y_pred.shape[:2]) for path in padded), tf.cast(likely, y_pred.dtype)]


def _bounded(y_pred: Any, beam_width: int) -> list[Any]:
    """The checks of lengths that no rule has seen, inside a loop say; of others there are none."""
    if y_pred.shape.is_fully_defined():
        return []
    samples, time, classes = tf.unstack(tf.cast(tf.shape(y_pred), tf.float64), 3)
    visited = time * classes * tf.minimum(tf.constant(beam_width, tf.float64), classes ** tf.minimum(time, 64))
    message = "expected a search of fewer beams: a smaller beam_width, or greedy=True, takes less"
    bounds = ((visited, MOST_BEAMS), (visited * samples, MOST_BEAMS_OF_ALL))
    return [tf.debugging.assert_less_equal(beams, tf.constant(most, tf.float64), message) for beams, most in bounds]


def _by_time(y_pred: Any, epsilon: float) -> Any:
    """Logarithms of probabilities (time, samples, classes), of a dtype that TensorFlow's kernels compute."""
    if y_pred.dtype not in (tf.float32, tf.float64):
        y_pred = tf.cast(y_pred, tf.float32)
    return tf.math.log(tf.transpose(y_pred, [1, 0, 2]) + tf.constant(epsilon, y_pred.dtype))
