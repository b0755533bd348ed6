"""`K.share` and its like, with two users and a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kremote
from kremote import backend, current
from kremote_server.tokens import create_token

from ..conftest import Server, running_server

#: Handles of this client have more to them than the declarations say.
K: Any = backend


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("tokens")
    return {"file": str(folder / "tokens")} | {
        user: create_token(folder / "tokens", user) for user in ("alice", "bob", "carol")
    }


@pytest.fixture(scope="module")
def sharing(tokens: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with two workers, so that sessions are on one and on two of them."""
    folder: Path = tmp_path_factory.mktemp("sharing")
    options = ("--backend", "numpy", "--workers", "2", "--tokens", tokens["file"], "--state-dir", str(folder / "state"))
    with running_server(folder, *options) as server:
        yield server


@pytest.fixture
def alice(sharing: Server, tokens: dict[str, str], settings_restored: None) -> Iterator[kremote.Session]:
    session = K.connect(sharing.url, tokens["alice"])
    yield session
    session.delete()
    K.disconnect()
    current._default = None


@pytest.fixture
def bobs(sharing: Server, tokens: dict[str, str], alice: kremote.Session) -> Iterator[list[kremote.Session]]:
    """Sessions of bob's on both workers."""
    opened = [kremote.Session(sharing.url, tokens["bob"]) for _ in range(2)]
    yield opened
    for session in opened:
        session.delete()


def test_a_shared_variable_is_copied_as_it_is_now(alice: kremote.Session, bobs: list[kremote.Session]) -> None:
    w = K.variable([1.0, 2.0], name="w")
    address = K.share(w, "bob")
    assert address == "alice/w"
    for session in bobs:
        K.update(w, [1.0, 2.0])
        alice.flush()
        (told,) = session.K.shared()
        assert (told.address, told.users, told.session) == (address, (), None)
        before = session.K.from_shared(address)
        K.update(w, [5.0, 6.0])
        alice.flush()
        np.testing.assert_array_equal(before.eval(), [1.0, 2.0])
        np.testing.assert_array_equal((session.K.from_shared(address) + before).eval(), [6.0, 8.0])
        own = session.K.variable(before, name="own")
        session.K.update(own, [0.0, 0.0])
        session.flush()
    np.testing.assert_array_equal(K.eval(w), [5.0, 6.0])
    K.unshare(w)
    for session in bobs:
        with pytest.raises(LookupError, match="shares nothing 'w' with bob"):
            session.K.from_shared(address)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "int64", "bool", "complex64"])
def test_every_dtype_of_a_file_is_copied(alice: kremote.Session, bobs: list[kremote.Session], dtype: str) -> None:
    values = np.arange(6).reshape(2, 3).astype(bool if dtype == "bool" else "float32")
    w = K.variable(values, dtype=dtype, name="w")
    copy = bobs[0].K.from_shared(K.share(w, "bob"))
    assert (copy.dtype, copy.shape) == (dtype, (2, 3))
    np.testing.assert_array_equal(np.asarray(copy.eval()).astype(w.eval().dtype), w.eval())


def test_a_large_variable_is_copied(alice: kremote.Session, bobs: list[kremote.Session]) -> None:
    values = np.random.default_rng(0).normal(size=(3000, 1000))
    address = K.share(K.variable(values, dtype="float64", name="w"), "bob", name="large")
    for session in bobs:
        np.testing.assert_array_equal(session.K.from_shared(address).eval(), values)


def test_your_own_is_listed_with_those_who_may_read_it(alice: kremote.Session, bobs: list[kremote.Session]) -> None:
    w = K.variable(1.0, name="w")
    K.share(w, "bob", "carol", name="mine")
    (told,) = K.shared()
    assert (told.owner, told.name, told.variable, told.users) == ("alice", "mine", "w", ("bob", "carol"))
    assert told.session == alice.id
    K.share(w, "carol", name="mine")
    assert bobs[0].K.shared() == []
    with pytest.raises(LookupError, match="'w'"):
        K.unshare(w)
    K.unshare(w, "mine")
    assert K.shared() == []


def test_a_share_ends_with_its_session_and_its_variable(alice: kremote.Session, bobs: list[kremote.Session]) -> None:
    K.share(K.variable(1.0, name="w"), "bob")
    alice._transport.call("DELETE", alice._path("variables", "w"))
    with pytest.raises(LookupError, match="expected the name of a variable; got 'w'"):
        bobs[0].K.from_shared("alice/w")
    K.clear_session()
    with pytest.raises(LookupError, match="shares nothing 'w' with bob"):
        bobs[0].K.from_shared("alice/w")


def test_what_cannot_be_shared_is_refused(alice: kremote.Session) -> None:
    w = K.variable(1.0, name="w")
    with pytest.raises(ValueError, match="expected users to share with"):
        K.share(w)
    with pytest.raises(ValueError, match="expected a variable with a name"):
        K.share(K.variable(1.0), "bob")
    with pytest.raises(TypeError, match="expected a variable; got"):
        K.share(w + 1, "bob")
    for wrong in ("", "w", "/w", "alice/", None):
        with pytest.raises(ValueError, match='expected an address such as "alice/weights"'):
            K.from_shared(wrong)
