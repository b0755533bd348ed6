"""What a worker cannot do any more, tried in a process that was confined as a worker is."""

from __future__ import annotations

import errno
import json
import os
import platform
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from kremote_server.app import _confinement
from kremote_server.devices import can_be_confined
from kremote_server.settings import load
from kremote_server.worker import confinement, file_access, system_calls
from kremote_server.worker.confinement import Confinement, confinement_of
from kremote_server.worker.system_calls import NotHere
from kremote_server.worker_environment import worker_environment

from ...conftest import Server

ALL = ["no core dumps", "no privileges", "no network", "files"]

#: Prints what came of each attempt: its value, or the name of the error.
ATTEMPTS = """
import ctypes, json, os, resource, socket, subprocess, sys, threading
from pathlib import Path
from kremote_server.worker.confinement import confinement_of

folder = Path(os.environ["FOLDER"])
confinement = confinement_of(os.environ)
earlier = open(folder / "opened", "w")
gateway = subprocess.Popen(["sh", "-c", "read go; echo secret > later"], stdin=subprocess.PIPE, cwd=folder)
held = confinement.begin()
confinement.complete(held)
gateway.communicate(b"go\\n")
libc = ctypes.CDLL(None, use_errno=True)

def call(number, *arguments):
    result = libc.syscall(number, *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return result

def in_a_thread(attempt):
    found = []
    thread = threading.Thread(target=lambda: found.append(outcome(attempt)))
    thread.start(); thread.join()
    return found[0]

def bound():
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "w1.sock"))

def outcome(attempt):
    try:
        value = attempt()
    except (OSError, ValueError) as error:
        return type(error).__name__
    return value if isinstance(value, (str, int, bool)) else "done"

def shell(line):
    return subprocess.run(["sh", "-c", line], stderr=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True).stdout

attempts = {
    "write own": lambda: (folder / "own" / "x").write_text("a"),
    "make folder in own": lambda: (folder / "own" / "deep").mkdir(),
    "read own": lambda: (folder / "own" / "x").read_text(),
    "remove own": lambda: (folder / "own" / "x").unlink(),
    "write what was open": lambda: earlier.write("x"),
    "make the socket": bound,
    "write shared memory": lambda: Path("/dev/shm/kremote-test").write_text("x"),
    "remove shared memory": lambda: Path("/dev/shm/kremote-test").unlink(),
    "write null": lambda: Path("/dev/null").write_text("x"),
    "read beside": lambda: (folder / "beside").read_text(),
    "read a module": lambda: len(Path(json.__file__).read_text()) > 0,
    "list the root": lambda: len(os.listdir("/")) > 0,
    "unix socket": lambda: socket.socket(socket.AF_UNIX).close(),
    "start a program": lambda: shell("echo hi"),

    "read a secret": lambda: (folder / "secret").read_text(),
    "read a secret by a link": lambda: (folder / "link").read_text(),
    "read a secret in a thread": lambda: in_a_thread((folder / "secret").read_text),
    "read a secret in a program": lambda: shell(f"cat {folder}/secret"),
    "read a secret that comes later": lambda: (folder / "later").read_text(),
    "read the environment of another": lambda: len(Path(f"/proc/{os.getppid()}/environ").read_bytes()),
    "write beside": lambda: (folder / "beside").write_text("x"),
    "make a file": lambda: (folder / "new").write_text("x"),
    "make a folder": lambda: (folder / "newer").mkdir(),
    "remove a file": lambda: (folder / "beside").unlink(),
    "move a file": lambda: (folder / "beside").rename(folder / "own" / "beside"),
    "shorten a file": lambda: os.truncate(folder / "beside", 0),
    "write a module": lambda: (Path(sys.prefix) / "confinement-test").write_text("x"),
    "write in temp": lambda: Path("/tmp/kremote-confinement-test").write_text("x"),
    "write in a program": lambda: shell(f"echo x > {folder}/beside"),
    "tcp": lambda: socket.create_connection(("127.0.0.1", int(os.environ["PORT"])), 5).close(),
    "listen": lambda: socket.create_server(("127.0.0.1", 0)).close(),
    "udp": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close(),
    "ip6": lambda: socket.socket(socket.AF_INET6).close(),
    "raw": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close(),
    "vsock": lambda: socket.socket(socket.AF_VSOCK).close(),
    "tcp in a thread": lambda: in_a_thread(lambda: socket.socket().close()),
    "io_uring": lambda: call(425, 1, None),
    "another namespace": lambda: call({"x86_64": 272, "aarch64": 97}[os.uname().machine], 0x40000000),
    "signal the parent": lambda: os.kill(os.getppid(), 0),
    "dump a core": lambda: resource.setrlimit(resource.RLIMIT_CORE, (1 << 20, 1 << 20)),
}
print(json.dumps({"held": held, "outcomes": {name: outcome(attempt) for name, attempt in attempts.items()}}))
"""
#: What works as ever; everything else must fail.
WORKS = {
    "write own": 1,
    "make folder in own": "done",
    "read own": "a",
    "remove own": "done",
    "write what was open": 1,
    "make the socket": "done",
    "write shared memory": 1,
    "remove shared memory": "done",
    "write null": 1,
    "read beside": "beside",
    "read a module": True,
    "list the root": True,
    "unix socket": "done",
    "start a program": "hi\n",
}
#: Programs say nothing where what they try is refused, and Python has another error for limits.
REFUSED = {"read a secret in a program": "", "write in a program": "", "dump a core": "ValueError"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "own").mkdir()
    for name in ("secret", "beside"):
        (tmp_path / name).write_text(name)
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    return tmp_path


