"""Programs whose references are positions, and templates: instructions run again by their digest."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kremote_proto import codec
from kremote_proto.errors import LimitExceeded, MalformedRequest, UnknownTemplate
from kremote_proto.messages import Instruction, Program, Reference
from kremote_server.engines.loading import load_engine
from kremote_server.worker import templates
from kremote_server.worker.limits import Limits
from kremote_server.worker.session import FIRST_CLIENT_ID, Session

FIRST = FIRST_CLIENT_ID
EYE = {"dtype": "float32", "shape": [2, 2], "data": np.eye(2, dtype="float32").tobytes()}
DOT = {"op": "dot", "args": {"x": {"input": 0}, "y": {"input": 1}}}
AGAIN = {"op": "dot", "args": {"x": {"result": 0}, "y": {"input": 1}}}
WRONG = {"op": "dot", "args": {"x": {"result": 0}, "y": [[1.0, 2.0, 3.0]]}}


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.syspath_prepend(str(Path(__file__).parent.parent / "engines"))
    session = Session("s", load_engine("tiny"), Limits(tensor_bytes=1 << 20, ids=50, program_instructions=10))
    session.run(Program([Instruction("variable", {"value": EYE, "name": "w"}, FIRST + 100)]))
    return session


def listed(*instructions: dict[str, Any], **more: Any) -> Program:
    more = {"first": FIRST, "inputs": [EYE, Reference(FIRST + 100)], **more}
    return Program([Instruction(wire["op"], wire["args"]) for wire in instructions], **more)


def template(*instructions: dict[str, Any], **more: Any) -> Program:
    more = {"first": FIRST, "inputs": [EYE, Reference(FIRST + 100)], **more}
    return Program(template=codec.encode([*instructions]), **more)


FORMS = pytest.mark.parametrize("form", [listed, template])


def codes(reply: dict[str, Any]) -> list[str | None]:
    return [result.get("error", {}).get("code") for result in reply["results"]]


@FORMS
def test_positions_name_results_and_inputs(session: Session, form: Any) -> None:
    reply = session.run(form(DOT, AGAIN, fetch=[Reference(result=1), Reference(input=0), Reference(FIRST)]))
    assert [result["id"] for result in reply["results"]] == [FIRST, FIRST + 1]
    for value in reply["values"]:
        np.testing.assert_array_equal(value, np.eye(2))


@FORMS
def test_only_what_is_to_be_kept_stays(session: Session, form: Any) -> None:
    reply = session.run(form(DOT, WRONG, AGAIN, AGAIN, keep=[2], report=[3]))
    assert [result["id"] for result in reply["results"]] == [FIRST + 1, FIRST + 3]
    assert codes(reply) == ["invalid_value", None]
    assert set(session.values) == {FIRST + 2, FIRST + 100}


@FORMS
def test_a_failure_reaches_what_refers_to_its_position(session: Session, form: Any) -> None:
    after = {"op": "dot", "args": {"x": {"result": 1}, "y": {"input": 0}}}
    reply = session.run(form(DOT, WRONG, after, fetch=[Reference(result=2)]))
    error = reply["results"][2]["error"]
    assert (error["instruction"], error["cause"]) == (FIRST + 1, FIRST + 1)
    assert reply["values"][0]["error"]["code"] == error["code"]


@FORMS
def test_an_input_that_failed_fails_those_that_use_it(session: Session, form: Any) -> None:
    failed = session.run(Program([Instruction("dot", {"x": 1, "y": [[1.0]]}, FIRST + 20)]))["results"][0]["error"]
    uses = {"op": "dot", "args": {"x": {"input": 1}, "y": {"input": 1}}}
    reply = session.run(form(DOT, uses, inputs=[Reference(variable="w"), Reference(FIRST + 20)]))
    assert codes(reply) == [failed["code"]] * 2
    assert [result["error"]["cause"] for result in reply["results"]] == [FIRST + 20] * 2
    unused = session.run(form({**DOT, "args": {"x": {"input": 0}, "y": {"input": 0}}}, first=FIRST + 30,
                              inputs=[EYE, Reference(7), {**EYE, "data": b"1"}]))  # fmt: skip
    assert codes(unused) == [None]
    used = session.run(form({**DOT, "args": {"x": {"input": 2}, "y": {"input": 1}}}, first=FIRST + 40,
                            inputs=[EYE, Reference(7), {**EYE, "data": b"1"}]))  # fmt: skip
    assert codes(used) == ["malformed_request"]
    np.testing.assert_array_equal(session.run(Program(fetch=[Reference(FIRST + 30)]))["values"][0], np.eye(2))


@FORMS
@pytest.mark.parametrize("x", [{"result": 1}, {"result": 5}, {"input": 2}, {"input": 10**9}, {"result": 0, "input": 0}])
def test_positions_that_are_none_fail_their_instruction(session: Session, form: Any, x: Any) -> None:
    bad = {"op": "dot", "args": {"x": x, "y": {"input": 0}}}
    assert codes(session.run(form(DOT, bad, AGAIN))) == [None, "malformed_request", None]


@FORMS
def test_an_id_in_use_is_refused_and_not_forgotten(session: Session, form: Any) -> None:
    reply = session.run(form(DOT, AGAIN, AGAIN, first=FIRST + 99, keep=[], report=[], fetch=[Reference(FIRST + 100)]))
    assert codes(reply) == ["id_taken"]
    assert set(session.values) == {FIRST + 100}
    np.testing.assert_array_equal(reply["values"][0], np.eye(2))


def test_an_item_of_one_value_is_refused(session: Session) -> None:
    reply = session.run(listed(DOT, {**DOT, "args": {"x": {"result": 0, "item": 0}, "y": {"input": 0, "item": 1}}}))
    assert codes(reply) == [None, "invalid_value"]


def test_positions_mean_nothing_outside_a_program(session: Session) -> None:
    for reference in (Reference(result=0), Reference(input=0)):
        with pytest.raises(MalformedRequest, match="program"):
            session.find(reference)


def test_a_template_names_no_ids(session: Session) -> None:
    bad = {"op": "dot", "args": {"x": {"ref": FIRST + 100}, "y": {"variable": "w"}}}
    assert codes(session.run(template(bad))) == ["malformed_request"]
    assert codes(session.run(listed(bad, first=FIRST + 10))) == [None]


def test_a_template_runs_again_by_its_digest(session: Session) -> None:
    first = template(DOT, AGAIN, keep=[])
    assert codes(session.run(first)) == [None, None]
    digest = hashlib.sha256(first.template or b"").digest()
    again = Program(digest=digest, first=FIRST, inputs=first.inputs, keep=[], fetch=[Reference(result=1)])
    np.testing.assert_array_equal(session.run(again)["values"][0], np.eye(2))
    assert set(session.values) == {FIRST + 100}


def test_an_unknown_digest_does_nothing(session: Session) -> None:
    with pytest.raises(UnknownTemplate, match="0000"):
        session.run(Program(digest=bytes(32), first=FIRST, free=[FIRST + 100]))
    assert set(session.values) == {FIRST + 100}


def test_positions_outside_a_template_refuse_the_program(session: Session) -> None:
    for more in ({"keep": [2]}, {"report": [2]}, {"fetch": [Reference(result=2)]}, {"fetch": [Reference(input=2)]}):
        with pytest.raises(MalformedRequest, match="expected"):
            session.run(template(DOT, DOT, free=[FIRST + 100], **more))
    assert set(session.values) == {FIRST + 100}


def test_too_long_a_template_is_refused(session: Session) -> None:
    with pytest.raises(LimitExceeded, match="at most 10 instructions"):
        session.run(template(*[DOT] * 11))


def test_few_templates_are_kept(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "MOST_TEMPLATES", 2)
    programs = [template({"op": "dot", "args": {"x": n, "y": 1}}, keep=[]) for n in range(3)]
    digests = [hashlib.sha256(program.template or b"").digest() for program in programs]
    for program in (programs[0], programs[1], programs[0], programs[2]):
        session.run(program)
    assert [session.templates.has(digest) for digest in digests] == [True, False, True]
    monkeypatch.setattr(templates, "MOST_BYTES", 1)
    session.run(programs[1])
    assert [session.templates.has(digest) for digest in digests] == [False, True, False]
