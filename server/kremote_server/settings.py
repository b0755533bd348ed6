"""The gateway's settings, each stated once: its name, type, default and help are a field of `Settings`.

The command line wins over the environment (`KREMOTE_<NAME>`), that over a TOML file, that over the default.
"""

# ruff: noqa: RUF009  every default is a dataclasses.field, made by setting()

from __future__ import annotations

import dataclasses
import re
import sys
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args, get_type_hints

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from kremote_proto.limits import MOST_TEMPLATES
from kremote_proto.octets import ALIGNMENT

PREFIX = "KREMOTE_"

_ORIGIN = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(:\d{1,5})?")
_UNITS = {"": 1, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30, "TIB": 1 << 40}


class BadSetting(ValueError):
    """A setting that cannot be used; the message says where it was given and what was expected."""


def setting(default: Any, help: str, *, unit: str = "", least: float = 0) -> Any:
    """A field of `Settings`. `unit` is "bytes" for numbers that may carry KiB, MiB or GiB."""
    return field(default=default, metadata={"help": help, "unit": unit, "least": least})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What `kremote serve` can be told."""

    host: str = setting("127.0.0.1", "Address to listen on. Others than loopback need --tokens.")
    port: int = setting(8000, "Port to listen on; 0 picks a free one.")
    workers: int = setting(0, "Workers for each engine, each owns one device; 0 is one for each GPU, or one.")
    backend: str = setting("tensorflow", "Engines to offer, separated by commas: built-in names or importable modules.")
    tokens: Path | None = setting(None, "File of tokens, made by `kremote token create`.")
    tls_certificate: Path | None = setting(None, "File of the certificate, and those it was signed by, to serve https.")
    tls_key: Path | None = setting(None, "File of the certificate's private key.")
    audit_log: Path | None = setting(None, "File to add the audit log to; it is among the other logs otherwise.")
    state_dir: Path | None = setting(None, "Folder for sessions and saved files, which so outlive workers and server.")
    durability: str = setting("", "What sessions outlive: none, process (one that is killed) or power (failing).")
    saves_bytes: int = setting(16 << 30, "What a user's saved files may take of the state_dir.", unit="bytes")
    snapshot_bytes: int = setting(256 << 20, "Write a session as a whole after so long a journal.", unit="bytes")
    snapshot_seconds: float = setting(30.0, "The same after so many seconds of work, which restoring takes, too.")
    python: str = setting(sys.executable, "Python interpreter that runs the workers.")
    trust_workers: bool = setting(False, "Let workers use the network and write anywhere, for engines that need it.")
    allowed_hosts: str = setting("", "Host names to answer to, separated by commas; on loopback its own names always.")
    allow_origin: str = setting("", "Origins whose pages may use the server, separated by commas; none by default.")
    body_bytes: int = setting(2 << 30, "Largest body of a request.", unit="bytes", least=1)
    structured_bytes: int = setting(64 << 20, "Largest MessagePack or JSON body.", unit="bytes", least=1)
    tensor_bytes: int = setting(4 << 30, "Largest tensor an op may make.", unit="bytes", least=1)
    ids: int = setting(1_000_000, "Most live values in a session.", least=1)
    session_bytes: int = setting(16 << 30, "What a session's values may take; 0 for no bound.", unit="bytes")
    user_bytes: int = setting(32 << 30, "What a user's values may take of a worker; 0 for no bound.", unit="bytes")
    worker_bytes: int = setting(0, "What all values may take of a worker; 0 for what its device has.", unit="bytes")
    requests_per_user: int = setting(256, "Most requests of one user under way at a time.", least=1)
    requests_per_second: float = setting(0.0, "Most requests of one user in a second; 0 for no bound.")
    queue_length: int = setting(64, "Most requests of one session under way; all but one wait.", least=1)
    op_seconds: float = setting(3600.0, "How long a request may compute; 0 for no bound.")
    op_grace_seconds: float = setting(10.0, "How long one that is stopped then may go on before its worker is ended.")
    program_instructions: int = setting(10_000, "Most instructions in a program.", least=1)
    content_bytes: int = setting(256 << 20, "What a session keeps of uploads for their reuse.", unit="bytes")
    inflated_bytes: int = setting(256 << 20, "Largest body a compressed one may become; 0 takes none.", unit="bytes")
    sessions_per_user: int = setting(1000, "Most sessions of one user.", least=1)
    session_idle_seconds: float = setting(7 * 86400.0, "Leave sessions unused so long; their users are told.", least=1)
    connections: int = setting(0, "Most connections of clients; 0 is as many as may be open here, less a thousand.")
    head_seconds: float = setting(30.0, "How long a client may take to send the head of a request.", least=0.1)
    park_seconds: float = setting(3600.0, "Give the memory of kept sessions unused so long to others.", least=1)
    worker_start_seconds: float = setting(300.0, "How long a worker may take to start.", least=1)
    shutdown_seconds: float = setting(30.0, "How long a shutdown waits for what runs.")
    ready_file: Path | None = setting(None, "Write url, token and pid here, as JSON, when the workers are ready.")
    exit_with_parent: bool = setting(False, "End when standard input closes.")

    @property
    def engines(self) -> tuple[str, ...]:
        """The engines to offer, the default one first."""
        return _words(self.backend)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host names of `allowed_hosts`."""
        return _words(self.allowed_hosts)

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins of `allow_origin`."""
        return _words(self.allow_origin)

    @property
    def state(self) -> dict[str, Any] | None:
        """Where and how workers keep sessions on disk, None where they do not."""
        if self.state_dir is None or self.durability == "none":
            return None
        return {
            "directory": str(self.state_dir.resolve()),
            "durability": self.durability or "process",
            "snapshot_bytes": self.snapshot_bytes,
            "snapshot_seconds": self.snapshot_seconds,
        }

    @property
    def worker_limits(self) -> dict[str, int | float]:
        """The bounds that a worker keeps."""
        sizes = ("body_bytes", "structured_bytes", "tensor_bytes", "content_bytes", "inflated_bytes")
        held = ("session_bytes", "user_bytes", "worker_bytes")
        names = (*sizes, *held, "ids", "program_instructions", "op_seconds", "op_grace_seconds")
        return {name: getattr(self, name) for name in names}

    @property
    def limits(self) -> dict[str, int | float]:
        """The bounds a client is told of."""
        wire = {"templates": MOST_TEMPLATES, "octet_alignment": ALIGNMENT}
        names = ("sessions_per_user", "requests_per_user", "requests_per_second", "queue_length")
        return {**self.worker_limits, **{name: getattr(self, name) for name in names}, **wire}


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def options() -> dict[str, dataclasses.Field[Any]]:
    """The settings by name."""
    return {option.name: option for option in dataclasses.fields(Settings)}


def plain_type(name: str) -> type:
    """The type of a setting, without the None it may also be."""
    annotation = get_type_hints(Settings)[name]
    if isinstance(annotation, types.UnionType):
        annotation = next(member for member in get_args(annotation) if member is not type(None))
    assert isinstance(annotation, type)
    return annotation


def load(given: Mapping[str, Any], environment: Mapping[str, str], config: Path | None = None) -> Settings:
    """The settings of a command line's options, an environment and a TOML file; raises `BadSetting`.

    >>> load({"port": "9000"}, {"KREMOTE_PORT": "9001", "KREMOTE_HOST": "::1"}).port
    9000
    """
    values: dict[str, Any] = {}
    for name, value in _from_file(config).items():
        values[name] = parse(name, value, f"{name} in {config}")
    for name in options():
        variable = PREFIX + name.upper()
        if environment.get(variable):
            values[name] = parse(name, environment[variable], variable)
    for name, value in given.items():
        if value is not None:
            values[name] = parse(name, value, f"--{name.replace('_', '-')}")
    return _checked(Settings(**values))


def _from_file(config: Path | None) -> dict[str, Any]:
    if config is None:
        return {}
    try:
        values = tomllib.loads(config.read_text())
    except OSError as error:
        raise BadSetting(f"expected a settings file at {config}; {error.strerror or error}") from error
    except ValueError as error:
        raise BadSetting(f"expected TOML in {config}; {error}") from error
    unknown = sorted(set(values) - set(options()))
    if unknown:
        raise BadSetting(f"expected settings among {', '.join(options())}; got {', '.join(unknown)} in {config}")
    return values


def parse(name: str, value: Any, place: str) -> Any:
    """A setting's value of text or of TOML; raises `BadSetting` naming the place."""
    wanted, metadata = plain_type(name), options()[name].metadata
    try:
        parsed = _parse_bytes(value) if metadata["unit"] == "bytes" else _PARSERS[wanted](value)
    except (ValueError, TypeError, KeyError):
        raise BadSetting(f"expected {_described(wanted, metadata)} for {place}; got {value!r}") from None
    if isinstance(parsed, int | float) and not parsed >= metadata["least"]:
        raise BadSetting(f"expected {_described(wanted, metadata)} for {place}; got {value!r}")
    return parsed


