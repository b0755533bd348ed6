"""A session's journal: what is in it, what is made of it again, and what becomes of files that are damaged."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kremote_proto import codec
from kremote_proto.errors import Interrupted, OutOfMemory, Unavailable
from kremote_server.worker import restoration
from kremote_server.worker.record import HEADER_BYTES, MAGIC
from kremote_server.worker.requests import Worker
from kremote_server.worker.session_folder import Hold

from .process import A, B, C, Process, add, begun, noise, variable


@pytest.fixture
def process(tmp_path: Path) -> Process:
    return begun(tmp_path)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "sessions" / "s" / "journal-0"


def test_a_successor_has_every_value(process: Process, tmp_path: Path) -> None:
    process.run(variable(A, [1.0, 2.0], name="w"), add(B, A, [1.0, 1.0]), noise(C))
    data = np.arange(6, dtype="float32")
    assert process.put({"id": str(C + 1)}, data.reshape(2, 3)).status == 201
    process.run(free=[B])
    noise_before = process.value(C)

    successor = Process(tmp_path)
    np.testing.assert_array_equal(successor.value(A), [2.0, 3.0])
    np.testing.assert_array_equal(successor.value(C), noise_before)
    np.testing.assert_array_equal(successor.value(C + 1), data)
    assert successor.value(B) == "unknown_id"
    assert successor.session.variables["w"] is successor.session.values[A]
    assert successor.counts.differences == 0
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
    before = process.keeper.journal.bytes
    process.value(A)
    process.ask({"route": "variables", "method": "GET"})
    process.ask({"route": "run"}, b"\xc1")
    process.ask({"route": "tensor", "method": "DELETE", "path": {"id": "99"}})
    assert process.keeper.journal.bytes == before


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
    process.put({"name": "weights"}, np.float32(7))
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
    process.put({"id": str(B)}, np.frombuffer(record[begin:] * 2, "uint8"))
    content = bytearray(journal.read_bytes())
    content[whole_bytes(process) - 1] ^= 1
    journal.write_bytes(content)
    # What is in the damaged record was a record of this very journal: it is of no use as one of another number.
    assert Process(tmp_path).asked({"route": "variables"}).keys() == {"error"}


def test_a_full_disk_refuses_changes_before_they_are_made_and_lets_read(
    process: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process.run(variable(A, 0.0))
    large = np.ones(1 << 18, "float32")

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "posix_fallocate", full)
        reply = process.put({"id": str(B)}, large, sequence="large")
        error = codec.decode(reply.body)["error"]  # type: ignore[arg-type]
        assert (reply.status, error["code"]) == (507, "storage_failed")
        assert "No space left on device" in error["message"]
        assert "make room" in error["hint"]
        assert process.value(A) == 0.0
        assert process.value(B) == "unknown_id"
    assert process.put({"id": str(B)}, large, sequence="large").status == 201
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


def test_files_that_cannot_be_opened_are_no_loss(process: Process, tmp_path: Path) -> None:
    process.run(variable(A, 3.0))
    lock = process.keeper.folder.path / "lock"
    lock.unlink()
    lock.mkdir()
    successor = Process(tmp_path)
    assert successor.asked({"route": "variables"})["error"]["code"] == "storage_failed"
    lock.rmdir()
    assert successor.value(A) == 3.0


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
    error = Process(tmp_path).asked({"route": "variables"})["error"]
    assert f"record 1 (run) ended the worker {restoration._MOST_DEATHS} times" in error["message"]


def test_a_session_is_in_the_hands_of_one_worker(process: Process, tmp_path: Path) -> None:
    process.run(variable(A, 0.0))
    process._living.clear()
    successor = Process(tmp_path)
    with pytest.raises(Unavailable):
        Hold(process.keeper.folder, seconds=0.05)
    process.keeper.hold.release()
    assert successor.value(A) == 0.0


def test_power_has_the_disk_have_it_before_anybody_is_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synchronised: list[int] = []
    process = begun(tmp_path, durability="power")
    monkeypatch.setattr(os, "fdatasync", synchronised.append)
    process.run(variable(A, 0.0))
    assert len(synchronised) == 1


def whole_bytes(process: Process) -> int:
    """Where the last record of the journal ends."""
    return process.keeper.journal.end
