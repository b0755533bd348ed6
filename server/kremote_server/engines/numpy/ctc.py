"""Connectionist temporal classification, with probabilities as logarithms."""

from __future__ import annotations

from typing import Any

import numpy as np

from kremote_proto.errors import InvalidValue
from kremote_proto.ops.ctc import check_beams
from kremote_proto.tensors import Array, SparseArray

from .beams import Beams
from .nn import log_softmax
from .operands import as_dtype, dense


def ctc_label_dense_to_sparse(labels: Any, label_lengths: Any) -> Any:
    """Labels as a sparse tensor."""
    labels = dense(labels)
    places = np.argwhere(np.arange(labels.shape[1]) < as_dtype(label_lengths, "int64")[:, np.newaxis])
    return SparseArray(places, labels[tuple(places.T)], labels.shape)


def ctc_batch_cost(y_true: Any, y_pred: Any, input_length: Any, label_length: Any, epsilon: float) -> Any:
    """The CTC loss of each sample."""
    y_pred, labels = dense(y_pred), as_dtype(y_true, "int32")
    steps = _checked_steps(as_dtype(input_length, "int32")[:, 0], y_pred.shape[1])
    if (steps < 0).any():
        raise InvalidValue(f"expected input_length of 0 or more; got {steps.min()}")
    counts = as_dtype(label_length, "int32")[:, 0]
    likely = log_softmax(_logarithms(y_pred, epsilon), -1)
    costs = [
        _cost(sample[:n], own[: max(count, 0)])
        for sample, own, n, count in zip(likely, labels, steps, counts, strict=True)
    ]
    return np.asarray(costs, y_pred.dtype)[:, np.newaxis]


def _cost(likely: Array, labels: Array) -> Any:
    """Minus the log probability of the labels: the sum over the ways to spread them over the steps."""
    time, classes = likely.shape
    if not 1 <= len(labels) <= time:
        raise InvalidValue(f"expected from 1 label to as many as there are steps, {time}; got {len(labels)}")
    if ((labels < 0) | (labels >= classes)).any():
        raise InvalidValue(f"expected labels from 0 to {classes - 2}; got {labels.tolist()}")
    blank = classes - 1
    states = np.full(2 * len(labels) + 1, blank)
    states[1::2] = labels
    skips = np.zeros(len(states), bool)  # a label may follow the last one at once where it is another
    skips[2:] = (states[2:] != blank) & (states[2:] != states[:-2])
    reached = np.full(len(states), -np.inf)
    reached[0] = 0.0
    for step, present in enumerate(likely):
        before = np.concatenate([[-np.inf], reached[:-1]])
        skipped = np.where(skips, np.concatenate([[-np.inf, -np.inf], reached[:-2]]), -np.inf)
        arrived = np.logaddexp(np.logaddexp(reached, before), skipped)
        reached = (arrived if step else np.where(np.arange(len(states)) < 2, 0.0, -np.inf)) + present[states]
    return -np.logaddexp(reached[-1], reached[-2])


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
    samples, time, _ = y_pred.shape
    steps = np.maximum(_checked_steps(as_dtype(input_length, "int32"), time), 0)
    raw = _logarithms(y_pred, epsilon)
    if greedy:
        found = [_greedy(sample[:n]) for sample, n in zip(raw, steps, strict=True)]
    else:
        check_beams(y_pred.shape, beam_width, top_paths)  # again, for lengths that no rule has seen
        merged, likely = merge_repeated is not False, log_softmax(raw, -1)
        found = [_searched(sample[:n], beam_width, top_paths, merged) for sample, n in zip(likely, steps, strict=True)]
    paths = np.full((len(found[0][0]), samples, time), -1, "int64")
    for sample, (own, _) in enumerate(found):
        for rank, labels in enumerate(own):
            paths[rank, sample, : len(labels)] = labels
    return [*paths, np.asarray([scores for _, scores in found], y_pred.dtype)]


def _greedy(raw: Array) -> tuple[list[Any], list[Any]]:
    """The most likely class of each step, without what repeats and blanks; and its score."""
    classes = np.argmax(raw, -1)
    new = np.concatenate([[True], classes[1:] != classes[:-1]])[: len(classes)]
    return [classes[new & (classes != raw.shape[1] - 1)]], [-np.sum(np.max(raw, -1))]


def _searched(likely: Array, width: int, top_paths: int, merged: bool) -> tuple[list[Any], list[Any]]:
    """The most likely paths of a search, and their scores."""
    beams = Beams(width)
    for present in likely:
        beams.step(present)
    best = beams.best(top_paths)
    return [_once(labels) if merged else labels for labels, _ in best], [score for _, score in best]


def _once(labels: tuple[int, ...]) -> list[int]:
    """Labels that follow each other, and are the same, once."""
    return [label for label, before in zip(labels, (None, *labels), strict=False) if label != before]


def _logarithms(y_pred: Array, epsilon: float) -> Array:
    """The logarithms of probabilities, those of short floats in float32."""
    y_pred = y_pred.astype(np.result_type(y_pred.dtype, "float32"))
    result: Array = np.log(y_pred + np.asarray(epsilon, y_pred.dtype))
    return result


def _checked_steps(steps: Array, time: int) -> Array:
    if (steps > time).any():
        raise InvalidValue(f"expected input_length of at most {time}, the number of steps; got {steps.max()}")
    return steps
