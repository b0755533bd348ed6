"""Beams: the beginnings of labels that a search goes on with."""

from __future__ import annotations

import numpy as np

from kremote_proto.errors import InvalidValue
from kremote_proto.tensors import Array


class Beams:
    """The most likely beginnings after the steps so far, with their log probabilities."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._labels: list[tuple[int, ...]] = [()]
        #: The log probability of each beginning, with a blank as the last class and with its last label.
        self._blank = np.zeros(1)
        self._label = np.full(1, -np.inf)

    def step(self, present: Array) -> None:
        """Go on by one step, given the log probabilities of its classes; the last is the blank."""
        last = np.array([labels[-1] if labels else -1 for labels in self._labels])
        total = np.logaddexp(self._blank, self._label)
        longer = total[:, np.newaxis] + present[:-1]
        some = np.flatnonzero(last >= 0)
        # The same label again is another one only after a blank.
        longer[some, last[some]] = self._blank[some] + present[last[some]]
        stay_blank, stay_label = total + present[-1], np.full(len(total), -np.inf)
        stay_label[some] = self._label[some] + present[last[some]]
        place = {labels: i for i, labels in enumerate(self._labels)}
        for i in some:
            parent = place.get(self._labels[i][:-1])
            if parent is not None:
                stay_label[i] = np.logaddexp(stay_label[i], longer[parent, last[i]])
                longer[parent, last[i]] = -np.inf
        self._keep(longer, stay_blank, stay_label)

    def _keep(self, longer: Array, stay_blank: Array, stay_label: Array) -> None:
        """Go on with the most likely of those that stay as they are, and of the longer ones."""
        scores = np.concatenate([np.logaddexp(stay_blank, stay_label), longer.ravel()])
        order = np.argsort(-scores, kind="stable")[: self._width]
        kept = order[scores[order] > -np.inf]
        stays, classes = len(self._labels), longer.shape[1]
        own = self._labels
        self._labels = [
            own[i] if i < stays else (*own[(i - stays) // classes], int((i - stays) % classes)) for i in kept.tolist()
        ]
        new = np.full(len(kept), -np.inf)
        self._blank = np.where(kept < stays, stay_blank[np.minimum(kept, stays - 1)], new)
        self._label = np.where(kept < stays, stay_label[np.minimum(kept, stays - 1)], scores[kept])

    def best(self, count: int) -> list[tuple[tuple[int, ...], float]]:
        """The most likely labels with their log probabilities, most likely first."""
        if count > len(self._labels):
            raise InvalidValue(
                f"expected top_paths of at most {len(self._labels)}, the leaves of the search; got {count}"
            )
        scores = np.logaddexp(self._blank, self._label)
        order = np.argsort(-scores, kind="stable")[:count]
        return [(self._labels[i], float(scores[i])) for i in order]
