"""State, functions, callables and sparse tensors of the numpy engine: TensorFlow's tests, on a server of numpy."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

import pytest

from ..conftest import Server, running_server
from .rows import ELSEWHERE


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("numpy"), "--backend", "numpy") as started:
        yield started


for _file in (*ELSEWHERE, "test_sparse.py"):
    _module = import_module(f".{_file.removesuffix('.py')}", __package__)
    for _name, _test in inspect.getmembers(_module, inspect.isfunction):
        through_k = _name.startswith("test_") and "K" in inspect.signature(_test).parameters
        if through_k and "K.gradients" not in inspect.getsource(_test):
            globals()[f"{_name}_in_{_file.removesuffix('.py')}"] = _test


def test_gradients_say_which_engine_has_them(K: ModuleType) -> None:
    x = K.placeholder((2,))
    with pytest.raises(NotImplementedError, match="the engine numpy has no gradients") as caught:
        K.gradients(K.sum(x), [x])
    assert "tensorflow" in caught.value.hint  # type: ignore[attr-defined]
