"""Sessions by name: taken up from anywhere, used by several clients at once, listed and ended."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

import kremote
from kremote import __main__ as command
from kremote import backend, current
from kremote_server.tokens import create_token

from ..conftest import Server, running_server
from .fake_server import FakeServer, reply_of

#: Handles of this client have more to them than the declarations say.
K: Any = backend
NAME = "my-experiment"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("named")


@pytest.fixture(scope="module")
def tokens(folder: Path) -> dict[str, str]:
    admin = create_token(folder / "tokens", "root", "admin")
    return {"root": admin} | {user: create_token(folder / "tokens", user) for user in ("alice", "bob")}


@pytest.fixture(scope="module")
def keeping(folder: Path, tokens: dict[str, str]) -> Iterator[Server]:
    """A server that keeps sessions, and parks them soon."""
    state = ("--state-dir", str(folder / "state"), "--park-seconds", "1", "--session-idle-seconds", "1000")
    engines = ("--backend", "numpy,tests.server.engines.tiny")
    with running_server(folder, *engines, "--tokens", str(folder / "tokens"), *state) as server:
        yield server


@pytest.fixture
def session(keeping: Server, tokens: dict[str, str], settings_restored: None) -> Iterator[kremote.Session]:
    """Alice's session of a name, which K uses."""
    yield K.connect(keeping.url, tokens["alice"], NAME)
    with suppress(kremote.KremoteError):
        K.disconnect()
    current._default = None
    with kremote.Session(keeping.url, tokens["alice"]) as last:
        for other in last.K.sessions():
            if other.id != last.id:
                last.K.end_session(other.id)


Again = Callable[..., kremote.Session]


@pytest.fixture
def again(keeping: Server, tokens: dict[str, str]) -> Iterator[Again]:
    """What opens further sessions, which are closed with the test."""
    opened: list[kremote.Session] = []

    def take_up(user: str = "alice", name: str = NAME, **options: Any) -> kremote.Session:
        opened.append(kremote.Session(keeping.url, tokens[user], name, **options))
        return opened[-1]

    yield take_up
    for session in opened:
        session.close()


def test_a_session_is_taken_up_by_its_name(
    keeping: Server, tokens: dict[str, str], again: Again, session: kremote.Session
) -> None:
    assert (session.name, session.taken_up) == (NAME, False)
    assert NAME in repr(session)
    w = K.variable([1.0, 2.0], name="w")
    K.update_add(w, [1.0, 1.0])
    K.disconnect()
    other = K.connect(keeping.url, tokens["alice"], session=NAME)
    assert (other.id, other.taken_up) == (session.id, True)
    found = K.variables()["w"]
    np.testing.assert_array_equal(K.eval(found * 2), [4.0, 6.0])
    K.update(found, [0.0, 0.0])
    np.testing.assert_array_equal(K.eval(K.variables()["w"]), [0.0, 0.0])
    by_id = again("alice", session.id)
    assert (by_id.name, by_id.taken_up) == (NAME, True)


def test_a_session_with_a_name_is_not_deleted_by_who_leaves_it(again: Again, session: kremote.Session) -> None:
    with again("alice", "another") as made:
        made.K.variable(1.0, name="w")
    assert made.closed
    assert {one.name for one in K.sessions()} == {NAME, "another"}
    K.end_session("another")
    assert {one.name for one in K.sessions()} == {NAME}
    with pytest.raises(LookupError, match="expected the id or name of a session of yours"):
        K.end_session("another")


def test_clearing_keeps_the_name(again: Again, session: kremote.Session) -> None:
    before = session.id
    K.variable(1.0, name="w")
    K.clear_session()
    assert session.id != before
    assert session.name == NAME
    assert K.variables() == {}
    with session:
        pass
    assert again().id == session.id


def test_another_users_name_is_another_session(again: Again, session: kremote.Session) -> None:
    K.variable(1.0, name="w")
    with again("bob") as theirs:
        assert theirs.id != session.id
        assert theirs.variables() == {}
        theirs.delete()
    with pytest.raises(LookupError, match="of yours"):
        again("bob", session.id)


def test_a_session_of_another_engine_is_refused(again: Again, session: kremote.Session) -> None:
    with pytest.raises(ValueError, match=rf"expected a session of engine tests.*; {NAME} has numpy"):
        again(engine="tests.server.engines.tiny")
    assert again(engine="numpy").id == session.id


@pytest.mark.parametrize("name", ["a b", "../x", "", "x" * 101])
def test_a_name_that_cannot_be_one_is_refused_before_anything_is_sent(fake: FakeServer, name: str) -> None:
    with pytest.raises(ValueError, match="expected a name of 1 to 100 letters, digits"):
        fake.session(session=name)
    assert fake.requests == []


def test_sessions_are_listed_with_what_they_hold(session: kremote.Session) -> None:
    w = K.variable(np.zeros((10, 10)), dtype="float64", name="w")
    session.flush()
    (one,) = K.sessions()
    assert (one.name, one.id, one.owner, one.engine, one.state) == (NAME, session.id, "alice", "numpy", "live")
    assert (one.bytes, one.variables) == (800, ("w",))
    assert timedelta(0) <= one.idle <= one.age < timedelta(minutes=5)
    assert one.expires is not None
    assert one.expires - one.last_used == timedelta(seconds=1000)
    del w


def test_only_admins_see_the_sessions_of_others(
    keeping: Server, tokens: dict[str, str], session: kremote.Session
) -> None:
    with pytest.raises(PermissionError, match="scope admin"):
        K.sessions("*")
    K.disconnect()
    K.connect(keeping.url, tokens["root"])
    assert [one.name for one in K.sessions("alice")] == [NAME]
    assert {one.owner for one in K.sessions("*")} == {"alice", "root"}
    K.end_session(K.sessions("alice")[0].id)
    assert K.sessions("alice") == []


