"""Bodies as bytes: MessagePack, or JSON for people, and back."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from typing import Any

import msgpack
import numpy as np

from .errors import LimitExceeded, MalformedRequest
from .tensors import SparseArray, is_tensor_map, tensor_to_lists, tensor_to_wire

MSGPACK = "application/msgpack"
JSON = "application/json"

#: How deeply maps and lists of a body may nest.
MOST_NESTING = 64
#: How many maps and lists a body may hold; a body of fewer bytes cannot hold more.
MOST_CONTAINERS = 1 << 20


def encode(value: Any, content_type: str = MSGPACK) -> bytes:
    """A body of plain values, arrays and sparse arrays.

    >>> encode({"a": 1})
    b'\\x81\\xa1a\\x01'
    >>> encode({"a": np.array([1, 2], "int8")}, JSON)
    b'{"a":{"dtype":"int8","shape":[2],"data":[1,2]}}'
    """
    if content_type == JSON:
        return json.dumps(_as_json(value), separators=(",", ":"), allow_nan=False).encode()
    packed: bytes = msgpack.packb(value, default=_packed, use_bin_type=True)
    return packed


def _packed(value: Any) -> Any:
    if isinstance(value, np.ndarray | SparseArray):
        return tensor_to_wire(value)
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"kremote's wire carries no {type(value).__name__}")


def _as_json(value: Any) -> Any:
    if isinstance(value, np.ndarray | SparseArray):
        return _as_json(tensor_to_wire(value))
    if is_tensor_map(value):
        return tensor_to_lists(value)
    if isinstance(value, Mapping):
        return {key: _as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def decode(body: bytes | bytearray | memoryview, content_type: str = MSGPACK) -> Any:
    """The plain value of a body; tensors stay maps. An empty body is an empty map.

    Raises `MalformedRequest` for bytes that are not of the content type, `LimitExceeded` for too deep a nesting or too
    many maps and lists.

    >>> decode(b'{"axis": 1}', JSON)
    {'axis': 1}
    """
    if not body:
        return {}
    try:
        if content_type == JSON:
            value = _from_json(bytes(body))
        else:
            hooks = _counting() if len(body) > MOST_CONTAINERS else {}
            value = msgpack.unpackb(body, raw=False, strict_map_key=True, ext_hook=_no_extension, **hooks)
    except LimitExceeded:
        raise
    except RecursionError as error:
        raise _too_deep() from error
    except (ValueError, msgpack.UnpackException) as error:
        if isinstance(error, msgpack.StackError):
            raise _too_deep() from error
        reason = str(error) or type(error).__name__
        raise MalformedRequest(
            f"expected a body of {content_type}; got {len(body)} bytes that are not ({reason})",
            hint=f"set the content-type header to what the body is: {MSGPACK} or {JSON}",
        ) from error
    _check_nesting(value)
    return value


def _counting() -> dict[str, Callable[[Any], Any]]:
    """Hooks that stop a body of which each byte makes a map or a list: those take a hundred times its memory."""
    counted = itertools.count(1)

    def count(container: Any) -> Any:
        if next(counted) > MOST_CONTAINERS:
            raise _too_many()
        return container

    return {"object_hook": count, "list_hook": count}


def _from_json(body: bytes) -> Any:
    if body.count(b"[") + body.count(b"{") > MOST_CONTAINERS:
        raise _too_many()
    value = json.loads(body, parse_constant=_no_constant)
    if b"\\u" in body:
        # Half of a pair of escapes is no character: it raises here, and not where it is used later.
        json.dumps(value, ensure_ascii=False).encode()
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f'{name} is not JSON; in a tensor\'s data write "{name}"')


def _no_extension(code: int, data: bytes) -> Any:
    raise ValueError(f"extension type {code}, and this protocol has none")


def _check_nesting(value: Any) -> None:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MOST_NESTING):
        deeper: list[Any] = []
        for item in level:
            for child in item.values() if type(item) is dict else item:
                kind = type(child)
                if kind is dict or kind is list:
                    deeper.append(child)
        if not deeper:
            return
        level = deeper
    raise _too_deep()


def _too_many() -> LimitExceeded:
    return LimitExceeded(
        f"expected at most {MOST_CONTAINERS} maps and lists in a body; got more",
        hint="send large tensors as raw bytes: PUT /v1/sessions/{session}/tensors/{id}",
    )


def _too_deep() -> LimitExceeded:
    return LimitExceeded(f"expected at most {MOST_NESTING} levels of maps and lists in a body; got more")
