"""Many clients at once, each with a session of its own and a bit of everything to do, for as long as is wished.

`python -m tests.faults.load --seconds 600` says how long things took, what failed, and what memory grew by. What a
client is told must be right at every moment, and nothing may fail but what the server says it has no room for.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.outcome import percentile

import kremote
from kremote_proto.errors import Unavailable
from tests.conftest import Server, running_server

from .fuzz import children, resident_bytes
from .mixed_work import MixedWork

#: Clients of one process: more of them wait for Python's lock rather than for the server.
_CLIENTS_OF_A_PROCESS = 16


@dataclass
class Client:
    """One client, in a thread."""

    url: str
    token: str
    seed: int
    seconds: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)

    def work(self, until: float) -> None:
        """Do things, one after the other."""
        try:
            with kremote.Session(self.url, self.token) as session:
                work = MixedWork(session, self.seed)
                while time.time() < until:
                    began = time.perf_counter()
                    work.do_something()
                    self.seconds.append(time.perf_counter() - began)
                work.check_all()
        except Unavailable as error:
            self.errors[f"refused: {error.code}"] += 1
        except Exception as error:
            self.errors[f"{type(error).__name__}: {error}"[:300]] += 1


def work(url: str, token: str, seeds: Sequence[int], until: float) -> tuple[list[float], Counter[str]]:
    """What the things that clients of one process did took, and the errors."""
    clients = [Client(url, token, seed) for seed in seeds]
    threads = [threading.Thread(target=client.work, args=(until,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = [each for client in clients for each in client.seconds]
    return seconds, sum((client.errors for client in clients), Counter())


def run(server: Server, clients: int, seconds: float) -> dict[str, Any]:
    """What became of so many clients' work."""
    pids = {"gateway": server.process.pid, "worker": children(server.process.pid)[0]}
    shares = [
        range(first, min(first + _CLIENTS_OF_A_PROCESS, clients)) for first in range(0, clients, _CLIENTS_OF_A_PROCESS)
    ]
    until = time.time() + seconds
    with ExitStack() as exits:
        pool = exits.enter_context(multiprocessing.get_context("spawn").Pool(len(shares)))
        begun = [pool.apply_async(work, (server.url, server.token, share, until)) for share in shares]
        time.sleep(seconds / 5)  # until everybody is there, and caches are full
        before = {name: resident_bytes(pid) for name, pid in pids.items()}
        time.sleep(max(0.0, until - time.time() - 1))
        grown = {name: (resident_bytes(pid) - before[name]) / 2**20 for name, pid in pids.items()}
        results = [each.get(timeout=seconds + 300) for each in begun]
    taken = [each for those, _ in results for each in those]
    return {
        "clients": clients,
        "things done": len(taken),
        "p50 ms": round(percentile(taken, 0.5) * 1e3, 1),
        "p99 ms": round(percentile(taken, 0.99) * 1e3, 1),
        "longest ms": round(max(taken) * 1e3, 1),
        "errors": dict(sum((errors for _, errors in results), Counter())),
        "the same worker": children(server.process.pid)[0] == pids["worker"],
        "grew by MiB": {name: round(taken, 1) for name, taken in grown.items()},
    }


def main() -> int:
    """Print what became of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--backend", default="tensorflow")
    parser.add_argument("--durability", default="process")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kept = ("--state-dir", str(Path(folder) / "state"), "--durability", given.durability)
        with running_server(Path(folder), "--backend", given.backend, *kept) as server:
            found = run(server, given.clients, given.seconds)
    print(json.dumps(found, indent=2))
    refused = all(error.startswith("refused") for error in found["errors"])
    return 0 if refused and found["the same worker"] else 1


if __name__ == "__main__":
    sys.exit(main())
