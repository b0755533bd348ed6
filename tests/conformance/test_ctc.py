"""Decoding of series, against the probability of every sequence of labels, and labels as sparse tensors."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kremote_proto.op import CATALOGUE
from kremote_server.engines.engine import Engine
from kremote_server.engines.loading import load_engine

from .rows.ctc import collapsed, probabilities, scaled

GENERATOR = np.random.default_rng(5)
SERIES = GENERATOR.dirichlet(np.ones(4), (3, 5)).astype("float32")
STEPS = np.array([5, 3, 4], "int32")
EPSILON = 1e-7


@pytest.fixture(params=["tensorflow", "numpy"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Either engine, in this process."""
    return load_engine(request.param)


def decode(engine: Engine, series: Any, steps: Any, **options: Any) -> tuple[list[Any], Any]:
    """The arrays an engine gives: paths, and their log probabilities."""
    defaults: dict[str, Any] = {"greedy": True, "beam_width": 100, "top_paths": 1, "merge_repeated": None}
    run = engine.find(CATALOGUE["ctc_decode"])
    given = {"y_pred": engine.tensor(series), "input_length": engine.tensor(steps)}
    results = run(**given, **(defaults | options), epsilon=EPSILON)
    arrays = [np.asarray(engine.fetch(result)) for result in results]
    return arrays[:-1], arrays[-1]


def padded(labels: tuple[int, ...], time: int) -> list[int]:
    return [*labels, *[-1] * (time - len(labels))]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_greedy(engine: Engine, dtype: str) -> None:
    series = SERIES.astype(dtype)
    (paths,), scores = decode(engine, series, STEPS)
    assert (paths.dtype, paths.shape, scores.dtype, scores.shape) == ("int64", (3, 5), dtype, (3, 1))
    for sample, steps, labels, score in zip(series, STEPS, paths, scores, strict=True):
        best = sample[:steps].argmax(-1)
        assert labels.tolist() == padded(collapsed(best, 3), 5)
        wanted = -np.log(sample[:steps].max(-1).astype("float64") + EPSILON).sum()
        assert score[0] == pytest.approx(wanted, rel=5e-3 if dtype == "float16" else 1e-5)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_wide_search_finds_the_most_likely_labels(engine: Engine, dtype: str) -> None:
    series = SERIES.astype(dtype)
    options = {"greedy": False, "beam_width": 1000, "top_paths": 5, "merge_repeated": False}
    paths, scores = decode(engine, series, STEPS, **options)
    assert (len(paths), scores.dtype, scores.shape) == (5, dtype, (3, 5))
    for i, (sample, steps) in enumerate(zip(scaled(series), STEPS, strict=True)):
        likely = probabilities(sample[:steps])
        best = sorted(likely.values(), reverse=True)[:5]
        tolerance = 5e-3 if dtype == "float16" else 1e-5
        np.testing.assert_allclose(scores[i], np.log(best), tolerance)
        for path, score in zip(paths, scores[i], strict=True):
            labels = tuple(label for label in path[i].tolist() if label >= 0)
            assert path[i].tolist() == padded(labels, 5)
            assert np.log(likely[labels]) == pytest.approx(score, rel=tolerance)


def test_labels_that_repeat(engine: Engine) -> None:
    series = np.full((1, 3, 2), 0.01, "float32")
    series[0, [0, 1, 2], [0, 1, 0]] = 0.99
    options = {"greedy": False, "beam_width": 10}
    apart, _ = decode(engine, series, np.array([3]), merge_repeated=False, **options)
    assert apart[0].tolist() == [[0, 0, -1]]
    for merge_repeated in (True, None):
        once, _ = decode(engine, series, np.array([3]), merge_repeated=merge_repeated, **options)
        assert once[0].tolist() == [[0, -1, -1]]
    assert decode(engine, series, np.array([3]))[0][0].tolist() == [[0, 0, -1]]


#: No fewer than the beginnings there are of up to 6 labels of 4 classes.
EVERY_BEGINNING = 6000


@given(
    seed=st.integers(0, 2**32 - 1),
    samples=st.integers(1, 3),
    time=st.integers(1, 6),
    classes=st.integers(1, 5),
    width=st.integers(1, 12),
    data=st.data(),
)
def test_engines_agree(seed: int, samples: int, time: int, classes: int, width: int, data: Any) -> None:
    generator = np.random.default_rng(seed)
    series = generator.dirichlet(np.full(classes, 0.5), (samples, time))
    steps = np.array(data.draw(st.lists(st.integers(-1, time), min_size=samples, max_size=samples)), "int32")
    beams = {"greedy": False, "merge_repeated": data.draw(st.booleans())}
    for options in ({}, beams | {"beam_width": EVERY_BEGINNING}):
        ours, theirs = (decode(load_engine(name), series, steps, **options) for name in ("numpy", "tensorflow"))
        np.testing.assert_array_equal(ours[0], theirs[0])
        np.testing.assert_allclose(ours[1], theirs[1], 1e-6, 1e-6)  # TensorFlow adds probabilities as float32
    # A narrow search loses what led to beginnings that it dropped, and engines drop theirs in different orders.
    for name in ("numpy", "tensorflow"):
        assert (decode(load_engine(name), series, steps, **beams, beam_width=width)[1] <= ours[1] + 1e-6).all()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("options", [{}, {"greedy": False, "beam_width": 4, "top_paths": 3}])
