"""Connectionist temporal classification: labels beside longer series, whose last class is the blank between them."""

from __future__ import annotations

from typing import Any

from ..errors import InvalidValue, LimitExceeded
from ..handles import Tensor
from ..kinds import TensorLike
from ..op import op, rule
from ..operands import ANY, FLOAT, INTEGER, REAL, checked, known
from ..shapes import merge, show
from ..specs import Shape, Spec

#: How many beams a search may come to look at: for one sample, which takes 150 bytes for each, and for all of them.
MOST_BEAMS = 1 << 24
MOST_BEAMS_OF_ALL = 1 << 28
#: How many paths a search may give.
MOST_PATHS = 10_000


@op
def ctc_label_dense_to_sparse(labels: TensorLike, label_lengths: TensorLike) -> Tensor:
    """Labels as a sparse tensor, which holds of each sample as many as its length says.

    Args:
        labels: tensor (samples, labels).
        label_lengths: tensor of integers (samples,).

    Returns:
        A sparse tensor of `labels`' dtype and shape.

    Raises:
        ValueError: when the ranks are others or the numbers of samples differ.
        TypeError: when the lengths are not integers.

    Example:
        >>> sparse = K.ctc_label_dense_to_sparse(np.array([[5, 6, 7], [8, 9, 9]]), [2, 1])
        >>> K.is_sparse(sparse)
        True
        >>> K.eval(K.to_dense(sparse))
        array([[5, 6, 0],
               [8, 0, 0]])
    """


@rule(ctc_label_dense_to_sparse)
def _(labels: Spec | None, label_lengths: Spec | None) -> Spec | None:
    labels, lengths = checked(labels, ANY, "labels"), checked(label_lengths, INTEGER, "label_lengths")
    samples = _samples({"labels": (labels, 2), "label_lengths": (lengths, 1)})
    shape = labels.shape or (None, None)
    return None if labels.dtype is None else Spec(labels.dtype, (samples, shape[1]), sparse=True)


@op(settings=("epsilon",))
def ctc_batch_cost(
    y_true: TensorLike, y_pred: TensorLike, input_length: TensorLike, label_length: TensorLike
) -> Tensor:
    """The CTC loss of each sample: minus the logarithm of the probability that its series gives its labels.

    Args:
        y_true: tensor of labels (samples, labels), numbers from 0 to classes - 2.
        y_pred: tensor of probabilities (samples, time, classes) of a float dtype, what softmax gave.
        input_length: tensor (samples, 1) of the numbers of steps that count.
        label_length: tensor (samples, 1) of the numbers of labels that count, 1 or more.

    Returns:
        A tensor (samples, 1) of `y_pred`'s dtype; infinity where steps do not suffice for labels that repeat.

    Raises:
        ValueError: when the ranks are others, the numbers of samples differ, a length or label is outside its range, or
            there are fewer steps than labels.
        TypeError: when `y_pred` is not of a float dtype.

    Example:
        >>> y_pred = [[[0.6, 0.2, 0.2], [0.2, 0.6, 0.2]]]
        >>> np.round(K.eval(K.ctc_batch_cost([[0, 1]], y_pred, [[2]], [[2]])), 4)
        array([[1.0217]], dtype=float32)
    """


@rule(ctc_batch_cost)
def _(
    y_true: Spec | None, y_pred: Spec | None, input_length: Spec | None, label_length: Spec | None, epsilon: float
) -> Spec | None:
    y_true, y_pred = checked(y_true, REAL, "y_true"), checked(y_pred, FLOAT, "y_pred")
    lengths = {"input_length": checked(input_length, REAL, "input_length")}
    lengths["label_length"] = checked(label_length, REAL, "label_length")
    for name, length in lengths.items():
        if length.shape is not None and len(length.shape) == 2 and length.shape[1] not in (None, 1):
            raise InvalidValue(f"expected {name} of shape (samples, 1); got {length}")
    ranks = {"y_true": (y_true, 2), "y_pred": (y_pred, 3)} | {name: (length, 2) for name, length in lengths.items()}
    samples = _samples(ranks)
    _check_some(y_pred)
    return known(y_pred.dtype, (samples, 1))


