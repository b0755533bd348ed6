"""The client's settings: `keras.json`, then the environment, read once into one value."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from kremote_proto.errors import InvalidValue

FLOATX_CHOICES = ("float16", "float32", "float64")
IMAGE_DATA_FORMATS = ("channels_first", "channels_last")
#: The module that Keras takes for its backend to run on kremote.
KERAS_BACKEND = "kremote.keras_backend"


@dataclass(frozen=True)
class Settings:
    """What a client is told before it starts."""

    floatx: str = "float32"
    epsilon: float = 1e-07
    #: The name of the engine: "tensorflow", another built-in one, or any module path.
    backend: str = "tensorflow"
    #: The engine asked of a server; None leaves the choice to it, where nobody here chose one.
    engine: str | None = None
    image_data_format: str = "channels_last"
    url: str | None = None
    token: str | None = field(default=None, repr=False)
    session: str | None = None
    #: Seconds one request may take; a long computation is one request.
    timeout: float = 600.0
    connect_timeout: float = 10.0
    #: Seconds for which a request is tried again after a lost connection or a 503.
    retry_seconds: float = 60.0
    #: A queue that nobody asks anything of is sent after this many seconds; 0 for never.
    idle_seconds: float = 0.05
    #: Whether large bodies are compressed.
    compress: bool = False


#: The fields of keras.json with what each may hold.
_KERAS_FIELDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "floatx": ("one of " + ", ".join(FLOATX_CHOICES), lambda v: v in FLOATX_CHOICES),
    "epsilon": ("a number with a decimal point, such as 1e-07", lambda v: isinstance(v, float)),
    "backend": ("the name of an engine, such as tensorflow", lambda v: isinstance(v, str) and v != ""),
    "image_data_format": ("one of " + ", ".join(IMAGE_DATA_FORMATS), lambda v: v in IMAGE_DATA_FORMATS),
}
_ENVIRONMENT_TEXTS = {"KERAS_BACKEND": "backend", "KREMOTE_URL": "url", "KREMOTE_TOKEN": "token"} | {
    "KREMOTE_SESSION": "session"
}
_SWITCHES = {"1": True, "true": True, "on": True, "0": False, "false": False, "off": False}
_ENVIRONMENT_SECONDS = {"KREMOTE_TIMEOUT": "timeout", "KREMOTE_RETRY_SECONDS": "retry_seconds"}


def keras_json_path(environment: Mapping[str, str]) -> Path:
    """Where keras.json is: in `KERAS_HOME`, else `~/.keras`, else a temporary place when home cannot be written."""
    if "KERAS_HOME" in environment:
        return Path(environment["KERAS_HOME"]) / "keras.json"
    home = Path(environment.get("USERPROFILE" if os.name == "nt" else "HOME") or Path.home())
    return (home if os.access(home, os.W_OK) else Path(tempfile.gettempdir())) / ".keras" / "keras.json"


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings of keras.json and the environment; creates the file with the defaults where there is none.

    Raises `InvalidValue` for a value neither Keras nor kremote could use.
    """
    path = keras_json_path(environment)
    found = _keras_fields(path)
    if found != _keras_defaults():  # as Keras and kremote write it themselves, the file is nobody's wish
        found["engine"] = found.get("backend")
    found["engine"] = environment.get("KERAS_BACKEND") or found.get("engine")
    found |= {name: environment[key] for key, name in _ENVIRONMENT_TEXTS.items() if environment.get(key)}
    if found.get("backend") == KERAS_BACKEND:  # Keras is to run on kremote, whichever engine computes
        del found["backend"], found["engine"]
    for key, name in _ENVIRONMENT_SECONDS.items():
        if environment.get(key):
            found[name] = _seconds(key, environment[key])
    if environment.get("KREMOTE_COMPRESS"):
        found["compress"] = _switch("KREMOTE_COMPRESS", environment["KREMOTE_COMPRESS"])
    return replace(Settings(), **found)


def _keras_fields(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        _create(path)
        return {}
    except (OSError, ValueError):  # Keras goes on with the defaults, and leaves the file as it is
        return {}
    if not isinstance(content, dict):
        raise InvalidValue(f"expected a JSON object in {path}; got {type(content).__name__}")
    for name, (expected, accepts) in _KERAS_FIELDS.items():
        if name in content and not accepts(content[name]):
            raise InvalidValue(
                f"expected {expected} for {name!r} in {path}; got {content[name]!r}",
                hint="correct the file, or remove it to have it made anew with the defaults",
            )
    return {name: content[name] for name in _KERAS_FIELDS if name in content}


def _keras_defaults() -> dict[str, Any]:
    defaults = Settings()
    return {name: getattr(defaults, name) for name in _KERAS_FIELDS}


def _create(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(_keras_defaults(), indent=4), encoding="utf-8")
    except OSError:
        pass  # a home that cannot be written has the defaults all the same


def _seconds(key: str, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not seconds >= 0:
        raise InvalidValue(f"expected a number of seconds, 0 or more, in {key}; got {text!r}")
    return seconds


def _switch(key: str, text: str) -> bool:
    if text.lower() not in _SWITCHES:
        raise InvalidValue(f"expected 1 or 0 in {key}; got {text!r}")
    return _SWITCHES[text.lower()]


@lru_cache(maxsize=1)
def current_settings() -> Settings:
    """The settings of this process, read at the first call."""
    return read_settings(os.environ)
