"""Which formats there are, and which of them a path names."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Protocol, TypeAlias

from ..dtypes import item_bytes
from ..errors import InvalidType, InvalidValue
from ..specs import Spec
from ..tensors import Array
from . import npz, safetensors

Octets: TypeAlias = bytes | memoryview


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
    #: The bytes of a file of tensors, in the order of their specs, each taken when those before it were.
    pieces: Callable[[Mapping[str, Spec], Iterable[Array]], Iterator[Octets]]
    #: Read an open file, which messages call by a name; raises `InvalidValue` for what is no whole file of the format.
    reading: Callable[[BinaryIO, str], TensorFile]

    def arranged(self, specs: Mapping[str, Spec]) -> dict[str, Spec]:
        """Specs in the order of a file, the largest elements first, so that all are aligned.

        Raises `InvalidType` where the format does not have a dtype.
        """
        wrong = [f"{name!r} is {spec}" for name, spec in specs.items() if spec.dtype not in self.dtypes or spec.sparse]
        if wrong:
            raise InvalidType(
                f"expected tensors of dtypes that {self.ending} files have; {', '.join(wrong[:20])}",
                hint=f"they have {', '.join(self.dtypes)}",
            )
        return dict(sorted(specs.items(), key=lambda item: -item_bytes(str(item[1].dtype))))


FORMATS = {
    one.ending: one
    for one in (
        Format(safetensors.ENDING, safetensors.DTYPES, safetensors.pieces, safetensors.SafetensorsFile),
        Format(npz.ENDING, npz.DTYPES, npz.pieces, npz.NpzFile),
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


@contextmanager
def opened(path: str) -> Iterator[TensorFile]:
    """Open a file for reading; raises `InvalidValue` for what is no whole file of the format that its ending names."""
    form = format_of(path)
    with open(path, "rb") as file:
        yield form.reading(file, path)
