"""A stream of heavy programs of some users leaves the small ops of another their turn."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import kremote

#: A turn is one heavy program. However busy the machine is, a small op takes some of them at most.
TURNS = 5
HEAVY, INSTRUCTIONS = 3, 60


def test_a_small_op_waits_for_about_one_turn_of_the_others(start_server: Callable[..., Any]) -> None:
    with start_server() as server, heavy_users(server) as turns, kremote.Session(server.url, server.token) as small:
        x = small.K.ones((8, 8))
        waits: list[float] = []
        until = time.monotonic() + 60
        while sum(map(len, turns)) < 4 * HEAVY or len(waits) < 20:
            began = time.monotonic()
            small.K.eval(x + x)
            waits.append(time.monotonic() - began)
            assert time.monotonic() < until
        turn = statistics.median(seconds for of_one in turns for seconds in of_one)
        print(f"a turn takes {turn:.3f} s, small ops {statistics.median(waits):.4f} s, at most {max(waits):.4f} s")
        assert max(waits) < TURNS * max(max(of_one) for of_one in turns)
        assert statistics.median(waits) < turn


@contextmanager
def heavy_users(server: Any) -> Iterator[list[list[float]]]:
    """Users who send one heavy program after another; how long each of these took."""
    turns: list[list[float]] = [[] for _ in range(HEAVY)]
    over = threading.Event()

    def work(took: list[float]) -> None:
        with kremote.Session(server.url, server.token) as session:
            a = session.K.ones((500, 500))
            while not over.is_set():
                began, product = time.monotonic(), a
                for _ in range(INSTRUCTIONS):
                    product = session.K.dot(product, a) / 500
                session.K.eval(session.K.sum(product))
                took.append(time.monotonic() - began)

    threads = [threading.Thread(target=work, args=[took]) for took in turns]
    for thread in threads:
        thread.start()
    try:
        yield turns
    finally:
        over.set()
        for thread in threads:
            thread.join()
