"""Which formats there are, and which of them a path names."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from ..errors import InvalidValue
from ..specs import Spec
from ..tensors import Array
from . import npz, safetensors


class TensorFile(Protocol):
    """A file that is open for reading."""

    @property
    def specs(self) -> Mapping[str, Spec]:
        """What is in it, by name. A dtype that kremote does not have is named as the file names it."""

    def read(self, name: str) -> Array:
        """One of its tensors; raises `InvalidValue` where the file is damaged there."""


@dataclass(frozen=True)
class Format:
    """A way to keep named tensors in a file."""

    ending: str
    #: The dtypes that it has, by the wire's names.
    dtypes: Collection[str]
    #: Write tensors in the order of their specs, each taken when those before it are written.
    write: Callable[[BinaryIO, Mapping[str, Spec], Iterable[Array]], None]
    #: Open a path for reading; raises `InvalidValue` for what is no whole file of the format.
    open: Callable[[str], AbstractContextManager[TensorFile]]


FORMATS = {
    one.ending: one
    for one in (
        Format(".safetensors", safetensors.DTYPES, safetensors.write, safetensors.opened),
        Format(".npz", npz.DTYPES, npz.write, npz.opened),
    )
}


def format_of(path: str) -> Format:
    """The format that a path's ending names.

    >>> format_of("weights.npz").ending
    '.npz'
    """
    found = FORMATS.get(os.path.splitext(path)[1].lower())
    if found is None:
        raise InvalidValue(f"expected a path that ends in {' or '.join(FORMATS)}; got {path!r}")
    return found
