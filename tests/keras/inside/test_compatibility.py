"""What younger Pythons, numpys and h5pys dropped is there for Keras, and for nobody else."""

from __future__ import annotations

import collections
import inspect
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from kremote import keras_compatibility

DROPPED = [
    "collections.Iterable",
    "collections.Mapping",
    "collections.Sequence",
    "inspect.ArgSpec",
    "np.Inf",
    "np.string_",
    "np.unicode_",
]


def as_keras(expression: str, module: str = "keras.pretended", **names: Any) -> Any:
    """What an expression gives in a module of Keras."""
    known = {"collections": collections, "inspect": inspect, "np": np, "h5py": h5py}
    return eval(expression, {"__name__": module, **known, **names})


def known_here(expression: str) -> bool:
    try:
        as_keras(expression, module=__name__)
    except AttributeError:
        return False
    return True


@pytest.mark.parametrize("expression", DROPPED)
def test_a_dropped_name_is_there_for_keras(expression: str) -> None:
    assert as_keras(expression) is not None
    assert as_keras(expression, "keras_preprocessing.sequence") is not None


@pytest.mark.parametrize("expression", DROPPED)
def test_a_dropped_name_is_there_for_nobody_else(expression: str) -> None:
    keras_compatibility.deactivate()
    try:
        before = known_here(expression)
    finally:
        keras_compatibility.activate()
    assert known_here(expression) == before
    assert not known_here("np.no_such_name")
    with pytest.raises(AttributeError, match="no_such_name"):
        as_keras("collections.no_such_name")


def test_keras_imports_a_dropped_name() -> None:
    names: dict[str, Any] = {"__name__": "keras.pretended"}
    exec("from collections import Iterable", names)
    assert names["Iterable"] is collections.abc.Iterable


def test_texts_of_hdf5_are_bytes_for_keras_alone(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "file.h5", "w") as file:
        file.attrs["text"] = "größer"
        file.attrs["texts"] = ["one", "two"]
        file.attrs["numbers"] = [1, 2]
        assert file.attrs["text"] == "größer"
        assert list(file.attrs["texts"]) == ["one", "two"]
        assert as_keras("file.attrs['text']", file=file).decode() == "größer"
        assert list(as_keras("file.attrs['texts']", file=file)) == [b"one", b"two"]
        assert list(as_keras("file.attrs['numbers']", file=file)) == [1, 2]


def test_files_of_hdf5_are_written_by_keras_unless_it_says_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "file.h5"
    as_keras("h5py.File(path)", path=path).close()
    assert as_keras("h5py.File(path, 'r').mode", path=path) == "r"
    with pytest.raises(OSError, match="open"):
        h5py.File(tmp_path / "other.h5")


def test_the_image_of_a_file_in_memory() -> None:
    with h5py.File("memory", "w", driver="core", backing_store=False) as file:
        file["x"] = [1, 2, 3]
        file.flush()
        assert as_keras("file.fid.get_file_image()", file=file)[:4] == b"\x89HDF"
        assert not hasattr(file, "fid")
