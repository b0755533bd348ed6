"""Files of the format safetensors: the length of a header, the header, which is JSON, and the tensors' bytes.

The package of that name writes a file from arrays that are all in memory, and reads no bfloat16 where ml_dtypes is not
installed; the tests compare files with it.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, BinaryIO, NamedTuple

from .. import __version__
from ..dtypes import item_bytes
from ..errors import InvalidValue
from ..specs import Spec
from ..tensors import MOST_AXES, Array, SparseArray, tensor_from_wire, tensor_to_wire
from .damage import whole

ENDING = ".safetensors"
_CODES = {
    "float16": "F16",
    "bfloat16": "BF16",
    "float32": "F32",
    "float64": "F64",
    "int8": "I8",
    "int16": "I16",
    "int32": "I32",
    "int64": "I64",
    "uint8": "U8",
    "uint16": "U16",
    "uint32": "U32",
    "uint64": "U64",
    "bool": "BOOL",
    "complex64": "C64",
}
DTYPES = tuple(_CODES)
_NAMES = {code: name for name, code in _CODES.items()}
_METADATA = "__metadata__"
#: What other readers bound a header by.
_MOST_HEADER = 100_000_000


def pieces(specs: Mapping[str, Spec], arrays: Iterable[Array]) -> Iterator[bytes | memoryview]:
    """The bytes of a file of tensors, in the order of their specs, each taken when those before it were."""
    header = _header(specs)
    data = (tensor_to_wire(array, dtype=spec.dtype)["data"] for spec, array in zip(specs.values(), arrays, strict=True))
    return chain([len(header).to_bytes(8, "little"), header], data)


def _header(specs: Mapping[str, Spec]) -> bytes:
    if _METADATA in specs:
        raise InvalidValue(f"expected another name than {_METADATA!r}, which {ENDING} files keep for themselves")
    header: dict[str, Any] = {_METADATA: {"kremote": __version__}}
    end = 0
    for name, spec in specs.items():
        assert spec.dtype is not None
        assert spec.bytes is not None
        begin, end = end, end + spec.bytes
        header[name] = {"dtype": _CODES[spec.dtype], "shape": spec.shape, "data_offsets": [begin, end]}
    encoded = json.dumps(header, separators=(",", ":")).encode()
    return encoded.ljust(-(-len(encoded) // 8) * 8)  # the data begins where any element may


class _Entry(NamedTuple):
    spec: Spec
    begin: int
    end: int


class SafetensorsFile:
    """A file that is open for reading."""

    def __init__(self, file: BinaryIO, path: str) -> None:
        self._file = file
        self._path = path
        with whole(path, ENDING):
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length > min(size - 8, _MOST_HEADER):
                raise ValueError(f"a header of {length} bytes in a file of {size}")
            self._start = 8 + length
            self._entries = _entries(file.read(length), size - self._start)

    @property
    def specs(self) -> Mapping[str, Spec]:
        return {name: entry.spec for name, entry in self._entries.items()}

    def read(self, name: str) -> Array:
        spec, begin, end = self._entries[name]
        with whole(self._path, ENDING):
            self._file.seek(self._start + begin)
            wire = {"dtype": spec.dtype, "shape": spec.shape, "data": self._file.read(end - begin)}
            array = tensor_from_wire(wire, name)
        assert not isinstance(array, SparseArray)
        return array


def _entries(header: bytes, data_bytes: int) -> dict[str, _Entry]:
    """What a header says, checked: tensors follow each other and fill the file."""
    described = json.loads(header.decode(), object_pairs_hook=_unique)
    if not isinstance(described, dict):
        raise ValueError("a header that is no map")
    described.pop(_METADATA, None)
    entries = {name: _entry(name, one) for name, one in described.items()}
    end = 0
    for name, entry in sorted(entries.items(), key=lambda item: item[1].begin):
        if entry.begin != end:
            raise ValueError(f"data of {name!r} that begins at {entry.begin} in the place of {end}")
        end = entry.end
    if end != data_bytes:
        raise ValueError(f"{data_bytes} bytes of data in the place of {end}")
    return entries


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name that stands twice in the header")
    return found


def _entry(name: str, wire: Any) -> _Entry:
    code, shape, (begin, end) = wire["dtype"], wire["shape"], wire["data_offsets"]
    if not isinstance(code, str) or any(type(n) is not int or n < 0 for n in (*shape, begin, end)):
        raise ValueError(f"an entry of {name!r} that is none: {str(wire)[:100]}")
    dtype = _NAMES.get(code, code)
    if len(shape) > MOST_AXES:
        raise ValueError(f"{name!r} of {len(shape)} axes")
    if dtype in DTYPES and end - begin != math.prod(shape) * item_bytes(dtype):
        raise ValueError(f"{end - begin} bytes for {name!r}, which is {dtype} of shape {shape}")
    return _Entry(Spec(dtype, tuple(shape)), begin, end)
