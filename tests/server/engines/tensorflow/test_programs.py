"""Compiled programs do what interpreted ones do: results, changes, random numbers, failures, replies."""

from __future__ import annotations

import gc
import hashlib
import weakref
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kremote_proto import codec
from kremote_proto.messages import Instruction, Program, Reference
from kremote_server.engines.engine import Engine
from kremote_server.engines.tensorflow.seeds import VariableCounter
from kremote_server.worker import compiled
from kremote_server.worker.limits import Limits
from kremote_server.worker.session import FIRST_CLIENT_ID, Session

from .calls import tensor

V, W, X = (FIRST_CLIENT_ID + n for n in range(3))
FIRST = FIRST_CLIENT_ID + 100
Wire = dict[str, Any]


def do(op: str, /, **args: Any) -> Wire:
    return {"op": op, "args": args}


class Pair:
    """Two sessions of the same values: one is sent templates, which it compiles, the other lists."""

    def __init__(self, engine: Engine, **limits: int) -> None:
        self.compiling, self.interpreting = (Session(name, engine, Limits(**limits)) for name in ("c", "i"))
        for session in (self.compiling, self.interpreting):
            session.state.seeds = VariableCounter(7)
            make = [
                Instruction("variable", {"value": tensor(np.ones((2, 3), "float32")), "name": "named"}, V),
                Instruction("variable", {"value": tensor(np.eye(3, dtype="float32"))}, W),
                Instruction("constant", {"value": tensor(np.arange(6, dtype="float32").reshape(2, 3))}, X),
            ]
            assert not any("error" in result for result in session.run(Program(make))["results"])

    def run(self, instructions: list[Wire], **more: Any) -> Wire:
        """The reply of both, which must be the same."""
        listed = [Instruction(wire["op"], wire["args"]) for wire in instructions]
        replies = [
            self.compiling.run(Program(template=codec.encode(instructions), first=FIRST, **more)),
            self.interpreting.run(Program(listed, first=FIRST, **more)),
        ]
        told, expected = (codec.encode(reply) for reply in replies)
        assert told == expected
        assert self.compiling.values.keys() == self.interpreting.values.keys()
        return replies[0]

    def clear(self) -> None:
        """Free what programs made; all that is left is the same in both."""
        fetch = [Reference(identifier) for identifier in sorted(self.compiling.values)]
        replies = [session.run(Program(fetch=fetch)) for session in (self.compiling, self.interpreting)]
        assert codec.encode(replies[0]) == codec.encode(replies[1])
        for session in (self.compiling, self.interpreting):
            session.free([identifier for identifier in session.values if identifier >= FIRST])
        assert self.compiling.state.seeds.drawn == self.interpreting.state.seeds.drawn

    @property
    def counts(self) -> compiled.Counts:
        """What became of the templates."""
        return self.compiling.compiled.counts


@pytest.fixture
def pair(engine: Engine) -> Pair:
    return Pair(engine)


INPUTS = [Reference(V), Reference(W), Reference(X), tensor(np.array([1, 0], "int32")), Reference(variable="named")]
OPERAND = st.sampled_from([{"input": 0}, {"input": 2}, {"variable": "named"}, 2])
VARIABLE = st.sampled_from([{"input": 0}, {"input": 4}, {"variable": "named"}])


@st.composite
def programs(draw: st.DrawFn) -> list[Wire]:
    """Instructions on values of shape (2, 3)."""
    instructions: list[Wire] = []
    for position in range(draw(st.integers(1, 8))):
        earlier = st.integers(0, position - 1).map(lambda n: {"result": n}) if position else OPERAND
        operand = st.one_of(earlier, OPERAND)
        x, y = draw(operand.filter(lambda wire: wire != 2)), draw(operand)
        instructions.append(
            draw(
                st.sampled_from(
                    [
                        do("operator.add", x=x, y=y),
                        do("operator.mul", x=x, y=y),
                        do("operator.sub", x=x, y=y),
                        do("tanh", x=x),
                        do("softmax", x=x),
                        do("dot", x=x, y={"input": 1}),
                        do("gather", reference=x, indices={"input": 3}),
                        do("random_normal", shape=[2, 3], mean=0.0, stddev=1.0, dtype="float32"),
                        do("random_uniform", shape=[2, 3], minval=0.0, maxval=1.0, dtype="float32", seed=5),
                        do("dropout", x=x, level=0.5),
                        do("update", x=draw(VARIABLE), new_x=x),
                        do("update_add", x=draw(VARIABLE), increment=x),
                        do("update_sub", x=draw(VARIABLE), decrement=x),
                        do("moving_average_update", x=draw(VARIABLE), value=x, momentum=0.5),
                        do("stop_gradient", variables=x),
                    ]
                )
            )
        )
    return instructions


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_compiled_programs_do_what_interpreted_ones_do(engine: Engine, data: st.DataObject) -> None:
    pair, instructions = Pair(engine), data.draw(programs())
    positions = st.lists(st.integers(0, len(instructions) - 1), unique=True, max_size=4)
    keep, report = data.draw(st.none() | positions), data.draw(st.none() | positions)
    fetch = [Reference(result=n) for n in data.draw(positions)] + [Reference(input=0), Reference(variable="named")]
    more = {"keep": keep, "report": report, "fetch": fetch}
    for _ in range(3):
        pair.run(instructions, inputs=INPUTS, **more)
        pair.clear()
    assert pair.counts.hits == 2
    failing = [*INPUTS[:3], tensor(np.array([1, 7], "int32")), INPUTS[4]]
    for inputs in (failing, INPUTS):
        pair.run(instructions, inputs=inputs, **more)
        pair.clear()
    assert pair.counts.compiled == 1


