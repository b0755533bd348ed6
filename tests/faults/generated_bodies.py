"""Bodies made of the protocol's recorded ones: a case is the same for the same seed and number."""

from __future__ import annotations

import base64
import json
import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

import msgpack

from kremote_proto import codec
from kremote_proto.errors import KremoteError
from kremote_proto.op import CATALOGUE
from kremote_server.routes.forward import ADDRESSES, PREFIX
from tests.proto.vectors.case import JSON, MSGPACK, NPY, OCTETS
from tests.proto.vectors.files import load, names

#: What stands where something else is expected.
HOSTILE: tuple[Any, ...] = (
    *(None, True, 0, -1, 1, 2**31, 2**53, 2**63, 2**64 - 1, -(2**63), 0.5, float("inf"), float("nan")),
    *("", "a", "\0", "float32", "string", "x" * 5000, "../..", "é", b"", b"\0" * 64, [], [[]], {}, [None], [[1], 2]),
    *({"ref": 1 << 24}, {"ref": 0}, {"ref": "1"}, {"result": 0}, {"result": 10**6}, {"input": 0}, {"variable": "w"}),
    {"ref": 1 << 24, "item": 0},
    {"dtype": "float32", "shape": [2], "data": b"\0" * 8},
    {"dtype": "float32", "shape": [2**40, 2**40], "data": b""},
    {"dtype": "float32", "shape": [-1], "data": [1, 2]},
    {"dtype": "string", "shape": [1], "data": [b"a"]},
    {"dtype": "bool", "shape": [1], "data": b"\2"},
    {"dtype": "float32", "shape": [2], "octets": 0},
    {"dtype": "int64", "shape": [3], "indices": {"dtype": "int64", "shape": [1, 1], "data": b"\0" * 8}, "values": 1},
)
_TYPES = (MSGPACK, JSON, OCTETS, NPY, "text/plain", "")


@dataclass(frozen=True)
class Sent:
    """One request: `{session}` in its path stands for the session's id."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Bodies:
    """The cases of a seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        requests = [request for name in names() for request, _ in load(name).exchanges]
        self._known = [
            Sent(one.method, one.path, one.query, one.headers, one.body.octets or b"")
            for one in requests
            if "{session}/" in one.path
        ]
        self._ways: tuple[Callable[[random.Random, Sent], Sent], ...] = (
            self._edited,
            self._spliced,
            self._replaced,
            self._replaced,
            self._noise,
            self._mislabelled,
            self._compressed,
            self._elsewhere,
        )

    def __getitem__(self, number: int) -> Sent:
        chosen = random.Random(f"{self._seed}:{number}")
        sent = chosen.choice(self._known)
        for _ in range(chosen.choice((1, 1, 2))):
            sent = chosen.choice(self._ways)(chosen, sent)
        return sent

    @staticmethod
    def _edited(chosen: random.Random, sent: Sent) -> Sent:
        body = bytearray(sent.body)
        for _ in range(chosen.randint(1, 4)):
            place, length = chosen.randint(0, len(body)), chosen.choice((1, 1, 4, 40))
            put = chosen.choice((b"", chosen.randbytes(length), bytes(body[place : place + length]) * 2))
            body[place : place + length] = put
        return replace(sent, body=bytes(body))

    def _spliced(self, chosen: random.Random, sent: Sent) -> Sent:
        other = chosen.choice(self._known).body
        cut = chosen.randint(0, len(sent.body)), chosen.randint(0, len(other))
        return replace(sent, body=sent.body[: cut[0]] + other[cut[1] :])

    @staticmethod
    def _replaced(chosen: random.Random, sent: Sent) -> Sent:
        """Something in the tree of a body in the place of something else."""
        try:
            tree = codec.decode(sent.body)
        except KremoteError:
            return sent
        places = _places(tree)
        if not places:
            return sent
        container, key = chosen.choice(places)
        what = chosen.choice(HOSTILE) if chosen.random() < 0.8 else _deep(chosen.choice((10, 70, 2000)))
        if chosen.random() < 0.1 and isinstance(container, dict):
            container[chosen.choice(("dtype", "shape", "data", "extra", ""))] = what
        else:
            container[key] = what
        return _encoded(chosen, replace(sent, body=b""), tree)

    @staticmethod
    def _noise(chosen: random.Random, sent: Sent) -> Sent:
        return replace(sent, body=chosen.randbytes(chosen.choice((0, 1, 10, 300))))

    @staticmethod
    def _mislabelled(chosen: random.Random, sent: Sent) -> Sent:
        headers = {**sent.headers, "content-type": chosen.choice(_TYPES), "accept": chosen.choice(_TYPES)}
        query = {
            **sent.query,
            chosen.choice(("dtype", "shape", "octets", "id", "fetch", "item", "sha256")): chosen.choice(
                ("", "0", "-1", "1", "64", "2,3", "float32", "string", "9" * 30, "1e3", "²", "a" * 300, "true")
            ),
        }
        return replace(sent, headers=headers, query=query)

    @staticmethod
    def _compressed(chosen: random.Random, sent: Sent) -> Sent:
        body = zlib.compress(sent.body * chosen.choice((1, 1, 1000)))
        if chosen.random() < 0.5:
            body = body[: chosen.randint(0, len(body))] + chosen.randbytes(chosen.choice((0, 3)))
        named = chosen.choice(("deflate", "gzip", "deflate", "br", "deflate, deflate"))
        return replace(sent, body=body, headers={**sent.headers, "content-encoding": named})

    @staticmethod
    def _elsewhere(chosen: random.Random, sent: Sent) -> Sent:
        """The body at another address, of another name, id or op."""
        address = chosen.choice(ADDRESSES)
        name = quote(chosen.choice(("w", "..", "a/b", "é", "x" * 300)))
        path = f"{PREFIX}{address.path}".replace("{name:path}", name)
        path = path.replace("{id}", chosen.choice(("1", "16777216", "0", "-1", "x", "9" * 25)))
        path = path.replace("{op}", chosen.choice((*sorted(CATALOGUE), "nothing", "..")))
        path = path.replace("{name}", chosen.choice(("w", "a.npz", "..")))
        return replace(sent, method=address.method, path=path)


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Every container of a tree with each of its keys or positions."""
    found: list[tuple[Any, Any]] = []
    level = [tree]
    for one in level:
        entries = list(one.items()) if isinstance(one, dict) else list(enumerate(one)) if isinstance(one, list) else []
        found += [(one, key) for key, _ in entries]
        level += [value for _, value in entries]
    return found


def _deep(levels: int) -> Any:
    tree: Any = 1
    for _ in range(levels):
        tree = [tree]
    return tree


def _encoded(chosen: random.Random, sent: Sent, tree: Any) -> Sent:
    kind = chosen.choice((MSGPACK, MSGPACK, MSGPACK, JSON))
    try:
        body = json.dumps(tree, default=_text).encode() if kind == JSON else msgpack.packb(tree)
    except (ValueError, OverflowError, RecursionError):  # deeper or larger than these write
        return sent
    return replace(sent, body=body, headers={**sent.headers, "content-type": kind, "accept": kind})


def _text(value: bytes) -> str:
    return "base64:" + base64.b64encode(value).decode()
