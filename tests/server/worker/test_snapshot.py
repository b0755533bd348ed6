"""Snapshots: a session made of one goes on as the session that never ended does, bit by bit."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kremote_proto import codec
from kremote_proto.tensor_files import opened, safetensors
from kremote_server.worker import inventory

from .process import A, B, C, D, Process, add, begun, instruction, noise, variable

X, Y, LOSS, GRADIENTS, STEP, DROPPED, UPDATE = (A + 100 + n for n in range(7))
FLOATS = {"float16", "bfloat16", "float32", "float64"}


def successor_of(process: Process, tmp_path: Path, engine: str = "numpy") -> Process:
    """A worker on a copy of the files, so that the first one can go on."""
    copy = tmp_path.with_name(f"{tmp_path.name}-copy")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(tmp_path, copy)
    return Process(copy, engine)


def assert_same_reply(one: Any, other: Any) -> None:
    assert codec.encode(one) == codec.encode(other)


def test_training_goes_on_from_a_snapshot(tmp_path: Path) -> None:
    process = begun(tmp_path, "tensorflow")
    weights = np.random.default_rng(3).normal(size=(4, 2)).astype("float32")
    process.put({"name": "w"}, weights)
    made = process.run(
        instruction(X, "placeholder", shape=[None, 4], ndim=None, dtype="float32", sparse=False, name="x"),
        instruction(DROPPED, "dropout", x={"ref": X}, level=0.5, noise_shape=None, seed=11),
        instruction(Y, "dot", x={"ref": DROPPED}, y={"variable": "w"}),
        instruction(LOSS, "sum", x={"ref": Y}, axis=None, keepdims=False),
        instruction(GRADIENTS, "gradients", loss={"ref": LOSS}, variables=[{"variable": "w"}]),
        instruction(UPDATE, "update_sub", x={"variable": "w"}, decrement={"ref": GRADIENTS, "item": 0}),
        instruction(STEP, "function", inputs=[{"ref": X}], outputs=[{"ref": LOSS}], updates=[{"ref": UPDATE}]),
    )
    assert not any("error" in result for result in made["results"]), made
    batch = {"dtype": "float32", "shape": [3, 4], "data": np.arange(12, dtype="float32").tobytes()}

    def step(at: Process, identifier: int) -> Any:
        call = instruction(identifier, "function.call", function={"ref": STEP}, inputs=[batch])
        fetch = [{"ref": identifier, "item": 0}, {"variable": "w"}]
        return at.run(call, noise(identifier + 1), fetch=[*fetch, {"ref": identifier + 1}])

    step(process, D)
    process.snapshot()
    step(process, D + 2)
    successor = successor_of(process, tmp_path, "tensorflow")
    for identifier in range(D + 4, D + 10, 2):
        assert_same_reply(step(process, identifier), step(successor, identifier))
    assert (successor.counts.restored, successor.counts.replayed, successor.counts.differences) == (1, 1, 0)


@pytest.mark.parametrize("engine", ["numpy", "tensorflow"])
def test_what_is_one_thing_stays_one(tmp_path: Path, engine: str) -> None:
    process = begun(tmp_path, engine)
    process.run(variable(A, [1.0, 2.0], name="w"), add(B, A, [1.0, 1.0]))
    process.snapshot()
    successor = Process(tmp_path, engine)
    successor.run(add(C, A, [1.0, 1.0]))
    assert successor.session.variables["w"] is successor.session.values[A] is successor.session.values[B]
    np.testing.assert_array_equal(successor.value(B), [3.0, 4.0])


@pytest.mark.parametrize("engine", ["numpy", "tensorflow"])
def test_every_dtype_and_shape_comes_back(tmp_path: Path, engine: str) -> None:
    process, arrays = begun(tmp_path, engine), {}
    for number, dtype in enumerate(["float16", "float64", "int8", "uint64", "bool", "complex64", "complex128"]):
        for place, shape in enumerate([(), (0, 3), (2, 3)]):
            arrays[A + 10 * number + place] = np.ones(shape, dtype)
    for identifier, array in arrays.items():
        assert process.put({"id": str(identifier)}, array).status == 201
    strings = {"dtype": "string", "shape": [2], "data": [b"\xff\x00", b"text"]}
    process.run(instruction(A + 200, "constant", value=strings, dtype="string", shape=None, name=None))
    if engine == "tensorflow":
        process.run(instruction(A + 201, "cast", x=[1.5, -2.0], dtype="bfloat16"))
    process.snapshot()
    successor = Process(tmp_path, engine)
    fetch = [{"ref": identifier} for identifier in process.session.values]
    assert_same_reply(process.run(fetch=fetch), successor.run(fetch=fetch))
    assert successor.counts.replayed == 0


def test_replies_templates_contents_and_failures_come_back(tmp_path: Path) -> None:
    process = begun(tmp_path)
    data = np.arange(64, dtype="float32")
    digest = {"sha256": hashlib.sha256(data.tobytes()).hexdigest()}
    process.put({"id": str(A)}, data, query=digest)
    process.run(instruction(B, "reshape", x={"ref": A}, shape=[3]))
    template = codec.encode([{"op": "operator.add", "args": {"x": {"input": 0}, "y": {"input": 0}}}])
    program: dict[str, Any] = {"instructions": template, "inputs": [{"ref": A}], "keep": [0], "first": C}
    first = process.asked({"route": "run", "sequence": "one"}, codec.encode(program))
    assert "results" in first, first
    process.snapshot()
    successor = Process(tmp_path)
    assert successor.asked({"route": "run", "sequence": "one"}, codec.encode(program)) == first
    digest_alone = {"instructions": [], "template": hashlib.sha256(template).digest(), "first": C + 1}
    again = successor.asked({"route": "run"}, codec.encode({**program, **digest_alone}))
    assert "results" in again, again
    assert successor.put({"id": str(D + 1)}, np.empty(0, "float32"), query={**digest, "shape": "64"}).status == 201
    np.testing.assert_array_equal(successor.value(D + 1), data)
    assert successor.value(B) == "invalid_value"
    assert successor.value(C + 1).sum() == 2 * data.sum()


def test_a_parked_session_comes_back_when_it_is_asked_for(tmp_path: Path) -> None:
    process = begun(tmp_path)
    process.run(variable(A, 1.0))
    for amount in (1.0, 2.0):
        assert process.ask({"route": "park"}).status == 204
        assert process.worker.sessions == {}
        process.run(add(B, A, amount), free=[B])
    assert process.value(A) == 4.0
    assert (process.counts.parked, process.counts.restored, process.counts.replayed) == (2, 2, 0)


def test_what_no_snapshot_can_have_is_not_parked(tmp_path: Path) -> None:
    process = begun(tmp_path)
    process.run(variable(A, 1.0))
    process.session.values[B] = object()
    assert process.ask({"route": "park"}).status == 204
    assert process.value(A) == 1.0
    assert process.counts.parked == 0


def test_a_long_journal_leads_to_a_snapshot_and_the_one_before_is_kept(tmp_path: Path) -> None:
    process = begun(tmp_path, snapshot_bytes=2000)
    process.run(variable(A, 0.0))
    for number in range(100):
        process.run(add(B + number, A, 1.0), free=[B + number])
        process.keeper.wait()
    folder = process.keeper.folder
    newest = process.keeper.generation
    assert newest > 3
    assert folder.snapshots() == [newest - 1, newest]
    assert folder.journals() == [newest - 1, newest]
    assert Process(tmp_path).value(A) == 100.0
    with opened(str(folder.tensors(newest))) as file:
        assert len(file.specs) == 1, "anybody can read the values"


@pytest.mark.parametrize("file", ["index", "tensors"])
@pytest.mark.parametrize("damage", ["changed", "cut", "gone"])
def test_a_damaged_snapshot_falls_back_to_the_one_before(tmp_path: Path, file: str, damage: str) -> None:
    process = begun(tmp_path)
    process.run(variable(A, 0.0), noise(C))
    for number in range(3):
        process.run(add(B + 10 + number, A, 1.0))
        process.snapshot()
    process.run(add(B + 20, A, 10.0))
    path: Path = getattr(process.keeper.folder, file)(3)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(content if damage == "changed" else content[: len(content) // 2])
    successor = Process(tmp_path)
    assert successor.value(A) == 13.0
    np.testing.assert_array_equal(successor.value(C), process.value(C))
    successor.run(add(B + 21, A, 1.0))
    assert Process(tmp_path).value(A) == 14.0


def test_without_any_whole_snapshot_the_session_says_what_is_damaged(tmp_path: Path) -> None:
    process = begun(tmp_path)
    process.run(variable(A, 0.0))
    for _ in range(2):
        process.snapshot()
    folder = process.keeper.folder
    folder.drop_before(1)
    for generation in folder.snapshots():
        folder.index(generation).write_bytes(b"nothing")
    reply = Process(tmp_path).asked({"route": "variables"})
    assert reply["error"]["code"] == "session_lost"
    assert (
        "no snapshot is whole (snapshot-2.index is damaged; snapshot-1.index is damaged)" in reply["error"]["message"]
    )


def test_what_no_snapshot_can_have_leaves_the_journal_from_the_start(tmp_path: Path) -> None:
    process = begun(tmp_path, snapshot_bytes=1000)
    process.run(variable(A, 1.0))
    process.session.values[B] = object()
    for number in range(50):
        process.run(add(C + number, A, 1.0))
    assert process.counts.snapshots == 0
    assert 0 < process.counts.snapshots_failed < 10, "it is tried more and more seldom"
    assert process.keeper.folder.journals() == [0]
    assert Process(tmp_path).value(A) == 51.0


def test_a_snapshot_that_cannot_be_written_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process = begun(tmp_path)
    process.run(variable(A, 1.0))

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(safetensors, "pieces", full)
        process.snapshot()
    process.run(add(B, A, 1.0))
    assert Process(tmp_path).value(A) == 2.0
    process.snapshot()
    process.run(add(C, A, 1.0))
    assert process.counts.snapshots == 1
    assert Process(tmp_path).value(A) == 3.0


def test_a_worker_that_ends_while_it_begins_a_snapshot_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = begun(tmp_path)
    process.run(variable(A, 1.0))

    class Killed(BaseException):
        pass

    def killed(*_: Any) -> None:
        raise Killed

    for ended_in in ("fdopen", "fsync"):
        with monkeypatch.context() as patch:
            patch.setattr(os, ended_in, killed)
            patch.setattr(threading, "excepthook", lambda _: None)
            with contextlib.suppress(Killed):
                process.snapshot()
        assert Process(tmp_path).value(A) == 1.0
    process = Process(tmp_path)
    process.run(add(B, A, 1.0))
    process.snapshot()
    assert process.counts.snapshots == 1
    assert Process(tmp_path).value(A) == 2.0


def test_a_graph_of_thousands_of_ops_is_kept(tmp_path: Path) -> None:
    process = begun(tmp_path)
    process.run(instruction(X, "placeholder", shape=[], ndim=None, dtype="float32", sparse=False, name=None))
    chain = [instruction(X + n + 1, "operator.add", x={"ref": X + n}, y=1.0) for n in range(4000)]
    last = X + len(chain)
    process.run(*chain, instruction(STEP + 9000, "function", inputs=[{"ref": X}], outputs=[{"ref": last}], updates=[]))
    process.snapshot()
    successor = Process(tmp_path)
    call = instruction(B, "function.call", function={"ref": STEP + 9000}, inputs=[1.0])
    reply = successor.run(call, fetch=[{"ref": B, "item": 0}])
    assert np.frombuffer(reply["values"][0]["data"], "float32") == 4001.0
    assert successor.counts.replayed == 0


def test_an_object_of_a_foreign_kind_is_named() -> None:
    process_inventory = inventory.Inventory(Process(Path("/nowhere")).worker.engine, None)  # type: ignore[arg-type]
    process_inventory.structure({"a": [object()]})
    with pytest.raises(inventory.NotKept, match="type object"):
        process_inventory.finish()
