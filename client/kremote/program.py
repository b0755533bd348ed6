"""A program while calls are added to it, and the request it becomes."""

from __future__ import annotations

import functools
import hashlib
import weakref
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeGuard

import msgpack
import numpy as np

from kremote_proto.codec import encode
from kremote_proto.errors import KremoteError
from kremote_proto.octets import Octets
from kremote_proto.tensors import Array

from .connection import Piece
from .forms import Content, Form
from .location import Location
from .tensor import Handle
from .values import Value


class _Encoded(dict[int, bytes]):
    """Relative references by their number, encoded once."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def __missing__(self, number: int) -> bytes:
        encoded = encode({self._name: number})
        if number < 1 << 14:
            self[number] = encoded
        return encoded


_RESULTS = _Encoded("result")
_INPUTS = _Encoded("input")
_packer = msgpack.Packer()
_named = functools.cache(encode)

#: Arrays as large go before the map: for smaller ones that takes longer than to copy them into it.
OCTETS_BYTES = 1 << 14


@dataclass(eq=False)
class Request:
    """A program on its way. It keeps its sequence until it is answered, however often it is sent."""

    first: int
    locations: list[Location | None]
    #: By position, the values of which the server tells what they are.
    unknown: list[tuple[int, weakref.ref[Value]]]
    sequence: str
    #: The positions of results that somebody has a handle of.
    kept: Sequence[int] = ()
    #: The template's bytes and their SHA-256, of a program that is one.
    template: bytes | None = None
    digest: bytes | None = None
    #: The rest of the body: by name, what is encoded already.
    entries: dict[str, bytes] = field(default_factory=dict)
    #: Arrays that go before the map, and the thread that lends some of them, which waits for the answer.
    octets: Octets = field(default_factory=Octets)
    lender: int | None = None
    #: Whether somebody waits for this request and is told of its error.
    awaited: bool = False
    size: int = 0
    answered: bool = False
    reply: Mapping[str, Any] = field(default_factory=dict)
    error: KremoteError | None = None

    def body(self, known: bool) -> tuple[Piece, ...]:
        """The body of the request, in pieces; of a template that the server knows, its digest only."""
        entries = self.entries
        if self.template is not None and known:
            entries = {"template": encode(self.digest), **entries}
        elif self.template is not None:
            entries = {"instructions": encode(self.template), **entries}
        parts = [_packer.pack_map_header(len(entries))]
        for name, encoded in entries.items():
            parts += _named(name), encoded
        return *self.octets.pieces, b"".join(parts)

    def keep(self) -> None:
        """Copy what is lent, as its owner may change it from now on."""
        self.octets.keep()
        self.lender = None


class Program:
    """Instructions whose references are relative, so that a loop gives the same bytes each time: a template."""

    def __init__(self, first: int, takes_octets: bool = False) -> None:
        self.first = first
        self.count = 0
        self.bytes = 0
        self._parts: list[bytes] = []
        self._inputs: list[bytes] = []
        self._takes_octets = takes_octets
        self._octets = Octets()
        self.lender: int | None = None
        self._places: dict[Any, bytes] = {}
        self._locations: list[Location | None] = []
        self._unknown: list[tuple[int, weakref.ref[Value]]] = []

    def add(self, form: Form, contents: Iterable[Content], location: Location | None, lender: int | None = None) -> int:
        """Add an instruction with what fills its holes; the id of its result.

        Arrays are copied, but for large ones that a thread lends: it waits for the answer, or has them kept.
        """
        parts, count, first = self._parts, self.count, self.first
        parts.append(form.head)
        for content, tail in zip(contents, form.tails, strict=False):
            if isinstance(content, Handle) and content._item is None:
                position = content._value.id - first
                parts.append(_RESULTS[position] if 0 <= position < count else self._input(content))
            elif _is_large(content) and self._takes_octets:
                parts.append(self._large(content, lender))
            else:
                parts.append(self._reference(content))
            parts.append(tail)
        self._locations.append(location)
        self.bytes += form.size
        self.count = count + 1
        return first + count

    @property
    def location(self) -> Location | None:
        """Where the first instruction was called."""
        return self._locations[0] if self._locations else None

    def tell(self, value: Value) -> None:
        """Have the reply describe the value of the last instruction."""
        self._unknown.append((value.id - self.first, weakref.ref(value)))

    def _reference(self, content: Content) -> bytes:
        if isinstance(content, Handle):
            position, item = content._value.id - self.first, content._item
            if item is not None and 0 <= position < self.count:
                return encode({"result": position, "item": item})
            return _RESULTS[position] if 0 <= position < self.count else self._input(content)
        if isinstance(content, int):
            return self._new_input(encode({"ref": content}))
        encoded = encode(content)
        self.bytes += len(encoded)
        return self._new_input(encoded)

    def _input(self, handle: Handle) -> bytes:
        """The reference of what is from outside the program."""
        place = (handle._value.id or handle._value.name, handle._item)
        found = self._places.get(place)
        if found is None:
            found = self._places[place] = self._new_input(encode(handle.reference))
        return found

    def _large(self, array: Array, lender: int | None) -> bytes:
        lent = lender is not None and self.lender in (None, lender)
        self.lender = lender if lent else self.lender
        self.bytes += array.nbytes
        return self._new_input(encode(self._octets.add(array, lent=lent)))

    def _new_input(self, encoded: bytes) -> bytes:
        self._inputs.append(encoded)
        return _INPUTS[len(self._inputs) - 1]

    def keep(self) -> None:
        """Copy what is lent, as its owner may change it from now on."""
        self._octets.keep()
        self.lender = None

    def request(self, fetch: Sequence[Handle | int], freed: Iterable[int], sequence: str) -> Request:
        """The request of the program as it is now: what it fetches, and which ids nobody has any more."""
        dead, free = set(), []
        for identifier in freed:
            position = identifier - self.first
            if 0 <= position < self.count:
                dead.add(position)
            else:
                free.append(identifier)
        request = self._request(sequence, [n for n in range(self.count) if n not in dead])
        request.entries["fetch"] = _listed([self._fetched(one) for one in fetch])
        if self.count:
            request.template = _packer.pack_array_header(self.count) + b"".join(self._parts)
            request.digest = hashlib.sha256(request.template).digest()
            request.entries["first"] = encode(self.first)
            if dead:
                request.entries["keep"] = encode(request.kept)
            request.entries["report"] = encode([n for n, reference in self._unknown if reference() is not None])
        if self._inputs:
            request.entries["inputs"] = _listed(self._inputs)
        request.entries["free"] = encode(free)
        request.octets, request.lender = self._octets, self.lender
        return request

    def _request(self, sequence: str, kept: Sequence[int]) -> Request:
        return Request(self.first, self._locations, self._unknown, sequence, kept, size=self.bytes)

    def _fetched(self, wanted: Handle | int) -> bytes:
        if isinstance(wanted, int) and 0 <= wanted - self.first < self.count:
            return _RESULTS[wanted - self.first]
        return self._reference(wanted)


def _listed(items: Sequence[bytes]) -> bytes:
    return b"".join([_packer.pack_array_header(len(items)), *items])


def _is_large(content: Content) -> TypeGuard[Array]:
    return isinstance(content, np.ndarray) and content.nbytes >= OCTETS_BYTES and content.dtype.kind != "O"


class ListedProgram(Program):
    """Instructions with their ids, for a server that keeps no templates."""

    def add(self, form: Form, contents: Iterable[Content], location: Location | None, lender: int | None = None) -> int:
        identifier = self.first + self.count
        self._parts.append(bytes([form.head[0] + 1]) + _ID + encode(identifier) + form.head[1:])
        for content, tail in zip(contents, form.tails, strict=True):
            self._parts += self._reference(content), tail
        self._locations.append(location)
        self.bytes += form.size
        self.count += 1
        return identifier

    def _reference(self, content: Content) -> bytes:
        if isinstance(content, Handle):
            return encode(content.reference)
        if isinstance(content, int):
            return encode({"ref": content})
        encoded = encode(content)
        self.bytes += len(encoded)
        return encoded

    def request(self, fetch: Sequence[Handle | int], freed: Iterable[int], sequence: str) -> Request:
        request = self._request(sequence, range(self.count))
        request.entries = {
            "instructions": _packer.pack_array_header(self.count) + b"".join(self._parts),
            "fetch": _listed([self._reference(one) for one in fetch]),
            "free": encode(list(freed)),
        }
        return request


_ID: bytes = encode("id")
