"""Bodies made smaller for slow links, and made whole again within a bound."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from .errors import LimitExceeded, MalformedRequest

#: The encodings of HTTP (RFC 9110, 8.4.1) that are taken, each with what zlib calls its container.
ENCODINGS = {"deflate": zlib.MAX_WBITS, "gzip": zlib.MAX_WBITS | 16}
#: The one that is sent.
ENCODING = "deflate"

#: Smaller bodies are left as they are: a packet more or less.
_LEAST_BYTES = 1 << 12
#: How much of a body tells whether the rest is worth it, and what it must come to for that.
_SAMPLE_BYTES, _WORTH = 1 << 15, 0.8
#: The quickest level: links that are slower still are rare.
_LEVEL = 1
_PIECE_BYTES = 1 << 20
#: How much is put in at once: what is not taken of it is copied.
_BITE_BYTES = 1 << 16


def deflated(pieces: Iterable[bytes | memoryview], length: int) -> bytes | None:
    """The deflated body of pieces that have a length together; None where it would hardly be smaller.

    >>> len(deflated([bytes(10_000)], 10_000)) < 100
    True
    >>> deflated([b"short"], 5) is None
    True
    """
    if length < _LEAST_BYTES:
        return None
    compressor = zlib.compressobj(_LEVEL)
    made: list[bytes] = []
    for number, piece in enumerate(pieces):
        view = memoryview(piece).cast("B")
        if number == 0 and not _worth_it(view):
            return None
        starts = range(0, len(view), _PIECE_BYTES)
        made += [compressor.compress(view[start : start + _PIECE_BYTES]) for start in starts]
    made.append(compressor.flush())
    whole = b"".join(made)
    return whole if len(whole) < _WORTH * length else None


def _worth_it(view: memoryview) -> bool:
    """Whether what stands in the middle gets smaller: heads and ends are of other kinds."""
    start = max(0, (len(view) - _SAMPLE_BYTES) // 2)
    sample = view[start : start + _SAMPLE_BYTES]
    return len(zlib.compress(sample, _LEVEL)) < _WORTH * len(sample)


def inflated(body: bytes | memoryview, encoding: str, most: int) -> bytearray:
    """The body that a compressed one stands for, of at most so many bytes; memory is taken as they come.

    Raises `LimitExceeded` where there are more, `MalformedRequest` where the body is not of the encoding, ends too
    early or goes on after its end.

    >>> inflated(deflated([bytes(10_000)], 10_000), "deflate", 10_000) == bytes(10_000)
    True
    """
    inflater = zlib.decompressobj(ENCODINGS[encoding])
    made = bytearray()  # grows in place where it is large, and so is there once
    try:
        for part in _parts(inflater, memoryview(body).cast("B")):
            if len(made) + len(part) > most:
                raise LimitExceeded(
                    f"expected a compressed body of at most {most} bytes in all; got {len(body)} that become more",
                    hint="send it in smaller parts",
                )
            made += part
    except zlib.error as error:
        raise MalformedRequest(f"expected a body of content-encoding {encoding}; got other bytes ({error})") from error
    if not inflater.eof:
        raise MalformedRequest(f"expected a whole body of content-encoding {encoding}; got one that ends too early")
    return made


def _parts(inflater: zlib._Decompress, body: memoryview) -> Iterator[bytes]:
    for start in range(0, len(body), _BITE_BYTES):
        rest: bytes | memoryview = body[start : start + _BITE_BYTES]
        while rest and not inflater.eof:
            yield inflater.decompress(rest, _PIECE_BYTES)
            rest = inflater.unconsumed_tail
        if inflater.unused_data or (inflater.eof and start + _BITE_BYTES < len(body)):
            raise MalformedRequest("expected a compressed body to end where it ends; got bytes behind")
    while not inflater.eof and (part := inflater.decompress(b"", _PIECE_BYTES)):
        yield part
