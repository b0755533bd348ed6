"""Vectors of the other requests: one op each, bulk tensors, sessions, errors."""

from __future__ import annotations

import io
from hashlib import sha256
from typing import Any

import numpy as np

from .case import FIRST, JSON, MSGPACK, NPY, OCTETS, SESSION, WEIGHTS, Case, Exchange, op, ref, run

STEP_PLACEHOLDER: dict[str, Any] = {"shape": [1, 1]}
OPS = (
    Case(
        "op-dot",
        "One op a request: a named variable, a product whose value comes along, an op of that.",
        (
            op("variable", value=WEIGHTS, name="weights", about="The server picks the id."),
            op("dot", 0, fetch=True, x=np.array([[1, 0.5]], "float32"), y={"variable": "weights"}),
            op("softmax", fetch=True, x=ref(0)),
            op("operator.add", fetch=True, x=ref(0), y=1, about="A number takes the dtype of the tensor it meets."),
        ),
        tolerance=1e-6,
    ),
    Case(
        "op-function",
        "Placeholder, function and call, one op a request.",
        (
            op("variable", 0, value=WEIGHTS, name="weights"),
            op("placeholder", 1, shape=[None, 2]),
            op("dot", 2, x=ref(1), y=ref(0)),
            op("function", 3, inputs=[ref(1)], outputs=[ref(2)]),
            op("function.call", 4, fetch=True, function=ref(3), inputs=[[[1, 0], [0, 1]]]),
            op("operator.neg", fetch=True, x=ref(4, 0), about="An item of a result of several is a value like others."),
        ),
    ),
    Case(
        "op-gradients",
        "Gradients and an update through a function, one op a request.",
        (
            op("variable", 0, value=[1.0, 2.0]),
            op("placeholder", 1, shape=[2]),
            op("operator.mul", 2, x=ref(0), y=ref(1)),
            op("sum", 3, x=ref(2)),
            op("gradients", 4, loss=ref(3), variables=[ref(0)]),
            op("update_sub", 5, x=ref(0), decrement=ref(4, 0)),
            op("function", 6, inputs=[ref(1)], outputs=[ref(3)], updates=[ref(5)]),
            op("function.call", fetch=True, function=ref(6), inputs=[[10, 20]]),
            op("eval", fetch=True, x=ref(0)),
        ),
    ),
    Case(
        "op-rnn",
        "rnn with a step function, one op a request; `?symbolic=true` is not needed where a placeholder is involved.",
        (
            op("placeholder", 0, **STEP_PLACEHOLDER, about="One step's input, (samples, ...)."),
            op("placeholder", 1, **STEP_PLACEHOLDER, about="The state."),
            op("operator.add", 2, x=ref(0), y=ref(1)),
            op("function", 3, inputs=[ref(0), ref(1)], outputs=[ref(2), ref(2)], about="Output, then new state."),
            op("rnn", 4, fetch=True, step_function=ref(3), inputs=np.array([[[1], [2], [3]]], "float32"),
               initial_states=[np.zeros((1, 1), "float32")]),
        ),
    ),
    Case(
        "op-symbolic",
        "Graph mode, one op a request: a symbol of concrete values reads variables when it is evaluated.",
        (
            op("variable", 0, value=[1.0, 2.0]),
            Exchange("POST", f"{SESSION}/ops/operator.add", {"x": ref(0), "y": 1},
                     {"id": str(FIRST + 1), "symbolic": "true"}),
            op("set_value", x=ref(0), value=[3.0, 4.0]),
            op("eval", fetch=True, x=ref(1)),
        ),
    ),
    Case(
        "json",
        "JSON in and out: nested lists for tensors, [real, imaginary] for complex, text for what is not finite.",
        (
            Exchange("POST", f"{SESSION}/ops/identity", {"x": np.array([[1.5, np.nan], [np.inf, -np.inf]], "float32")},
                     {"fetch": "true"}, {"content-type": JSON, "accept": JSON}),
            Exchange("POST", f"{SESSION}/ops/identity", {"x": np.array([1 + 2j], "complex64")},
                     {"fetch": "true"}, {"content-type": JSON, "accept": JSON}),
            Exchange("POST", f"{SESSION}/ops/identity",
                     {"x": {"dtype": "int16", "shape": [2], "data": "base64:AQD+/w=="}},
                     {"fetch": "true"}, {"content-type": JSON, "accept": JSON}, about="Bytes as base64."),
            Exchange("POST", f"{SESSION}/ops/identity", {"x": [1, 2]}, {"fetch": "true"},
                     {"content-type": JSON, "accept": "*/*"}, about="The reply's type is the request's."),
        ),
    ),
)  # fmt: skip