def test_a_failure_in_the_middle_changes_what_came_before_it_alone(pair: Pair) -> None:
    program = [
        do("update_add", x={"input": 0}, increment={"input": 1}),
        do("random_normal", shape=[2], mean=0.0, stddev=1.0, dtype="float32"),
        do("gather", reference={"input": 0}, indices={"input": 2}),
        do("update_sub", x={"input": 0}, decrement={"input": 0}),
    ]
    inputs = [Reference(V), Reference(X), tensor(np.array(1))]
    for index, code in ((1, None), (1, None), (9, "invalid_value"), (0, None)):
        inputs[2] = tensor(np.array(index))
        reply = pair.run(program, inputs=inputs, keep=[], fetch=[Reference(result=1), Reference(input=0)])
        assert reply["results"][2].get("error", {}).get("code") == code
        pair.clear()
    assert (pair.counts.seen, pair.counts.compiled, pair.counts.hits, pair.counts.fallbacks) == (4, 1, 2, 1)


def test_a_failure_of_what_nothing_needs_is_found(pair: Pair) -> None:
    program = [do("gather", reference={"input": 0}, indices={"input": 1}), do("exp", x={"input": 0})]
    for index in (0, 1, 5):
        inputs = [Reference(X), tensor(np.array(index))]
        reply = pair.run(program, inputs=inputs, keep=[1], report=[])
        pair.clear()
    assert reply["results"][0]["error"]["op"] == "gather"


def test_a_program_that_fails_again_and_again_is_interpreted(pair: Pair) -> None:
    program = [do("gather", reference={"input": 0}, indices={"input": 1})]
    for index in (0, 0, *[9] * 5, 0):
        pair.run(program, inputs=[Reference(X), tensor(np.array(index))], keep=[])
    assert (pair.counts.hits, pair.counts.fallbacks) == (1, compiled.MOST_FAILURES)


@pytest.mark.parametrize(
    "instruction",
    [
        do("print_tensor", x={"input": 0}, message="x"),
        do("zeros", shape=[2], dtype="float32"),
        do("placeholder", shape=[2], dtype="float32"),
        do("set_value", x={"input": 0}, value={"input": 1}),
        do("reshape", x={"input": 1}, shape={"input": 2}),
        do("dot", x={"input": 1}, y={"input": 1}),
        do("exp", x={"input": 7}),
        do("no_such_op"),
    ],
    ids=lambda wire: wire["op"],
)
def test_what_cannot_be_compiled_is_interpreted(pair: Pair, instruction: Wire) -> None:
    inputs = [Reference(V), Reference(X), tensor(np.array([3, 2]))]
    for _ in range(3):
        pair.run([do("exp", x={"input": 1}), instruction], inputs=inputs, keep=[0])
        pair.clear()
    assert pair.counts.hits == 0


def test_symbols_sparse_tensors_and_failures_among_the_inputs_are_interpreted(pair: Pair) -> None:
    for session in (pair.compiling, pair.interpreting):
        session.run(Program([Instruction("placeholder", {"shape": [2]}, 1), Instruction("exp", {}, 2)]))
    for reference in (Reference(1), Reference(2), Reference(77)):
        for _ in range(3):
            pair.run([do("abs", x={"input": 0})], inputs=[reference], keep=[])
    assert (pair.counts.seen, pair.counts.compiled) == (9, 0)


