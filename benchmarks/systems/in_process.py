"""A worker in the client's own process: the same handles and the same engine, with no gateway, no HTTP, no socket."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from kremote.address import parse_address
from kremote.session import Session
from kremote.transport import OCTETS, Transport
from kremote_proto import ops  # noqa: F401  the catalogue is complete only when every family is imported
from kremote_proto.codec import MSGPACK, decode, encode
from kremote_proto.dtypes import dtype_name
from kremote_proto.errors import error_from_wire
from kremote_proto.tensors import Array, tensor_from_wire
from kremote_server.engines.loading import load_engine
from kremote_server.link_messages import Reply, Request
from kremote_server.worker.limits import Limits
from kremote_server.worker.requests import Worker

_IN_SESSION = re.compile(r"/v1/sessions/(?P<session>[^/]+)(/(?P<route>run|variables|tensors)(/(?P<id>[^/]+))?)?")


class InProcessTransport(Transport):
    """Requests as calls of a worker. They are encoded as ever, so that both sides keep what is theirs."""

    def __init__(self) -> None:
        super().__init__(parse_address("http://in-process"), timeout=0, connect_timeout=0, retry_seconds=0)
        engine = load_engine("tensorflow")
        self._worker = Worker(engine, engine.device(0), Limits())

    def call(self, method: str, path: str, body: Any = None, **_: Any) -> dict[str, Any]:
        """The reply's map to a request with a body of plain values, or, in a tuple, of pieces of MessagePack."""
        content = b"".join(body) if isinstance(body, tuple) else encode(body)
        if path == "/v1/sessions":
            self._answer({"route": "create", "session": "in-process"}, content)
            return {"session": "in-process", "engine": "tensorflow"}
        return decode(bytes(self._answer(self._head(method, path), content).body or b"\x80"))  # type: ignore[no-any-return, arg-type]

    def upload(self, path: str, array: Array, *, sequence: str, digest: str | None = None, empty: bool = False) -> None:
        """Give an array's memory to the worker, which is asked to keep nothing."""
        assert (digest, empty) == (None, False), "this server says no content_bytes"
        query = {"dtype": dtype_name(array.dtype), "shape": ",".join(map(str, array.shape))}
        self._answer(self._head("PUT", path) | {"query": query, "content_type": OCTETS}, array.tobytes())

    def download(self, path: str, *, item: int | None, dtype: str) -> Array:
        """An array of the worker."""
        head = self._head("GET", path) | {"query": {} if item is None else {"item": str(item)}}
        return tensor_from_wire(decode(bytes(self._answer(head, b"").body)))  # type: ignore[return-value, arg-type]

    def _head(self, method: str, path: str) -> dict[str, Any]:
        found = _IN_SESSION.fullmatch(path)
        assert found is not None, path
        route = {"tensors": "tensor", None: {"DELETE": "delete", "GET": "describe"}.get(method)}
        named = {"id": unquote(found["id"])} if found["id"] else {}
        return {
            "route": route.get(found["route"], found["route"]),
            "session": unquote(found["session"]),
            "method": method,
            "path": named,
        }

    def _answer(self, head: dict[str, Any], content: bytes) -> Reply:
        self.requests += 1
        reply = self._worker.handle(Request(head | {"accept": MSGPACK}, memoryview(bytearray(content))))
        if reply.status >= 300:
            raise error_from_wire(decode(bytes(reply.body))["error"])  # type: ignore[arg-type]
        return reply


def connect_in_process() -> Session:
    """Make K compute in this process."""
    from kremote import current

    current._default = Session(transport=InProcessTransport())
    return current._default
