"""K's settings while a program runs (statements 24 to 39 of the reference page)."""

from __future__ import annotations

import numpy as np
import pytest

from kremote import backend as K

from .fake_server import FakeServer

pytestmark = pytest.mark.usefixtures("settings_restored")


def test_backend_names_the_engine() -> None:
    """Statement 24."""
    assert K.backend() == "tensorflow"


def test_symbolic_and_eager_decorate_and_nest(fake: FakeServer) -> None:
    """Statements 25 and 26."""
    with fake.session():

        @K.symbolic
        def inner(x: float) -> tuple[bool, bool]:
            """Say."""
            return K.constant(x).symbolic, K.eager(lambda: K.constant(x).symbolic)()

        assert inner(1.0) == (True, False)
        assert (inner.__name__, inner.__doc__) == ("inner", "Say.")
        assert not K.constant(1.0).symbolic


def test_graph_mode_ends_with_an_error(fake: FakeServer) -> None:
    def fails() -> None:
        raise KeyError

    with fake.session():
        with pytest.raises(KeyError):
            K.symbolic(fails)()
        assert not K.constant(1.0).symbolic


def test_get_uid_counts_each_prefix() -> None:
    """Statements 27 and 30."""
    assert [K.get_uid("dense"), K.get_uid("dense"), K.get_uid("conv"), K.get_uid()] == [1, 2, 1, 1]
    K.reset_uids()
    assert K.get_uid("dense") == 1


def test_manual_variable_initialization_takes_a_flag() -> None:
    """Statement 28."""
    K.manual_variable_initialization(True)
    K.manual_variable_initialization(False)


def test_epsilon() -> None:
    """Statements 29 and 31."""
    assert K.epsilon() == 1e-07
    K.set_epsilon(e=1e-05)
    assert K.epsilon() == 1e-05
    K.set_epsilon(value=1e-04)
    assert K.epsilon() == 1e-04
    K.set_epsilon(1e-05)
    with pytest.raises(ValueError, match="'a'"):
        K.set_epsilon("a")
    assert K.epsilon() == 1e-05


def test_floatx() -> None:
    """Statements 32 and 33."""
    assert K.floatx() == "float32"
    for name in ("float16", "float64", "float32"):
        K.set_floatx(floatx=name)
        assert K.floatx() == name
    with pytest.raises(ValueError, match="float16, float32, float64"):
        K.set_floatx("bfloat16")
    assert K.floatx() == "float32"


def test_cast_to_floatx() -> None:
    """Statement 34."""
    cast = K.cast_to_floatx(np.array([1.0, 2.0], dtype="float64"))
    np.testing.assert_array_equal(cast, np.array([1.0, 2.0], "float32"))
    assert cast.dtype == np.dtype("float32")
    K.set_floatx("float16")
    assert K.cast_to_floatx([1, 2]).dtype == np.dtype("float16")


def test_image_data_format() -> None:
    """Statements 35 and 36; the default is channels_last, whatever the page's example shows."""
    assert K.image_data_format() == "channels_last"
    K.set_image_data_format("channels_first")
    assert K.image_data_format() == "channels_first"
    K.set_image_data_format(data_format="channels_last")
    assert K.image_data_format() == "channels_last"
    with pytest.raises(ValueError, match="channels_middle"):
        K.set_image_data_format("channels_middle")


def test_normalize_data_format() -> None:
    assert K.normalize_data_format(None) == "channels_last"
    assert K.normalize_data_format("Channels_FIRST") == "channels_first"
    with pytest.raises(ValueError, match="sideways"):
        K.normalize_data_format("sideways")


def test_learning_phase() -> None:
    """Statements 37 and 38."""
    assert K.learning_phase() == 0
    K.set_learning_phase(1)
    assert K.learning_phase() == 1
    for wrong in (2, -1, "train", 0.5, None):
        with pytest.raises(ValueError, match="0 or 1"):
            K.set_learning_phase(wrong)  # type: ignore[arg-type]
    assert K.learning_phase() == 1


def test_clear_session_without_a_server_resets_what_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Statements 39 and 41."""
    monkeypatch.setattr("kremote.current.connect", lambda *_: pytest.fail("nothing is to be started for this"))
    K.get_uid("dense")
    K.set_learning_phase(1)
    K.clear_session()
    assert (K.get_uid("dense"), K.learning_phase()) == (1, 0)


def test_settings_are_read_at_each_call(fake: FakeServer) -> None:
    with fake.session() as session:
        K.set_floatx("float64")
        assert session.K.variable([1, 2]).dtype == "float64"
        K.set_floatx("float16")
        assert session.K.variable([1, 2]).dtype == "float16"
