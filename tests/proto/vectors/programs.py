"""Vectors of programs, as kremote's own client sends them."""

from __future__ import annotations

from hashlib import sha256

import numpy as np

from kremote_proto.codec import encode
from kremote_proto.octets import Octets

from .case import FIRST, MSGPACK, SESSION, WEIGHTS, Case, Exchange, do, ref, run

#: A step down the slope of squares: what a loop sends again and again.
_STEP = encode(
    [
        {"op": "operator.sub", "args": {"x": {"input": 0}, "y": {"input": 1}}},
        {"op": "operator.mul", "args": {"x": {"result": 0}, "y": 0.5}},
        {"op": "update_sub", "args": {"x": {"input": 0}, "decrement": {"result": 1}}},
    ]
)


def _with_octets() -> Exchange:
    octets = Octets()
    program = {
        "instructions": [{"op": "dot", "args": {"x": {"input": 0}, "y": {"input": 1}}}],
        "fetch": [{"result": 0}],
        "inputs": [octets.add(np.array([[1, 0.5]], "float32")), octets.add(np.array(WEIGHTS, "float32"))],
        "first": FIRST,
    }
    body = b"".join([*octets.pieces, encode(program)])
    return Exchange("POST", f"{SESSION}/run", body, {"octets": str(octets.length)}, {"content-type": MSGPACK})


