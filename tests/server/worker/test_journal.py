"""A session's journal: what is in it, what is made of it again, and what becomes of files that are damaged."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kremote_proto import codec
from kremote_proto.errors import Interrupted, OutOfMemory
from kremote_server.engines.loading import load_engine
from kremote_server.link_messages import Reply, Request
from kremote_server.worker import restoration
from kremote_server.worker.limits import Limits
from kremote_server.worker.record import HEADER_BYTES, MAGIC
from kremote_server.worker.requests import Worker
from kremote_server.worker.session import FIRST_CLIENT_ID, Session
from kremote_server.worker.store import StateSettings, Store

A, B, C = (FIRST_CLIENT_ID + n for n in range(3))
OCTETS = "application/octet-stream"


class Process:
    """A worker with a state directory, without a socket; another one on the same directory is its successor."""

    def __init__(self, directory: Path, durability: Any = "process") -> None:
        settings = StateSettings(str(directory), durability)
        self.worker = Worker(load_engine("numpy"), "cpu", Limits(), Store(settings))

    def ask(self, head: dict[str, Any], body: bytes = b"") -> Reply:
        return self.worker.handle(Request({"session": "s", **head}, memoryview(bytearray(body))))

    def run(self, *instructions: dict[str, Any], sequence: str | None = None, **more: Any) -> Any:
        body = {"instructions": [*instructions], "fetch": [], "free": [], **more}
        head = {"route": "run"} | ({} if sequence is None else {"sequence": sequence})
        reply = self.ask(head, codec.encode(body))
        return codec.decode(reply.body)  # type: ignore[arg-type]

    def value(self, identifier: int) -> Any:
        fetched = self.run(fetch=[{"ref": identifier}])["values"][0]
        return fetched if isinstance(fetched, np.ndarray) else codec_array(fetched)

    @property
    def session(self) -> Session:
        return self.worker.sessions["s"]


def codec_array(wire: Any) -> Any:
    if "error" in wire:
        return wire["error"]["code"]
    return np.frombuffer(wire["data"], wire["dtype"]).reshape(wire["shape"])


def variable(identifier: int, value: Any, **more: Any) -> dict[str, Any]:
    return {"op": "variable", "args": {"value": value, "dtype": "float32", **more}, "id": identifier}


def add(identifier: int, to: int, amount: Any) -> dict[str, Any]:
    return {"op": "update_add", "args": {"x": {"ref": to}, "increment": amount}, "id": identifier}


def noise(identifier: int) -> dict[str, Any]:
    args = {"shape": [3], "mean": 0.0, "stddev": 1.0, "dtype": "float32"}
    return {"op": "random_normal", "args": args, "id": identifier}


@pytest.fixture
def process(tmp_path: Path) -> Process:
    made = Process(tmp_path)
    assert made.ask({"route": "create"}).status == 200
    return made


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "sessions" / "s" / "journal-0"


def test_a_successor_has_every_value(process: Process, tmp_path: Path) -> None:
    process.run(variable(A, [1.0, 2.0], name="w"), add(B, A, [1.0, 1.0]), noise(C))
    data = np.arange(6, dtype="float32")
    put = {"route": "tensor", "method": "PUT", "path": {"id": str(C + 1)}, "content_type": OCTETS}
    assert process.ask({**put, "query": {"dtype": "float32", "shape": "2,3"}}, data.tobytes()).status == 201
    process.run(free=[B])
    noise_before = process.value(C)

    successor = Process(tmp_path)
    np.testing.assert_array_equal(successor.value(A), [2.0, 3.0])
    np.testing.assert_array_equal(successor.value(C), noise_before)
    np.testing.assert_array_equal(successor.value(C + 1), data.reshape(2, 3))
    assert successor.value(B) == "unknown_id"
    assert successor.session.variables["w"] is successor.session.values[A]
    assert successor.worker.store is not None
    assert successor.worker.store.counts.differences == 0
    successor.run(noise(C + 2))
    assert not np.array_equal(successor.value(C + 2), noise_before), "seeds go on where they were"


def test_a_request_sent_again_after_a_crash_is_answered_and_not_run(process: Process, tmp_path: Path) -> None:
    process.run(variable(A, 0.0))
    first = process.run(add(B, A, 1.0), sequence="one")
    successor = Process(tmp_path)
    assert successor.run(add(B, A, 1.0), sequence="one") == first
    assert successor.value(A) == 1.0


def test_what_only_reads_is_not_written_down(process: Process, journal: Path) -> None:
    process.run(variable(A, 0.0))
    before = process.session.keeper.journal.bytes  # type: ignore[union-attr]
    process.value(A)
    process.ask({"route": "variables", "method": "GET"})
    process.ask({"route": "run"}, b"\xc1")
    process.ask({"route": "tensor", "method": "DELETE", "path": {"id": "99"}})
    assert process.session.keeper.journal.bytes == before  # type: ignore[union-attr]


def test_what_went_wrong_by_chance_goes_wrong_again(
    process: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process.run(variable(A, 0.0))
    interruption = process.session.state.interruption
    checks = iter([None, None, Interrupted("interrupted by its user"), Interrupted("interrupted by its user")])

    def check() -> None:
        error = next(checks)
        if error is not None:
            raise error

    monkeypatch.setattr(interruption, "check", check)
    process.run(add(B, A, 1.0), add(B + 1, A, 1.0), add(B + 2, A, 1.0), add(B + 3, A, 1.0))
    monkeypatch.setattr(interruption, "check", lambda: None)

    def no_memory(*_: Any) -> Any:
        raise OutOfMemory("no room")

    with monkeypatch.context() as patch:
        patch.setattr(process.session, "_succeed", no_memory)
        process.run(add(B + 4, A, 1.0))
    process.run(add(B + 5, A, 1.0))

    successor = Process(tmp_path)
    for identifier in range(A, B + 6):
        np.testing.assert_array_equal(successor.value(identifier), process.value(identifier))
    assert [successor.value(B + n) for n in (2, 3, 4)] == ["interrupted", "interrupted", "out_of_memory"]
    assert successor.value(A) == 3.0


def test_a_torn_record_is_cut_off_and_written_over(process: Process, journal: Path, tmp_path: Path) -> None:
    process.run(variable(A, 0.0))
    process.run(add(B, A, 1.0))
    whole = whole_bytes(process)
    process.run(add(C, A, 1.0))
    content = journal.read_bytes()
    for cut in (whole + 1, whole + HEADER_BYTES + 3, whole_bytes(process) - 1):
        journal.write_bytes(content[:cut] + bytes(500))
        successor = Process(tmp_path)
        assert successor.value(A) == 1.0
        successor.run(add(C, A, 5.0))
        assert Process(tmp_path).value(A) == 6.0


def test_a_damaged_record_in_the_middle_is_an_error_that_names_what_is_lost(
    process: Process, journal: Path, tmp_path: Path
) -> None:
    process.run(variable(A, 0.0, name="weights"))
    begins = whole_bytes(process)
    process.run(add(B, A, 1.0))
    put = {"route": "variable", "method": "PUT", "path": {"name": "weights"}, "content_type": OCTETS}
    process.ask({**put, "query": {"dtype": "float32", "shape": ""}}, np.float32(7).tobytes())
    content = bytearray(journal.read_bytes())
    content[begins + HEADER_BYTES + 5] ^= 1
    journal.write_bytes(content)
    reply = Process(tmp_path).ask({"route": "variables", "method": "GET"})
    error = codec.decode(reply.body)["error"]  # type: ignore[arg-type]
    assert reply.status == 410
    assert error["code"] == "session_lost"
    assert "record 2 in journal-0 is damaged" in error["message"]
    assert "record 3 (PUT variable weights)" in error["message"]
    assert journal.read_bytes() == content, "nothing of it is changed"


def test_a_body_is_never_taken_for_a_record(process: Process, journal: Path, tmp_path: Path) -> None:
    process.run(variable(A, 0.0))
    record = journal.read_bytes()[: whole_bytes(process)]
    begin = record.rindex(MAGIC)
    put = {"route": "tensor", "method": "PUT", "path": {"id": str(B)}, "content_type": OCTETS}
    body = record[begin:] * 2
    process.ask({**put, "query": {"dtype": "uint8", "shape": str(len(body))}}, body)
    content = bytearray(journal.read_bytes())
    content[whole_bytes(process) - 1] ^= 1
    journal.write_bytes(content)
    # What is in the damaged record was a record of this very journal: it is of no use as one of another number.
    assert codec.decode(Process(tmp_path).ask({"route": "variables"}).body).keys() == {"error"}  # type: ignore[arg-type]


def test_a_full_disk_refuses_changes_before_they_are_made_and_lets_read(
    process: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process.run(variable(A, 0.0))
    large = np.ones(1 << 18, "float32")
    put = {"route": "tensor", "method": "PUT", "path": {"id": str(B)}, "content_type": OCTETS, "sequence": "large"}
    head = {**put, "query": {"dtype": "float32", "shape": str(large.size)}}

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "posix_fallocate", full)
        reply = process.ask(head, large.tobytes())
        error = codec.decode(reply.body)["error"]  # type: ignore[arg-type]
        assert (reply.status, error["code"]) == (507, "storage_failed")
        assert "No space left on device" in error["message"]
        assert "make room" in error["hint"]
        assert process.value(A) == 0.0
        assert process.value(B) == "unknown_id"
    assert process.ask(head, large.tobytes()).status == 201
    assert Process(tmp_path).value(B).sum() == large.size


def test_a_request_that_was_run_and_could_not_be_written_is_undone(
    process: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process.run(variable(A, 0.0))
    process.run(add(B, A, 1.0))

    def broken(*_: Any) -> int:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwritev", broken)
        assert process.run(add(C, A, 1.0))["error"]["code"] == "storage_failed"
    assert process.value(A) == 1.0
    process.run(add(C, A, 5.0))
    assert Process(tmp_path).value(A) == 6.0


def test_a_session_that_cannot_be_begun_is_none(tmp_path: Path) -> None:
    (tmp_path / "sessions").write_text("a file where a folder should be")
    reply = Process(tmp_path).ask({"route": "create"})
    assert reply.status == 507


def test_a_record_that_ends_the_worker_each_time_is_named(
    process: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process.run(variable(A, 0.0))

    class Killed(BaseException):
        pass

    def killed(*_: Any) -> Any:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Worker, "perform", killed)
        for _ in range(restoration._MOST_DEATHS):
            with pytest.raises(Killed):
                Process(tmp_path).ask({"route": "variables"})
    error = codec.decode(Process(tmp_path).ask({"route": "variables"}).body)["error"]  # type: ignore[arg-type]
    assert "record 1 (run) ended the worker 5 times" in error["message"]


def test_power_has_the_disk_have_it_before_anybody_is_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synchronised: list[int] = []
    process = Process(tmp_path, "power")
    process.ask({"route": "create"})
    monkeypatch.setattr(os, "fdatasync", synchronised.append)
    process.run(variable(A, 0.0))
    assert len(synchronised) == 1


def whole_bytes(process: Process) -> int:
    """Where the last record of the journal ends."""
    assert process.session.keeper is not None
    return process.session.keeper.journal.end
