"""keras.json, the environment, and what K says of them (statements 1 to 16 of the reference page)."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from kremote.settings import Settings, keras_json_path, read_settings

from ..conftest import RunThin

DEFAULTS = {"image_data_format": "channels_last", "epsilon": 1e-07, "floatx": "float32", "backend": "tensorflow"}


def written(folder: Path, content: object) -> dict[str, str]:
    """An environment whose keras.json holds this."""
    (folder / "keras.json").write_text(content if isinstance(content, str) else json.dumps(content))
    return {"KERAS_HOME": str(folder)}


def test_the_file_is_in_the_home_folder_unless_keras_home_is_set(tmp_path: Path) -> None:
    """Statement 2."""
    assert keras_json_path({"HOME": str(tmp_path)}) == tmp_path / ".keras" / "keras.json"
    assert keras_json_path({"HOME": "/", "KERAS_HOME": str(tmp_path)}) == tmp_path / "keras.json"


def test_a_home_that_cannot_be_written_is_replaced_by_a_temporary_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Statement 2."""
    monkeypatch.setattr("kremote.settings.os.access", lambda *_: False)
    monkeypatch.setattr("kremote.settings.tempfile.gettempdir", lambda: "/elsewhere")
    assert keras_json_path({"HOME": "/home/me"}) == Path("/elsewhere/.keras/keras.json")


def test_a_missing_file_is_created_with_the_defaults(tmp_path: Path) -> None:
    """Statements 2 and 3."""
    read = read_settings({"HOME": str(tmp_path)})
    assert json.loads((tmp_path / ".keras" / "keras.json").read_text()) == DEFAULTS
    assert {name: getattr(read, name) for name in DEFAULTS} == DEFAULTS


def test_a_folder_that_cannot_be_written_gives_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert read_settings({"KERAS_HOME": str(tmp_path / "file" / "below")}) == Settings()


@pytest.mark.parametrize("backend", ["theano", "tensorflow", "cntk", "my_package.my_module"])
def test_the_file_names_the_engine(tmp_path: Path, backend: str) -> None:
    """Statements 1, 4, 7 and 15."""
    assert read_settings(written(tmp_path, {"backend": backend})).backend == backend


def test_the_environment_overrides_the_engine_and_nothing_else(tmp_path: Path) -> None:
    """Statement 5: nor is it written to the file."""
    environment = written(tmp_path, {"backend": "theano", "floatx": "float64"})
    read = read_settings(environment | {"KERAS_BACKEND": "my_package.my_module"})
    assert (read.backend, read.floatx) == ("my_package.my_module", "float64")
    assert json.loads((tmp_path / "keras.json").read_text())["backend"] == "theano"


def test_an_empty_keras_backend_is_ignored(tmp_path: Path) -> None:
    """Statement 5."""
    assert read_settings(written(tmp_path, {"backend": "cntk"}) | {"KERAS_BACKEND": ""}).backend == "cntk"


@pytest.mark.parametrize(
    ("content", "environment", "wish"),
    [
        (DEFAULTS, {}, None),
        (DEFAULTS, {"KERAS_BACKEND": "tensorflow"}, "tensorflow"),
        ({**DEFAULTS, "backend": "numpy"}, {}, "numpy"),
        ({"backend": "tensorflow"}, {}, "tensorflow"),
        ({"backend": "cntk"}, {"KERAS_BACKEND": "numpy"}, "numpy"),
        ({"floatx": "float64"}, {}, None),
    ],
)
def test_an_engine_is_asked_for_where_somebody_chose_one(
    tmp_path: Path, content: dict[str, Any], environment: dict[str, str], wish: str | None
) -> None:
    """The file as Keras and kremote write it themselves is nobody's choice."""
    assert read_settings(written(tmp_path, content) | environment).engine == wish


def test_keras_running_on_kremote_is_no_engine(tmp_path: Path) -> None:
    for content, variable in (({"backend": "kremote.keras_backend"}, ""), (DEFAULTS, "kremote.keras_backend")):
        read = read_settings(written(tmp_path, content) | {"KERAS_BACKEND": variable})
        assert (read.backend, read.engine) == ("tensorflow", None)


