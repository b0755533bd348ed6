"""Replies that are one tensor: raw bytes, .npy, or a map."""

from __future__ import annotations

from typing import Any

from kremote_proto import codec
from kremote_proto.dtypes import dtype_name
from kremote_proto.errors import InvalidType, InvalidValue
from kremote_proto.tensors import Array, SparseArray, tensor_to_wire

from ..link_messages import Reply, Request
from .bodies import NPY, OCTETS
from .failure import Failure
from .npy import file_of
from .room import bytes_of
from .session import Session


def tensor_reply(session: Session, request: Request, value: Any) -> Reply:
    """One tensor in the type that its asker wants."""
    if isinstance(value, Failure | list | tuple):
        raise InvalidValue("expected one tensor; got a result of several", hint="name one with ?item=n")
    if session.engine.is_symbol(value):
        session.prepare(request)  # computing it may draw random numbers
    with session.state:
        fetched = session.engine.fetch(value)
    accept = str(request.head.get("accept") or codec.MSGPACK)
    if accept not in (OCTETS, NPY):
        if accept == codec.JSON:
            session.limits.check_json(bytes_of(fetched))
        content_type = codec.JSON if accept == codec.JSON else codec.MSGPACK
        return Reply(200, content_type, codec.encode(fetched, content_type))
    array = _dense_or_refuse(fetched)
    if accept == NPY:
        return _npy(array)
    wire = tensor_to_wire(array)
    if wire["dtype"] == "string":
        raise InvalidType("expected a tensor of numbers for raw bytes; got strings", hint=f"accept {codec.MSGPACK}")
    headers = {"Kremote-Dtype": wire["dtype"], "Kremote-Shape": ",".join(map(str, array.shape))}
    return Reply(200, OCTETS, wire["data"], headers)


def _npy(array: Array) -> Reply:
    if array.dtype == object or array.dtype.name == "bfloat16":
        raise InvalidType(
            f"expected a dtype that .npy files have; got {dtype_name(array.dtype)}", hint=f"accept {codec.MSGPACK}"
        )
    header, data = file_of(array)
    return Reply(200, NPY, [header, data], length=len(header) + data.nbytes)


def _dense_or_refuse(array: Array | SparseArray) -> Array:
    if isinstance(array, SparseArray):
        raise InvalidType("expected a dense tensor for raw bytes; got a sparse one", hint=f"accept {codec.MSGPACK}")
    return array
