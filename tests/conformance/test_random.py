"""Random tensors and dropout: distributions, seeds, streams, shapes, what is refused; on both engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import scipy.stats

from kremote_proto.op import CATALOGUE
from kremote_server.engines.engine import Engine
from kremote_server.engines.loading import load_engine
from kremote_server.engines.seeds import SeedCounter
from kremote_server.engines.state import SessionState
from kremote_server.engines.tensorflow.seeds import VariableCounter

#: By op, arguments and the distribution of the samples.
CONTINUOUS: dict[str, tuple[dict[str, float], Any]] = {
    "random_normal": ({"mean": -3.0, "stddev": 0.5}, scipy.stats.norm(-3, 0.5)),
    "random_uniform": ({"minval": -1.0, "maxval": 3.0}, scipy.stats.uniform(-1, 4)),
    "truncated_normal": ({"mean": 2.0, "stddev": 3.0}, scipy.stats.truncnorm(-2, 2, 2, 3)),
}
DISCRETE = ("random_bernoulli", "random_binomial")
EVERY = (*CONTINUOUS, *DISCRETE)


def drawing(K: ModuleType, name: str) -> Callable[..., Any]:
    """`K.random_...` by name, with arguments that leave something to chance."""
    arguments = CONTINUOUS[name][0] if name in CONTINUOUS else {"p": 0.5}
    function = {
        "random_normal": K.random_normal,
        "random_uniform": K.random_uniform,
        "truncated_normal": K.truncated_normal,
        "random_bernoulli": K.random_bernoulli,
        "random_binomial": K.random_binomial,
    }[name]
    return lambda shape=(40,), **more: function(shape, **arguments | more)


def assert_differ(*samples: Any) -> None:
    """No two are the same."""
    for i, one in enumerate(samples):
        for other in samples[i + 1 :]:
            assert not np.array_equal(one, other)


@pytest.fixture(params=["tensorflow", "numpy"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Either engine, in this process."""
    return load_engine(request.param)


def counter(engine: Engine, stream: int) -> SeedCounter:
    """A session's seeds, as the engine counts them."""
    return (VariableCounter if engine.name == "tensorflow" else SeedCounter)(stream)


@pytest.fixture
def session(engine: Engine) -> Iterator[None]:
    """A session whose stream is always the same, so that a distribution is not off by chance."""
    with SessionState(counter(engine, 17)):
        yield


# What is drawn.


@pytest.mark.usefixtures("session")
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("name", CONTINUOUS)
def test_distribution(engine: Engine, name: str, dtype: str) -> None:
    arguments, distribution = CONTINUOUS[name]
    made = engine.find(CATALOGUE[name])(shape=(60, 50), dtype=dtype, seed=None, **arguments)
    assert engine.spec(made).dtype == dtype
    samples = np.asarray(engine.fetch(made)).astype("float64")
    assert samples.shape == (60, 50)
    if dtype == "bfloat16":  # eight bits: the steps are wider than what the test of a distribution tells apart
        assert abs(samples.mean() - distribution.mean()) < 0.1 * distribution.std()
        assert abs(samples.std() / distribution.std() - 1) < 0.1
        return
    assert scipy.stats.kstest(samples.ravel(), distribution.cdf).pvalue > 1e-3
    low, high = distribution.support()
    assert samples.min() >= low
    assert samples.max() <= high


@pytest.mark.usefixtures("session")
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32", "uint8", "bool", "complex64"])
@pytest.mark.parametrize("name", DISCRETE)
def test_ones_and_zeros(engine: Engine, name: str, dtype: str) -> None:
    for probability, least, most in ((0.0, 0, 0), (1.0, 1, 1), (0.2, 0.17, 0.23), (-1.0, 0, 0), (2.0, 1, 1)):
        made = engine.find(CATALOGUE[name])(shape=(60, 50), p=probability, dtype=dtype, seed=None)
        samples = np.asarray(engine.fetch(made))
        assert samples.dtype == dtype
        assert samples.shape == (60, 50)
        assert set(np.unique(samples.astype("complex64"))) <= {0, 1}
        assert least <= samples.astype("complex64").real.mean() <= most