def test_the_same_variable_twice_is_one(pair: Pair) -> None:
    program = [
        do("update_add", x={"input": 0}, increment={"input": 1}),
        do("operator.add", x={"input": 0}, y={"input": 1}),
        do("update", x={"input": 1}, new_x={"result": 1}),
        do("exp", x={"input": 0}),
    ]
    for second in (V, V, V, W, W, V):
        inputs = [Reference(V), Reference(second)] if second == V else [Reference(X + 1), Reference(V)]
        for session in (pair.compiling, pair.interpreting):
            if X + 1 not in session.values:
                session.run(Program([Instruction("variable", {"value": tensor(np.ones((2, 3), "float32"))}, X + 1)]))
        pair.run(program, inputs=inputs, fetch=[Reference(result=3), Reference(input=1)])
        pair.clear()
    assert (pair.counts.compiled, pair.counts.hits) == (2, 4)


def test_other_variables_of_the_same_spec_use_the_same_program(pair: Pair) -> None:
    values = range(X + 1, X + 4)
    for session in (pair.compiling, pair.interpreting):
        make = [Instruction("variable", {"value": tensor(np.full(2, float(n)))}, n) for n in values]
        session.run(Program(make))
    for identifier in values:
        inputs = [Reference(identifier), tensor(np.ones(2, "float32"))]
        pair.run([do("update_add", x={"input": 0}, increment={"input": 1})], inputs=inputs)
        pair.clear()
    assert (pair.counts.compiled, pair.counts.hits) == (1, 2)
    held = weakref.ref(pair.compiling.values[values[1]])
    pair.compiling.free([*values])
    gc.collect()
    assert held() is None


def test_an_id_in_use_is_refused_where_it_was_compiled(pair: Pair) -> None:
    program = [do("exp", x={"input": 0}), do("exp", x={"result": 0})]
    for _ in range(2):
        pair.run(program, inputs=[Reference(X)])
        pair.clear()
    pair.run(program, inputs=[Reference(X)], keep=[1])
    reply = pair.run(program, inputs=[Reference(X)])
    assert [result.get("error", {}).get("code") for result in reply["results"]] == [None, "id_taken"]


def test_too_many_values_are_refused_where_it_was_compiled(engine: Engine) -> None:
    pair = Pair(engine, ids=7)
    program = [do("exp", x={"input": 0})] * 2
    for _ in range(2):
        pair.run(program, inputs=[Reference(X)])
        pair.clear()
    for session in (pair.compiling, pair.interpreting):
        session.run(Program([Instruction("exp", {"x": {"ref": X}}, n) for n in (1, 2)]))
    codes = [result.get("error", {}).get("code") for result in pair.run(program, inputs=[Reference(X)])["results"]]
    assert codes == [None, "limit_exceeded"]


def test_lengths_that_change_are_compiled_a_few_times(pair: Pair) -> None:
    for length in range(1, 9):
        for _ in range(2):
            pair.run([do("exp", x={"input": 0})], inputs=[tensor(np.ones(length))], keep=[])
    assert pair.counts.compiled == compiled.MOST_COMPILATIONS
    assert pair.counts.hits == compiled.MOST_COMPILATIONS


def test_the_memory_of_compiled_programs_is_bounded(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "MOST_INSTRUCTIONS", 4)
    for n in range(4):
        for _ in range(2):
            pair.run([do("operator.mul", x={"input": 0}, y=n)] * 2, inputs=[Reference(X)], keep=[])
    assert (pair.counts.compiled, pair.counts.evictions) == (4, 2)
    digest = hashlib.sha256(codec.encode([do("operator.mul", x={"input": 0}, y=0)] * 2)).digest()
    again = pair.compiling.run(Program(digest=digest, first=FIRST, inputs=[Reference(X)], fetch=[Reference(result=1)]))
    np.testing.assert_array_equal(again["values"][0], np.zeros((2, 3)))


def test_a_number_that_is_an_id_is_not_compiled_into_a_program(pair: Pair) -> None:
    for _ in range(3):
        reply = pair.compiling.run(Program(template=codec.encode([do("exp", x={"ref": X})]), first=FIRST, keep=[]))
        assert reply["results"][0]["error"]["code"] == "malformed_request"
    assert pair.counts.hits == 0


def test_values_named_by_their_new_id_are_fetched(pair: Pair) -> None:
    for _ in range(3):
        reply = pair.run([do("exp", x={"input": 0})], inputs=[Reference(X)], keep=[], fetch=[Reference(FIRST)])
        assert isinstance(reply["values"][0], np.ndarray)


def test_shapes_are_outputs_of_compiled_programs(pair: Pair) -> None:
    program = [do("shape", x={"input": 0}), do("size", x={"input": 0}), do("cast", x={"input": 0}, dtype="int32")]
    for _ in range(3):
        pair.run(program, inputs=[Reference(X)], fetch=[Reference(result=n) for n in range(3)])
        pair.clear()
    assert pair.counts.hits == 2
