"""A session on the tiny engine: values, failures, frees, limits; no TensorFlow is needed to see them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kremote_proto import codec
from kremote_proto.messages import Instruction, Program, Reference
from kremote_server.engines.loading import load_engine
from kremote_server.link_messages import Reply, Request
from kremote_server.worker import room
from kremote_server.worker.limits import Limits
from kremote_server.worker.requests import Worker
from kremote_server.worker.session import FIRST_CLIENT_ID, Session

A, B, C = FIRST_CLIENT_ID + 1, FIRST_CLIENT_ID + 2, FIRST_CLIENT_ID + 3
EYE = {"dtype": "float32", "shape": [2, 2], "data": np.eye(2, dtype="float32").tobytes()}


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(Path(__file__).parent.parent / "engines"))
    return load_engine("tiny")


@pytest.fixture
def session(engine: Any) -> Session:
    return Session("s", engine, Limits(tensor_bytes=1 << 20, ids=8, program_instructions=4))


def dot(identifier: int | None, x: Any, y: Any) -> Instruction:
    return Instruction("dot", {"x": x, "y": y}, identifier)


def make(identifier: int | None, value: Any = EYE, **more: Any) -> Instruction:
    return Instruction("variable", {"value": value, **more}, identifier)


def test_a_program_makes_values_and_fetches_one(session: Session) -> None:
    program = Program([make(A), dot(B, {"ref": A}, [[1.0, 2.0], [3.0, 4.0]])], [Reference(B)])
    reply = session.run(program)
    assert reply["results"] == [
        {"id": A, "dtype": "float32", "shape": [2, 2], "kind": "variable"},
        {"id": B, "dtype": "float32", "shape": [2, 2]},
    ]
    np.testing.assert_array_equal(reply["values"][0], [[1, 2], [3, 4]])


def test_a_failure_stops_its_dependents_and_nothing_else(session: Session) -> None:
    program = Program(
        [
            make(A),
            dot(B, {"ref": A}, [[1.0, 2.0, 3.0]]),
            dot(C, {"ref": B}, {"ref": A}),
            dot(None, {"ref": A}, {"ref": A}),
        ],
        [Reference(C)],
    )
    results = session.run(program)
    first, second, third = (result.get("error") for result in results["results"][1:])
    assert first["code"] == "invalid_value"
    assert first["instruction"] == B
    assert second["cause"] == B
    assert second["message"] == first["message"]
    assert third is None
    assert results["values"][0]["error"]["cause"] in (B, C)


def test_an_id_in_use_is_refused_and_keeps_its_value(session: Session) -> None:
    session.run(Program([make(A)]))
    reply = session.run(Program([make(A, [9.0])], [Reference(A)]))
    assert reply["results"][0]["error"]["code"] == "id_taken"
    np.testing.assert_array_equal(reply["values"][0], np.eye(2))


def test_a_freed_id_names_nothing_and_may_be_freed_again(session: Session) -> None:
    session.run(Program([make(A)], free=[A]))
    reply = session.run(Program(fetch=[Reference(A)], free=[A, B]))
    assert reply["values"][0]["error"]["code"] == "unknown_id"


def test_names_are_made_unique_and_outlive_their_id(session: Session) -> None:
    results = session.run(Program([make(A, name="w"), make(B, name="w")], free=[A, B]))["results"]
    assert [result["name"] for result in results] == ["w", "w_1"]
    fetched = session.run(Program(fetch=[Reference(variable="w_1")]))["values"][0]
    np.testing.assert_array_equal(fetched, np.eye(2))


def test_the_number_of_values_is_bounded(session: Session) -> None:
    for _ in range(8):
        assert "error" not in session.run(Program([make(None, [1.0])]))["results"][0]
    error = session.run(Program([make(None, [1.0])]))["results"][0]["error"]
    assert error["code"] == "limit_exceeded"
    assert "at most 8 live values" in error["message"]


def test_at_the_bound_an_id_in_use_keeps_its_value(session: Session) -> None:
    session.run(Program([make(A), *(make(None, [1.0]) for _ in range(7))]))
    for _ in range(2):
        assert session.run(Program([make(A, [9.0])]))["results"][0]["error"]["code"] == "id_taken"
        assert session.run(Program([make(B, [9.0])]))["results"][0]["error"]["code"] == "limit_exceeded"
    np.testing.assert_array_equal(session.run(Program(fetch=[Reference(A)]))["values"][0], np.eye(2))
    assert len(session.values) == 8


def test_named_variables_count_after_their_ids_were_freed(session: Session) -> None:
    for _ in range(8):
        assert "error" not in session.run(Program([make(A, [1.0], name="w")], free=[A]))["results"][0]
    assert session.run(Program([make(A, [1.0])]))["results"][0]["error"]["code"] == "limit_exceeded"


def test_a_failure_keeps_nothing_alive(session: Session) -> None:
    session.run(Program([dot(A, {"ref": C}, EYE), dot(B, EYE, [[1.0, 2.0, 3.0]])]))
    for identifier in (A, B):
        error = session.values[identifier].error
        assert (error.__traceback__, error.__cause__, error.__context__) == (None, None, None)


def test_a_reply_holds_a_bounded_number_of_bytes(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "REPLY_BYTES", 40)
    first, second, third = session.run(Program([make(A)], [Reference(A)] * 3))["values"]
    np.testing.assert_array_equal(first, np.eye(2))
    np.testing.assert_array_equal(second, np.eye(2))
    assert third == {"large": True, "dtype": "float32", "shape": [2, 2]}


@pytest.mark.parametrize(("argument", "message"), [(FIRST_CLIENT_ID + 9, "got a function"), (A, "a result of 2 at")])
def test_a_tensor_is_no_function_and_no_list(session: Session, argument: int, message: str) -> None:
    session.values[FIRST_CLIENT_ID + 9] = lambda inputs: inputs
    session.values[A] = [np.eye(2), np.eye(2)]
    for instruction in (dot(None, {"ref": argument}, EYE), make(None, {"ref": argument})):
        error = session.run(Program([instruction]))["results"][0]["error"]
        assert error["code"] == "invalid_type"
        assert message in error["message"]


def test_an_op_the_engine_lacks_says_so(session: Session) -> None:
    error = session.run(Program([Instruction("softmax", {"x": [[1.0]]}, A)]))["results"][0]["error"]
    assert error["code"] == "unsupported"
    assert "tiny has no softmax" in error["message"]


@pytest.mark.parametrize(
    ("instruction", "code", "message"),
    [
        (Instruction("dto", {}, A), "unknown_op", "'dto'"),
        (Instruction("dot", {"x": [[1.0]]}, A), "invalid_type", "'y'"),
        (Instruction("dot", {"x": [[1.0]], "y": [[1.0]], "z": 1}, A), "invalid_type", "'z'"),
        (Instruction("dot", {"x": {"ref": "a"}, "y": 1}, A), "malformed_request", "$.x.ref"),
        (Instruction("dot", [], A), "invalid_type", "a map of arguments"),
        (Instruction("dot", {"x": [[1.0], [2.0, 3.0]], "y": 1}, A), "invalid_value", "equal lengths"),
    ],
)
def test_wrong_arguments_name_their_place(session: Session, instruction: Instruction, code: str, message: str) -> None:
    error = session.run(Program([instruction]))["results"][0]["error"]
    assert error["code"] == code
    assert message in error["message"]
    assert error["op"] == instruction.op


class Client:
    """Requests of the link, without a socket."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.ask("create")

    def ask(self, route: str, method: str = "POST", body: Any = b"", **head: Any) -> Reply:
        data = body if isinstance(body, bytes) else codec.encode(body)
        head = {"route": route, "method": method, "session": "s", **head}
        return self.worker.handle(Request(head, memoryview(data)))


