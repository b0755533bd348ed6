"""`K.save(..., where="server")` and its like: a folder of one's own on the server's disk."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType

import httpx
import numpy as np
import pytest

import kremote
from kremote import backend
from kremote_proto.tensor_files.formats import FORMATS
from kremote_server.tokens import create_token

from ..conftest import Server, running_server

StartServer = Callable[..., AbstractContextManager[Server]]
USERS = ("alice", "bob")
MOST_BYTES = 1 << 20


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module")
def tokens(state: Path) -> dict[str, str]:
    return {user: create_token(state / "tokens", user) for user in USERS}


@pytest.fixture(scope="module")
def keeping(state: Path, tokens: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that keeps files."""
    options = ("--backend", "numpy", "--tokens", str(state / "tokens"), "--saves-bytes", str(MOST_BYTES))
    with running_server(tmp_path_factory.mktemp("keeping"), "--state-dir", str(state), *options) as server:
        yield server


@pytest.fixture
def K(keeping: Server, tokens: dict[str, str], settings_restored: None) -> Iterator[ModuleType]:
    session = backend.connect(keeping.url, tokens["alice"])
    yield backend
    for name in backend.saved():
        backend.delete_saved(name)
    session.delete()
    backend.disconnect()


def folder_of(state: Path, user: str = "alice") -> Path:
    """Where a user's files are."""
    (folder,) = (one for one in (state / "saves").iterdir() if one.name.startswith(f"{user}-"))
    return folder


@pytest.fixture(params=FORMATS)
def name(request: pytest.FixtureRequest) -> str:
    return f"weights{request.param}"


def test_variables_go_there_and_come_back(K: ModuleType, name: str) -> None:
    w = K.variable(np.arange(6).reshape(2, 3), name="w")
    large = K.variable(np.arange(100_000), dtype="int32", name="large")
    unnamed = K.variable([True, False], dtype="bool")
    assert K.save(name, where="server") == ["w", "large"]
    K.batch_set_value([(w, np.zeros((2, 3))), (large, np.zeros(100_000))])
    assert sorted(K.load(name, where="server", strict=True)) == ["large", "w"]
    assert K.eval(w).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert K.eval(large)[-1] == 99_999
    assert K.save(name, {"on": unnamed, "w": w}, where="server") == ["on", "w"]
    K.set_value(unnamed, [False, False])
    assert K.load(name, {"on": unnamed}, where="server") == {"on": unnamed}
    assert K.eval(unnamed).tolist() == [True, False]


def test_another_session_makes_the_variables(K: ModuleType, name: str) -> None:
    K.save(name, {"a/b:0": K.variable([1.0, 2.0])}, where="server")
    K.clear_session()
    with K.name_scope("around"):
        made = K.symbolic(K.load)(name, where="server")
    assert made["a/b:0"].name == "a/b:0"
    K.update_add(made["a/b:0"], [1.0, 1.0])
    assert kremote.current_session().variables()["a/b:0"].numpy().tolist() == [2.0, 3.0]


def test_listing_and_deleting(K: ModuleType, state: Path) -> None:
    assert K.saved() == {}
    K.save("b.npz", {"w": K.ones((1000,))}, where="server")
    K.save("a.safetensors", {"w": K.ones(())}, where="server")
    listed = K.saved()
    assert list(listed) == ["a.safetensors", "b.npz"]
    assert 4000 < listed["b.npz"].bytes < 5000
    folder = folder_of(state)
    assert {path.name: path.stat().st_size for path in folder.iterdir()} == {
        one: told.bytes for one, told in listed.items()
    }
    assert folder.stat().st_mode & 0o77 == 0
    K.delete_saved("b.npz")
    assert list(K.saved()) == ["a.safetensors"]
    with pytest.raises(LookupError, match=r"name of a saved file; got 'b.npz'\n.*K.saved\(\)"):
        K.delete_saved("b.npz")
    with pytest.raises(LookupError, match=r"name of a saved file; got 'b\.npz'"):
        K.load("b.npz", where="server")


