"""Programs go out while calls go on: in order, each once, whatever becomes of the connection and of threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import httpx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kremote import program_queue
from kremote.session import Session
from kremote_proto.errors import ConnectionFailed, InvalidValue, SessionLost

from .fake_server import FakeServer, reply_of
from .test_program_queue import failing_dot


@pytest.fixture
def small_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ENOUGH_INSTRUCTIONS", "MOST_INSTRUCTIONS"):
        monkeypatch.setattr(program_queue, name, 4)


def until(true: Callable[[], object]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + 5
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def of_runs(request: httpx.Request) -> bool:
    return request.url.path.endswith("/run")


class Gate:
    """Holds the server's answers back."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.waiting = threading.Event()

    def __call__(self, request: httpx.Request) -> None:
        if of_runs(request):
            self.waiting.set()
            assert self.open.wait(10)


def test_calls_go_on_while_the_server_computes(fake: FakeServer, session: Session, small_programs: None) -> None:
    v = session.K.variable([0.0])
    session.flush()
    gate = fake.interrupt = Gate()
    for _ in range(8):
        session.K.update_add(v, [1.0])
    assert gate.waiting.wait(5)
    session.K.update_add(v, [1.0])
    gate.open.set()
    assert v.eval() == [9.0]
    assert [len(program["instructions"]) for program in fake.programs] == [1, 4, 4, 1]


def test_calls_wait_when_too_much_waits(fake: FakeServer, session: Session, small_programs: None) -> None:
    v = session.K.variable([0.0])
    session.flush()
    gate = fake.interrupt = Gate()
    count = 4 * (program_queue.MOST_WAITING + 3)
    done = threading.Event()

    def work() -> None:
        for _ in range(count):
            session.K.update_add(v, [1.0])
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert gate.waiting.wait(5)
    assert not done.wait(0.2)
    gate.open.set()
    thread.join(5)
    assert done.is_set()
    assert v.eval() == [float(count)]


def test_a_background_program_s_error_is_raised_at_the_next_sync(
    fake: FakeServer, session: Session, small_programs: None
) -> None:
    failing_dot(session)
    v = session.K.variable([0.0])
    for _ in range(4):
        session.K.update_add(v, [1.0])
    until(lambda: fake.programs)
    with pytest.raises(InvalidValue, match="lengths that fit") as caught:
        v.eval()
    assert (caught.value.location or "").startswith(__file__.replace("test_sender", "test_program_queue"))
    assert v.eval() == [4.0]


def test_a_server_out_of_reach_is_told_before_a_call_is_added(fake: FakeServer, small_programs: None) -> None:
    session = fake.session(retry_seconds=0.0)
    v = session.K.variable([0.0])
    session.flush()

    def down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    fake.interrupt = down
    made: list[object] = []
    with pytest.raises(ConnectionFailed):
        made.extend(session.K.update_add(v, [1.0]) for _ in range(100))
    assert 0 < len(made) < 100
    fake.interrupt = lambda _: None
    assert v.eval() == [float(len(made))]


def test_an_interrupt_while_waiting_loses_nothing(fake: FakeServer, session: Session, small_programs: None) -> None:
    v = session.K.variable([0.0])
    session.flush()

    def interrupt(request: httpx.Request) -> None:
        fake.lose = lambda _: None
        raise KeyboardInterrupt

    for _ in range(3):
        session.K.update_add(v, [1.0])
    fake.lose = interrupt
    with pytest.raises(KeyboardInterrupt):
        v.eval()
    for _ in range(3):
        session.K.update_add(v, [1.0])
    assert v.eval() == [6.0]


def test_the_session_ends_while_programs_wait(fake: FakeServer, small_programs: None) -> None:
    with fake.session() as session:
        v = session.K.variable([0.0])
        gate = fake.interrupt = Gate()
        for _ in range(12):
            session.K.update_add(v, [1.0])
        assert gate.waiting.wait(5)
        gate.open.set()
        session.clear()
        assert session.K.variable([1.0]).eval() == [1.0]
        for _ in range(12):
            session.K.variable([2.0])
    thread = session._sender._thread
    assert thread is not None
    thread.join(5)
    assert not thread.is_alive()


def test_what_is_printed_in_the_background_shows_in_the_program_s_order(
    fake: FakeServer, session: Session, small_programs: None, capsys: pytest.CaptureFixture[str]
) -> None:
    v = session.K.variable([1.0])
    for n in range(9):
        session.K.print_tensor(v, f"{n}:")
    session.flush()
    assert capsys.readouterr().out == "".join(f"{n}: [1.]\n" for n in range(9))


