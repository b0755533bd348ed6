"""Finding an engine by name: a built-in one, or any importable module of K functions."""

from __future__ import annotations

import importlib
from types import ModuleType

from kremote_proto.errors import InvalidValue

from .engine import Engine
from .module import ModuleEngine

#: What a module must have to be an engine, as Keras requires of an external backend.
REQUIRED_NAMES = ("placeholder", "variable", "function")
#: Built-in engines: the module whose `engine()` makes one.
BUILT_IN = {name: f"kremote_server.engines.{name}.engine" for name in ("tensorflow", "numpy")}


def load_engine(name: str) -> Engine:
    """The engine of a name: a built-in one, or `"my_package.my_module"`.

    Raises `InvalidValue` (a `ValueError`) when the module cannot be imported, or lacks required names; the message
    then lists all that are missing.
    """
    if name in BUILT_IN:
        made = importlib.import_module(BUILT_IN[name]).engine()
        assert isinstance(made, Engine)
        return made
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        raise InvalidValue(
            f"expected an engine: {', '.join(BUILT_IN)} or an importable module; {name!r} fails to import: {error}",
            hint="install the module where the worker runs, or put its folder on PYTHONPATH",
        ) from error
    check_names(name, module)
    return ModuleEngine(name, module)


def check_names(name: str, module: ModuleType) -> None:
    """Refuse a module that lacks required names, naming every one of them."""
    missing = [required for required in REQUIRED_NAMES if required not in vars(module)]
    if missing:
        raise InvalidValue(
            f"Invalid backend. Missing required entries: {', '.join(missing)} (in {name})",
            hint=f"an engine is a module that defines at least {', '.join(REQUIRED_NAMES)}",
        )