def test_what_does_not_fit_changes_nothing(K: ModuleType, name: str) -> None:
    w, b = K.variable([0.0, 0.0], name="w"), K.variable([0.0], name="b")
    K.save(name, {"w": K.ones((3,)), "b": K.ones((1,))}, where="server")
    with pytest.raises(ValueError, match=r"'w' is float32\[3\] in the place of float32\[2\]\n"):
        K.load(name, where="server")
    with pytest.raises(ValueError, match="'c' is not in it"):
        K.load(name, {"c": w}, where="server")
    assert K.batch_get_value([w, b]) == [pytest.approx([0, 0]), pytest.approx([0])]
    session = kremote.current_session()
    session.flush()
    held = session._transport.call("GET", session._path())["values"]
    assert held <= 2, "what was read and not wanted is freed"


WRONG_NAMES = [
    "../weights.npz",
    "a/b.npz",
    "/etc/a.npz",
    "..\\a.npz",
    "é.npz",
    "a\0.npz",
    "%2e%2e.npz",
    ".a.npz",
    "a" * 200 + ".npz",
    "con:.npz",
    "-a.npz",
]


@pytest.mark.parametrize("wrong", WRONG_NAMES)
def test_names_that_are_no_names(K: ModuleType, state: Path, wrong: str) -> None:
    variables = {"w": K.ones((2,))}
    told = "expected a name of at most 100 letters, digits"
    with pytest.raises(ValueError, match=told):
        K.save(wrong, variables, where="server")
    with pytest.raises(ValueError, match=told):
        K.load(wrong, variables, where="server")
    with pytest.raises(ValueError, match=told):
        K.delete_saved(wrong)
    assert not list(state.rglob("*.npz"))


def test_each_user_has_a_folder(K: ModuleType, keeping: Server, tokens: dict[str, str], name: str) -> None:
    K.save(name, {"w": K.ones((2,))}, where="server")
    with kremote.Session(keeping.url, tokens["bob"]) as bob:
        assert bob.K.saved() == {}
        with pytest.raises(LookupError, match="name of a saved file"):
            bob.K.load(name, where="server")
        with pytest.raises(LookupError, match="name of a saved file"):
            bob.K.delete_saved(name)
        bob.K.save(name, {"theirs": bob.K.zeros((1,))}, where="server")
        bob.K.delete_saved(name)
    assert list(K.load(name, where="server")) == ["w"]


def test_nobody_saves_from_a_session_of_another(K: ModuleType, keeping: Server, tokens: dict[str, str]) -> None:
    address = f"{keeping.url}/v1/sessions/{kremote.current_session().id}/saves/a.npz"
    K.save("a.npz", {"w": K.ones((2,))}, where="server")
    for method, body in (("PUT", {"tensors": {}}), ("POST", None)):
        answer = httpx.request(method, address, json=body, headers={"authorization": f"Bearer {tokens['bob']}"})
        assert answer.status_code == 404
        assert httpx.request(method, address, json=body).status_code == 401


def test_a_user_has_so_much_room_and_no_more(K: ModuleType, state: Path) -> None:
    K.save("a.npz", {"w": K.ones((150_000,))}, where="server")
    with pytest.raises(ValueError, match=f"at most {MOST_BYTES} bytes of saved files for each user; b.npz is larger"):
        K.save("b.npz", {"w": K.ones((150_000,))}, where="server")
    K.save("a.npz", {"w": K.ones((200_000,))}, where="server")
    with pytest.raises(ValueError, match="bytes of saved files"):
        K.save("a.npz", {"w": K.ones((300_000,))}, where="server")
    assert K.load("a.npz", where="server")["w"].shape == (200_000,)
    folder = folder_of(state)
    assert [one.name for one in folder.iterdir()] == ["a.npz"]


