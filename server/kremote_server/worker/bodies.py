"""The bodies of requests, decoded: maps, and tensors in their several forms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kremote_proto import codec, octets
from kremote_proto.dtypes import DTYPES
from kremote_proto.errors import MalformedRequest, shown
from kremote_proto.tensors import Array, SparseArray, is_tensor_map, tensor_from_wire

from ..link_messages import Request
from .limits import Limits
from .npy import array_of

OCTETS = "application/octet-stream"
NPY = "application/x-npy"

Query = Mapping[str, str]

#: A number in an address: no more digits than any id or length has.
WHOLE = re.compile(r"[0-9]{1,20}")


def query_of(request: Request) -> Query:
    """What stands behind the question mark."""
    return request.head.get("query") or {}


def decoded(request: Request, limits: Limits) -> Any:
    """The maps and lists of a body."""
    limits.check_structured(len(request.body))
    return codec.decode(request.body, str(request.head.get("content_type") or codec.MSGPACK))


def program_body(request: Request, limits: Limits) -> Any:
    """The map of a program, with what goes before it in its place."""
    length = query_of(request).get("octets")
    if length is None:
        return decoded(request, limits)
    limits.check_structured(len(request.body))
    if request.head.get("content_type") == codec.JSON:
        raise MalformedRequest(f"expected a body of {codec.MSGPACK} beside ?octets; got {codec.JSON}")
    before, rest = octets.split(request.body, length)
    wire = codec.decode(rest)
    return {**wire, "inputs": octets.with_data(wire.get("inputs"), before)} if isinstance(wire, dict) else wire


def whole_number(text: str, place: str) -> int:
    """An integer of an address; `place` names it in messages."""
    if not WHOLE.fullmatch(text):
        raise MalformedRequest(f"expected an integer of 0 or more; got {shown(text)} at {place}")
    return int(text)


def tensor_body(request: Request, limits: Limits) -> Array | SparseArray:
    """The tensor of a PUT: raw bytes with `?dtype=&shape=`, an .npy file, or a tensor map."""
    content_type = str(request.head.get("content_type") or codec.MSGPACK)
    if content_type == NPY:
        return array_of(request.body)
    if content_type != OCTETS:
        wire = decoded(request, limits)
        if not is_tensor_map(wire):
            raise MalformedRequest(f"expected a map of dtype, shape and data; got {str(wire)[:60]}")
        return tensor_from_wire(wire)
    query = query_of(request)
    if query.get("dtype") not in DTYPES or "shape" not in query:
        raise MalformedRequest(
            f"expected ?dtype= and ?shape= beside raw bytes; got {dict(query)}",
            hint=f"for example ?dtype=float32&shape=2,3 (empty for a scalar); dtypes are {', '.join(DTYPES)}",
        )
    lengths = query["shape"].split(",") if query["shape"] else []
    if not all(WHOLE.fullmatch(length) for length in lengths):
        raise MalformedRequest(f"expected lengths joined by commas; got {shown(query['shape'])} at ?shape")
    wire = {"dtype": query["dtype"], "shape": [int(length) for length in lengths], "data": request.body}
    return tensor_from_wire(wire)
