"""Keras 2.3.1 on Pythons and packages younger than itself: what they dropped is there again, for Keras alone.

`kremote.keras_backend` activates it, so that `KERAS_BACKEND=kremote.keras_backend` is all that Keras needs. With
another backend, `import kremote.keras_compatibility` before Keras does the same.
"""

from __future__ import annotations

import collections
import collections.abc
import functools
import inspect
import re
import sys
import warnings
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import numpy as np

_KERAS = ("keras", "keras_applications", "keras_preprocessing")

#: By module, the names it had when Keras 2.3.1 was written and no longer has.
_DROPPED: Mapping[ModuleType, Mapping[str, Any]] = {
    collections: {name: getattr(collections.abc, name) for name in collections.abc.__all__},
    inspect: {"ArgSpec": collections.namedtuple("ArgSpec", "args varargs keywords defaults")},
    np: {"Inf": np.inf, "alltrue": np.all, "string_": np.bytes_, "unicode_": np.str_, "int": int, "float": float}
    | {"object": object},
}

_undo = ExitStack()


def activate() -> None:
    """Give Keras what it misses; again it does nothing."""
    deactivate()
    for module, names in _DROPPED.items():
        _replace(module, "__getattr__", functools.partial(_answering, module, names))
    try:
        import h5py
    except ImportError:  # Keras works without it, and cannot save
        return
    _replace(h5py.AttributeManager, "__getitem__", _bytes_for_keras)
    _replace(h5py.File, "__init__", _writable_for_keras)
    _replace(h5py.File, "fid", lambda before: before or property(_low_level_file))


def deactivate() -> None:
    """Let everything be as it was before `activate`."""
    _undo.close()


def _replace(owner: Any, name: str, replacement: Callable[[Any], Any]) -> None:
    """Put in the place of an attribute what `replacement` makes of it, until `deactivate`."""
    before = vars(owner).get(name)
    setattr(owner, name, replacement(before))
    _undo.callback(delattr, owner, name) if before is None else _undo.callback(setattr, owner, name, before)


def _for_keras() -> bool:
    """Whether the caller of the function that asks is Keras' own code."""
    name = sys._getframe(2).f_globals.get("__name__", "")
    return str(name).partition(".")[0] in _KERAS


def _answering(
    module: ModuleType, names: Mapping[str, Any], before: Callable[[str], Any] | None
) -> Callable[[str], Any]:
    """A module's `__getattr__` that knows the dropped names."""

    def __getattr__(name: str) -> Any:  # noqa: N807  a module's own
        if name in names and _for_keras():
            return names[name]
        if before is not None:
            return before(name)
        raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

    return __getattr__


def _bytes_for_keras(getitem: Callable[..., Any]) -> Callable[..., Any]:
    """h5py's text attributes as bytes, which Keras decodes itself."""

    @functools.wraps(getitem)
    def __getitem__(self: Any, name: Any) -> Any:  # noqa: N807
        value = getitem(self, name)
        if not _for_keras():
            return value
        if isinstance(value, np.ndarray) and value.dtype.kind in "OT":
            return np.array([_encoded(item) for item in value.flat], dtype=object).reshape(value.shape)
        return _encoded(value)

    return __getitem__


def _encoded(value: Any) -> Any:
    return value.encode("utf8") if isinstance(value, str) else value


def _writable_for_keras(init: Callable[..., None]) -> Callable[..., None]:
    """h5py's files opened for writing where Keras does not say how."""

    @functools.wraps(init)
    def __init__(self: Any, *args: Any, **options: Any) -> None:  # noqa: N807
        if len(args) < 2 and "mode" not in options and _for_keras():
            options["mode"] = "a"
        init(self, *args, **options)

    return __init__


def _low_level_file(file: Any) -> Any:
    """h5py's own handle of a file, as Keras asks for it."""
    if not _for_keras():
        raise AttributeError(f"{type(file).__name__!r} object has no attribute 'fid'")
    return file.id


def _ignore_syntax() -> None:
    """Have Python say nothing where it compiles Keras' source, which compares with `is not 0`."""
    keras = find_spec("keras")
    for folder in (keras and keras.submodule_search_locations) or ():
        warnings.filterwarnings("ignore", category=SyntaxWarning, module=re.escape(folder))


_ignore_syntax()
activate()
