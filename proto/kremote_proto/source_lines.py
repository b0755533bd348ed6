"""Lines of a person's program, as messages name them."""

from __future__ import annotations

import linecache
import sys


def described(location: str) -> str:
    """A "file:line" with what stands there; a notebook's cell by its number, for its file tells nobody anything.

    >>> described("nowhere.py:7")
    'nowhere.py:7'
    """
    file, _, line = location.rpartition(":")
    if not line.isdigit():
        return location
    text = linecache.getline(file, int(line)).strip()
    cell = _cell(file)
    place = f"{cell}, line {line}" if cell else location
    return f"{place}: {text}" if text else place


def _cell(file: str) -> str | None:
    """What IPython calls the cell that it compiled under a file's name."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    name = getattr(getattr(shell, "compile", None), "format_code_name", None)  # since IPython 8
    label = name(file) if name else None
    return None if label is None else " ".join(label)
