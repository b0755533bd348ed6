"""Latency and rate of one small op, 8x8 add and fetch, against a running server.

KREMOTE_URL=... KREMOTE_TOKEN=... python benchmarks/small_op.py [--seconds 5] [--clients 1 4 16]
"""

from __future__ import annotations

import argparse
import http.client
import os
import platform
import statistics
import threading
import time
from urllib.parse import urlsplit

import msgpack
import numpy as np

from kremote import backend as K


def through_client(seconds: float) -> list[float]:
    """Seconds of each add and fetch by K."""
    x = K.constant(np.ones((8, 8)))
    K.eval(x + x)
    return repeated(lambda: K.eval(x + x), seconds)


class RawClient:
    """The same op as plain HTTP requests on one connection."""

    def __init__(self) -> None:
        address = urlsplit(os.environ["KREMOTE_URL"])
        self.connection = http.client.HTTPConnection(address.hostname or "", address.port)
        self.headers = {
            "authorization": f"Bearer {os.environ['KREMOTE_TOKEN']}",
            "content-type": "application/msgpack",
        }
        self.session = self.ask("/v1/sessions", {})["session"]
        ones = {"dtype": "float32", "shape": [8, 8], "data": np.ones((8, 8), "float32").tobytes()}
        made = self.ask(f"/v1/sessions/{self.session}/ops/constant", {"value": ones})
        self.program = {
            "instructions": [
                {"id": 1 << 30, "op": "operator.add", "args": {"x": {"ref": made["id"]}, "y": {"ref": made["id"]}}}
            ],
            "fetch": [{"ref": 1 << 30}],
            "free": [1 << 30],
        }

    def ask(self, path: str, body: object) -> dict[str, object]:
        """POST a map, give the reply's."""
        self.connection.request("POST", path, msgpack.packb(body), self.headers)
        reply = self.connection.getresponse()
        answer: dict[str, object] = msgpack.unpackb(reply.read())
        if reply.status >= 400:
            raise SystemExit(f"{path}: {answer}")
        return answer

    def once(self) -> None:
        """One add and fetch."""
        self.ask(f"/v1/sessions/{self.session}/run", self.program)


def repeated(work: object, seconds: float) -> list[float]:
    """How long each call took, calls repeated for so many seconds."""
    assert callable(work)
    taken, end = [], time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        work()
        taken.append(time.perf_counter() - began)
    return taken


def rate(clients: int, seconds: float) -> float:
    """Requests per second of several raw clients at once, each with a session of its own."""
    counts = [0] * clients
    raws = [RawClient() for _ in range(clients)]

    def run(index: int) -> None:
        counts[index] = len(repeated(raws[index].once, seconds))

    threads = [threading.Thread(target=run, args=(i,)) for i in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def show(what: str, taken: list[float]) -> None:
    """One row: median, 99th percentile, count."""
    ordered = sorted(taken)
    median, high = statistics.median(ordered) * 1e6, ordered[int(len(ordered) * 0.99)] * 1e6
    print(f"{what:<36} median {median:8.0f} µs   p99 {high:8.0f} µs   n {len(ordered)}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--clients", type=int, nargs="*", default=[1, 4, 16])
    options = parser.parse_args()
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    show("K.eval(x + x), Python client", through_client(options.seconds))
    show("the same as raw HTTP", repeated(RawClient().once, options.seconds))
    for clients in options.clients:
        print(f"{clients:3d} raw clients at once: {rate(clients, options.seconds):8.0f} requests/s")


if __name__ == "__main__":
    main()
