"""Arrays of a call that is waited for are sent from their own memory: nobody can tell."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest

import kremote
from kremote.program import OCTETS_BYTES
from kremote.session import Session
from kremote.tensor import Function
from kremote_proto.errors import ConnectionFailed
from kremote_proto.tensors import Array

from ..conftest import Server
from .fake_server import FakeServer, drop

LARGE = np.arange(OCTETS_BYTES, dtype="float32")


def doubling(session: Session, times: int = 1, dtype: str = "float32") -> Function:
    """A function of so many inputs, called often enough that its calls are remembered."""
    inputs = [session.K.placeholder(ndim=1, dtype=dtype) for _ in range(times)]
    made: Function = session.K.function(inputs, [x * 2 for x in inputs])
    for _ in range(2):
        made([np.ones(OCTETS_BYTES, dtype)] * times)
    return made


def lent(session: Session, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The pieces of bodies from now on that are not the client's own."""
    pieces: list[Any] = []
    send = session.queue._send

    def noting(body: Any, *rest: Any) -> Any:
        pieces.extend(piece for piece in body if not isinstance(piece, bytes))
        return send(body, *rest)

    monkeypatch.setattr(session.queue, "_send", noting)
    return pieces


def test_an_array_is_sent_from_its_own_memory(
    fake: FakeServer, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    double = doubling(session, 2)
    pieces = lent(session, monkeypatch)
    first, second = LARGE.copy(), LARGE + 1
    got = double([first, second])
    np.testing.assert_array_equal(got, [LARGE * 2, LARGE * 2 + 2])
    assert [np.shares_memory(np.asarray(piece), array) for piece, array in zip(pieces, (first, second), strict=True)]
    assert len(pieces) == 2


def test_a_small_array_is_copied(fake: FakeServer, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    double = doubling(session)
    pieces = lent(session, monkeypatch)
    np.testing.assert_array_equal(double([LARGE[:3]]), [[0, 2, 4]])
    assert pieces == []


def test_an_array_may_be_changed_after_the_call(fake: FakeServer, session: Session) -> None:
    double, array = doubling(session), LARGE.copy()
    for n in range(3):
        array[:] = n
        assert double([array])[0].max() == 2 * n
        array[:] = 100


@pytest.mark.parametrize("what", ["requests", "replies"])
def test_a_lost_request_is_sent_again_whole(fake: FakeServer, session: Session, what: str) -> None:
    double = doubling(session)
    done = len(fake.programs)
    if what == "requests":
        fake.interrupt = drop(2)
    else:
        fake.lose = drop(2)
    np.testing.assert_array_equal(double([LARGE]), [LARGE * 2])
    assert len(fake.programs) == done + 1, "it was run once"


def test_a_template_that_the_server_forgot(fake: FakeServer, session: Session) -> None:
    double = doubling(session)
    fake.kept_templates.clear()
    np.testing.assert_array_equal(double([LARGE]), [LARGE * 2])


@pytest.mark.parametrize("failure", [KeyboardInterrupt, httpx.ReadError])
def test_what_is_sent_later_is_what_the_array_was(fake: FakeServer, failure: type[BaseException]) -> None:
    session = fake.session(retry_seconds=0.0)
    double, array = doubling(session), LARGE.copy()

    def fail(request: httpx.Request) -> None:
        if request.url.path.endswith("/run"):
            raise failure("stopped")

    fake.interrupt = fail
    with pytest.raises((KeyboardInterrupt, ConnectionFailed)):
        double([array])
    array[:] = -1
    fake.interrupt = lambda _: None
    session.flush()
    *_, (_, fed) = (body["inputs"] for body in fake.bodies if "inputs" in body)
    np.testing.assert_array_equal(np.frombuffer(fed["data"], "float32"), LARGE)


def test_another_thread_sends_a_copy(fake: FakeServer, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    double = doubling(session)
    pieces = lent(session, monkeypatch)
    monkeypatch.setattr("kremote.repeated.get_ident", lambda: threading.get_ident() + 1)
    np.testing.assert_array_equal(double([LARGE]), [LARGE * 2])
    assert pieces == []


def test_threads_lend_at_the_same_time(fake: FakeServer, session: Session) -> None:
    double = doubling(session)
    wrong: list[int] = []

    def work(number: int) -> None:
        array = np.empty_like(LARGE)
        for n in range(20):
            array[:] = number + n
            if not (double([array])[0] == 2 * (number + n)).all():
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(100 * n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_server_without_templates(fake: FakeServer) -> None:
    fake.templates = 0
    session = fake.session()
    double = doubling(session)
    np.testing.assert_array_equal(double([LARGE]), [LARGE * 2])


@pytest.fixture(scope="module")
def real(server: Server) -> Iterator[Session]:
    with kremote.Session(server.url, server.token) as session:
        yield session


_MANY = np.arange(60_000.0)


@pytest.mark.parametrize(
    ("dtype", "array"),
    [
        ("float32", _MANY.astype("float32").reshape(300, 200)),
        ("float32", _MANY.reshape(300, 200)),
        ("float32", _MANY.astype(">f4").reshape(300, 200)),
        ("float32", np.asfortranarray(_MANY.astype("float32").reshape(300, 200))),
        ("float32", _MANY.astype("float32").reshape(300, 200)[::-2, ::3]),
        ("float32", np.broadcast_to(np.arange(200, dtype="float32"), (300, 200))),
        ("float32", np.zeros((0, 200), "float32")),
        ("float32", np.float32(3)),
        ("float32", np.arange(2_000_000, dtype="float32")),
        ("float16", (_MANY % 1000).astype("float16")),
        ("bfloat16", (_MANY % 256).astype("float32")),
        ("float64", _MANY / 3),
        ("int8", (_MANY % 100).astype("int8")),
        ("int64", _MANY.astype("int64")),
        ("bool", _MANY % 3 == 0),
        ("complex64", (_MANY + 1j).astype("complex64")),
        ("string", np.array([b"a", b"bc"] * 9000, object)),
    ],
    ids=lambda case: case if isinstance(case, str) else f"{case.dtype} {case.shape}".replace(">", "big "),
)
def test_what_arrives_is_the_array(real: Session, dtype: str, array: Array) -> None:
    x = real.K.placeholder(ndim=array.ndim, dtype=dtype)
    same = real.K.function([x], [real.K.stop_gradient(x)])
    for _ in range(4):
        (got,) = same([array])
        expected = np.asarray(array) if dtype in ("string", "bfloat16") else np.asarray(array, dtype)
        assert got.shape == expected.shape
        assert np.asarray(got, expected.dtype).tobytes() == np.ascontiguousarray(expected).tobytes() or (
            dtype == "string" and got.tolist() == expected.tolist()
        )
