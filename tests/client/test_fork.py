"""A forked child has ids, sequences and a connection of its own, and frees nothing of its parent's."""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable

import httpx
import pytest

from kremote.session import Session
from kremote.tensor import Tensor

from .fake_server import FakeServer

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]


def in_child(check: Callable[[], object]) -> None:
    """Run a check in a forked child; what it raises fails the test."""
    reader, writer = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            check()
            os._exit(0)
        except BaseException as error:
            os.write(writer, repr(error).encode()[:4000])
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader, "rb") as said:
        message = said.read().decode()
    _, status = os.waitpid(process, 0)
    assert status == 0, message


def test_what_waits_is_sent_before_the_fork(fake: FakeServer, session: Session) -> None:
    v = session.K.variable([1.0])

    def check() -> None:
        assert v.eval() == [1.0]
        assert fake.instructions == ["variable"]

    in_child(check)
    assert fake.instructions == ["variable"]
    assert v.eval() == [1.0]


def test_the_child_has_ids_and_sequences_of_its_own(fake: FakeServer, session: Session) -> None:
    v = session.K.variable([1.0])
    v.eval()
    block = v._value.id >> 24
    nonce = fake.requests[-1].headers["kremote-sequence"].partition("-")[0]

    def check() -> None:
        child = session.K.variable([2.0])
        assert child.eval() == [2.0]
        assert child._value.id >> 24 != block
        assert fake.requests[-1].headers["kremote-sequence"].partition("-")[0] != nonce

    in_child(check)
    assert session.K.variable([3.0])._value.id >> 24 == block


def test_the_child_frees_nothing_of_its_parent(fake: FakeServer, session: Session) -> None:
    held = [session.K.variable([1.0])]
    session.flush()

    def check() -> None:
        held.clear()
        gc.collect()
        own = session.K.variable([2.0])
        identifier = own._value.id
        session.flush()
        del own
        session.flush()
        assert fake.freed == [identifier]

    in_child(check)
    assert held[0].eval() == [1.0]


def test_the_child_has_a_connection_of_its_own(fake: FakeServer, session: Session) -> None:
    session.K.variable([1.0]).eval()
    mine = session._transport._way
    assert mine is not None

    def check() -> None:
        assert session._transport._way is None
        session.K.variable([1.0]).eval()
        assert session._transport._way is not mine

    in_child(check)
    assert session._transport._way is mine


def test_a_fork_while_another_thread_holds_the_queue(fake: FakeServer, session: Session) -> None:
    """The lock is free in the child, whoever held it."""
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with session.queue.lock:
            entered.set()
            leave.wait(0.2)

    thread = threading.Thread(target=hold)
    thread.start()
    entered.wait()
    in_child(lambda: session.K.variable([1.0]).eval())
    leave.set()
    thread.join()
    assert session.K.variable([1.0]).eval() == [1.0]


def test_a_fork_without_a_server_does_not_wait(fake: FakeServer) -> None:
    waited: list[float] = []
    session = fake.session(sleep=waited.append)
    session.K.variable([1.0])

    def down(request: object) -> None:
        raise httpx.ConnectError("refused")

    fake.interrupt = down
    in_child(lambda: None)
    assert waited == []
    fake.interrupt = lambda _: None
    session.flush()
    assert fake.instructions == ["variable"]


@pytest.mark.skipif(sys.platform != "linux", reason="fork is multiprocessing's own choice on Linux alone")
def test_multiprocessing(fake: FakeServer, session: Session) -> None:
    _shared.append(session.K.variable([1.0, 2.0]))
    try:
        with multiprocessing.get_context("fork").Pool(2) as pool:
            assert pool.map(_plus_sum, range(4)) == [3.0, 4.0, 5.0, 6.0]
    finally:
        _shared.clear()


_shared: list[Tensor] = []


def _plus_sum(n: int) -> float:
    return float((_shared[0] + n).eval().max()) + 1