def test_a_parked_session_is_listed_and_comes_back(session: kremote.Session) -> None:
    K.variable([1.0, 2.0], name="w")
    session.flush()
    until = time.monotonic() + 30
    while (one := K.sessions()[0]).state != "parked":
        assert time.monotonic() < until
        time.sleep(0.1)
    assert (one.bytes, one.variables) == (8, ("w",))
    np.testing.assert_array_equal(K.eval(K.variables()["w"]), [1.0, 2.0])
    assert K.sessions()[0].state == "live"


def test_the_command_lists_and_ends_sessions_by_name(
    keeping: Server,
    tokens: dict[str, str],
    session: kremote.Session,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("KREMOTE_URL", keeping.url)
    monkeypatch.setenv("KREMOTE_TOKEN", tokens["alice"])
    K.variable(np.zeros(1 << 10), name="w")
    session.flush()
    assert command.main(["sessions"]) == 0
    _, row = capsys.readouterr().out.splitlines()
    assert row.split()[:7] == [session.id, NAME, "numpy", "live", "4.0", "KiB", "1"]
    assert "in 16 min" in row
    monkeypatch.setenv("KREMOTE_TOKEN", tokens["root"])
    assert command.main(["sessions", "end", NAME]) == 1
    assert command.main(["sessions", "end", NAME, "--owner", "alice"]) == 0
    assert capsys.readouterr().out == f"left {NAME}\n"
    assert K.sessions() == []


#: A client of its own process: it counts in a variable of its own and in one of all.
CLIENT = """
    import sys
    import numpy as np
    from kremote import backend as K

    url, token, mine, count = sys.argv[1:]
    K.connect(url, token, session="my-experiment")
    own = K.variable(np.zeros(3), name=mine)
    common = K.variables()["common"]
    print("there", flush=True)
    sys.stdin.readline()
    for n in range(int(count)):
        K.update_add(own, np.ones(3))
        K.update_add(common, 1.0)
        if n % 10 == 0:
            assert K.eval(own)[0] == n + 1, (mine, n)
    K.disconnect()
"""


def test_two_clients_work_in_one_session_at_a_time(
    keeping: Server, tokens: dict[str, str], session: kremote.Session
) -> None:
    K.variable(0.0, name="common")
    session.flush()
    counts = {"long": 300, "short": 30}
    clients = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(CLIENT), keeping.url, tokens["alice"], name, str(count)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for name, count in counts.items()
    ]  # fmt: skip
    for client in clients:
        assert client.stdout is not None
        assert client.stdin is not None
        assert client.stdout.readline() == "there\n"
        client.stdin.write("go\n")
        client.stdin.flush()
    for client in clients:
        client.communicate(timeout=60)
    assert [client.returncode for client in clients] == [0, 0]
    values = {name: float(K.eval(variable).max()) for name, variable in K.variables().items()}
    assert values == {"common": 330.0, "long": 300.0, "short": 30.0}


def test_a_lost_reply_is_not_given_up_for_those_of_another_client(again: Again, session: kremote.Session) -> None:
    w = K.variable(0.0, name="w")
    session.flush()
    other = again()
    found = other.variables()["w"]
    program = {"instructions": [{"op": "update_add", "args": {"x": {"variable": "w"}, "increment": 1.0}}]}

    def send() -> Any:
        return session._transport.call("POST", session._path("run"), program, sequence="slow-1")

    first = send()
    for _ in range(100):
        other.K.update_add(found, 1.0)
        other.flush()
    assert send() == first
    assert K.eval(w) == 101.0


def test_one_client_that_deletes_the_session_is_told_to_the_other(again: Again, session: kremote.Session) -> None:
    w = K.variable(0.0, name="w")
    session.flush()
    again().delete()
    with pytest.raises(LookupError, match="of yours"):
        K.eval(w)
    K.clear_session()
    assert K.sessions()[0].name == NAME


def test_sessions_that_end_soon_are_warned_of(fake: FakeServer) -> None:
    made = fake.session()
    ends = time.time() + 60
    expiring = [{"session": made.id, "name": "mine", "expires": ends}, {"session": "x", "name": None, "expires": ends}]

    def tell(request: httpx.Request) -> httpx.Response | None:
        told = {"session": made.id, "engine": "tensorflow", "limits": {}, "expiring": expiring}
        return reply_of(told) if request.method == "GET" else None

    fake.interrupt = tell
    with pytest.warns(UserWarning, match="session") as caught:
        fake.session(session="mine").close()
    first, second = (str(one.message) for one in caught)
    assert "session mine was unused for so long that it would have ended at" in first
    assert "session x ends at" in second
    assert "K.connect(url, session='x')" in second


def test_a_lost_session_says_how_its_name_gets_free(fake: FakeServer) -> None:
    def lost(request: httpx.Request) -> httpx.Response:
        return reply_of({"error": {"code": "session_lost", "message": "session s1 is lost"}}, 410)

    fake.interrupt = lost
    with pytest.raises(kremote.SessionLost, match="`kremote sessions end mine` gives it up"):
        fake.session(session="mine")


def test_threads_that_open_a_name_at_once_have_one_session(again: Again, session: kremote.Session) -> None:
    opened: list[kremote.Session] = []
    take_up = lambda: opened.append(again("alice", "race"))  # noqa: E731
    threads = [threading.Thread(target=take_up) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.id for one in opened}) == 1
    assert sum(not one.taken_up for one in opened) == 1