@pytest.fixture
def client(engine: Any) -> Client:
    return Client(Worker(engine, "cpu", Limits(program_instructions=4)))


def test_a_request_sent_again_is_answered_not_run_again(client: Client) -> None:
    body = Program([make(None, [1.0])]).to_wire()
    first = client.ask("run", body=body, sequence="c-1")
    again = client.ask("run", body=body, sequence="c-1")
    other = client.ask("run", body=body, sequence="c-2")
    assert again.body == first.body
    assert other.body != first.body
    assert len(client.worker.sessions["s"].values) == 2


def test_a_tensor_goes_in_and_comes_out_as_raw_bytes(client: Client) -> None:
    data = np.arange(6, dtype="<f4").tobytes()
    place = {"path": {"id": str(A)}, "content_type": "application/octet-stream", "accept": "application/octet-stream"}
    put = client.ask("tensor", "PUT", data, query={"dtype": "float32", "shape": "2,3"}, **place)
    assert put.status == 201, put.body
    got = client.ask("tensor", "GET", **place)
    assert got.headers == {"Kremote-Dtype": "float32", "Kremote-Shape": "2,3"}
    assert bytes(got.body) == data  # type: ignore[arg-type]


def test_a_variable_goes_in_and_comes_out_as_npy(client: Client, tmp_path: Path) -> None:
    array = np.arange(6, dtype="float64").reshape(2, 3)
    np.save(tmp_path / "a.npy", array)
    place = {"path": {"name": "w"}, "content_type": "application/x-npy", "accept": "application/x-npy"}
    put = client.ask("variable", "PUT", (tmp_path / "a.npy").read_bytes(), **{**place, "accept": codec.MSGPACK})
    assert put.status == 201, put.body
    got = client.ask("variable", "GET", **place)
    (tmp_path / "b.npy").write_bytes(b"".join(bytes(piece) for piece in got.body))
    np.testing.assert_array_equal(np.load(tmp_path / "b.npy"), array)


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"dtype": "float32"},
        {"dtype": "floot", "shape": "2"},
        *({"dtype": "int8", "shape": shape} for shape in ("-1", "2,,2", "\u00b2", "\u0663", "9" * 5000)),
    ],
)
def test_raw_bytes_need_their_dtype_and_shape(client: Client, query: dict[str, str]) -> None:
    reply = client.ask(
        "tensor", "PUT", b"1234", query=query, path={"id": "99"}, content_type="application/octet-stream"
    )
    assert reply.status == 400
    assert codec.decode(reply.body)["error"]["code"] == "malformed_request"  # type: ignore[arg-type]


