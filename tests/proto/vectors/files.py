"""The folder of a vector: `vector.json`, and a file for each body, beside it the same as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kremote_proto.codec import encode
from kremote_proto.errors import MalformedRequest

from .case import JSON, MSGPACK, NPY, OCTETS, Case, Exchange

FOLDER = Path(__file__).parents[3] / "proto" / "vectors"
SUFFIXES = {MSGPACK: "msgpack", JSON: "json", OCTETS: "bin", NPY: "npy"}
#: Headers of a reply that are the protocol's.
REPLY_HEADERS = ("content-type", "kremote-dtype", "kremote-shape", "allow", "www-authenticate")


@dataclass(frozen=True)
class Body:
    """The bytes of a body and, of a MessagePack one, the same as JSON."""

    octets: bytes | None = None
    as_json: bytes | None = None


@dataclass(frozen=True)
class Request:
    """A request; `{session}` in its path stands for the session's id."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Body = Body()


@dataclass(frozen=True)
class Reply:
    """A reply."""

    status: int
    headers: dict[str, str]
    body: Body = Body()

    @property
    def content_type(self) -> str:
        """The type of its body."""
        return self.headers.get("content-type", "")


@dataclass(frozen=True)
class Vector:
    """A case with its replies."""

    name: str
    about: str
    exchanges: list[tuple[Request, Reply]]
    python: str = ""
    tolerance: float = 0.0
    #: For each exchange, what it is about, and the entries of its reply that vary.
    notes: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)


def declared(exchange: Exchange) -> Request:
    """The request of a declaration."""
    headers, body = dict(exchange.headers), Body()
    if isinstance(exchange.body, bytes):
        body = Body(exchange.body)
    elif exchange.body is not None:
        kind = headers.setdefault("content-type", MSGPACK)
        body = Body(encode(exchange.body, kind), _as_json(exchange.body) if kind == MSGPACK else None)
    headers.setdefault("accept", MSGPACK)
    return Request(exchange.method, exchange.path, exchange.query, headers, body)


def _as_json(value: Any) -> bytes | None:
    try:
        return encode(value, JSON)
    except (MalformedRequest, TypeError):  # a tensor spoiled on purpose has no lists, and a template is bytes
        return None


def names() -> list[str]:
    """The vectors there are."""
    return sorted(folder.parent.name for folder in FOLDER.glob("*/vector.json"))


def load(name: str) -> Vector:
    """A vector of its files."""
    folder = FOLDER / name
    read = json.loads((folder / "vector.json").read_text(encoding="utf-8"))
    exchanges, notes = [], []
    for entry in read["exchanges"]:
        asked, answered = dict(entry["request"]), dict(entry["reply"])
        request_body, reply_body = (_load_body(folder, part.pop("body", None)) for part in (asked, answered))
        request = Request(asked["method"], asked["path"], asked.get("query", {}), asked["headers"], request_body)
        exchanges.append((request, Reply(answered["status"], answered["headers"], reply_body)))
        notes.append((entry.get("about", ""), tuple(entry.get("varies", ()))))
    python = "\n".join(read.get("python", []))
    return Vector(name, read["about"], exchanges, python, read.get("tolerance", 0.0), notes)


def save(case: Case, exchanges: list[tuple[Request, Reply]]) -> None:
    """Write a vector's files."""
    folder = FOLDER / case.name
    folder.mkdir(exist_ok=True)
    entries = []
    for number, (exchange, (request, reply)) in enumerate(zip(case.exchanges, exchanges, strict=True), 1):
        asked: dict[str, Any] = {"method": request.method, "path": request.path}
        asked |= {"query": request.query} if request.query else {}
        asked |= {"headers": request.headers}
        asked |= _save_body(folder, f"{number:02}.request", request.headers, request.body)
        answered = {"status": reply.status, "headers": reply.headers}
        answered |= _save_body(folder, f"{number:02}.reply", reply.headers, reply.body)
        entry: dict[str, Any] = {"about": exchange.about} if exchange.about else {}
        entry |= {"request": asked, "reply": answered}
        entries.append(entry | ({"varies": list(exchange.varies)} if exchange.varies else {}))
    written: dict[str, Any] = {"about": case.about}
    written |= {"python": case.python.split("\n")} if case.python else {}
    written |= {"tolerance": case.tolerance} if case.tolerance else {}
    (folder / "vector.json").write_text(readable({**written, "exchanges": entries}) + "\n", encoding="utf-8")


def _load_body(folder: Path, name: str | None) -> Body:
    if name is None:
        return Body()
    as_json = (folder / name).with_suffix(".json")
    return Body(
        (folder / name).read_bytes(), as_json.read_bytes() if name.endswith(".msgpack") and as_json.exists() else None
    )


def _save_body(folder: Path, name: str, headers: dict[str, str], body: Body) -> dict[str, str]:
    if body.octets is None:
        return {}
    file = f"{name}.{SUFFIXES.get(headers.get('content-type', ''), 'bin')}"
    (folder / file).write_bytes(body.octets)
    if body.as_json is not None:
        (folder / f"{name}.json").write_text(readable(json.loads(body.as_json)) + "\n", encoding="utf-8")
    return {"body": file}


def readable(value: Any, indent: str = "") -> str:
    """JSON for people: a line for what fits one."""
    line = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(line) <= 110 or not isinstance(value, dict | list) or not value:
        return line
    deeper = indent + "  "
    if isinstance(value, dict):
        parts = [f"{json.dumps(key)}: {readable(item, deeper)}" for key, item in value.items()]
        return "{\n" + ",\n".join(deeper + part for part in parts) + f"\n{indent}}}"
    return "[\n" + ",\n".join(deeper + readable(item, deeper) for item in value) + f"\n{indent}]"