def test_without_a_file_no_engine_is_asked_for(tmp_path: Path) -> None:
    for _ in range(2):  # the second time there is the one made at the first
        assert read_settings({"KERAS_HOME": str(tmp_path)}).engine is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("image_data_format", "channels_middle"),
        ("image_data_format", None),
        ("epsilon", 1),
        ("epsilon", "1e-7"),
        ("floatx", "bfloat16"),
        ("floatx", 32),
        ("backend", ""),
        ("backend", 3),
    ],
)
def test_a_wrong_value_is_an_error_that_names_file_and_field(tmp_path: Path, name: str, value: object) -> None:
    """Statements 10, 13, 14 and 15."""
    with pytest.raises(ValueError, match=name) as caught:
        read_settings(written(tmp_path, DEFAULTS | {name: value}))
    assert str(tmp_path / "keras.json") in str(caught.value)
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("image_data_format", "channels_first"),
        ("epsilon", 1e-3),
        ("floatx", "float16"),
        ("floatx", "float64"),
    ],
)
def test_each_field_is_taken_over(tmp_path: Path, name: str, value: object) -> None:
    """Statements 10, 13 and 14."""
    assert getattr(read_settings(written(tmp_path, DEFAULTS | {name: value})), name) == value


def test_invalid_json_is_ignored_and_left_alone(tmp_path: Path) -> None:
    """Statement 16."""
    assert read_settings(written(tmp_path, "{not json")) == Settings()
    assert (tmp_path / "keras.json").read_text() == "{not json"


def test_json_that_is_no_object_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON object"):
        read_settings(written(tmp_path, ["floatx"]))


def test_unknown_keys_are_ignored_and_missing_ones_take_defaults(tmp_path: Path) -> None:
    """Statement 16."""
    read = read_settings(written(tmp_path, {"floatx": "float64", "colour": "green"}))
    assert (read.floatx, read.epsilon, read.backend) == ("float64", 1e-07, "tensorflow")


def test_an_unreadable_file_gives_the_defaults(tmp_path: Path) -> None:
    environment = written(tmp_path, {"floatx": "float64"})
    (tmp_path / "keras.json").unlink()
    (tmp_path / "keras.json").mkdir()
    assert stat.S_ISDIR((tmp_path / "keras.json").stat().st_mode)
    assert read_settings(environment).floatx == "float32"


def test_the_environment_says_where_the_server_is(tmp_path: Path) -> None:
    environment = written(tmp_path, {}) | {
        "KREMOTE_URL": "http://gpu:1",
        "KREMOTE_TOKEN": "secret",
        "KREMOTE_SESSION": "abc",
        "KREMOTE_TIMEOUT": "1.5",
        "KREMOTE_RETRY_SECONDS": "0",
        "KREMOTE_COMPRESS": "on",
    }
    read = read_settings(environment)
    assert (read.url, read.token, read.session) == ("http://gpu:1", "secret", "abc")
    assert (read.timeout, read.retry_seconds, read.compress) == (1.5, 0.0, True)
    assert "secret" not in repr(read)


@pytest.mark.parametrize("text", ["soon", "-1", "nan"])
def test_a_time_that_is_none_is_an_error_that_names_the_variable(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match="KREMOTE_TIMEOUT"):
        read_settings(written(tmp_path, {}) | {"KREMOTE_TIMEOUT": text})


def test_a_switch_that_is_none_is_an_error_that_names_the_variable(tmp_path: Path) -> None:
    assert not read_settings(written(tmp_path, {}) | {"KREMOTE_COMPRESS": "0"}).compress
    with pytest.raises(ValueError, match="KREMOTE_COMPRESS"):
        read_settings(written(tmp_path, {}) | {"KREMOTE_COMPRESS": "maybe"})


@pytest.mark.parametrize(
    ("backend", "line"),
    [("tensorflow", "Using TensorFlow backend."), ("my_package.my_module", "Using my_package.my_module backend.")],
)
def test_the_import_says_which_backend_is_used(run_thin: RunThin, tmp_path: Path, backend: str, line: str) -> None:
    """Statements 6 and 7."""
    done = run_thin("from kremote import backend", KERAS_BACKEND=backend, KERAS_HOME=str(tmp_path))
    assert (done.stdout, done.stderr) == ("", line + "\n")


def test_k_starts_from_the_file(run_thin: RunThin, tmp_path: Path) -> None:
    """Statements 4, 10, 13, 14 and 24, without any server."""
    content = {"floatx": "float64", "epsilon": 1e-3, "image_data_format": "channels_first", "backend": "a.b"}
    source = "from kremote import backend as K; print(K.floatx(), K.epsilon(), K.image_data_format(), K.backend())"
    done = run_thin(source, **written(tmp_path, content))
    assert done.stdout.split() == ["float64", "0.001", "channels_first", "a.b"]


def test_a_wrong_file_stops_the_import(run_thin: RunThin, tmp_path: Path) -> None:
    done = run_thin("from kremote import backend", check=False, **written(tmp_path, {"floatx": "float8"}))
    assert done.returncode == 1
    assert "float8" in done.stderr
