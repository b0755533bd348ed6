"""`K.ctc_decode`: its result as K gives it."""

from __future__ import annotations

from typing import Any

from kremote_proto.handles import Tensor, TensorLike
from kremote_proto.ops import ctc


def ctc_decode(
    y_pred: TensorLike,
    input_length: TensorLike,
    greedy: bool = True,
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool | None = None,
) -> tuple[list[Tensor], Tensor]:
    """The labels that series most likely give.

    Args:
        y_pred: tensor of probabilities (samples, time, classes) of a float dtype, what softmax gave; the last class is
            the blank between labels.
        input_length: tensor (samples,) of the numbers of steps that count.
        greedy: take the most likely class of each step, which is quick; otherwise search with beams.
        beam_width: how many beginnings of labels a search goes on with.
        top_paths: how many paths a search gives, the most likely first.
        merge_repeated: whether a search gives labels that follow each other, and are the same, once; None does.

    Returns:
        `(paths, log_probability)`: a list of int64 tensors (samples, time), -1 after the labels of each path, and the
        log probabilities of the paths (samples, top_paths). The greedy one is (samples, 1), with its sign changed.

    Raises:
        ValueError: when the ranks are others, a length is beyond the steps, there are fewer paths, or beams, than
            `top_paths`, or a search would look at too many beams: time * classes * beam_width above 2**24 for a
            sample, or above 2**28 for all of them.
        TypeError: when `y_pred` is not of a float dtype.

    Example:
        >>> y_pred = np.array([[[0.6, 0.1, 0.3], [0.6, 0.1, 0.3], [0.1, 0.2, 0.7], [0.2, 0.7, 0.1]]])
        >>> paths, log_probability = K.ctc_decode(y_pred, [4])
        >>> K.eval(paths[0])
        array([[ 0,  1, -1, -1]])
    """
    results: Any = ctc.ctc_decode(y_pred, input_length, greedy, beam_width, top_paths, merge_repeated)
    return list(results[:-1]), results[-1]
