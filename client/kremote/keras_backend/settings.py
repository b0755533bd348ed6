"""K's settings where Keras runs on kremote: Keras keeps them, and K reads and sets them there."""

from __future__ import annotations

import sys
from collections.abc import Iterator, MutableMapping
from typing import Any


class KerasSettings(MutableMapping[str, Any]):
    """floatx, epsilon and image_data_format as Keras has them; until Keras is imported, those of before."""

    def __init__(self, before: MutableMapping[str, Any]) -> None:
        self._before = before

    @property
    def _keras(self) -> Any:
        """Keras' own module of settings: the functions `K.floatx` and `K.set_floatx` of a program are its."""
        return sys.modules.get("keras.backend.common")

    def __getitem__(self, name: str) -> Any:
        return getattr(self._keras, name)() if self._keras is not None else self._before[name]

    def __setitem__(self, name: str, value: Any) -> None:
        if self._keras is not None:
            getattr(self._keras, f"set_{name}")(value)
        else:
            self._before[name] = value

    def __delitem__(self, name: str) -> None:
        raise TypeError(f"expected a setting to stay; got del of {name!r}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._before)

    def __len__(self) -> int:
        return len(self._before)
