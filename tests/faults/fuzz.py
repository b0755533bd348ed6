"""Hostile arguments for every op of the catalogue, sent to a real server, which must answer each with a clear error.

`python -m tests.faults.fuzz --engine tensorflow --seed 7 --seconds 600` looks longer than the test does, and
`--case 123` sends one case alone and shows it. A case is the same for the same seed, number and ops.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from kremote_proto import codec
from kremote_proto.messages import Program
from kremote_proto.op import CATALOGUE, Op
from kremote_proto.tensors import tensor_to_lists, tensor_to_wire
from tests.conformance.rows import ROWS, draw
from tests.conftest import Server, running_server

from .hostile_arguments import Arguments
from .hostile_programs import WAYS, program_of

#: How long small arguments may take, and how much memory.
MOST_SECONDS = 20.0
MOST_BYTES = 2 << 30
#: How many accepted sets of arguments of each op hostile ones are made from.
_BASES = 4
#: A session is given back after so many cases.
_CASES_OF_A_SESSION = 200

#: What messages must not show: where the engine's library stands, and how it names things.
_INTERNALS = re.compile(
    r"\{\{|\[Op:|/job:|Traceback|File \"|\.py\b|\.cc:|Eigen|\bNode:|EagerTensor|SymbolicTensor|<tf\.|Tensor\(\"|"
    r"\btf\.|site-packages|0x[0-9a-f]{8}|OP_REQUIRES|KerasTensor|\bself\b|positional argument|object has no attribute"
)


@dataclass(frozen=True)
class Case:
    """One op with arguments, and the way to run it."""

    number: int
    op: str
    way: str
    arguments: dict[str, Any]
    program: Program

    def __str__(self) -> str:
        with np.printoptions(threshold=16, edgeitems=2):
            return f"{self.op}, {self.way}, {' '.join(repr(self.arguments).split()):.400}"


@dataclass
class Cases:
    """The cases of a seed."""

    seed: int
    ops: Sequence[str] = ()
    _bases: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def __getitem__(self, number: int) -> Case:
        names = list(self.ops) or sorted(CATALOGUE)
        op = CATALOGUE[names[number % len(names)]]
        seed = f"{self.seed}:{number}"
        chosen = random.Random(seed)
        arguments = chosen.choice(self._accepted(op))
        if chosen.random() < 0.85:
            arguments = Arguments(seed).hostile(op, arguments)
        way = chosen.choice(WAYS)
        return Case(number, op.name, way, arguments, program_of(op, arguments, way, chosen))

    def _accepted(self, op: Op) -> list[dict[str, Any]]:
        """What the conformance rows give the op, and what its rule takes of arguments drawn by kind."""
        if op.name not in self._bases:
            seed = f"{self.seed}:{op.name}"
            rows = [row for row in ROWS if row.op == op.name]
            known = [draw(case.arguments, row.dtypes[0], seed) for row in rows for case in row.cases]
            drawn = Arguments(seed)
            several = random.Random(seed).sample(known, min(len(known), _BASES))
            self._bases[op.name] = several + [drawn.accepted(op) for _ in range(_BASES)]
        return self._bases[op.name]


class Watch:
    """The workers' memory, looked at all the time: one that takes too much is ended before the machine suffers."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._highest = self._before = 0

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def taken(self) -> int:
        """By how many bytes the workers have grown, at most, since this was last asked."""
        highest, before = self._highest, self._before
        self._highest = self._before = self._resident()
        return max(highest, self._before) - before

    def _resident(self) -> int:
        return max(map(resident_bytes, children(self._server.process.pid)), default=0)

    def _look(self) -> None:
        while not self._ended.wait(0.1):
            self._highest = max(self._highest, self._resident())
            if self._highest > 2 * MOST_BYTES:
                self.end_workers()

    def end_workers(self) -> None:
        """End what may never answer; the server starts others."""
        for pid in children(self._server.process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def children(pid: int) -> list[int]:
    """The processes that one started: a server's are its workers."""
    with suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def resident_bytes(pid: int) -> int:
    """The memory a process holds; 0 of one that has ended."""
    with suppress(OSError, IndexError, ValueError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


class Fuzzer:
    """Sends cases to a server, and says what is wrong with an answer."""

    def __init__(self, server: Server, watch: Watch, engine: str) -> None:
        self._server = server
        self._watch = watch
        self._engine = engine
        headers = {"authorization": f"Bearer {server.token}", "accept": codec.JSON}
        self._client = httpx.Client(base_url=server.url, headers=headers, timeout=120)
        self._session = ""
        self._sent = 0
        #: How each instruction ended, by code.
        self.codes: Counter[str] = Counter()

    def __enter__(self) -> Fuzzer:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def wrong(self, case: Case) -> str | None:
        """What is wrong with the server's answer to a case."""
        self._renew()
        self._sent += 1
        self._watch.taken()
        started = time.monotonic()
        try:
            found = self._found_in(self._reply(case))
        except httpx.HTTPError as error:
            found = f"no reply: {type(error).__name__} {error}"
        seconds, taken = time.monotonic() - started, self._watch.taken()
        if found and found.startswith(("status", "no reply")):
            self._session = ""
            self._watch.end_workers()
        if found is None and seconds > MOST_SECONDS:
            found = f"took {seconds:.0f} s"
        return f"took {taken >> 20} MiB" + (f", {found}" if found else "") if taken > MOST_BYTES else found

    def _renew(self) -> None:
        if self._session and self._sent % _CASES_OF_A_SESSION:
            return
        if self._session:
            self._client.delete(f"/v1/sessions/{self._session}")
        until = time.monotonic() + 120
        while True:
            reply = self._client.post("/v1/sessions", json={"engine": self._engine})
            if reply.status_code == 201:
                self._session = reply.json()["session"]
                return
            assert time.monotonic() < until, reply.text
            time.sleep(0.5)

    def _reply(self, case: Case) -> httpx.Response:
        program, address = case.program, f"/v1/sessions/{self._session}"
        if len(program.instructions) > 1:
            return self._post(f"{address}/run", program.to_wire())
        alone = program.instructions[0]
        return self._post(f"{address}/ops/{alone.op}?fetch=1", alone.args)

    def _post(self, address: str, body: Any) -> httpx.Response:
        content_type = codec.MSGPACK
        try:
            content = codec.encode(body)
        except TypeError:  # MessagePack has no integers of more than 64 bits
            content = json.dumps(body, default=lambda value: tensor_to_lists(tensor_to_wire(value))).encode()
            content_type = codec.JSON
        return self._client.post(address, content=content, headers={"content-type": content_type})

    def _found_in(self, reply: httpx.Response) -> str | None:
        if reply.status_code in (500, 502, 503, 410) or reply.status_code < 200:
            return f"status {reply.status_code}: {reply.text[:600]}"
        for error in _errors_in(reply.json()):
            self.codes[error["code"]] += 1
            if error["code"] in ("internal", "out_of_memory"):
                return f"{error['op']}: {error['code']}: {error['message'][:600]}"
            if _INTERNALS.search(error["message"]):
                return f"{error['op']} shows internals: {error['message'][:600]}"
        self.codes["replies"] += 1
        return None


def _errors_in(reply: Any) -> Iterator[dict[str, Any]]:
    """Every error anywhere in a reply."""
    if isinstance(reply, dict):
        if isinstance(reply.get("error"), dict):
            yield reply["error"]
        for value in reply.values():
            yield from _errors_in(value)
    elif isinstance(reply, list):
        for value in reply:
            yield from _errors_in(value)


def main() -> None:
    """Send cases until the time is over, and print what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", default="tensorflow")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--start", type=int, default=0, help="the first case")
    parser.add_argument("--case", type=int, help="one case alone, shown")
    parser.add_argument("--ops", nargs="*", default=[], help="some ops only")
    given = parser.parse_args()
    cases = Cases(given.seed, given.ops)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_server(Path(folder), "--backend", given.engine, "--tensor-bytes", "256MiB") as server,
        Watch(server) as watch,
        Fuzzer(server, watch, given.engine) as fuzzer,
    ):
        until = time.monotonic() + given.seconds
        number = given.start if given.case is None else given.case
        while time.monotonic() < until:
            case = cases[number]
            found = fuzzer.wrong(case)
            if found or given.case is not None:
                print(f"case {number}: {case}\n    {found}", flush=True)
            number += 1
            if given.case is not None:
                break
        print(f"{number - given.start} cases; instructions: {dict(fuzzer.codes.most_common())}")


if __name__ == "__main__":
    main()