@pytest.fixture
def listener() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def attempted(folder: Path, port: int, **more: Any) -> dict[str, Any]:
    told = Confinement(
        write=(str(folder / "own"),),
        socket=(str(folder),),
        hide=(str(folder / "secret"), str(folder / "later"), str(folder / "none" / "deep")),
        **more,
    )
    environment = {**os.environ, confinement.VARIABLE: told.to_variable(), "FOLDER": str(folder), "PORT": str(port)}
    done = subprocess.run(
        [sys.executable, "-c", ATTEMPTS], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def has_landlock() -> bool:
    try:
        return file_access._version() >= 6
    except OSError:
        return False


needs_landlock = pytest.mark.skipif(not has_landlock(), reason="this kernel has no Landlock of version 6 or later")


@needs_landlock
def test_a_worker_does_its_work_and_nothing_else(folder: Path, listener: int) -> None:
    found = attempted(folder, listener)
    assert found["held"] == dict.fromkeys(ALL, True)
    outcomes = found["outcomes"]
    assert {name: outcomes[name] for name in WORKS} == WORKS
    for name in set(outcomes) - set(WORKS):
        assert outcomes[name] == REFUSED.get(name, "PermissionError"), name
    assert (folder / "beside").read_text() == "beside"


@needs_landlock
def test_the_network_is_left_where_the_link_needs_it(folder: Path, listener: int) -> None:
    found = attempted(folder, listener, network=True)
    assert found["held"]["no network"] is False
    assert found["outcomes"]["tcp"] == found["outcomes"]["listen"] == "done"
    assert found["outcomes"]["read a secret"] == "PermissionError"


def run(program: bytes, architecture: int, number: int, argument: int = 0) -> int:
    """What a filter says of a call, as the kernel would have it run."""
    data = struct.pack("=IIQQ", number, architecture, 0, argument)
    lines = [struct.unpack_from("HBBI", program, at) for at in range(0, len(program), 8)]
    at = loaded = 0
    while True:
        code, if_true, if_false, operand = lines[at]
        at += 1
        if code == 0x20:
            [loaded] = struct.unpack_from("=I", data, operand)
        elif code == 0x06:
            return int(operand)
        else:
            holds = loaded == operand if code == 0x15 else loaded >= operand
            at += if_true if holds else if_false


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_refuses_what_is_named_and_nothing_else(machine: str) -> None:
    program, architecture = system_calls._program(machine), system_calls._ARCHITECTURES[machine]
    allow, refuse = 0x7FFF0000, 0x00050000 | errno.EPERM
    named = {**system_calls._NUMBERS[machine], **system_calls._SAME}
    refused = {number for name, number in named.items() if name != "socket"}
    for number in range(500):
        expected = refuse if number in refused or number == named["socket"] else allow
        assert run(program, architecture, number, socket.AF_INET) == expected, number
    for family in range(50):
        expected = allow if family in (socket.AF_UNIX, socket.AF_NETLINK) else refuse
        assert run(program, architecture, named["socket"], family) == expected, family
    assert run(program, 0x40000003, 1) == refuse, "the numbers of another machine mean other calls"
    if machine == "x86_64":
        assert run(program, architecture, 0x40000000 + 41, socket.AF_INET) == refuse


def test_the_numbers_are_this_machines() -> None:
    header = Path(f"/usr/include/{platform.machine()}-linux-gnu/asm/unistd_64.h")
    if not header.exists():
        pytest.skip("the kernel's headers are not installed")
    defined = dict(line.split()[1:3] for line in header.read_text().splitlines() if line.startswith("#define __NR_"))
    for name, number in {**system_calls._NUMBERS[platform.machine()], **system_calls._SAME}.items():
        assert int(defined[f"__NR_{name}"]) == number


def unavailable(*arguments: Any, **options: Any) -> None:
    raise NotHere("this system has none")


def test_a_worker_does_without_what_its_system_lacks(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("refuse_privileges", "refuse_system_calls", "restrict_files", "_keep_no_cores"):
        monkeypatch.setattr(confinement, name, unavailable)
    told = Confinement()
    held = told.begin()
    assert held == dict.fromkeys(ALL, False)
    assert [record.getMessage() for record in caplog.records] == [
        f"no protection {name!r}: this system has none" for name in ALL
    ]
    told.complete(held)


def test_what_the_gateway_says_comes_to_the_worker() -> None:
    told = Confinement(("/a",), ("/b",), ("/c", "/d"), True)
    assert confinement_of({confinement.VARIABLE: told.to_variable()}) == told
    assert confinement_of({}) is None


def test_a_gpu_without_its_last_device_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    assert can_be_confined("no-such-tool")
    assert can_be_confined("sh", tmp_path / "there")
    assert not can_be_confined("sh", tmp_path / "none")


def worker_of(server: Server) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {server.token}", "accept": "application/json"}
    found: dict[str, Any] = httpx.get(f"{server.url}/v1/status", headers=headers).json()["workers"][0]
    return found


def status(process: int) -> dict[str, str]:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


@needs_landlock
def test_a_real_worker_is_confined_and_says_so(server: Server) -> None:
    worker = worker_of(server)
    assert worker["protections"] == ALL
    told = status(worker["pid"])
    assert (told["NoNewPrivs"], told["Seccomp"]) == ("1", "2")
    assert int(told["CapEff"], 16) == int(told["CapPrm"], 16) == int(told["CapBnd"], 16) == 0
    assert '"protections": ["no core dumps"' in server.log.read_text()


def test_of_the_state_directory_a_worker_has_its_sessions(tmp_path: Path) -> None:
    state, tokens = tmp_path / "state", tmp_path / "tokens"
    told = _confinement(load({"state_dir": state, "tokens": tokens}, {}))
    assert told == Confinement(write=(f"{state}/sessions",), hide=(str(tokens), str(state)))
    assert _confinement(load({"trust_workers": True}, {})) is None
    (state / "token").write_text("secret")
    restricted = (
        "import sys\nfrom pathlib import Path\nfrom kremote_server.worker.confinement import Confinement\n"
        "told = Confinement(write=(sys.argv[1] + '/sessions',), hide=(sys.argv[1],))\n"
        "told.complete(told.begin())\n"
        "(Path(sys.argv[1]) / 'sessions' / 'a').write_text('a')\n"
        "print((Path(sys.argv[1]) / 'sessions' / 'a').read_text())\n"
        "(Path(sys.argv[1]) / 'token').read_text()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", restricted, str(state)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "a\n"
    assert (state / "sessions" / "a").read_text() == "a"
    if has_landlock():
        assert "PermissionError" in done.stderr


def test_an_owner_may_trust_workers(start_server: Callable[..., Any]) -> None:
    assert load({"trust_workers": True}, {}).trust_workers
    with start_server("--backend", "numpy", "--trust-workers") as server:
        worker = worker_of(server)
        assert worker["protections"] == []
        assert status(worker["pid"])["Seccomp"] == status(os.getpid())["Seccomp"]


@pytest.mark.parametrize(
    "name", ["KREMOTE_TOKEN", "HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD", "openai_api_key"]
)
def test_secrets_of_the_environment_stay_with_the_gateway(name: str) -> None:
    assert worker_environment({name: "x", "CUDA_VISIBLE_DEVICES": "0", "KERAS_HOME": "/k"}) == {
        "CUDA_VISIBLE_DEVICES": "0",
        "KERAS_HOME": "/k",
    }
