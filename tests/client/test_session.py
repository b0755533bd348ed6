"""Sessions: which one a call uses, and what becomes of it."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import numpy as np
import pytest

import kremote
from kremote import backend, current
from kremote.session import Session
from kremote_proto.errors import SessionLost

from .fake_server import URL, FakeServer, reply_of

#: Handles of this client have more to them than the declarations say.
K: Any = backend


@pytest.fixture(autouse=True)
def _left_as_found(no_idle_flush: None) -> Iterator[None]:
    assert current.existing_session() is None
    yield
    current._default = None


def test_a_session_is_the_current_one_inside_its_block(fake: FakeServer) -> None:
    with fake.session() as session:
        v = K.variable([1.0])
        assert v.session is session
        with FakeServer().session() as inner:
            assert K.variable([1.0]).session is inner
        assert K.variable([1.0]).session is session


def test_a_block_deletes_the_session_it_made(fake: FakeServer) -> None:
    with fake.session() as session:
        pass
    assert [request.method for request in fake.requests][-1] == "DELETE"
    assert session.closed


def test_a_block_leaves_a_session_it_took_up(fake: FakeServer) -> None:
    made = fake.session()
    with fake.session(session=made.id) as again:
        assert again.id == made.id
    assert "DELETE" not in [request.method for request in fake.requests]


def test_an_error_inside_is_not_hidden_by_a_late_one(fake: FakeServer) -> None:
    with pytest.raises(KeyError), fake.session():  # noqa: PT012
        v = K.variable([1.0])
        v._value.spec = None
        K.update_add(v, [1.0, 2.0])
        raise KeyError


def test_a_late_error_comes_out_of_the_block(fake: FakeServer) -> None:
    with pytest.raises(ValueError, match="broadcast"), fake.session():  # noqa: PT012
        v = K.variable([1.0])
        v._value.spec = None
        K.update_add(v, [1.0, 2.0])


def test_a_session_has_its_own_k(fake: FakeServer) -> None:
    session = fake.session()
    with FakeServer().session():
        v = session.K.variable([1.0])
        assert v.session is session
        assert session.K.eval(v) == [1.0]
    assert session.K.floatx() == "float32"
    assert "dot" in dir(session.K)
    assert session.K.dot.__doc__ == K.dot.__doc__
    with pytest.raises(AttributeError, match="dott"):
        getattr(session.K, "dott")  # noqa: B009


def test_a_handle_leads_to_its_session(fake: FakeServer) -> None:
    session = fake.session()
    v = session.K.variable([1.0])
    assert (v + 1).session is session
    assert K.eval(v) == [1.0]


def test_a_call_belongs_to_the_session_of_its_handles(fake: FakeServer) -> None:
    v = fake.session().K.variable([1.0])
    with FakeServer().session():
        assert (v + 1).session is v.session
        assert K.eval(v) == K.get_value(v)


@pytest.mark.parametrize("use", [lambda v, w: v + w, lambda v, w: K.batch_get_value([v, w])])
def test_handles_of_two_sessions_are_refused(fake: FakeServer, use: Callable[[object, object], object]) -> None:
    v = fake.session().K.variable([1.0])
    with FakeServer().session(), pytest.raises(ValueError, match=r"expected a handle of .*; got one of"):
        use(v, K.variable([1.0]))


def test_a_closed_session_is_refused_with_advice(fake: FakeServer) -> None:
    session = fake.session()
    v = session.K.variable([1.0])
    session.close()
    for use in (lambda: v + 1, v.eval, session.flush, lambda: session.K.variable([1.0])):
        with pytest.raises(ValueError, match=r"is closed\n.*K.connect\(url, session=...\)"):
            use()
    session.close()
    session.delete()


def test_closing_sends_what_waits_and_keeps_the_session(fake: FakeServer) -> None:
    session = fake.session()
    session.K.variable([1.0])
    session.close()
    assert fake.instructions == ["variable"]
    assert fake.requests[-1].method == "POST"


def test_connect_replaces_the_session_before(fake: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kremote.session.Session", lambda *_, **__: fake.session())
    first = K.connect(URL, "secret")
    v = K.variable([1.0])
    assert v.session is first
    second = kremote.connect(URL, "secret")
    assert first.closed
    assert fake.instructions == ["variable"]
    assert K.variable([1.0]).session is second
    K.disconnect()
    assert second.closed
    K.disconnect()


def test_a_failed_connect_keeps_the_session_before(fake: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kremote.session.Session", lambda *_, **__: fake.session())
    first = K.connect(URL, "secret")

    def refuse(*_: object, **__: object) -> Session:
        raise kremote.ConnectionFailed("no")

    monkeypatch.setattr("kremote.session.Session", refuse)
    with pytest.raises(ConnectionError):
        K.connect("http://elsewhere", "secret")
    assert not first.closed
    assert current.existing_session() is first


def test_threads_made_at_once_share_one_default_session(fake: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KREMOTE_URL", URL)
    monkeypatch.setattr("kremote.session.Session", lambda *_, **__: fake.session())
    monkeypatch.setattr("kremote.local_server.local_server", lambda: type("S", (), {"url": URL, "token": "secret"}))
    sessions = []
    threads = [threading.Thread(target=lambda: sessions.append(K.variable([1.0]).session)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(session) for session in sessions}) == 1
    assert fake.sessions == 1


def test_an_unknown_session_cannot_be_taken_up(fake: FakeServer) -> None:
    with pytest.raises(LookupError, match="expected a session"):
        fake.session(session="x" * 32)


def test_the_engine_asked_for(fake: FakeServer) -> None:
    from kremote_proto.codec import decode

    fake.session(engine="my_package.my_module")
    fake.session()
    bodies = [decode(request.content) for request in fake.requests]
    assert [body["engine"] for body in bodies] == ["my_package.my_module", None], "nobody chose one"
    assert bodies[0]["protocol"] == [1, 1]
    assert bodies[0]["client"].startswith("kremote/")


def test_clear_session_empties_the_server_and_keeps_the_client(fake: FakeServer) -> None:
    """Statement 39."""
    with fake.session() as session:
        v = K.variable([1.0])
        K.get_uid("dense")
        before = session.id
        K.clear_session()
        assert session.id != before
        assert fake.values == {}
        assert K.get_uid("dense") == 1
        with pytest.raises(ValueError, match="before K\\.clear_session"):
            v + 1
        with pytest.raises(ValueError, match="before K\\.clear_session"):
            v.eval()
        assert K.variable([2.0]).eval() == [2.0]
        stale = v._value.id
        del v
        session.flush()
        assert stale not in fake.freed


def test_clear_session_replaces_a_lost_session(fake: FakeServer) -> None:
    with fake.session() as session:
        K.variable([1.0])
        lost = reply_of({"error": SessionLost("worker 0 died").to_wire()}, 410)
        fake.interrupt = lambda request: lost if "/s1" in request.url.path else None
        with pytest.raises(SessionLost):
            session.flush()
        K.clear_session()
        assert K.variable([2.0]).eval() == [2.0]


def test_clear_session_tells_an_error_nobody_saw(fake: FakeServer) -> None:
    with fake.session():
        v = K.variable([1.0])
        v._value.spec = None
        K.update_add(v, [1.0, 2.0])
        with pytest.raises(ValueError, match="broadcast"):
            K.clear_session()
        assert K.variable([2.0]).eval() == [2.0]


def test_without_a_url_a_session_says_what_to_do() -> None:
    with pytest.raises(ValueError, match="KREMOTE_URL"):
        kremote.Session()


def test_the_end_of_the_process_tells_what_could_not_be_sent(
    fake: FakeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    waited: list[float] = []
    session = fake.session(sleep=waited.append)
    session.K.variable([1.0])

    def down(request: object) -> None:
        raise httpx.ConnectError("refused")

    fake.interrupt = down
    session.end_of_process(leave=False)
    assert waited == []
    assert "kremote: ConnectionFailed: " in capsys.readouterr().err


def test_the_end_of_the_process_sends_what_waits(fake: FakeServer, capsys: pytest.CaptureFixture[str]) -> None:
    session = fake.session()
    v = session.K.variable([1.0])
    v._value.spec = None
    session.K.update_add(v, [1.0, 2.0])
    session.end_of_process(leave=False)
    assert fake.instructions == ["variable", "update_add"]
    assert "kremote: InvalidValue: update_add: " in capsys.readouterr().err


def test_an_array_above_the_server_s_limit_is_refused_before_it_is_sent(fake: FakeServer) -> None:
    with fake.session() as session:
        session._description["limits"] = {"body_bytes": 2 << 20}
        requests = len(fake.requests)
        with pytest.raises(kremote.LimitExceeded, match=r"at most 2097152 bytes.*got 4000000"):
            session.K.variable(np.zeros(1_000_000, "float32"))
        assert len(fake.requests) == requests


def test_a_session_is_entered_by_threads_at_once(fake: FakeServer) -> None:
    session = fake.session()
    inside, left = threading.Barrier(4), list[Exception]()

    def work(number: int) -> None:
        try:
            with session:
                inside.wait(5)
                with session:
                    assert current.existing_session() is session
                time.sleep(0.01 * number)
                assert current.existing_session() is session
        except Exception as error:
            left.append(error)

    with session:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert current.existing_session() is session
        assert not session.closed
    assert session.closed
    assert left == []


def test_a_block_is_left_where_it_was_entered(fake: FakeServer) -> None:
    session = fake.session()
    elsewhere = contextvars.copy_context()
    elsewhere.run(session.__enter__)
    with pytest.raises(ValueError, match="thread or task that entered"):
        session.__exit__(None, None, None)
    elsewhere.run(session.__exit__, None, None, None)
    assert session.closed