PROGRAMS = (
    Case(
        "run-dot",
        "A program: a variable of plain numbers, a product with a tensor, its value fetched.",
        (
            run(
                do(0, "variable", value=WEIGHTS, dtype="float32", name="weights"),
                do(1, "dot", x=np.array([[1, 0.5]], "float32"), y=ref(0)),
                fetch=(ref(1),),
            ),
        ),
        ">>> weights = K.variable([[1, 2, 3], [4, 5, 6]], name='weights')\n"
        ">>> scores = K.dot(np.array([[1, 0.5]], 'float32'), weights)\n"
        ">>> K.eval(scores)\n"
        "array([[3. , 4.5, 6. ]], dtype=float32)",
    ),
    Case(
        "run-function",
        "A function: symbols from a placeholder on, compiled, called with a tensor; two outputs are two items.",
        (
            run(
                do(0, "variable", value=WEIGHTS, dtype="float32"),
                do(1, "placeholder", shape=[None, 2], dtype="float32"),
                do(2, "dot", x=ref(1), y=ref(0)),
                do(3, "sum", x=ref(2)),
                do(4, "function", inputs=[ref(1)], outputs=[ref(2), ref(3)]),
                do(5, "function.call", function=ref(4), inputs=[np.eye(2, dtype="float32")]),
                fetch=(ref(5),),
            ),
        ),
        ">>> weights = K.variable([[1, 2, 3], [4, 5, 6]])\n"
        ">>> x = K.placeholder(shape=(None, 2))\n"
        ">>> scores = K.dot(x, weights)\n"
        ">>> total = K.sum(scores)\n"
        ">>> function = K.function([x], [scores, total])\n"
        ">>> [value.tolist() for value in function([np.eye(2)])]\n"
        "[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], 21.0]",
    ),
    Case(
        "run-gradients",
        "Gradients have several results under one id; null where there is none. An update changes a variable.",
        (
            run(
                do(0, "variable", value=[1.0, 2.0], dtype="float32"),
                do(1, "variable", value=3.0, dtype="float32"),
                do(2, "placeholder", shape=[2], dtype="float32"),
                do(3, "operator.sub", x=ref(2), y=ref(0)),
                do(4, "square", x=ref(3)),
                do(5, "sum", x=ref(4)),
                do(6, "gradients", loss=ref(5), variables=[ref(0), ref(1)]),
                about="The client asks which gradients there are.",
            ),
            run(
                do(7, "operator.mul", x=ref(6, 0), y=0.5),
                do(8, "update_sub", x=ref(0), decrement=ref(7)),
                do(9, "function", inputs=[ref(2)], outputs=[ref(5)], updates=[ref(8)]),
                do(10, "function.call", function=ref(9), inputs=[np.array([3, 3], "float32")]),
                fetch=(ref(10),),
            ),
            run(fetch=(ref(0),), free=(10,), about="The update took place; the variable is fetched."),
        ),
        ">>> weights, other = K.variable([1.0, 2.0]), K.variable(3.0)\n"
        ">>> x = K.placeholder(shape=(2,))\n"
        ">>> difference = x - weights\n"
        ">>> squares = K.square(difference)\n"
        ">>> loss = K.sum(squares)\n"
        ">>> gradient, none = K.gradients(loss, [weights, other])\n"
        ">>> none is None\n"
        "True\n"
        ">>> step = gradient * 0.5\n"
        ">>> update = K.update_sub(weights, step)\n"
        ">>> function = K.function([x], [loss], updates=[update])\n"
        ">>> function([[3.0, 3.0]])[0].tolist()\n"
        "5.0\n"
        ">>> K.eval(weights)\n"
        "array([3., 3.], dtype=float32)",
    ),
    Case(
        "run-rnn",
        "A loop on the server: the step is a function of one step's inputs and the states, symbols of graph mode.",
        (
            run(
                do(0, "variable", value=[[[1.0], [2.0], [3.0]]], dtype="float32"),
                do(1, "zeros", shape=[1, 1], dtype="float32"),
                do(2, "placeholder", symbolic=True, shape=[1, 1], dtype="float32", sparse=False),
                do(3, "placeholder", symbolic=True, shape=[1, 1], dtype="float32", sparse=False),
                do(4, "operator.add", symbolic=True, x=ref(2), y=ref(3)),
                do(5, "function", inputs=[ref(2), ref(3)], outputs=[ref(4), ref(4)]),
                do(6, "rnn", step_function=ref(5), inputs=[ref(0)], initial_states=[ref(1)], go_backwards=False,
                   unroll=False, time_major=False, zero_output_for_mask=False, return_all_outputs=True),
                fetch=(ref(6, 1),),
                free=(3, 2, 4, 5),
                about="Results: the last output, all outputs, the last states.",
            ),
        ),
        ">>> series, start = K.variable([[[1.0], [2.0], [3.0]]]), K.zeros((1, 1))\n"
        ">>> def step(inputs, states):\n"
        "...     total = inputs + states[0]\n"
        "...     return total, [total]\n"
        ">>> last, outputs, states = K.rnn(step, series, [start])\n"
        ">>> K.eval(outputs)[0, :, 0]\n"
        "array([1., 3., 6.], dtype=float32)",
    ),
    Case(
        "run-index",
        "An index: integers, slices, ellipsis and new axes, in the order of the brackets; or a tensor of integers.",
        (
            run(
                do(0, "variable", value=WEIGHTS, dtype="float32"),
                do(1, "operator.getitem", x=ref(0), index=[1, {"slice": [None, None, -1]}]),
                do(2, "operator.getitem", x=ref(0), index=[{"ellipsis": True}, {"newaxis": True}, -1]),
                do(3, "operator.getitem", x=ref(0), index=[np.array([1, 1, 0])]),
                fetch=(ref(3),),
            ),
            run(fetch=(ref(1),)),
            run(fetch=(ref(2),)),
        ),
        ">>> x = K.variable([[1, 2, 3], [4, 5, 6]])\n"
        ">>> row, column, picked = x[1, ::-1], x[..., None, -1], x[np.array([1, 1, 0])]\n"
        ">>> K.eval(picked)[:, 0]\n"
        "array([4., 4., 1.], dtype=float32)\n"
        ">>> K.eval(row)\n"
        "array([6., 5., 4.], dtype=float32)\n"
        ">>> K.eval(column).tolist()\n"
        "[[3.0], [6.0]]",
    ),
    Case(
        "run-failure",
        "A failed instruction fails those that refer to it, `cause` naming the first, and no other.",
        (
            run(
                do(0, "variable", value=[1.0, 2.0], dtype="float32"),
                do(1, "gather", reference=ref(0), indices=[5]),
                do(2, "operator.add", x=ref(1), y=1),
                do(3, "operator.neg", x=ref(0)),
                fetch=(ref(2),),
            ),
            run(fetch=(ref(3),), about="What does not depend on it was made."),
        ),
        ">>> x = K.variable([1.0, 2.0])\n"
        ">>> picked = K.gather(x, [5])\n"
        ">>> sums, negative = picked + 1, -x\n"
        ">>> K.eval(sums)\n"
        "Traceback (most recent call last):\n"
        "kremote_proto.errors.InvalidValue: ...\n"
        ">>> K.eval(negative)\n"
        "array([-1., -2.], dtype=float32)",
    ),
    Case(
        "run-free",
        "Ids to free ride in the next program. A freed id names nothing; to free it again is no error.",
        (
            run(do(0, "ones", shape=[2], dtype="float32"), fetch=(ref(0),)),
            run(do(1, "zeros", shape=[2], dtype="float32"), fetch=(ref(1),), free=(0,)),
        ),
        ">>> x = K.ones((2,))\n"
        ">>> K.eval(x)\n"
        "array([1., 1.], dtype=float32)\n"
        ">>> del x\n"
        ">>> y = K.zeros((2,))\n"
        ">>> K.eval(y)\n"
        "array([0., 0.], dtype=float32)",
    ),
    Case(
        "run-nothing",
        "An op that returns nothing has `kind` null. Graph mode makes symbols of concrete values; `eval` computes one.",
        (
            run(
                do(0, "variable", value=[1.0, 2.0], dtype="float32"),
                do(1, "set_value", x=ref(0), value=[3, 4]),
                do(2, "operator.add", symbolic=True, x=ref(0), y=1),
                do(3, "eval", x=ref(2)),
                fetch=(ref(3),),
                free=(1,),
            ),
        ),
        ">>> x = K.variable([1.0, 2.0])\n"
        ">>> K.set_value(x, [3, 4])\n"
        ">>> later = K.symbolic(lambda: x + 1)()\n"
        ">>> K.symbolic(lambda: K.eval(later))()\n"
        "array([4., 5.], dtype=float32)",
    ),
    Case(
        "run-printed",
        "What print_tensor prints comes along in `printed`; the client prints it.",
        (
            run(
                do(0, "variable", value=[1.0, 2.0], dtype="float32"),
                do(1, "print_tensor", x=ref(0), message="x is "),
                fetch=(ref(1),),
            ),
        ),
        ">>> x = K.variable([1.0, 2.0])\n"
        ">>> same = K.print_tensor(x, 'x is ')\n"
        ">>> K.eval(same)\n"
        "x is [1. 2.]\n"
        "array([1., 2.], dtype=float32)",
    ),
    Case(
        "run-large",
        "A value above 1 MiB is not in the reply: `large` says to read it from its own address.",
        (run(do(0, "zeros", shape=[1024, 257], dtype="float32"), fetch=(ref(0),), free=(0,)),),
    ),
    Case(
        "run-relative",
        "A program without ids inside: results and inputs by their positions. One result stays, one is described.",
        (
            run(
                {"op": "operator.mul", "args": {"x": {"input": 0}, "y": 2}},
                {"op": "operator.add", "args": {"x": {"result": 0}, "y": {"input": 1}}},
                {"op": "dot", "args": {"x": {"result": 1}, "y": {"input": 0}}},
                {"op": "dot", "args": {"x": {"result": 2}, "y": {"input": 0}}},
                inputs=[np.array([1, 2], "float32"), np.array([3, 4], "float32")],
                first=FIRST,
                keep=[1],
                report=[0],
                fetch=({"result": 1},),
                about="The third fails, and the fourth with it: failures are described, whatever was asked for.",
            ),
            run(fetch=(ref(1), ref(0), ref(2)), about="Only what was to be kept is there."),
        ),
    ),
    Case(
        "run-octets",
        "The bytes of two arrays before the map, the second at 64; the map begins at 88.",
        (_with_octets(),),
    ),
    Case(
        "run-template",
        "A template: the instructions as bytes, then, where they come again, their SHA-256 alone.",
        (
            run(do(0, "variable", value=[8.0, 0.0], dtype="float32"), do(1, "zeros", shape=[2], dtype="float32")),
            run(
                inputs=[ref(0), ref(1)],
                first=FIRST + 2,
                keep=[],
                report=[],
                fetch=({"input": 0},),
                instructions=_STEP,
                about="The template is kept by its digest. The values of `fetch` are read after the update.",
            ),
            run(
                inputs=[ref(0), np.array([4, 4], "float32")],
                first=FIRST + 5,
                keep=[2],
                report=[2],
                fetch=({"result": 2},),
                template=sha256(_STEP).digest(),
                about="The same with another input.",
            ),
            run(
                inputs=[ref(0), ref(1)],
                first=FIRST + 8,
                template=bytes(32),
                about="A digest that the session has no template of: nothing was done; send the bytes again.",
            ),
        ),
    ),
)  # fmt: skip