@pytest.mark.parametrize("item", ["abc", "-1", "1.0", "\u00b2", "9" * 5000, ""])
def test_an_item_is_a_number(client: Client, item: str) -> None:
    client.ask("run", body=Program([make(A)]).to_wire())
    reply = client.ask("tensor", "GET", path={"id": str(A)}, query={"item": item})
    assert reply.status == 400
    assert codec.decode(reply.body)["error"]["code"] == "malformed_request"  # type: ignore[arg-type]


def test_too_many_values_to_fetch_are_refused(client: Client) -> None:
    assert client.ask("run", body=Program(fetch=[Reference(A)] * 5).to_wire()).status == 413


def test_a_tensor_too_large_for_json_is_offered_as_bytes(engine: Any) -> None:
    client = Client(Worker(engine, "cpu", Limits(structured_bytes=20)))
    client.worker.sessions["s"].values[A] = np.zeros(6, "float32")
    place = {"path": {"id": str(A)}}
    reply = client.ask("tensor", "GET", **place, accept=codec.JSON)
    assert reply.status == 413
    assert "octet-stream" in codec.decode(reply.body, codec.JSON)["error"]["hint"]  # type: ignore[arg-type]
    assert client.ask("tensor", "GET", **place, accept="application/octet-stream").status == 200


def test_millions_of_empty_lists_are_one(client: Client) -> None:
    client.worker.sessions["s"].values[A] = np.zeros((10**7, 0), "float32")
    reply = client.ask("tensor", "GET", path={"id": str(A)}, accept=codec.JSON)
    assert reply.body == b'{"dtype":"float32","shape":[10000000,0],"data":[]}'


def test_memory_that_is_not_there_is_the_op_s_error(engine: Any) -> None:
    assert engine.translate(MemoryError("Unable to allocate 4 EiB")).code == "out_of_memory"


def test_a_program_too_long_is_refused_before_it_runs(client: Client) -> None:
    reply = client.ask("run", body=Program([make(None, [1.0]) for _ in range(5)]).to_wire())
    assert reply.status == 413
    assert not client.worker.sessions["s"].values


def test_an_unknown_session_is_not_found(client: Client) -> None:
    assert client.ask("run", session="other").status == 404


def test_a_structured_body_is_bounded_apart_from_raw_bytes(engine: Any) -> None:
    client = Client(Worker(engine, "cpu", Limits(structured_bytes=100)))
    reply = client.ask("op", body={"value": [0.0] * 50}, path={"op": "variable"})
    assert reply.status == 413
    assert "PUT" in codec.decode(reply.body)["error"]["hint"]  # type: ignore[arg-type]
    query = {"dtype": "float64", "shape": "50"}
    raw = {"path": {"id": str(A)}, "content_type": "application/octet-stream", "query": query}
    assert client.ask("tensor", "PUT", bytes(400), **raw).status == 201
