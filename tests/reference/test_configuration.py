"""Section 3: the configuration functions (statements 6, 24 to 41)."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from kremote import backend

from .statements import statement


@statement(6)
def test_the_import_says_which_backend_is_used(run_thin: Callable[..., Any]) -> None:
    done = run_thin("from kremote import backend", KERAS_BACKEND="tensorflow")
    assert (done.stdout, done.stderr) == ("", "Using TensorFlow backend.\n")


@statement(24)
def test_backend_takes_nothing_and_is_tensorflow(K: Any) -> None:
    assert K.backend() == "tensorflow"
    assert not inspect.signature(K.backend).parameters


@statement(25)
def test_symbolic_makes_a_function_give_symbols(K: Any) -> None:
    @backend.symbolic
    def build(x: float, *, plus: float) -> Any:
        "Builds."
        return K.constant(x) + plus

    made = build(1.0, plus=2.0)
    assert made.symbolic
    assert (build.__name__, build.__doc__) == ("build", "Builds.")
    assert not K.constant(1.0).symbolic, "graph mode ends with the function"
    np.testing.assert_array_equal(K.function([], [made])([])[0], 3.0)


@statement(26)
def test_eager_takes_a_function_out_of_graph_mode(K: Any) -> None:
    @backend.eager
    def compute(x: float) -> Any:
        return K.constant(x) + 1.0

    @backend.symbolic
    def build() -> tuple[Any, Any]:
        return compute(1.0), K.constant(5.0)

    inside, after = build()
    assert not inside.symbolic
    assert after.symbolic, "graph mode goes on after the eager function"
    assert K.eval(inside) == 2.0
    assert compute.__name__ == "compute"


@statement(27)
def test_get_uid_counts_each_prefix(K: Any) -> None:
    assert [K.get_uid("dense"), K.get_uid("dense")] == [1, 2]
    assert K.get_uid("conv") == 1
    assert [K.get_uid(), K.get_uid(""), K.get_uid(prefix="")] == [1, 2, 3]


@statement(28)
def test_manual_variable_initialization_takes_a_boolean(K: Any) -> None:
    assert K.manual_variable_initialization(True) is None
    assert K.manual_variable_initialization(value=False) is None
    assert K.eval(K.variable(3.0)) == 3.0, "by default a variable has its value as soon as it is made"


@statement(29)
def test_epsilon_is_a_float(K: Any) -> None:
    assert K.epsilon() == 1e-07
    assert isinstance(K.epsilon(), float)


@statement(30)
def test_reset_uids_starts_again(K: Any) -> None:
    assert [K.get_uid("dense"), K.get_uid("dense")] == [1, 2]
    K.reset_uids()
    assert K.get_uid("dense") == 1


@statement(31)
def test_set_epsilon(K: Any) -> None:
    assert K.epsilon() == 1e-07
    K.set_epsilon(1e-05)
    assert K.epsilon() == 1e-05
    K.set_epsilon(e=1e-3)
    assert K.epsilon() == 1e-3


@statement(32)
def test_floatx(K: Any) -> None:
    assert K.floatx() == "float32"
    assert K.dtype(K.zeros((1,))) == "float32"


@statement(33)
@pytest.mark.parametrize("name", ["float16", "float32", "float64"])
def test_set_floatx(K: Any, name: str) -> None:
    K.set_floatx(floatx=name)
    assert K.floatx() == name
    made = [K.variable(1), K.zeros((1,)), K.placeholder((1,)), K.constant(1), K.eye(2)]
    made += [K.random_uniform_variable((1,), 0, 1), K.random_normal_variable((1,), 0, 1)]
    assert {K.dtype(x) for x in made} == {name}


@statement(33)
@pytest.mark.parametrize("wrong", ["", "float", "float128", "int32", None, 32])
def test_set_floatx_refuses_another(K: Any, wrong: Any) -> None:
    with pytest.raises(ValueError, match="float16"):
        K.set_floatx(wrong)
    assert K.floatx() == "float32"


@statement(34)
def test_cast_to_floatx(K: Any) -> None:
    array = np.array([1.0, 2.0], dtype="float64")
    new = K.cast_to_floatx(array)
    assert new.dtype == np.dtype("float32")
    assert array.dtype == np.dtype("float64")
    np.testing.assert_array_equal(new, np.array([1.0, 2.0], "float32"), strict=True)


@statement(35)
def test_image_data_format_is_channels_last_by_default(K: Any) -> None:
    assert K.image_data_format() == "channels_last"


@statement(10, 36)
def test_set_image_data_format(K: Any) -> None:
    K.set_image_data_format("channels_first")
    assert K.image_data_format() == "channels_first"
    K.set_image_data_format(data_format="channels_last")
    assert K.image_data_format() == "channels_last"


@statement(36)
@pytest.mark.parametrize("wrong", ["", "channels", "Channels_Last", None, 1])
def test_set_image_data_format_refuses_another(K: Any, wrong: Any) -> None:
    with pytest.raises(ValueError, match="channels_first"):
        K.set_image_data_format(wrong)
    assert K.image_data_format() == "channels_last"


@statement(37)
def test_learning_phase_is_0_at_first(K: Any) -> None:
    assert K.learning_phase() == 0
    assert not K.is_tensor(K.learning_phase())


@statement(38)
@pytest.mark.parametrize("value", [0, 1])
def test_set_learning_phase(K: Any, value: int) -> None:
    K.set_learning_phase(value=value)
    assert K.learning_phase() == value


@statement(38)
@pytest.mark.parametrize("wrong", [2, -1, 0.5, "train", None])
def test_set_learning_phase_refuses_another(K: Any, wrong: Any) -> None:
    with pytest.raises(ValueError, match="0 or 1"):
        K.set_learning_phase(wrong)
    assert K.learning_phase() == 0


class Dense:
    """A layer as far as K is concerned: named after its number, as tf.keras names layers, with a variable."""

    def __init__(self, K: Any, units: int, inputs: int = 10) -> None:
        number = K.get_uid("dense")
        self.name = "dense" if number == 1 else f"dense_{number - 1}"
        self.kernel = K.ones((inputs, units), name=f"{self.name}/kernel")


@statement(39)
def test_clear_session_resets_what_k_generated(K: Any) -> None:
    K.get_uid("dense")
    K.set_learning_phase(1)
    before = K.variable([1.0], name="weight")
    assert before.name == "weight"
    K.clear_session()
    assert (K.get_uid("dense"), K.learning_phase()) == (1, 0)
    assert K.variable([2.0], name="weight").name == "weight", "the name is free again"
    with pytest.raises(ValueError, match="clear_session"):
        K.eval(before)


@statement(39)
def test_clear_session_leaves_the_settings(K: Any) -> None:
    K.set_floatx("float64")
    K.set_epsilon(1e-3)
    K.clear_session()
    assert (K.floatx(), K.epsilon()) == ("float64", 1e-3)
    assert K.dtype(K.zeros((1,))) == "float64"


@statement(39, 40)
def test_a_loop_that_clears_the_session_builds_the_same_each_time(K: Any) -> None:
    """More rounds than a user may have sessions: one that stayed would be one too many."""
    names = set()
    for _ in range(100):
        K.clear_session()
        layers = [Dense(K, 10) for _ in range(10)]
        names.add(tuple(layer.kernel.name for layer in layers))
    assert names == {("dense/kernel", *(f"dense_{n}/kernel" for n in range(1, 10)))}
    assert K.eval(layers[-1].kernel).sum() == 100


@statement(41)
def test_names_start_over_after_clear_session(K: Any) -> None:
    K.clear_session()
    for _ in range(10):
        Dense(K, 10)
    eleventh = Dense(K, 10)
    assert (eleventh.name, eleventh.kernel.name) == ("dense_10", "dense_10/kernel")
    K.set_learning_phase(1)
    assert str(K.learning_phase()) == "1"
    K.clear_session()
    first = Dense(K, 10)
    assert (first.name, first.kernel.name) == ("dense", "dense/kernel")
    assert K.learning_phase() == 0