def _described(wanted: type, metadata: Mapping[str, Any]) -> str:
    if metadata["unit"] == "bytes":
        return "a number of bytes, such as 1000000 or 2GiB,"
    least = f" of {metadata['least']:g} or more" if wanted in (int, float) else ""
    return {int: "an integer", float: "a number", bool: "true or false", str: "text", Path: "a path"}[wanted] + least


def _parse_int(value: Any) -> int:
    if isinstance(value, bool | float):
        raise TypeError
    return int(value)


def _parse_float(value: Any) -> float:
    if isinstance(value, bool):
        raise TypeError
    return float(value)


def _parse_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[_text(value).lower()]


def _parse_bytes(value: Any) -> int:
    text = str(_parse_int(value)) if not isinstance(value, str) else value.strip()
    digits = text.rstrip("KMGTIBkmgtib ")
    return int(digits) * _UNITS[text[len(digits) :].strip().upper()]


def _text(value: Any) -> str:
    if not isinstance(value, str | Path):
        raise TypeError
    return str(value)


_PARSERS: dict[type, Any] = {
    int: _parse_int,
    float: _parse_float,
    bool: _parse_bool,
    str: _text,
    Path: lambda value: Path(_text(value)),
}


def _checked(settings: Settings) -> Settings:
    if settings.port > 65535:
        raise BadSetting(f"expected a port from 0 to 65535; got {settings.port}")
    if settings.durability not in ("", "none", "process", "power"):
        raise BadSetting(f"expected none, process or power as durability; got {settings.durability!r}")
    if settings.durability in ("process", "power") and settings.state_dir is None:
        raise BadSetting(f"expected a folder as state_dir for durability {settings.durability}; got none")
    if not settings.engines:
        raise BadSetting("expected the name of an engine as backend; got none")
    for origin in settings.origins:
        if origin != "*" and not _ORIGIN.fullmatch(origin):
            raise BadSetting(f"expected an origin such as https://lab.example.org for allow_origin; got {origin!r}")
    if (settings.tls_certificate is None) != (settings.tls_key is None):
        raise BadSetting("expected both tls_certificate and tls_key, or neither; got one of them")
    return settings