FLOAT_BYTES = np.array([[1, 2], [3, 4]], "<f4").tobytes()


def _npy(array: np.ndarray[Any, Any]) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version=(1, 0))
    return file.getvalue()


def _upload(offset: int, body: bytes, about: str) -> Exchange:
    """An upload of `FLOAT_BYTES` with their digest."""
    query = {"dtype": "float32", "shape": "2,2", "sha256": sha256(FLOAT_BYTES).hexdigest()}
    return Exchange("PUT", f"{SESSION}/tensors/{FIRST + offset}", body, query, {"content-type": OCTETS}, about=about)


BULK = (
    Case(
        "variables",
        "Named variables: made, listed, read, set and forgotten by name, as a map, raw bytes or .npy.",
        (
            Exchange("PUT", f"{SESSION}/variables/w", np.array([[1, 2], [3, 4]], "float32")),
            Exchange("GET", f"{SESSION}/variables"),
            Exchange("GET", f"{SESSION}/variables/w", headers={"accept": OCTETS}),
            Exchange("PUT", f"{SESSION}/variables/w", FLOAT_BYTES, {"dtype": "float32", "shape": "2,2"},
                     {"content-type": OCTETS}, about="A variable that is there is set."),
            Exchange("GET", f"{SESSION}/variables/w", headers={"accept": NPY}),
            op("sum", fetch=True, x={"variable": "w"}),
            Exchange("DELETE", f"{SESSION}/variables/w"),
            Exchange("GET", f"{SESSION}/variables/w"),
        ),
    ),
    Case(
        "tensors",
        "Values by id: uploaded as raw bytes, .npy or a map, read back as each.",
        (
            Exchange("PUT", f"{SESSION}/tensors/{FIRST}", FLOAT_BYTES, {"dtype": "float32", "shape": "2,2"},
                     {"content-type": OCTETS}),
            Exchange("PUT", f"{SESSION}/tensors/{FIRST + 1}", _npy(np.array([1, 2], "int64")),
                     headers={"content-type": NPY}),
            Exchange("PUT", f"{SESSION}/tensors/{FIRST + 2}", np.array(2.5, "float64")),
            Exchange("GET", f"{SESSION}/tensors/{FIRST}", headers={"accept": "*/*"},
                     about="Raw bytes, with dtype and shape in headers, unless Accept says otherwise."),
            Exchange("GET", f"{SESSION}/tensors/{FIRST + 1}", headers={"accept": NPY}),
            Exchange("GET", f"{SESSION}/tensors/{FIRST + 2}"),
            Exchange("DELETE", f"{SESSION}/tensors/{FIRST}"),
            Exchange("DELETE", f"{SESSION}/tensors/{FIRST}"),
        ),
    ),
    Case(
        "tensors-digest",
        "Values by id: uploaded as raw bytes with their SHA-256, then had again by it.",
        (
            _upload(0, b"", about="The session has no such content: nothing was done; send the bytes."),
            _upload(0, FLOAT_BYTES, about="It is kept by its digest."),
            Exchange("DELETE", f"{SESSION}/tensors/{FIRST}"),
            _upload(1, b"", about="An empty body stands for what was kept."),
            Exchange("GET", f"{SESSION}/tensors/{FIRST + 1}", headers={"accept": "*/*"}),
        ),
    ),
)  # fmt: skip