@op(settings=("epsilon",))
def ctc_decode(
    y_pred: TensorLike,
    input_length: TensorLike,
    greedy: bool = True,
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool | None = None,
) -> list[Tensor]:
    """The labels that series most likely give.

    `K.ctc_decode` gives the pair `([path, ...], log_probability)`.

    Args:
        y_pred: tensor of probabilities (samples, time, classes) of a float dtype, what softmax gave.
        input_length: tensor (samples,) of the numbers of steps that count.
        greedy: take the most likely class of each step, which is quick; otherwise search with beams.
        beam_width: how many beginnings of labels a search goes on with.
        top_paths: how many paths a search gives, the most likely first.
        merge_repeated: whether a search gives labels that follow each other, and are the same, once; None does.

    Returns:
        Each path, an int64 tensor (samples, time), -1 after its labels; then the log probabilities of the paths
        (samples, top_paths) of `y_pred`'s dtype. The greedy one is (samples, 1), with its sign changed.

    Raises:
        ValueError: when the ranks are others, the numbers of samples differ, there are no classes, steps or samples, a
            length is beyond the steps, or there are fewer paths, or beams, than `top_paths`; and when a search would
            look at more than 2**24 beams for a sample, time * classes * beam_width, or 2**28 for all of them.
        TypeError: when `y_pred` is not of a float dtype.

    Example:
        >>> y_pred = np.array([[[0.6, 0.1, 0.3], [0.6, 0.1, 0.3], [0.1, 0.2, 0.7], [0.2, 0.7, 0.1]]])
        >>> paths, log_probability = K.ctc_decode(y_pred, [4])
        >>> K.eval(paths[0])
        array([[ 0,  1, -1, -1]])
        >>> paths, log_probability = K.ctc_decode(y_pred, [4], greedy=False, beam_width=10, top_paths=2)
        >>> [K.eval(path).tolist() for path in paths], np.round(K.eval(log_probability), 2)
        ([[[0, 1, -1, -1]], [[0, -1, -1, -1]]], array([[-0.64, -2.24]]))
    """


@rule(ctc_decode)
def _(
    y_pred: Spec | None, input_length: Spec | None, greedy: bool, beam_width: int, top_paths: int, **_: Any
) -> list[Spec] | None:
    y_pred, lengths = checked(y_pred, FLOAT, "y_pred"), checked(input_length, REAL, "input_length")
    samples = _samples({"y_pred": (y_pred, 3), "input_length": (lengths, 1)})
    _check_some(y_pred)
    if greedy:
        top_paths = 1
    elif beam_width < 1 or not 1 <= top_paths <= min(beam_width, MOST_PATHS):
        raise InvalidValue(
            f"expected beam_width of 1 or more, and top_paths from 1 to it, at most {MOST_PATHS}; "
            f"got {beam_width} and {top_paths}"
        )
    shape = y_pred.shape or (None, None, None)
    if not greedy:
        check_beams(shape, beam_width, top_paths)
    path = Spec("int64", (samples, shape[1]))
    return None if y_pred.dtype is None else [*[path] * top_paths, Spec(y_pred.dtype, (samples, top_paths))]


def check_beams(shape: Shape, beam_width: int, top_paths: int) -> None:
    """Refuse a search that would look at too many beams, as far as lengths are known, or find too few paths."""
    samples, time, classes = shape
    if time is None or classes is None:
        return
    beams = min(beam_width, classes ** min(time, 64))
    if top_paths > beams:
        raise InvalidValue(f"expected at most {beams} top_paths for {time} steps of {classes} classes; got {top_paths}")
    visited = time * classes * beams
    if visited > MOST_BEAMS or visited * (samples or 1) > MOST_BEAMS_OF_ALL:
        raise LimitExceeded(
            f"expected a search of at most {MOST_BEAMS} beams for a sample, time * classes * beam_width, and of "
            f"{MOST_BEAMS_OF_ALL} for all; got {visited} for each of {show(shape[:1])} samples",
            hint="a smaller beam_width, or greedy=True, takes less",
        )


def _samples(ranks: dict[str, tuple[Spec, int]]) -> int | None:
    """The number of samples, from tensors of given ranks; raises where one has another rank, or another number."""
    found: Shape | None = (None,)
    for name, (spec, rank) in ranks.items():
        if spec.shape is None:
            continue
        if len(spec.shape) != rank:
            raise InvalidValue(f"expected {name} of rank {rank}; got {spec}")
        try:
            found = merge(found, spec.shape[:1])
        except InvalidValue:
            given = ", ".join(f"{name} {spec}" for name, (spec, _) in ranks.items())
            raise InvalidValue(f"expected one number of samples; got {given}") from None
    return found[0] if found else None


def _check_some(y_pred: Spec) -> None:
    if y_pred.shape is not None and 0 in y_pred.shape:
        raise InvalidValue(f"expected y_pred of at least one sample, one step and one class; got {y_pred}")
