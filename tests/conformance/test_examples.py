"""The example of every op's docstring, run and compared as printed."""

from __future__ import annotations

import doctest
from types import ModuleType

import numpy as np
import pytest

from kremote_proto.op import CATALOGUE

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_example(K: ModuleType, name: str) -> None:
    examples = doctest.DocTestParser().get_doctest(CATALOGUE[name].doc, {"K": K, "np": np}, name, None, 0)
    assert examples.examples, "every op has an example"
    said: list[str] = []
    result = doctest.DocTestRunner(optionflags=FLAGS).run(examples, out=said.append)
    assert not result.failed, "".join(said)
