"""Section 1: backends, keras.json, KERAS_BACKEND (statements 2 to 5, 10 to 16)."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

import kremote.settings
from kremote.settings import Settings, keras_json_path, read_settings

from .statements import statement

DEFAULTS = {"image_data_format": "channels_last", "epsilon": 1e-07, "floatx": "float32", "backend": "tensorflow"}


def settings_of(folder: Path, content: Any, **environment: str) -> Settings:
    """What a client reads when its keras.json holds `content`."""
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / "keras.json").write_text(text)
    return read_settings({"KERAS_HOME": str(folder), **environment})


def fields(settings: Settings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in DEFAULTS}


@statement(2)
def test_the_file_is_in_dot_keras_of_the_home(tmp_path: Path) -> None:
    assert keras_json_path({"HOME": str(tmp_path)}) == tmp_path / ".keras" / "keras.json"


@statement(2)
def test_on_windows_the_home_is_the_user_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    windows = SimpleNamespace(name="nt", access=os.access, W_OK=os.W_OK)
    monkeypatch.setattr(kremote.settings, "os", windows)
    environment = {"USERPROFILE": str(tmp_path), "HOME": "/elsewhere"}
    assert keras_json_path(environment) == tmp_path / ".keras" / "keras.json"


@statement(2)
def test_keras_home_wins_over_the_home(tmp_path: Path) -> None:
    environment = {"KERAS_HOME": str(tmp_path / "keras"), "HOME": str(tmp_path)}
    assert keras_json_path(environment) == tmp_path / "keras" / "keras.json"


@statement(2)
def test_a_home_that_cannot_be_written_gives_way_to_a_temporary_folder(tmp_path: Path) -> None:
    found = keras_json_path({"HOME": str(tmp_path / "absent")})
    assert found == Path(tempfile.gettempdir()) / ".keras" / "keras.json"


@statement(2)
def test_a_file_made_by_hand_is_read(tmp_path: Path) -> None:
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras" / "keras.json").write_text('{"floatx": "float64"}')
    assert read_settings({"HOME": str(tmp_path)}).floatx == "float64"


@statement(2, 3)
def test_where_there_is_none_it_is_made_with_the_defaults(tmp_path: Path) -> None:
    read = read_settings({"HOME": str(tmp_path)})
    assert json.loads((tmp_path / ".keras" / "keras.json").read_text()) == DEFAULTS
    assert fields(read) == DEFAULTS


@statement(1, 4, 15)
@pytest.mark.parametrize("name", ["theano", "tensorflow", "cntk"])
def test_the_field_backend_names_the_engine(tmp_path: Path, name: str) -> None:
    assert settings_of(tmp_path, {**DEFAULTS, "backend": name}).backend == name


@statement(7, 15)
def test_the_field_backend_may_be_a_module_path(tmp_path: Path) -> None:
    assert settings_of(tmp_path, {**DEFAULTS, "backend": "my_package.my_module"}).backend == "my_package.my_module"


@statement(15)
@pytest.mark.parametrize("wrong", [7, None, "", ["tensorflow"]])
def test_a_backend_that_is_no_name_is_refused(tmp_path: Path, wrong: Any) -> None:
    with pytest.raises(ValueError, match="backend"):
        settings_of(tmp_path, {**DEFAULTS, "backend": wrong})


@statement(5)
def test_keras_backend_overrides_the_field_backend_alone(tmp_path: Path) -> None:
    content = {"backend": "theano", "floatx": "float16", "epsilon": 1e-3, "image_data_format": "channels_first"}
    read = settings_of(tmp_path, content, KERAS_BACKEND="tensorflow")
    assert fields(read) == {**content, "backend": "tensorflow"}


@statement(5)
def test_an_empty_keras_backend_counts_as_none(tmp_path: Path) -> None:
    assert settings_of(tmp_path, {"backend": "cntk"}, KERAS_BACKEND="").backend == "cntk"


@statement(5)
def test_what_keras_backend_says_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "keras.json"
    assert read_settings({"KERAS_HOME": str(tmp_path), "KERAS_BACKEND": "my_package.my_module"}).backend != "tensorflow"
    assert json.loads(path.read_text()) == DEFAULTS


@statement(8, 9)
@pytest.mark.parametrize(
    "present",
    [(), ("placeholder",), ("variable",), ("function",), ("placeholder", "variable"), ("variable", "function")],
)
def test_an_external_backend_that_lacks_names_is_told_all_of_them(present: tuple[str, ...]) -> None:
    from kremote_server.engines.loading import check_names

    module = ModuleType("my_module")
    vars(module).update(dict.fromkeys(present, len))
    absent = [name for name in ("placeholder", "variable", "function") if name not in present]
    with pytest.raises(ValueError, match=r"Invalid backend\. Missing required entr") as caught:
        check_names("my_module", module)
    listed = str(caught.value).partition("entries:")[2].partition("(")[0]
    assert [name.strip() for name in listed.split(",")] == absent


@statement(8)
def test_the_three_names_make_a_backend() -> None:
    from kremote_server.engines.loading import check_names

    module = ModuleType("my_module")
    vars(module).update(placeholder=len, variable=len, function=len)
    check_names("my_module", module)


@statement(10)
@pytest.mark.parametrize("value", ["channels_last", "channels_first"])
def test_the_image_data_format_of_the_file_is_read(tmp_path: Path, value: str) -> None:
    assert settings_of(tmp_path, {"image_data_format": value}).image_data_format == value


@statement(10)
@pytest.mark.parametrize("wrong", ["channels_middle", "", None, 1, True, ["channels_last"]])
def test_another_image_data_format_is_refused(tmp_path: Path, wrong: Any) -> None:
    with pytest.raises(ValueError, match="image_data_format"):
        settings_of(tmp_path, {"image_data_format": wrong})


@statement(11)
def test_2d_data_has_its_channels_last_or_first(K: Any) -> None:
    """One image, convolved in each convention, gives the same values in each convention's place."""
    rows, columns, channels, filters = 4, 5, 3, 2
    rng = np.random.default_rng(11)
    image, kernel = rng.normal(size=(1, rows, columns, channels)), rng.normal(size=(2, 2, channels, filters))

    K.set_image_data_format("channels_last")
    last = K.eval(K.conv2d(K.variable(image), K.variable(kernel)))
    K.set_image_data_format("channels_first")
    first = K.eval(K.conv2d(K.variable(image.transpose(0, 3, 1, 2)), K.variable(kernel)))

    assert last.shape == (1, rows - 1, columns - 1, filters)
    assert first.shape == (1, filters, rows - 1, columns - 1)
    np.testing.assert_allclose(first.transpose(0, 2, 3, 1), last, rtol=1e-5, atol=1e-5)


