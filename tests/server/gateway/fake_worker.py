"""A worker without an engine: it speaks the link and does what an op's name says."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from kremote_proto import codec
from kremote_proto.errors import InvalidValue
from kremote_server.link import serve
from kremote_server.link_messages import Reply, Request

MEBIBYTE = 1 << 20


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("--socket", "--engine", "--device", "--settings"):
        parser.add_argument(name, required=True)
    parser.add_argument("--state", default="{}")
    options = parser.parse_args()
    if options.engine == "refused":
        sys.exit(2)
    threading.Thread(target=_end_with_gateway, daemon=True).start()
    time.sleep(float(os.environ.get("FAKE_START_SECONDS", "0")))
    limits = json.loads(options.settings)
    worker = Worker(options.engine, options.device, limits, json.loads(options.state).get("directory"))
    serve(options.socket, worker.handle, most_body_bytes=limits["body_bytes"])


def _end_with_gateway() -> None:
    while sys.stdin.buffer.read(1):
        pass
    os._exit(0)


class Worker:
    def __init__(self, engine: str, device: str, limits: dict[str, int], directory: str | None) -> None:
        self.directory = directory
        self.engine = engine
        self.device = device
        self.limits = limits
        self.sessions: set[str] = set()
        #: How many requests of each session were seen.
        self.seen_of: Counter[str] = Counter()

    def handle(self, request: Request) -> Reply:
        route, session = request.head["route"], request.head.get("session")
        if route == "hello":
            return _reply(request, {"engine": self.engine, "versions": {}, "device": self.device, "pid": os.getpid()})
        if route == "stats":
            return _reply(request, {"sessions": len(self.sessions), "programs": {"seen": 7}, "held": {"bytes": 5}})
        if route == "usage":
            used = {"bytes": 4, "values": 1, "variables": 0, "compute_seconds": 0.5, "running_seconds": None}
            owner = request.head.get("owner")
            users = {owner: {"bytes": 4, "compute_seconds": 0.5}} if owner else {}
            return _reply(request, {"sessions": dict.fromkeys(self.sessions, used), "users": users})
        if route == "create":
            if self.engine == "full":
                raise InvalidValue("expected fewer sessions on this worker")
            self.sessions.add(str(session))
            if self.directory is not None:
                Path(self.directory, "sessions", str(session)).mkdir()
            return _reply(request, {"session": session})
        if route == "delete":
            self.sessions.discard(str(session))
            return Reply(204)
        if route == "file":
            return self.file(request)
        if route == "holdings":
            return _reply(request, {"sessions": self.holdings(codec.decode(request.body)["sessions"])})
        if route == "park":
            self.sessions.discard(str(session))
            return Reply(204)
        if route == "op":
            return self.op(request.head["path"]["op"], request)
        if route == "tensor":
            return self.tensor(request)
        return _reply(request, {**self.seen(request), "limits": self.limits})

    def file(self, request: Request) -> Reply:
        """A file of what was asked for; and what a file has."""
        if request.head["method"] == "POST":
            (name,) = codec.decode(request.body, request.head["content_type"])["tensors"]
            return Reply(200, "application/octet-stream", iter([f"{request.head['session']} {name}".encode()]))
        return _reply(request, {"tensors": [{"name": bytes(request.body).decode()}]}, 201)

    def holdings(self, wanted: list[str]) -> dict[str, Any]:
        """What sessions hold: a byte for each of their requests."""
        there = [session for session in wanted if session in self.sessions]
        return {one: {"values": 1, "bytes": self.seen_of[one], "variables": ["w"]} for one in there}

    def seen(self, request: Request) -> dict[str, Any]:
        session = str(request.head.get("session"))
        self.seen_of[session] += 1
        seen = {"head": request.head, "length": len(request.body), "requests": self.seen_of[session]}
        return {**seen, "pid": os.getpid(), "values": 0, "variables": ["w"]}

    def op(self, op: str, request: Request) -> Reply:
        if op == "sleep":
            time.sleep(codec.decode(request.body, request.head["content_type"])["seconds"])
        if op == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if op == "exit":
            os._exit(3)
        if op == "boom":
            raise RuntimeError("a defect")
        if op == "refuse":
            raise InvalidValue("expected something else", op="refuse", instruction=7)
        if op == "half":
            return Reply(body=self._half(), length=4 * MEBIBYTE)
        return _reply(request, self.seen(request))

    def _half(self) -> Any:
        yield bytes(2 * MEBIBYTE)
        raise RuntimeError("in the middle of a reply")

    def tensor(self, request: Request) -> Reply:
        if request.head["method"] != "GET":
            return _reply(request, {"sum": sum(request.body[:: 1 << 16]), **self.seen(request)})
        count = int(request.head["path"]["id"])
        headers = {"Kremote-Dtype": "uint8", "Kremote-Shape": str(count * MEBIBYTE)}
        pieces = (bytes([n % 256]) * MEBIBYTE for n in range(count))
        return Reply(200, request.head["accept"], pieces, headers, count * MEBIBYTE)


def _reply(request: Request, value: Any, status: int = 200) -> Reply:
    content_type = codec.JSON if request.head.get("accept") == codec.JSON else codec.MSGPACK
    return Reply(status, content_type, codec.encode(value, content_type))


if __name__ == "__main__":
    main()