#: What two servers say differently of a session.
DESCRIBED = ("session", "engine", "server", "limits", "worker", "created", "last_used", "expires")

SESSIONS = (
    Case(
        "session",
        "A session opened, described and deleted. The server says which protocol version both speak.",
        (
            Exchange("POST", "/v1/sessions", {"protocol": [1, 1], "client": "vectors"},
                     varies=("session", "engine", "server", "limits")),
            Exchange("GET", SESSION,
                     varies=DESCRIBED),
            Exchange("DELETE", SESSION),
            Exchange("GET", SESSION),
        ),
    ),
    Case(
        "session-named",
        "A session opened by a name, and taken up again by it; the name stands wherever its id does.",
        (
            Exchange("POST", "/v1/sessions", {"name": "my-vectors", "client": "vectors"},
                     varies=("session", "engine", "server", "limits")),
            Exchange("POST", "/v1/sessions", {"name": "my-vectors"}, about="It is there: 200.", varies=DESCRIBED),
            Exchange("POST", "/v1/sessions/my-vectors/ops/ones", {"shape": [2], "name": "w"}, {"id": str(FIRST)}),
            Exchange("GET", "/v1/sessions/my-vectors", varies=DESCRIBED),
            Exchange("DELETE", "/v1/sessions/my-vectors"),
        ),
    ),
    Case(
        "retry",
        "A request sent again under its sequence is answered as before, and changes nothing a second time.",
        (
            op("variable", 0, value=[1.0]),
            *[
                Exchange("POST", f"{SESSION}/ops/update_add", {"x": ref(0), "increment": [1.0]},
                         {"id": str(FIRST + 1), "fetch": "true"}, {"kremote-sequence": "a-client-of-mine-1"})
            ] * 2,
            op("eval", fetch=True, x=ref(0)),
        ),
    ),
    Case(
        "errors",
        "What is refused, in the one shape. Messages and hints are for people; codes and statuses are the protocol.",
        (
            op("softmacks", x=1.0, about="No such op."),
            op("softmax", x=ref(99), about="No such value."),
            op("softmax", x={"variable": "nobody"}, about="No such variable."),
            op("dot", x=1.0, about="An argument is missing."),
            op("dot", x=1.0, y=1.0, z=1.0, about="An argument too many."),
            op("dot", x=np.ones((1, 2), "float32"), y=np.ones((3, 1), "float32"), about="Shapes do not fit."),
            op("cast", x=1.0, dtype="float8", about="No such dtype."),
            op("identity", x={"dtype": "float32", "shape": [3], "data": bytes(8)}, about="Bytes are missing."),
            op("zeros", shape=[10**9, 10**9], about="Too large; refused before memory is taken."),
            op("ones", 0, shape=[1]),
            op("ones", 0, shape=[1], about="The id is taken."),
            Exchange("POST", f"{SESSION}/ops/ones", {"shape": [1]}, {"id": "first"}, about="No id."),
            Exchange("POST", f"{SESSION}/run", b"\xc1", headers={"content-type": MSGPACK}, about="No MessagePack."),
            run({"op": "ones"}, {"op": 1}, about="No instruction."),
            Exchange("POST", f"{SESSION}/run", b"<run/>", headers={"content-type": "text/xml"},
                     about="A type of body that the address does not take."),
            Exchange("GET", f"{SESSION}/run", about="Another method."),
            Exchange("GET", "/v1/nowhere", about="No such address."),
            Exchange("GET", "/v1/sessions/nobody", about="No such session, or somebody else's."),
            Exchange("GET", "/v1/sessions", headers={"authorization": "Bearer wrong"}, about="A wrong token."),
            Exchange("POST", "/v1/sessions", {"protocol": [7, 9]}, about="No version that both speak."),
            op("sqrt", x=np.ones(2, "int32"), about="Of a dtype that has no roots."),
            op("repeat", x=np.ones(2, "float32"), n=2, about="Of the rank Keras has an assertion."),
        ),
    ),
)  # fmt: skip