@statement(12)
@pytest.mark.parametrize(
    ("data_format", "shape", "places"),
    [("channels_last", (4, 5, 6, 3), [0, 1, 2]), ("channels_first", (3, 4, 5, 6), [1, 2, 3])],
)
def test_3d_data_has_its_channels_last_or_first(
    K: Any, data_format: str, shape: tuple[int, ...], places: list[int]
) -> None:
    """No op of this catalogue reads 3-D data by its format; what a program does with the convention is tested."""
    K.set_image_data_format(data_format)
    channel_axis = -1 if K.image_data_format() == "channels_last" else 0
    volume = K.placeholder(shape=shape)
    per_channel = K.function([volume], [K.sum(volume, axis=places)])([np.ones(shape)])[0]
    assert K.int_shape(volume)[channel_axis] == 3
    np.testing.assert_array_equal(per_channel, [120.0] * 3)


@statement(13)
def test_epsilon_is_a_float_of_the_file(tmp_path: Path) -> None:
    assert settings_of(tmp_path, {"epsilon": 1e-3}).epsilon == 1e-3


@statement(13)
def test_epsilon_avoids_division_by_zero(K: Any) -> None:
    """The logarithm of a probability of zero would be infinite; it is that of epsilon."""
    K.set_epsilon(1e-3)
    loss = K.eval(K.categorical_crossentropy(K.constant([[1.0, 0.0]]), K.constant([[0.0, 1.0]])))
    np.testing.assert_allclose(loss, [-np.log(1e-3)], rtol=1e-3)


@statement(13)
@pytest.mark.parametrize("wrong", [1, "1e-07", None, True])
def test_an_epsilon_that_is_no_float_is_refused(tmp_path: Path, wrong: Any) -> None:
    with pytest.raises(ValueError, match="epsilon"):
        settings_of(tmp_path, {"epsilon": wrong})


@statement(14)
@pytest.mark.parametrize("value", ["float16", "float32", "float64"])
def test_the_floatx_of_the_file_is_read(tmp_path: Path, value: str) -> None:
    assert settings_of(tmp_path, {"floatx": value}).floatx == value


@statement(14)
@pytest.mark.parametrize("wrong", ["float128", "int32", "", None, 32, ["float32"]])
def test_another_floatx_is_refused(tmp_path: Path, wrong: Any) -> None:
    with pytest.raises(ValueError, match="floatx"):
        settings_of(tmp_path, {"floatx": wrong})


@statement(16)
@pytest.mark.parametrize("text", ["", "{", "{'floatx': 'float64'}", "floatx = float64"])
def test_invalid_json_counts_as_none_and_is_left_as_it_is(tmp_path: Path, text: str) -> None:
    assert fields(settings_of(tmp_path, text)) == DEFAULTS
    assert (tmp_path / "keras.json").read_text() == text


@statement(16)
def test_unknown_keys_are_ignored(tmp_path: Path) -> None:
    assert fields(settings_of(tmp_path, {"floatx": "float64", "colour": "red"})) == {**DEFAULTS, "floatx": "float64"}


@statement(16)
@pytest.mark.parametrize("absent", sorted(DEFAULTS))
def test_missing_keys_take_defaults(tmp_path: Path, absent: str) -> None:
    others = {
        "backend": "theano",
        "floatx": "float16",
        "epsilon": 1e-3,
        "image_data_format": "channels_first",
    }
    content = {name: value for name, value in others.items() if name != absent}
    assert fields(settings_of(tmp_path, content)) == {**content, absent: DEFAULTS[absent]}