@given(
    st.lists(st.sampled_from(["add", "eval", "down", "lose", "forget", "flush", "drop"]), max_size=40),
)
@settings(max_examples=60)
def test_each_update_is_made_once_whatever_happens(events: list[str]) -> None:
    """Requests that never arrive, replies that are lost, templates that are forgotten: at any point."""
    fake = FakeServer()
    session = fake.session(retry_seconds=0.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(program_queue, "ENOUGH_INSTRUCTIONS", 3)
        v = session.K.variable(np.zeros(1))
        session.flush()
        total = 0
        for event in events:
            if event in ("down", "lose"):
                setattr(fake, "interrupt" if event == "down" else "lose", once_failing(fake, event))
            elif event == "forget":
                fake.kept_templates.clear()
            else:
                try:
                    if event == "add":
                        session.K.update_add(v, [1.0])
                        total += 1
                    elif event == "drop":
                        v * 2 + 1
                    elif event == "flush":
                        session.flush()
                    else:
                        assert v.eval() == [total]
                except ConnectionFailed:
                    pass
        fake.interrupt = fake.lose = lambda _: None
        assert v.eval() == [total]
        session.close()


def once_failing(fake: FakeServer, event: str) -> Callable[[httpx.Request], None]:
    def fail(request: httpx.Request) -> None:
        if of_runs(request):
            if event == "down":
                fake.interrupt = lambda _: None
            else:
                fake.lose = lambda _: None
            raise httpx.ReadError("connection reset", request=request)

    return fail


def test_a_lone_update_reaches_the_server_by_itself(fake: FakeServer) -> None:
    with fake.session() as session:
        v = session.K.variable([1.0])
        v.eval()
        session.K.update_add(v, [1.0])
        until(lambda: fake.instructions == ["variable", "update_add"])


def test_an_error_the_idle_flush_met_is_raised_at_the_next_sync(fake: FakeServer) -> None:
    with fake.session() as session:
        good = session.K.variable([1.0])
        failing_dot(session)
        until(lambda: not session.queue.waiting)
        with pytest.raises(InvalidValue, match="lengths that fit"):
            good.eval()
        assert good.eval() == [1.0]


def test_a_program_refused_while_idle_is_told_later(fake: FakeServer) -> None:
    session = fake.session()
    v = session.K.variable([1.0])
    v.eval()
    lost = reply_of({"error": SessionLost("worker 0 died").to_wire()}, 410)
    fake.interrupt = lambda request: lost if request.url.path.endswith("/run") else None
    session.K.update_add(v, [1.0])
    until(lambda: not session.queue.waiting)
    fake.interrupt = lambda _: None
    with pytest.raises(SessionLost):
        session.flush()


def test_dropped_values_give_their_memory_back_when_nothing_else_is_sent(
    fake: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kremote.sender.FREE_SECONDS", 0.05)
    with fake.session() as session:
        v = session.K.variable([1.0])
        v.eval()
        del v
        until(lambda: not fake.values)


def test_dropped_values_wait_for_the_next_program_of_a_busy_client(fake: FakeServer) -> None:
    with fake.session() as session:
        sent = len(fake.requests)
        for _ in range(3):
            session.K.variable([1.0]).eval()
            time.sleep(3 * session._sender._idle_seconds)
        assert len(fake.requests) == sent + 3


def test_nothing_is_sent_after_the_end(fake: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kremote.sender.FREE_SECONDS", 0.01)
    session = fake.session()
    v = session.K.variable([1.0])
    v.eval()
    session.close()
    count = len(fake.requests)
    del v
    thread = session._sender._thread
    assert thread is not None
    thread.join(5)
    assert not thread.is_alive()
    assert len(fake.requests) == count


def test_the_idle_flush_asks_a_server_out_of_reach_once_and_holds_nobody_up(fake: FakeServer) -> None:
    waited: list[float] = []
    session = fake.session(sleep=waited.append)
    v = session.K.variable([1.0])
    v.eval()

    def down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    fake.interrupt = down
    count = len(fake.requests)
    session.K.update_add(v, [1.0])
    until(lambda: len(fake.requests) > count)
    assert waited == []
    fake.interrupt = lambda _: None
    assert v.eval() == [2.0]