def test_what_a_killed_server_left_is_removed(K: ModuleType, state: Path) -> None:
    K.save("a.npz", {"w": K.ones((2,))}, where="server")
    folder = folder_of(state)
    (folder / ".kremote-0123.part").write_bytes(b"half")
    assert list(K.saved()) == ["a.npz"]
    K.save("a.npz", {"w": K.ones((2,))}, where="server")
    assert [one.name for one in folder.iterdir()] == ["a.npz"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_read_only(K: ModuleType, state: Path) -> None:
    K.save("a.npz", {"w": K.ones((2,))}, where="server")
    folder = folder_of(state)
    folder.chmod(0o500)
    with pytest.raises(kremote.StorageFailed, match=r"could not save a\.npz: Permission denied"):
        K.save("a.npz", {"w": K.ones((2,))}, where="server")
    folder.chmod(0o700)


def test_a_disk_that_fails_is_told(K: ModuleType, state: Path) -> None:
    K.save("a.npz", {"w": K.ones((2,))}, where="server")
    folder = folder_of(state)
    (folder / "b.npz").mkdir()
    try:
        with pytest.raises(kremote.StorageFailed, match=r"could not save b\.npz: .* a folder is there") as raised:
            K.save("b.npz", {"w": K.ones((2,))}, where="server")
        assert str(folder) not in str(raised.value), "what the server's disk looks like is its owner's"
    finally:
        (folder / "b.npz").rmdir()


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="Linux alone sets another process's limits")
def test_a_full_disk_leaves_the_file_as_it_was(K: ModuleType, keeping: Server, state: Path, name: str) -> None:
    K.save(name, {"w": K.ones((2,))}, where="server")
    before = resource.prlimit(keeping.process.pid, resource.RLIMIT_FSIZE, (1 << 19, resource.RLIM_INFINITY))
    try:
        with pytest.raises(kremote.StorageFailed, match="File too large; nothing was saved, and a file that was there"):
            K.save(name, {"w": K.ones((200_000,))}, where="server")
    finally:
        resource.prlimit(keeping.process.pid, resource.RLIMIT_FSIZE, before)
    assert [one.name for one in folder_of(state).iterdir()] == [name]
    assert K.load(name, where="server")["w"].shape == (2,)


def test_a_damaged_file_is_told(K: ModuleType, state: Path, name: str) -> None:
    w = K.variable([1.0, 2.0], name="w")
    K.save(name, where="server")
    (path,) = state.rglob(name)
    path.write_bytes(path.read_bytes()[:-1])
    K.set_value(w, [0.0, 0.0])
    with pytest.raises(ValueError, match="expected a whole"):
        K.load(name, where="server")
    assert K.eval(w).tolist() == [0.0, 0.0]


def test_files_stay_when_the_server_is_started_anew(start_server: StartServer, tmp_path: Path) -> None:
    options = ("--backend", "numpy", "--state-dir", str(tmp_path / "own"))
    with start_server(*options) as first, kremote.Session(first.url, first.token) as session:
        session.K.save("w.npz", {"w": session.K.ones((2,))}, where="server")
    with start_server(*options) as second, kremote.Session(second.url, second.token) as session:
        assert session.K.load("w.npz", where="server")["w"].numpy().tolist() == [1.0, 1.0]


def test_a_server_without_a_folder_says_so(server: Server, settings_restored: None) -> None:
    told = r"keeps no files.*\n.*--state-dir DIR"
    with kremote.Session(server.url, server.token) as session:
        variables = {"w": session.K.ones((2,))}
        with pytest.raises(NotImplementedError, match=told):
            session.K.save("w.npz", variables, where="server")
        with pytest.raises(NotImplementedError, match=told):
            session.K.load("w.npz", variables, where="server")
        assert session.K.saved() == {}
        with pytest.raises(NotImplementedError, match=told):
            session.K.delete_saved("w.npz")


def test_where_is_here_or_there(K: ModuleType) -> None:
    for function in (K.save, K.load):
        with pytest.raises(ValueError, match="expected 'client' or 'server' as where; got 'cloud'"):
            function("w.npz", where="cloud")
