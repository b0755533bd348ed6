"""Engines load by module name, and a module that is none says everything it lacks."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from kremote_proto.errors import InvalidValue
from kremote_server.engines.loading import load_engine

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(HERE))
    for name in ("tiny", "incomplete"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def test_an_importable_module_is_an_engine() -> None:
    """Statement 7."""
    assert load_engine("tiny").name == "tiny"


def test_every_missing_name_is_in_one_error() -> None:
    """Statements 8 and 9."""
    with pytest.raises(ValueError, match="Missing required entries: variable, function") as caught:
        load_engine("incomplete")
    assert "placeholder," in str(caught.value.hint), "the hint names all that is required"  # type: ignore[attr-defined]


def test_a_module_that_is_not_there_is_named() -> None:
    with pytest.raises(InvalidValue, match=r"'no_such_package\.backend' fails to import"):
        load_engine("no_such_package.backend")