@pytest.mark.usefixtures("session")
@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_whole_numbers(engine: Engine, dtype: str) -> None:
    draw = engine.find(CATALOGUE["random_uniform"])
    samples = np.asarray(engine.fetch(draw(shape=(3000,), minval=-2.0, maxval=4.0, dtype=dtype, seed=None)))
    assert samples.dtype == dtype
    numbers, counts = np.unique(samples, return_counts=True)
    assert numbers.tolist() == [-2, -1, 0, 1, 2, 3], "the upper bound is left out"
    assert scipy.stats.chisquare(counts).pvalue > 1e-3


def test_samples_of_a_tensor_of_lengths(K: ModuleType) -> None:
    x = K.placeholder((None, 3))
    for name in EVERY:
        of_tensor, of_lengths = (drawing(K, name)(shape) for shape in (K.shape(x), (K.shape(x)[0], 2)))
        first, second = K.function([x], [of_tensor, of_lengths])([np.zeros((4, 3))])
        assert (first.shape, second.shape) == ((4, 3), (4, 2))
        assert drawing(K, name)(K.shape(K.ones((2, 5)))).shape == (2, 5)
        assert drawing(K, name)([K.constant(2, dtype="int64"), 3]).shape == (2, 3)


def test_samples_of_few_elements(K: ModuleType) -> None:
    for name in EVERY:
        assert K.eval(drawing(K, name)(())).shape == ()
        assert K.eval(drawing(K, name)((0, 3))).shape == (0, 3)
        assert K.eval(drawing(K, name)(np.array([2, 3]))).shape == (2, 3)
        assert drawing(K, name)((2,)).dtype == K.floatx()
    K.set_floatx("float64")
    assert K.eval(K.random_normal((2,))).dtype == "float64"


# Seeds.


@pytest.mark.parametrize("name", EVERY)
def test_a_seed_gives_the_same_samples(K: ModuleType, name: str) -> None:
    draw = drawing(K, name)
    same, again, other, negative = (K.eval(draw(seed=seed)) for seed in (3, 3, 4, -3))
    np.testing.assert_array_equal(same, again)
    assert_differ(same, other, negative)
    assert_differ(*(K.eval(draw()) for _ in range(3)))
    assert K.eval(draw(seed=2**62)).shape == (40,)


@pytest.mark.parametrize("name", EVERY)
def test_symbols_draw_anew_at_each_run(K: ModuleType, name: str) -> None:
    x = K.placeholder(())
    draw = drawing(K, name)
    symbol = K.symbolic(draw)()
    seeded = K.symbolic(draw)(seed=3)
    function = K.function([x], [symbol + 0 * x, seeded + 0 * x, symbol, K.symbolic(draw)(seed=3)])
    first, second = function([0.0]), function([0.0])
    assert_differ(first[0], second[0], first[1], second[1])
    np.testing.assert_array_equal(first[0], first[2], "a symbol has one value in a run")
    np.testing.assert_array_equal(first[1], first[3], "two symbols of one seed draw the same")
    np.testing.assert_array_equal(first[1], K.eval(draw(seed=3)), "the first of a seed's numbers")


def test_sessions_draw_from_streams_of_their_own(engine: Engine) -> None:
    draw = engine.find(CATALOGUE["random_uniform"])
    arguments: dict[str, Any] = {"shape": (8,), "minval": 0.0, "maxval": 1.0, "dtype": "float32", "seed": None}

    def drawn(stream: int) -> list[Any]:
        with SessionState(counter(engine, stream)):
            symbol = engine.symbolic(draw)(**arguments)
            function = engine.graph.function([], [symbol], None, None)
            made = [draw(**arguments), *function([]), *function([]), draw(**arguments)]
            return [engine.fetch(value) for value in made]

    once, again = drawn(1), drawn(1)
    np.testing.assert_array_equal(once, again, "replayed, a session draws the same")
    assert_differ(*once, *drawn(2))


def test_sessions_at_random_differ(engine: Engine) -> None:
    draw = engine.find(CATALOGUE["random_normal"])
    drawn = []
    for _ in range(3):
        with engine.session():
            drawn.append(engine.fetch(draw(shape=(8,), mean=0.0, stddev=1.0, dtype="float32", seed=None)))
    assert_differ(*drawn)


# Callables.


