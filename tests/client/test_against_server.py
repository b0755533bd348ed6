"""The client against a real server over HTTP."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from scipy import sparse

import kremote
from kremote_proto.dtypes import DTYPES

from ..conftest import RunThin, Server


def test_a_person_without_tensorflow_computes(server: Server, run_thin: RunThin) -> None:
    source = """
    import sys
    import numpy as np
    from kremote import backend as K

    x = K.placeholder((None, 3))
    w = K.variable(np.ones((3, 2)), name="w")
    loss = K.sum(K.square(K.dot(x, w)))
    train = K.function([x], [loss], updates=[K.update_sub(w, K.gradients(loss, [w])[0] * 0.01)])
    losses = [train([np.ones((4, 3))])[0] for _ in range(5)]
    assert losses == sorted(losses, reverse=True), losses
    assert "tensorflow" not in sys.modules
    print("learned", w.name, K.int_shape(w))
    """
    done = run_thin(source, KREMOTE_URL=server.url, KREMOTE_TOKEN=server.token)
    assert done.stdout == "learned w (3, 2)\n"
    assert done.stderr == "Using TensorFlow backend.\n"


def test_a_session_is_taken_up_again_after_a_restart(server: Server, run_thin: RunThin) -> None:
    first = """
    from kremote import backend as K
    session = K.connect()
    K.variable([1.0, 2.0], name="w")
    print(session.id)
    """
    environment = {"KREMOTE_URL": server.url, "KREMOTE_TOKEN": server.token}
    identifier = run_thin(first, **environment).stdout.strip()
    with kremote.Session(server.url, server.token, identifier) as session:
        variables = session._transport.call("GET", f"/v1/sessions/{identifier}/variables")
        assert [variable["name"] for variable in variables["variables"]] == ["w"]
        session.delete()


def test_variables_are_found_again_by_name(server: Server, K: ModuleType) -> None:
    K.variable(np.arange(3.0), name="found again")
    large = K.variable(np.arange(400_000.0), name="large")
    large.session.flush()
    identifier = large.session.id
    with kremote.Session(server.url, server.token, identifier) as session:
        found = session.variables()
        assert {"found again", "large"} <= set(found)
        w = found["found again"]
        assert (w.name, w.shape, w.dtype) == ("found again", (3,), "float32")
        x = session.K.placeholder((3,))
        step = session.K.function([x], [session.K.sum(w * x)], updates=[session.K.update_add(w, x)])
        assert step([[1.0, 1.0, 1.0]]) == [3.0]
        session.K.update_add(w, [1.0, 1.0, 1.0])
        assert w.eval().tolist() == [2.0, 3.0, 4.0]
        assert found["large"].eval()[-1] == 399_999
        del found, w
        session.flush()
        assert "found again" in session.variables()


def test_the_end_of_the_process_tells_of_an_error_nobody_saw(server: Server, run_thin: RunThin) -> None:
    source = """
    from kremote import backend as K
    K.connect()
    K.gather(K.ones((2, 3)), K.constant(5, dtype="int32"))
    """
    done = run_thin(source, KREMOTE_URL=server.url, KREMOTE_TOKEN=server.token)
    assert "kremote: InvalidValue: gather:" in done.stderr
    assert "<string>:4" in done.stderr


@pytest.mark.parametrize("dtype", [dtype for dtype in DTYPES if dtype not in ("string", "bfloat16")])
@pytest.mark.parametrize("length", [3, 1_200_000])
def test_arrays_go_there_and_come_back(K: ModuleType, dtype: str, length: int) -> None:
    """Small ones inside a program, large ones on their own."""
    array = (np.arange(length) % 2).astype(dtype)
    back = K.eval(K.constant(array, dtype=dtype))
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


@pytest.mark.parametrize("length", [2, 40_000])
def test_texts_go_there_and_come_back(K: ModuleType, length: int) -> None:
    texts = np.array(["naïve" * 6, b"\xff\x00"] * (length // 2), object)
    back = K.eval(K.constant(texts, dtype="string"))
    assert back.tolist() == [("naïve" * 6).encode(), b"\xff\x00"] * (length // 2)


def test_large_inputs_and_outputs_of_a_function(K: ModuleType) -> None:
    x = K.placeholder((None,))
    small, large = K.function([x], [K.sum(x), x * 2])([np.ones(1_000_000)])
    assert small == 1_000_000
    assert large.shape == (1_000_000,)
    assert large.max() == 2


def test_sparse_matrices(K: ModuleType) -> None:
    """Statements 42 and 43."""
    matrix = sparse.random(30, 20, 0.1, format="csr", random_state=1)
    v = K.variable(matrix)
    assert K.is_sparse(v)
    np.testing.assert_allclose(K.eval(v), matrix.toarray(), rtol=1e-6)
    x = K.placeholder((30, 20), sparse=True)
    dense = K.function([x], [K.to_dense(x)])([matrix])[0]
    np.testing.assert_allclose(dense, matrix.toarray(), rtol=1e-6)


def test_a_name_that_is_taken_gets_a_number(K: ModuleType) -> None:
    names = [K.variable([1.0], name="w").name for _ in range(3)]
    assert names == ["w", "w_1", "w_2"]


def test_an_update_is_applied_in_program_order(K: ModuleType) -> None:
    v = K.variable([1.0])
    before = v + 0
    K.update(v, [5.0])
    after = v + 0
    assert (before.eval(), after.eval()) == (1.0, 5.0)


def test_a_late_error_names_the_line(K: ModuleType) -> None:
    beyond = K.constant(5, dtype="int32")
    line = sys._getframe().f_lineno + 1
    bad = K.gather(K.ones((2, 3)), beyond)
    good = K.variable([1.0])
    with pytest.raises(ValueError, match="gather") as caught:
        K.eval(good)
    assert caught.value.location == f"{__file__}:{line}"  # type: ignore[attr-defined]
    assert K.eval(good) == 1.0
    with pytest.raises(ValueError, match="gather"):
        K.eval(bad + 1)


def test_shapes_the_client_tells_are_the_server_s(K: ModuleType) -> None:
    """What is said before a flush is what the engine says after it."""
    v, x = K.variable(np.ones((2, 3))), K.placeholder((None, 3))
    handles = [
        v + 1,
        K.dot(v, K.transpose(v)),
        K.sum(v, axis=1),
        v[0],
        v[..., None],
        K.softmax(x),
        K.dot(x, K.transpose(v)),
    ]
    handles += [K.concatenate([v, v]), K.reshape(v, (3, 2)), K.cast(v, "int32"), K.argmax(v), K.equal(v, v)]
    told = [handle.known_spec for handle in handles if isinstance(handle, kremote.Tensor)]
    assert all(told)
    for handle in handles:
        handle._value.spec = None
    v.session.flush()
    said = []
    for handle in handles:
        fresh = K.identity(handle)
        fresh._value.spec = None
        said.append(fresh.spec)
    assert said == told


def test_rnn_closes_over_what_is_outside(K: ModuleType) -> None:
    steps = np.arange(24, dtype="float32").reshape(2, 4, 3)
    weight = K.variable(np.eye(3) * 2)

    def step(inputs: Any, states: Any) -> tuple[Any, Any]:
        total = K.dot(inputs, weight) + states[0]
        return total, [total]

    last, outputs, (state,) = K.rnn(step, K.variable(steps), [K.zeros((2, 3))])
    expected = (steps * 2).cumsum(axis=1)
    np.testing.assert_allclose(K.eval(outputs), expected)
    np.testing.assert_allclose(K.eval(last), expected[:, -1])
    np.testing.assert_allclose(K.eval(state), expected[:, -1])


def test_rnn_of_an_outer_symbol_is_fed_with_a_function(K: ModuleType) -> None:
    bias = K.placeholder((3,))

    def step(inputs: Any, states: Any) -> tuple[Any, Any]:
        total = inputs + states[0] + bias
        return total, [total]

    last, _, _ = K.rnn(step, K.ones((2, 4, 3)), [K.zeros((2, 3))])
    assert last.symbolic
    np.testing.assert_allclose(K.function([bias], [last])([[0.0, 1.0, 2.0]])[0], [[4.0, 8.0, 12.0]] * 2)


def test_graph_mode_reads_variables_when_evaluated(K: ModuleType) -> None:
    v = K.variable([1.0])
    total = K.symbolic(lambda: v + 1)()
    assert total.symbolic
    assert K.eval(total) == 2.0
    K.set_value(v, [5.0])
    assert K.eval(total) == 6.0


def test_threads_share_a_session(K: ModuleType) -> None:
    v = K.variable(np.zeros(1))
    failures: list[Exception] = []

    def work() -> None:
        try:
            for _ in range(20):
                K.update_add(v, [1.0])
            (v + 1).eval()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert v.eval() == 80.0


_shared: list[kremote.Tensor] = []


def _plus(n: int) -> float:
    return float((_shared[0] + n).eval()[0])


@pytest.mark.skipif(sys.platform != "linux", reason="forks")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_forked_children_compute_in_the_same_session(K: ModuleType) -> None:
    _shared.append(K.variable([1.0]))
    try:
        with multiprocessing.get_context("fork").Pool(2) as pool:
            assert pool.map(_plus, range(4)) == [1.0, 2.0, 3.0, 4.0]
        assert (_shared[0] + 1).eval() == 2.0
    finally:
        _shared.clear()


def test_clear_session(K: ModuleType) -> None:
    """Statement 39."""
    v = K.variable([1.0], name="w")
    K.eval(v)
    K.clear_session()
    with pytest.raises(ValueError, match=r"before K\.clear_session"):
        K.eval(v)
    assert K.variable([2.0], name="w").name == "w"


def test_a_wrong_token(server: Server) -> None:
    with pytest.raises(PermissionError, match="token") as caught:
        kremote.Session(server.url, "wrong-token")
    assert "wrong-token" not in str(caught.value)


def test_somebody_s_unknown_session(server: Server) -> None:
    with pytest.raises(LookupError):
        kremote.Session(server.url, server.token, "A" * 32)  # of the form of an id, so no name to make one by


def test_an_engine_the_server_does_not_have(server: Server) -> None:
    with pytest.raises(kremote.KremoteError, match=r"no_such\.engine"):
        kremote.Session(server.url, server.token, engine="no_such.engine")


def test_too_large_a_result_is_refused_at_the_call(K: ModuleType) -> None:
    big = K.zeros((1, 1)) + 0
    with pytest.raises(MemoryError):
        K.eval(K.zeros((10**9, 10**9)))
    assert K.eval(big) == 0


def test_what_is_printed_comes_out_here(K: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    K.eval(K.print_tensor(K.variable([1.0, 2.0]), message="x is "))
    out = capsys.readouterr().out
    assert "x is " in out
    assert "1" in out
    assert out.endswith("\n")


def test_with_nothing_configured_a_private_server_is_started(run_thin: RunThin) -> None:
    source = """
    from kremote import backend as K
    from kremote import local_server
    print(K.eval(K.sum(K.ones((2, 3)))))
    print(local_server._server.process.pid)
    """
    done = run_thin(source, hidden=())
    total, pid = done.stdout.split()
    assert total == "6.0"
    assert done.stderr.count("a private one runs at http://127.0.0.1:") == 1
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)


def test_a_new_axis_alone(K: ModuleType) -> None:
    assert K.eval(K.ones((2, 3))[None]).shape == (1, 2, 3)


def test_arrays_beside_a_handle_take_its_dtype_in_k_functions_too(K: ModuleType) -> None:
    v, array = K.variable(np.ones((2, 3))), np.full((2, 3), 2.0)
    np.testing.assert_array_equal(K.eval(K.dot(v, array.T)), np.full((2, 2), 6, "float32"))
    for joined in (K.concatenate([v, array]), K.categorical_crossentropy(array, v), K.equal(v, array)):
        assert K.eval(joined).dtype in (np.dtype("float32"), np.dtype(bool))
    for update, expected in ((K.update, 2), (K.update_add, 4), (K.update_sub, 2)):
        np.testing.assert_array_equal(K.eval(update(v, array)), np.full((2, 3), expected, "float32"))
    with pytest.raises(TypeError, match="become int32; got float64"):
        K.update(K.variable([1], dtype="int32"), np.array([0.5]))


def test_a_line_that_got_an_earlier_error_does_not_fail_a_later_line(K: ModuleType) -> None:
    K.gather(K.ones((2, 3)), K.constant(5, dtype="int32"))
    with pytest.raises(ValueError, match="gather"):
        K.eval(K.placeholder((2,)))
    assert K.eval(K.ones(())) == 1.0


def test_a_list_of_handles_and_numbers_is_the_tensor_they_make(K: ModuleType) -> None:
    v, x = K.variable(1.0), K.placeholder((None, 3))
    assert K.eval(K.constant([[v, 2.0], [3.0, v]])).tolist() == [[1, 2], [3, 1]]
    assert K.function([x], [K.prod([K.shape(x)[0], 10])])([np.ones((2, 3))]) == [20]
