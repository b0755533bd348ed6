"""Programs, references and results: their wire forms, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kremote_proto.codec import JSON, MSGPACK, decode, encode
from kremote_proto.dtypes import DTYPES
from kremote_proto.errors import ERRORS, KremoteError, LimitExceeded, MalformedRequest
from kremote_proto.messages import (
    HIGHEST_ID,
    Instruction,
    Program,
    Reference,
    Result,
    program_from_wire,
    reference_from_wire,
    result_from_wire,
    template_from_bytes,
)
from kremote_proto.specs import Spec

IDS = st.integers(1, HIGHEST_ID)
REFERENCES = st.builds(Reference, IDS, st.none() | st.integers(0, 9)) | st.builds(Reference, variable=st.text())
RELATIVE = st.builds(Reference, item=st.none() | st.integers(0, 9), result=st.integers(0, 9)) | st.builds(
    Reference, item=st.none() | st.integers(0, 9), input=st.integers(0, 9)
)
ARGUMENTS = st.dictionaries(st.text(max_size=5), st.integers(0, 9) | REFERENCES.map(Reference.to_wire), max_size=3)
INSTRUCTIONS = st.builds(Instruction, st.text(), ARGUMENTS, st.none() | IDS, st.booleans())
TENSORS = st.just({"dtype": "int8", "shape": [1], "data": [5]})
POSITIONS = st.none() | st.lists(st.integers(0, 3), max_size=4)
PROGRAMS = st.builds(
    Program,
    st.lists(INSTRUCTIONS, max_size=4),
    st.lists(REFERENCES | RELATIVE, max_size=4),
    st.lists(IDS, max_size=4),
    st.lists(REFERENCES | TENSORS, max_size=4),
    keep=POSITIONS,
    report=POSITIONS,
)
UNNAMED = st.builds(Instruction, st.text(), st.just({}))
COMPACT = st.builds(Program, st.lists(UNNAMED, max_size=4), first=IDS) | st.builds(
    Program, first=IDS, digest=st.binary(min_size=32, max_size=32)
)
TEMPLATES = st.builds(Program, template=st.binary(min_size=1), first=IDS)
LENGTHS = st.lists(st.none() | st.integers(0, 2**40), max_size=4).map(tuple)
SPECS = st.builds(Spec, st.sampled_from(DTYPES), st.none() | LENGTHS, st.booleans())


@pytest.mark.parametrize("content_type", [MSGPACK, JSON])
@settings(max_examples=100, deadline=None)
@given(program=PROGRAMS)
def test_a_program_comes_back_as_it_went(content_type: str, program: Program) -> None:
    wire = decode(encode(program.to_wire(), content_type), content_type)
    assert program_from_wire(wire, most_instructions=4) == program


@settings(max_examples=100, deadline=None)
@given(program=COMPACT | TEMPLATES)
def test_a_program_without_ids_comes_back_as_it_went(program: Program) -> None:
    assert program_from_wire(decode(encode(program.to_wire())), most_instructions=4) == program


@settings(max_examples=100, deadline=None)
@given(instructions=st.lists(UNNAMED, max_size=4))
def test_a_template_is_the_list_in_bytes(instructions: list[Instruction]) -> None:
    template = encode([instruction.to_wire() for instruction in instructions])
    assert template_from_bytes(template, most_instructions=4) == instructions


@pytest.mark.parametrize(
    "template", [b"\xc1", b"\x80", b"\x91", b"\x91\x01", encode([{"op": "dot", "id": 5}])], ids=repr
)
def test_a_template_that_is_none_is_refused(template: bytes) -> None:
    with pytest.raises(MalformedRequest, match="expected"):
        template_from_bytes(template, most_instructions=4)


def test_a_long_template_is_refused() -> None:
    with pytest.raises(LimitExceeded, match="at most 4 instructions"):
        template_from_bytes(encode([{"op": "dot"}] * 5), most_instructions=4)


@pytest.mark.parametrize(
    "program",
    [
        Program(keep=[0]),
        Program(report=[0, 3], first=1, digest=bytes(32)),
        Program(fetch=[Reference(result=3)]),
        Program(fetch=[Reference(input=1)], inputs=[Reference(1)]),
        Program(first=HIGHEST_ID - 1),
    ],
    ids=repr,
)
def test_positions_outside_a_program_are_refused(program: Program) -> None:
    if program.first is None or program.report:
        with pytest.raises(MalformedRequest, match=r"expected .*; got .* at \$"):
            program.check_positions(3 if program.report or program.fetch else 0)
    else:
        program.check_positions(2)
        with pytest.raises(MalformedRequest, match=r"at \$.first"):
            program.check_positions(3)


@settings(max_examples=100, deadline=None)
@given(
    identifier=IDS,
    spec=st.none() | SPECS,
    items=st.none() | st.lists(st.none() | SPECS, max_size=3),
    kind=st.sampled_from(["tensor", "variable", "function", None]),
    symbolic=st.booleans(),
    name=st.none() | st.text(),
)
def test_a_result_comes_back_as_it_went(**parts: Any) -> None:
    result = Result(parts.pop("identifier"), **parts)
    assert result_from_wire(decode(encode(result.to_wire()))) == result


@pytest.mark.parametrize("code", ERRORS)
def test_a_failed_result_comes_back_with_its_error(code: str) -> None:
    error = ERRORS[code]("what was expected", op="dot", instruction=7, hint="do this", cause=3)
    got = result_from_wire(decode(encode(Result(7, error=error).to_wire()))).error
    assert isinstance(got, KremoteError)
    assert type(got) is ERRORS[code]
    assert got.to_wire() == error.to_wire()


MALFORMED: list[Any] = [
    [],
    None,
    "program",
    {"instruction": []},
    {"instructions": {"op": "dot"}},
    {"instructions": ["dot"]},
    {"instructions": [{"args": {}}]},
    {"instructions": [{"op": 5}]},
    {"instructions": [{"op": "dot", "id": 0}]},
    {"instructions": [{"op": "dot", "id": -1}]},
    {"instructions": [{"op": "dot", "id": 2**53}]},
    {"instructions": [{"op": "dot", "id": 1.0}]},
    {"instructions": [{"op": "dot", "id": True}]},
    {"instructions": [{"op": "dot", "id": "1"}]},
    {"fetch": [1]},
    {"fetch": [{"ref": 0}]},
    {"fetch": [{"ref": 1, "item": -1}]},
    {"fetch": [{"ref": 1, "item": True}]},
    {"fetch": [{"ref": 1, "variable": "w"}]},
    {"fetch": [{"variable": 1}]},
    {"fetch": [{"id": 1}]},
    {"fetch": {"ref": 1}},
    {"free": ["1"]},
    {"free": [{"ref": 1}]},
    {"free": 1},
    {"free": [0]},
    {"fetch": [{"result": -1}]},
    {"fetch": [{"input": True}]},
    {"fetch": [{"result": 0, "input": 0}]},
    {"inputs": {"ref": 1}},
    {"inputs": [5]},
    {"inputs": [{"result": 0}]},
    {"inputs": [{"input": 0}]},
    {"first": 0},
    {"first": "1"},
    {"first": 1, "instructions": [{"op": "dot", "id": 1}]},
    {"instructions": b"\x90"},
    {"template": bytes(32)},
    {"template": bytes(31), "first": 1},
    {"template": "0" * 64, "first": 1},
    {"template": bytes(32), "instructions": [{"op": "dot"}], "first": 1},
    {"template": bytes(32), "instructions": b"\x90", "first": 1},
    {"keep": 1},
    {"keep": [-1]},
    {"keep": [True]},
    {"keep": [0] * 11},
    {"report": [{"result": 0}]},
    {"report": b"\x00"},
]


@pytest.mark.parametrize("wire", MALFORMED, ids=repr)
def test_malformed_programs_are_refused_with_the_place(wire: Any) -> None:
    with pytest.raises(MalformedRequest, match=r"expected .*; got .* at \$"):
        program_from_wire(wire, most_instructions=10)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
ALMOST = st.fixed_dictionaries(
    {},
    optional={
        "instructions": ANYTHING
        | st.lists(
            st.fixed_dictionaries({}, optional={"op": ANYTHING, "id": ANYTHING, "args": ANYTHING}) | ANYTHING,
            max_size=3,
        ),
        "fetch": ANYTHING
        | st.lists(st.fixed_dictionaries({}, optional={"ref": ANYTHING, "item": ANYTHING, "variable": ANYTHING})),
        "free": ANYTHING,
        "inputs": ANYTHING | st.lists(ANYTHING, max_size=3),
        "first": ANYTHING,
        "keep": ANYTHING,
        "report": ANYTHING,
        "template": ANYTHING,
    },
)


@settings(max_examples=300, deadline=None)
@given(wire=ANYTHING | ALMOST)
def test_hostile_programs_are_read_or_refused(wire: Any) -> None:
    refusal = None
    try:
        program_from_wire(wire, most_instructions=2)
    except (MalformedRequest, LimitExceeded) as error:
        refusal = str(error)
    assert refusal is None or len(refusal) < 600


def test_messages_do_not_repeat_large_requests() -> None:
    for wire in ({"ref": "x" * 10**6}, {"ref": 1, "x" * 10**6: 1}, ["x"] * 10**6):
        with pytest.raises(MalformedRequest) as caught:
            reference_from_wire(wire, "$.fetch[0]")
        assert len(str(caught.value)) < 300


def test_long_programs_are_refused() -> None:
    program = {"instructions": [{"op": "ones"}] * 3}
    assert len(program_from_wire(program, most_instructions=3).instructions) == 3
    with pytest.raises(LimitExceeded, match="at most 2 instructions"):
        program_from_wire(program, most_instructions=2)
    for entry, item in (("fetch", {"ref": 1}), ("inputs", {"ref": 1})):
        with pytest.raises(LimitExceeded, match="at most 2"):
            program_from_wire({entry: [item] * 3}, most_instructions=2)