@pytest.mark.parametrize("seed", [None, 5])
@pytest.mark.parametrize("waits", [False, True])
def test_draws_in_loops_differ_at_each_step(K: ModuleType, waits: bool, seed: int | None) -> None:
    steps = K.placeholder((4, 2)) if waits else K.zeros((4, 2))

    def value(result: Any) -> Any:
        return K.function([steps], [result])([np.zeros((4, 2))])[0] if waits else K.eval(result)

    def draw() -> Any:
        return K.random_uniform((2,), seed=seed)

    assert_differ(*value(K.map_fn(lambda row: row + draw(), steps)))
    assert_differ(*value(K.map_fn(lambda row: draw(), steps)))

    def apart(so_far: Any, row: Any) -> Any:
        drawn = row + draw()
        return drawn, so_far[1] * K.abs(drawn - so_far[0])

    assert np.all(value(K.foldl(apart, steps, (K.zeros((2,)), K.ones((2,))))[1]) > 0)
    _, outputs, _ = K.rnn(lambda row, states: (row + K.random_uniform((1, 2), seed=seed), states), steps[None], [])
    assert_differ(*value(outputs)[0])


def test_draws_in_a_branch(K: ModuleType) -> None:
    which = K.placeholder((), dtype="bool")
    chosen = K.switch(which, lambda: K.random_uniform((8,)), lambda: K.random_uniform((8,), 2, 3))
    function = K.function([which], [chosen])
    assert_differ(*(function([True])[0] for _ in range(3)))
    assert function([False])[0].min() >= 2


# Dropout.


@pytest.mark.usefixtures("session")
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("level", [0.0, 0.25, 0.9])
def test_dropout(engine: Engine, level: float, dtype: str) -> None:
    x = engine.compute("cast", x=engine.tensor(np.full((60, 50), 3.0)), dtype=dtype)
    made = engine.find(CATALOGUE["dropout"])(x=x, level=level, noise_shape=None, seed=None)
    assert engine.spec(made) == engine.spec(x)
    dropped = np.asarray(engine.fetch(made)).astype("float64")
    kept = dropped != 0
    assert abs(kept.mean() - (1 - level)) < 0.03
    tolerance = {"float16": 1e-2, "bfloat16": 3e-2, "float32": 1e-6, "float64": 1e-15}[dtype]
    np.testing.assert_allclose(dropped[kept], 3 / (1 - level), tolerance)


def test_dropout_drops_what_is_not_finite(K: ModuleType) -> None:
    dropped = K.eval(K.dropout(K.constant(np.full(100, np.inf)), 0.5))
    assert set(dropped.tolist()) == {0, np.inf}


@pytest.mark.parametrize(
    ("noise_shape", "along"),
    [((40, 1, 1), (1, 2)), ((None, 1, 5), (1,)), ((1, None, None), (0,)), ((30, 1), (0, 2)), ((None, 1), (0, 2))],
)
def test_noise_shape(K: ModuleType, noise_shape: Any, along: tuple[int, ...]) -> None:
    x = K.placeholder((None, 30, 5))
    eager = K.eval(K.dropout(K.ones((40, 30, 5)), 0.5, noise_shape=noise_shape, seed=1))
    waiting = K.function([x], [K.dropout(x, 0.5, noise_shape=noise_shape, seed=1)])([np.ones((40, 30, 5))])[0]
    np.testing.assert_array_equal(eager, waiting)
    assert set(np.unique(eager)) == {0, 2}
    np.testing.assert_array_equal(eager, np.broadcast_to(eager.max(along, keepdims=True), eager.shape))
    other = tuple(axis for axis in range(3) if axis not in along)
    assert len(np.unique(eager.mean(other))) == 1


def test_noise_shape_of_tensors(K: ModuleType) -> None:
    x = K.placeholder((None, 40))
    for noise_shape in (K.shape(x), (K.shape(x)[0], 1), [K.constant(1, dtype="int32"), None]):
        dropped = K.function([x], [K.dropout(x, 0.5, noise_shape=noise_shape)])([np.ones((40, 40))])[0]
        assert set(np.unique(dropped)) == {0, 2}


@pytest.mark.parametrize("seed", [None, 9])
def test_gradients_see_what_the_same_run_dropped(K: ModuleType, seed: int | None) -> None:
    x = K.placeholder((30,))
    dropped = K.dropout(x, 0.5, seed=seed)
    (slope,) = K.gradients(K.sum(dropped), [x])
    (inner,) = K.gradients(K.sum(K.map_fn(lambda one: K.dropout(one * x, 0.5, seed=seed), x) / x), [x])
    function = K.function([x], [dropped, slope, inner])
    runs = [function([np.ones(30)]) for _ in range(3)]
    for values, slopes, _ in runs:
        np.testing.assert_array_equal(values, slopes)
        assert set(values.tolist()) == {0, 2}
    assert_differ(*(values for values, _, _ in runs))


