"""Settings: each stated once, and what wins over what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kremote_server.__main__ import main
from kremote_server.settings import BadSetting, Settings, load, options


def test_the_command_line_wins_over_the_environment_over_the_file_over_the_default(tmp_path: Path) -> None:
    config = tmp_path / "kremote.toml"
    config.write_text('host = "file"\nport = 1\nworkers = 2\nids = 3\n')
    environment = {"KREMOTE_HOST": "environment", "KREMOTE_PORT": "10", "KREMOTE_WORKERS": "20", "KREMOTE_BACKEND": ""}
    settings = load({"host": "line", "port": "100", "backend": None}, environment, config)
    assert (settings.host, settings.port, settings.workers, settings.ids) == ("line", 100, 20, 3)
    assert settings.backend == "tensorflow", "an empty variable is none"


def test_every_setting_is_an_option_with_its_help() -> None:
    shown = " ".join(CliRunner().invoke(main, ["serve", "--help"], terminal_width=1000).output.split())
    for name, option in options().items():
        assert f"--{name.replace('_', '-')} " in shown
        assert " ".join(option.metadata["help"].split()) in shown


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("body_bytes", "2GiB", 2 << 30),
        ("body_bytes", "16 MiB", 16 << 20),
        ("body_bytes", "1024", 1024),
        ("body_bytes", "1_000kib", 1_024_000),
        ("port", "0", 0),
        ("session_idle_seconds", "2.5", 2.5),
        ("exit_with_parent", "true", True),
        ("exit_with_parent", "0", False),
        ("tokens", "/etc/tokens", Path("/etc/tokens")),
    ],
)
def test_values_are_read_from_text(name: str, given: str, expected: Any) -> None:
    assert getattr(load({}, {f"KREMOTE_{name.upper()}": given}), name) == expected


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("port", "x", "expected an integer of 0 or more for KREMOTE_PORT; got 'x'"),
        ("port", "-1", "expected an integer of 0 or more"),
        ("port", "65536", "from 0 to 65535"),
        ("port", "tcp://10.0.0.1:80", "expected an integer"),
        ("workers", "-1", "expected an integer of 0 or more"),
        ("body_bytes", "2 GB", "such as 1000000 or 2GiB"),
        ("body_bytes", "GiB", "a number of bytes"),
        ("exit_with_parent", "perhaps", "true or false"),
        ("session_idle_seconds", "soon", "a number"),
        ("session_idle_seconds", "nan", "a number"),
        ("backend", " , ", "the name of an engine"),
    ],
)
def test_a_bad_value_is_named_with_its_place(name: str, given: str, expected: str) -> None:
    with pytest.raises(BadSetting) as caught:
        load({}, {f"KREMOTE_{name.upper()}": given})
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("prot = 1", "got prot in"),
        ("port = true", "expected an integer"),
        ("port = 1.5", "expected an integer"),
        ("host = 3", "expected text for host in"),
        ("port =", "expected TOML in"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, text: str, expected: str) -> None:
    config = tmp_path / "kremote.toml"
    config.write_text(text)
    with pytest.raises(BadSetting) as caught:
        load({}, {}, config)
    assert expected in str(caught.value)
    assert str(config) in str(caught.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="expected a settings file at"):
        load({}, {}, tmp_path / "none.toml")


def test_a_bad_option_ends_the_command_with_a_sentence() -> None:
    result = CliRunner().invoke(main, ["serve", "--port", "x"], env={"KREMOTE_CONFIG": None})
    assert result.exit_code == 1
    assert result.stderr == "kremote: expected an integer of 0 or more for --port; got 'x'\n"


def test_settings_do_not_change() -> None:
    with pytest.raises(AttributeError):
        Settings().port = 1  # type: ignore[misc]
