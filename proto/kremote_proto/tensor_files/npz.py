"""Files of the format .npz, numpy's own: a zip file of .npy files. Nothing is ever unpickled."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO, cast

import numpy as np

from ..dtypes import COMPLEXES, FLOATS, INTEGERS, dtype_name
from ..errors import InvalidType, InvalidValue
from ..npy import NpyHeader, npy_header
from ..specs import Spec
from ..tensors import Array
from .damage import whole

ENDING = ".npz"
DTYPES = tuple(name for name in (*FLOATS, *INTEGERS, "bool", *COMPLEXES) if name != "bfloat16")
_MEMBER = ".npy"


class _Sink:
    """What was written to it, until it is taken."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: Any) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """There is nothing behind it."""

    def taken(self) -> list[bytes]:
        """What was written since the last time."""
        taken, self._pieces = self._pieces, []
        return taken


def pieces(specs: Mapping[str, Spec], arrays: Iterable[Array]) -> Iterator[bytes | memoryview]:
    """The bytes of a file of tensors, in the order of their specs, each taken when those before it were."""
    for name in specs:
        if "\0" in name or len(name.encode()) > 1 << 15:
            raise InvalidValue(f"expected a name that {ENDING} files can have, short and without NUL; got {name!r:.80}")
    return _zipped(specs, arrays)


def _zipped(specs: Mapping[str, Spec], arrays: Iterable[Array]) -> Iterator[bytes]:
    sink = _Sink()
    with zipfile.ZipFile(cast(BinaryIO, sink), "w", zipfile.ZIP_STORED) as archive:
        for name, array in zip(specs, arrays, strict=True):
            with archive.open(name + _MEMBER, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
            yield from sink.taken()
    yield from sink.taken()


class NpzFile:
    """A file that is open for reading. `numpy.load` would take memory for whatever a damaged header says."""

    def __init__(self, file: BinaryIO, path: str) -> None:
        self._path = path
        with whole(path, ENDING):
            self._archive = zipfile.ZipFile(file)
            infos = self._archive.infolist()
            self.specs: Mapping[str, Spec] = {info.filename.removesuffix(_MEMBER): self._spec(info) for info in infos}
            if len(self.specs) < len(infos):
                raise ValueError("a name that stands twice in it")

    def _spec(self, info: zipfile.ZipInfo) -> Spec:
        if not info.filename.endswith(_MEMBER):
            raise ValueError(f"{info.filename!r} is no {_MEMBER} file")
        with self._archive.open(info) as member:
            header = npy_header(cast(BinaryIO, member))
            data_bytes = info.file_size - member.tell()
        expected = math.prod(header.shape) * header.dtype.itemsize
        if not header.dtype.hasobject and data_bytes != expected:
            raise ValueError(f"{data_bytes} bytes of {info.filename!r} in the place of {expected}")
        return Spec(_dtype_of(header), header.shape)

    def read(self, name: str) -> Array:
        with whole(self._path, ENDING), self._archive.open(name + _MEMBER) as member:
            array: Array = np.lib.format.read_array(member, allow_pickle=False)
            return array.astype(array.dtype.newbyteorder("="), copy=False)


def _dtype_of(header: NpyHeader) -> str:
    try:
        return "object" if header.dtype.hasobject else dtype_name(header.dtype)
    except InvalidType:
        return str(header.dtype)