def test_dropout_of_a_seed(K: ModuleType) -> None:
    same, again, other = (K.eval(K.dropout(K.ones((50,)), 0.5, seed=seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(same, again)
    assert_differ(same, other, K.eval(K.dropout(K.ones((50,)), 0.5)))


def test_dropout_of_unknown_shapes(K: ModuleType) -> None:
    for shape in (None, (None, None)):
        x = K.placeholder(shape)
        dropped = K.dropout(x, 0.5)
        assert dropped.shape == shape
        assert set(np.unique(K.function([x], [dropped])([np.ones((20, 5))])[0])) == {0, 2}


# What is refused.

REFUSED: dict[str, tuple[type[Exception], str, Callable[[ModuleType], Any]]] = {
    "normal, length": (ValueError, "expected lengths of 0 or more", lambda K: K.random_normal((2, -1))),
    "normal, unknown length": (ValueError, "expected known lengths", lambda K: K.random_normal((2, None))),
    "normal, dtype": (TypeError, "expected samples of a float dtype", lambda K: K.random_normal((2,), dtype="int32")),
    "normal, shape": (TypeError, "expected a shape", lambda K: K.random_normal("2")),
    "normal, mean": (TypeError, "expected a number", lambda K: K.random_normal((2,), mean="0")),
    "normal, seed": (TypeError, "expected an integer", lambda K: K.random_normal((2,), seed=0.5)),
    "truncated, length": (ValueError, "expected lengths of 0 or more", lambda K: K.truncated_normal((-2,))),
    "truncated, dtype": (
        TypeError,
        "expected samples of a float dtype",
        lambda K: K.truncated_normal((2,), dtype="bool"),
    ),
    "uniform, length": (ValueError, "expected lengths of 0 or more", lambda K: K.random_uniform((-2,))),
    "uniform, dtype": (TypeError, "expected samples of a float dtype", lambda K: K.random_uniform((2,), dtype="uint8")),
    "uniform, bounds": (ValueError, "minval < maxval", lambda K: K.random_uniform((2,), 3, 3, dtype="int32")),
    "uniform, part": (TypeError, "expected whole bounds", lambda K: K.random_uniform((2,), 0, 0.5, dtype="int32")),
    "uniform, bound": (ValueError, "expected bounds", lambda K: K.random_uniform((2,), 0, 2**40, dtype="int32")),
    "bernoulli, length": (ValueError, "expected lengths of 0 or more", lambda K: K.random_bernoulli((-2,))),
    "bernoulli, dtype": (TypeError, "bool or a numeric", lambda K: K.random_bernoulli((2,), dtype="string")),
    "binomial, length": (ValueError, "expected lengths of 0 or more", lambda K: K.random_binomial((-2,))),
    "too large": (ValueError, "bytes", lambda K: K.random_normal((2**20, 2**20))),
    "dropout, level": (ValueError, "expected a level in [0, 1); got 1", lambda K: K.dropout(K.ones((2,)), 1)),
    "dropout, negative": (ValueError, "expected a level in [0, 1)", lambda K: K.dropout(K.ones((2,)), -0.1)),
    "dropout, nan": (ValueError, "expected a level in [0, 1)", lambda K: K.dropout(K.ones((2,)), float("nan"))),
    "dropout, dtype": (ValueError, "float dtype", lambda K: K.dropout(K.ones((2,), dtype="int32"), 0.5)),
    "dropout, noise": (ValueError, "broadcast", lambda K: K.dropout(K.ones((2,)), 0.5, noise_shape=(3,))),
    "dropout, rank": (ValueError, "broadcasts to [2]", lambda K: K.dropout(K.ones((2,)), 0.5, noise_shape=(1, 2))),
    "dropout, negative noise": (
        ValueError,
        "expected lengths of 0 or more",
        lambda K: K.dropout(K.ones((2,)), 0.5, noise_shape=(-1,)),
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(K: ModuleType, what: str) -> None:
    error, says, act = REFUSED[what]
    with pytest.raises(error) as caught:
        K.eval(act(K))
    assert says in str(caught.value)
