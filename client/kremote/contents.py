"""Arrays that were uploaded before, so that what the server has already is not sent again."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

from kremote_proto.dtypes import dtype_name
from kremote_proto.errors import MalformedRequest, UnknownContent
from kremote_proto.tensors import Array

from .octets import Octets

#: How many arrays, and digests, are remembered.
_MOST_REMEMBERED = 4096
#: How many elements tell that an array may have been uploaded before.
_SAMPLES = 256
#: What SHA-256 takes in, in bytes per second, until it was measured here.
_SUPPOSED_RATE = 500e6
#: Where hashing takes a sixteenth of the time of sending, an array is hashed even if it is seen but once.
_NEGLIGIBLE = 16

#: Sends an array, or only its digest, under an id: put(sequence=, digest=, empty=).
Put = Callable[..., None]


class Contents:
    """What is known of the arrays sent, of the link and of hashing. Any thread may use it.

    Hashing pays where the link is slower: both are measured as they happen.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._seen: OrderedDict[Hashable, None] = OrderedDict()
        self._sent: OrderedDict[Hashable, None] = OrderedDict()
        self._link_rate = float("inf")
        self._hash_rate = _SUPPOSED_RATE

    def upload(self, array: Array, put: Put, next_sequence: Callable[[], str]) -> None:
        """Have the server hold an array's content: by its digest where the server has it, else by its bytes."""
        if array.nbytes > self._most_bytes or not array.size or not self._pays(array):
            self._timed(array, lambda: put(sequence=next_sequence()))
            return
        digest = self._digest(array)
        key = digest, dtype_name(array.dtype), array.shape
        if key in self._sent:
            try:
                put(sequence=next_sequence(), digest=digest, empty=True)
                return
            except UnknownContent:  # it made room for others, or the session is another one
                pass
        try:
            self._timed(array, lambda: put(sequence=next_sequence(), digest=digest))
        except MalformedRequest:  # another thread changed the array since it was hashed
            put(sequence=next_sequence())
            return
        _remember(self._sent, key)

    def _pays(self, array: Array) -> bool:
        """Whether hashing is cheap beside sending, the more so where the array may be a new one."""
        fingerprint = _fingerprint(array)
        seen = fingerprint in self._seen
        _remember(self._seen, fingerprint)
        return self._link_rate * (2 if seen else _NEGLIGIBLE) < self._hash_rate

    def _timed(self, array: Array, send: Callable[[], None]) -> None:
        began = time.perf_counter()
        send()
        self._link_rate = array.nbytes / max(time.perf_counter() - began, 1e-9)

    def _digest(self, array: Array) -> str:
        began = time.perf_counter()
        digest = hashlib.sha256()
        for piece in Octets(array):
            digest.update(piece)
        self._hash_rate = array.nbytes / max(time.perf_counter() - began, 1e-9)
        return digest.hexdigest()


def _fingerprint(array: Array) -> Hashable:
    """What equal arrays have in common, for a few microseconds; others may have it too."""
    step = max(1, array.size // _SAMPLES) | 1  # odd, not to follow one column
    return array.dtype, array.shape, array.flat[::step].tobytes()


def _remember(memory: OrderedDict[Hashable, None], key: Hashable) -> None:
    memory[key] = None
    if len(memory) > _MOST_REMEMBERED:
        memory.popitem(last=False)