def test_as_tf_keras(K: ModuleType, options: dict[str, Any]) -> None:
    import tf_keras

    theirs, their_scores = tf_keras.backend.ctc_decode(SERIES, STEPS, **options)
    paths, scores = K.ctc_decode(SERIES, STEPS, **options)
    x, steps = K.placeholder((None, None, 4)), K.placeholder((None,), dtype="int32")
    symbols, symbol_scores = K.ctc_decode(x, steps, **options)
    assert [symbol.shape for symbol in (*symbols, symbol_scores)] == [(None, None)] * len(paths) + [(None, len(paths))]
    fed = K.function([x, steps], [*symbols, symbol_scores])([SERIES, STEPS])
    np.testing.assert_array_equal([K.eval(path) for path in paths], [path.numpy() for path in theirs])
    np.testing.assert_array_equal(fed[:-1], [path.numpy() for path in theirs])
    np.testing.assert_allclose(K.eval(scores), their_scores.numpy(), 1e-6)
    np.testing.assert_allclose(fed[-1], their_scores.numpy(), 1e-6)


def test_labels_as_a_sparse_tensor(engine: Engine) -> None:
    run = engine.find(CATALOGUE["ctc_label_dense_to_sparse"])
    for labels in (np.array([[5, 6, 7], [8, 9, 4]]), np.array([[0.5, 0, 0], [1, 2, 3]], "float32")):
        for dtype in ("int32", "int64", "uint8"):
            given = engine.tensor(labels), engine.tensor(np.array([1, 3], dtype))
            sparse: Any = engine.fetch(run(labels=given[0], label_lengths=given[1]))
            assert sparse.indices.tolist() == [[0, 0], [1, 0], [1, 1], [1, 2]]
            assert sparse.values.tolist() == [labels[0, 0], *labels[1].tolist()]
            assert (sparse.shape, sparse.values.dtype) == ((2, 3), labels.dtype)
    sparse = engine.fetch(run(labels=engine.tensor(np.ones((2, 3))), label_lengths=engine.tensor(np.array([-1, 9]))))
    assert sparse.indices.tolist() == [[1, 0], [1, 1], [1, 2]], "lengths are taken as far as there are labels"


def test_sparse_labels_through_a_function(K: ModuleType) -> None:
    labels, lengths = K.placeholder((None, 3), dtype="int32"), K.placeholder((None,), dtype="int32")
    sparse = K.ctc_label_dense_to_sparse(labels, lengths)
    assert K.is_sparse(sparse)
    assert (sparse.shape, sparse.dtype) == ((None, 3), "int32")
    result = K.function([labels, lengths], [K.to_dense(sparse)])([[[1, 2, 3], [4, 5, 6]], [2, 0]])[0]
    assert result.tolist() == [[1, 2, 0], [0, 0, 0]]


def test_gradient_of_the_cost_through_softmax(K: ModuleType) -> None:
    x, steps, counts = K.placeholder((3, 5, 4)), K.constant(STEPS[:, None]), K.constant([[2], [1], [2]])
    cost = K.ctc_batch_cost(K.constant([[0, 1], [1, 1], [2, 0]]), K.softmax(x), steps, counts)
    (slope,) = K.gradients(K.sum(cost), [x])
    gradient = K.function([x], [slope])([SERIES])[0]
    np.testing.assert_allclose(gradient.sum(-1), np.zeros((3, 5)), atol=1e-5)
    assert np.all(gradient[1, 3:] == 0), "steps beyond the length do not count"
    assert np.all(np.abs(gradient[0]).sum(-1) > 0)


def test_gradient_of_the_cost(K: ModuleType) -> None:
    x = K.placeholder((1, 4, 3), dtype="float64")
    cost = K.ctc_batch_cost([[1, 0]], x, [[3]], [[2]])
    value, slope = K.function([x], [cost, *K.gradients(K.sum(cost), [x])])([SERIES[:1, :4, :3]])

    def wanted(shift: Any) -> Any:
        return -np.log(probabilities(scaled(SERIES[:1, :4, :3] + shift)[0, :3])[1, 0])

    np.testing.assert_allclose(value, [[wanted(0.0)]], 1e-6)
    for place in np.ndindex(1, 4, 3):
        shift = np.zeros((1, 4, 3))
        shift[place] = 1e-6
        assert slope[place] == pytest.approx((wanted(shift) - wanted(-shift)) / 2e-6, rel=1e-4, abs=1e-5)


def test_impossible_labels_cost_infinitely_much(engine: Engine) -> None:
    run = engine.find(CATALOGUE["ctc_batch_cost"])
    series = engine.tensor(SERIES[:1])
    labels, two = engine.tensor(np.array([[1, 1]])), engine.tensor(np.array([[2]]))
    assert engine.fetch(run(y_true=labels, y_pred=series, input_length=two, label_length=two, epsilon=1e-7)) == np.inf


