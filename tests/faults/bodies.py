"""Generated bodies on a session's addresses and on the decoders: clear errors, nobody ends, memory is flat.

`python -m tests.faults.bodies --bodies 1000000` gives the decoders as many in this process, and a tenth of them to a
real server; `--case 123` shows one and what becomes of it.
"""

from __future__ import annotations

import argparse
import http.client
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from kremote_proto import codec, octets
from kremote_proto.compression import ENCODINGS
from kremote_proto.errors import KremoteError
from kremote_proto.messages import program_from_wire, template_from_bytes
from kremote_proto.tensors import is_tensor_map, tensor_from_wire
from kremote_server.link_messages import Request
from kremote_server.worker.compression import decompress
from kremote_server.worker.limits import Limits
from kremote_server.worker.npy import array_of
from tests.conftest import Server, running_server

from .fuzz import children, resident_bytes
from .generated_bodies import Bodies, Sent

LIMITS = Limits(structured_bytes=1 << 20, inflated_bytes=1 << 20, tensor_bytes=16 << 20)
#: By how much a process may grow: caches fill.
GROWTH_BYTES = 64 << 20
#: A session is given back after so many bodies.
_BODIES_OF_A_SESSION = 200
_SECONDS = 30


def decoded(sent: Sent) -> str:
    """What the decoders make of a body: "accepted", or the code of the error. Anything else raises."""
    body = memoryview(bytearray(sent.body))
    content_type = sent.headers.get("content-type") or codec.MSGPACK
    encoding = sent.headers.get("content-encoding")
    if encoding not in (None, *ENCODINGS):
        return "refused by the gateway"
    try:
        request = Request({"encoding": encoding, "content_type": content_type}, body)
        decompress(request, LIMITS)
        if content_type == "application/x-npy":
            array_of(request.body)
            return "accepted"
        before, rest = octets.split(request.body, sent.query.get("octets", "0"))
        _made(codec.decode(rest, content_type if content_type == codec.JSON else codec.MSGPACK), before)
    except KremoteError as error:
        return error.code
    return "accepted"


def _made(wire: Any, before: memoryview) -> None:
    """The tensor or the program of a map."""
    if is_tensor_map(wire):
        tensor_from_wire(wire)
        return
    if isinstance(wire, dict):
        wire = {**wire, "inputs": octets.with_data(wire.get("inputs"), before)}
    program = program_from_wire(wire, most_instructions=1000)
    for given in program.inputs:
        if is_tensor_map(given):
            tensor_from_wire(given)
    if program.template is not None:
        template_from_bytes(program.template, most_instructions=1000)


@dataclass
class Tally:
    """What became of bodies."""

    codes: Counter[str] = field(default_factory=Counter)
    #: Cases that were answered as none may be, and how.
    crashers: list[tuple[int, str]] = field(default_factory=list)

    def add(self, number: int, outcome: str, wrong: bool) -> None:
        """Count a case."""
        self.codes[outcome] += 1
        if wrong:
            self.crashers.append((number, outcome))
            print(f"case {number}: {outcome}", flush=True)


def decode_all(bodies: Bodies, numbers: range) -> Tally:
    """Give bodies to the decoders."""
    tally = Tally()
    for number in numbers:
        tally.add(number, *_decoded_or_not(bodies[number]))
    return tally


def _decoded_or_not(sent: Sent) -> tuple[str, bool]:
    try:
        return decoded(sent), False
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:300], True


class Sender:
    """Sends bodies to a server over one connection at a time."""

    def __init__(self, server: Server) -> None:
        self._address = urlsplit(server.url)
        self._token = server.token
        self._connection = self._connect()
        self._session = ""
        self._sent = 0

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self._address.hostname or "", self._address.port, timeout=_SECONDS)

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def outcome(self, sent: Sent) -> tuple[str, bool]:
        """The status of the reply, or what came in its place; and whether that is wrong."""
        if self._sent % _BODIES_OF_A_SESSION == 0:
            self._renew()
        self._sent += 1
        path = sent.path.replace("{session}", self._session)
        try:
            status, reply = self._exchange(sent.method, f"{path}?{urlencode(sent.query)}", sent.headers, sent.body)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            self._connection = self._connect()
            return f"no reply: {type(error).__name__} {error}", True
        # 501: this engine has no such op.
        return (str(status), False) if status < 500 or status == 501 else (f"{status}: {reply[:300]!r}", True)

    def _renew(self) -> None:
        if self._session:
            self._exchange("DELETE", f"/v1/sessions/{self._session}", {}, b"")
        status, reply = self._exchange("POST", "/v1/sessions", {}, b"")
        assert status == 201, reply
        self._session = codec.decode(reply)["session"]

    def _exchange(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        authorized = {"accept": codec.MSGPACK, **headers, "authorization": f"Bearer {self._token}"}
        self._connection.request(method, target, body, authorized)
        reply = self._connection.getresponse()
        return reply.status, reply.read()


def send_all(server: Server, bodies: Bodies, numbers: range) -> tuple[Tally, dict[str, int]]:
    """Send bodies to a server; by process, the bytes that it grew by after the first tenth."""
    tally, sender, before = Tally(), Sender(server), {}
    pids = [server.process.pid, *children(server.process.pid)]
    for number in numbers:
        tally.add(number, *sender.outcome(bodies[number]))
        if number - numbers.start == len(numbers) // 10:
            before = {pid: resident_bytes(pid) for pid in pids}
    sender.close()
    if [server.process.pid, *children(server.process.pid)] != pids or server.process.poll() is not None:
        tally.crashers.append((numbers.stop, "a process ended"))
    return tally, {str(pid): resident_bytes(pid) - taken for pid, taken in before.items()}


def main() -> int:
    """Say what became of so many bodies."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bodies", type=int, default=20_000)
    parser.add_argument("--over-http", type=int, help="a tenth of them, where left out")
    parser.add_argument("--backend", default="numpy")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--case", type=int, help="one case alone, shown")
    given = parser.parse_args()
    bodies = Bodies(given.seed)
    if given.case is not None:
        print(bodies[given.case], decoded(bodies[given.case]), sep="\n")
        return 0
    began = time.monotonic()
    tally = decode_all(bodies, range(given.bodies))
    print(f"decoders: {given.bodies} bodies in {time.monotonic() - began:.0f} s: {dict(tally.codes.most_common(12))}")
    count = given.bodies // 10 if given.over_http is None else given.over_http
    options = ["--backend", given.backend, "--tensor-bytes", "16MiB", "--structured-bytes", "1MiB"]
    with (
        tempfile.TemporaryDirectory() as folder,
        running_server(Path(folder), *options, "--inflated-bytes", "1MiB") as server,
    ):
        began = time.monotonic()
        sent, grown = send_all(server, bodies, range(count))
    print(f"HTTP: {count} bodies in {time.monotonic() - began:.0f} s: {dict(sent.codes.most_common(12))}")
    growth = ", ".join(f"{taken / 2**20:.1f} MiB" for taken in grown.values())
    print(f"gateway and workers grew by {growth} after the first tenth")
    crashers = [*tally.crashers, *sent.crashers]
    print(f"crashers: {len(crashers)}")
    return 1 if crashers or any(taken > GROWTH_BYTES for taken in grown.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
