"""What of a request's head may differ when the same request comes again: how long its body is, and its sequence."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: No longer heads are looked at.
_MOST_BYTES = 1 << 14
_VARYING = re.compile(rb"(?<=\r\n)(content-length|kremote-sequence):[ \t]*[^\r\n]*", re.IGNORECASE)
#: Where a body waits to be asked for, has no length, or is another protocol's.
_OTHERWISE = re.compile(rb"\r\n(expect|transfer-encoding|upgrade):", re.IGNORECASE)
_VALUES = {
    b"content-length": rb"(?P<length>[0-9]{1,15})",
    b"kremote-sequence": rb"(?P<sequence>[A-Za-z0-9._:-]{1,128})",
}
_END = b"\r\n\r\n"


@dataclass(frozen=True)
class Repetition:
    """A head that came again."""

    length: int
    sequence: str | None
    #: What was received behind the head.
    rest: bytes


def head_of(received: bytes) -> bytes:
    """The head that received bytes begin with; empty where it is not whole, or long.

    >>> head_of(b"GET / HTTP/1.1\\r\\nhost: a\\r\\n\\r\\nbody")
    b'GET / HTTP/1.1\\r\\nhost: a\\r\\n\\r\\n'
    """
    end = received.find(_END, 0, _MOST_BYTES)
    return received[: end + len(_END)] if end >= 0 else b""


def without_varying(head: bytes) -> bytes:
    """A head without the values that may vary: what two heads of the same request have in common.

    >>> without_varying(b"PUT /x HTTP/1.1\\r\\nContent-Length: 12\\r\\n\\r\\n")
    b'PUT /x HTTP/1.1\\r\\nContent-Length:\\r\\n\\r\\n'
    """
    return _VARYING.sub(rb"\1:", head)


def is_repeatable(head: bytes) -> bool:
    """Whether a head that comes again says by itself how its body is to be read.

    >>> is_repeatable(b"PUT /x HTTP/1.1\\r\\nExpect: 100-continue\\r\\n\\r\\n")
    False
    """
    names = [name.lower() for name in _VARYING.findall(head)]
    return bool(head) and len(set(names)) == len(names) and _OTHERWISE.search(head) is None


class HeadPattern:
    """Recognises the head of one request where it comes again, byte for byte but for the values that may vary.

    >>> pattern = HeadPattern(b"PUT /x HTTP/1.1\\r\\ncontent-length: 12\\r\\n\\r\\n")
    >>> pattern.find(b"PUT /x HTTP/1.1\\r\\ncontent-length: 3\\r\\n\\r\\nabc")
    Repetition(length=3, sequence=None, rest=b'abc')
    >>> pattern.find(b"PUT /y HTTP/1.1\\r\\ncontent-length: 3\\r\\n\\r\\nabc")
    """

    def __init__(self, head: bytes) -> None:
        """Make the pattern of a head that is repeatable."""
        parts, end = [], 0
        for match in _VARYING.finditer(head):
            name = match[1]
            parts += [re.escape(head[end : match.start()] + name + b":"), rb"[ \t]*", _VALUES[name.lower()]]
            end = match.end()
        self._pattern = re.compile(b"".join([*parts, re.escape(head[end:])]))

    def find(self, received: bytes) -> Repetition | None:
        """The request that received bytes begin with, None where it is another one or its head is not whole."""
        match = self._pattern.match(received)
        if match is None:
            return None
        values = match.groupdict()
        sequence = values.get("sequence")
        return Repetition(
            int(values.get("length") or 0), None if sequence is None else sequence.decode(), received[match.end() :]
        )