COST = {"y_true": [[0, 1]], "y_pred": SERIES[:1], "input_length": [[5]], "label_length": [[2]]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"input_length": [[6]]},
        {"input_length": [[-1]]},
        {"input_length": [[1]]},
        {"label_length": [[0]]},
        {"y_true": [[0, 9]]},
        {"y_true": [[-1, 0]]},
        {"y_true": np.zeros((1, 0)), "label_length": [[0]]},
    ],
)
def test_values_a_cost_refuses(engine: Engine, wrong: dict[str, Any]) -> None:
    given = {name: engine.tensor(np.asarray(value)) for name, value in (COST | wrong).items()}
    run = engine.find(CATALOGUE["ctc_batch_cost"])
    try:
        cost = engine.fetch(run(**given, epsilon=EPSILON))
    except Exception as error:
        assert isinstance(engine.translate(error), ValueError)  # noqa: PT017  an engine raises errors of its own
    else:
        pytest.fail(f"it gave {cost}")


REFUSED: dict[str, tuple[type[Exception], str, Callable[[ModuleType], Any]]] = {
    "rank": (ValueError, "expected y_pred of rank 3", lambda K: K.ctc_decode(SERIES[0], [5])),
    "lengths": (ValueError, "expected input_length of rank 1", lambda K: K.ctc_decode(SERIES, [[5], [5], [5]])),
    "samples": (ValueError, "expected one number of samples", lambda K: K.ctc_decode(SERIES, [5])),
    "beyond": (ValueError, "5", lambda K: K.eval(K.ctc_decode(SERIES, [5, 6, 5])[1])),
    "no steps": (ValueError, "at least one", lambda K: K.ctc_decode(SERIES[:, :0], [0, 0, 0])),
    "integers": (TypeError, "float dtype", lambda K: K.ctc_decode(np.ones((1, 2, 3), "int32"), [2])),
    "width": (ValueError, "beam_width of 1", lambda K: K.ctc_decode(SERIES, STEPS, greedy=False, beam_width=0)),
    "no paths": (ValueError, "top_paths from 1", lambda K: K.ctc_decode(SERIES, STEPS, greedy=False, top_paths=0)),
    "paths": (
        ValueError,
        "top_paths from 1 to it",
        lambda K: K.ctc_decode(SERIES, STEPS, greedy=False, beam_width=2, top_paths=3),
    ),
    "more paths than there are": (
        ValueError,
        "at most 4 top_paths for 1 steps",
        lambda K: K.ctc_decode(SERIES[:, :1], [1, 1, 1], greedy=False, top_paths=5),
    ),
    "fewer leaves": (
        ValueError,
        "leaves",
        lambda K: K.eval(K.ctc_decode(SERIES, [5, 0, 5], greedy=False, top_paths=2)[1]),
    ),
    "wide": (
        ValueError,
        "at most 16777216 beams for a sample",
        lambda K: K.ctc_decode(np.ones((1, 100, 20)), [100], greedy=False, beam_width=10_000),
    ),
    "many samples": (
        ValueError,
        "268435456 for all",
        lambda K: K.ctc_decode(np.ones((1000, 100, 20)), [100] * 1000, greedy=False, beam_width=1000),
    ),
    "sparse ranks": (
        ValueError,
        "expected label_lengths of rank 1",
        lambda K: K.ctc_label_dense_to_sparse([[1, 2]], [[1]]),
    ),
    "sparse samples": (
        ValueError,
        "expected one number of samples",
        lambda K: K.ctc_label_dense_to_sparse([[1, 2]], [1, 2]),
    ),
    "sparse lengths": (
        TypeError,
        "expected label_lengths of an integer dtype",
        lambda K: K.ctc_label_dense_to_sparse([[1, 2]], np.array([1.5])),
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(K: ModuleType, what: str) -> None:
    error, says, act = REFUSED[what]
    with pytest.raises(error) as caught:
        act(K)
    assert says in str(caught.value)


def test_a_search_that_only_a_call_shows_to_be_too_wide_is_refused(K: ModuleType) -> None:
    x, steps = K.placeholder((None, None, None)), K.placeholder((None,), dtype="int32")
    paths, _ = K.ctc_decode(x, steps, greedy=False, beam_width=10_000)
    function = K.function([x, steps], paths)
    assert function([SERIES, STEPS])[0].shape == (3, 5)
    with pytest.raises(ValueError, match="at most 16777216 beams"):
        function([np.ones((1, 100, 20)), [100]])


def test_a_search_in_a_loop_is_bounded(K: ModuleType) -> None:
    x = K.placeholder((None, None, None, None))
    found = K.map_fn(
        lambda one: K.ctc_decode(one, K.shape(one)[1] * K.ones_like(one[:, 0, 0], "int32"), False, 10_000)[0][0],
        x,
        dtype="int64",
    )
    function = K.function([x], [found])
    assert function([SERIES[None]])[0].shape == (1, 3, 5)
    with pytest.raises(ValueError, match=r"fewer beams|at most 16777216 beams"):
        function([np.ones((1, 1, 100, 20))])
