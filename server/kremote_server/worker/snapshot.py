"""A session's snapshot: its tensors in a .safetensors file, everything else in an index beside it, with checksums."""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import msgpack
import numpy as np
import xxhash

from kremote_proto.dtypes import dtype_name
from kremote_proto.errors import InvalidValue, error_from_wire
from kremote_proto.specs import Spec
from kremote_proto.tensor_files import opened, safetensors
from kremote_proto.tensor_files.replacing import replaced
from kremote_proto.tensors import Array, SparseArray, tensor_from_wire, tensor_to_wire

from .failure import Failure
from .inventory import Inventory
from .journal import Damaged
from .rebuilding import Rebuilding

if TYPE_CHECKING:
    from ..engines.engine import Engine
    from .session import Session

_INDEX = struct.Struct("<8sQ")
_MAGIC = b"KREMSNA1"
_PIECE_BYTES = 1 << 20


@dataclasses.dataclass
class Snapshot:
    """A session at one moment. Its tensors are the engine's, which do not change; they are read when it is written."""

    engine: Engine
    tensors: list[Any]
    index: dict[str, Any]

    @classmethod
    def of(cls, session: Session, number: int) -> Snapshot:
        """The snapshot of a session whose lock is held, before the record of a number; raises `NotKept`."""
        inventory = Inventory(session.engine, session.state.seeds)
        index = {
            "number": number,
            "engine": session.engine.name,
            "stream": session.state.seeds.stream,
            "drawn": session.state.seeds.drawn,
            "values": [[identifier, _value(inventory, value)] for identifier, value in session.values.items()],
            "variables": [[name, inventory.structure(value)] for name, value in session.variables.items()],
            "contents": [[*key, size, inventory.structure(value)] for key, value, size in session.contents.kept()],
            "templates": session.templates.kept(),
            "replies": [[sequence, *dataclasses.astuple(reply)] for sequence, reply in session.replies.kept()],
            "picked": session.picked,
        }
        inventory.finish()
        return cls(session.engine, inventory.tensors, {**index, "objects": inventory.entries})

    def write(self, tensors: Path, index: Path) -> int:
        """Write the files, the index last, each on the disk before it is there; their bytes. Raises `OSError`."""
        specs = {str(number): self._spec(tensor) for number, tensor in enumerate(self.tensors)}
        plain = {name: spec for name, spec in specs.items() if spec.dtype in safetensors.DTYPES and not spec.sparse}
        loose = {name: tensor_to_wire(self._array(name)) for name in specs if name not in plain}
        digest, size = xxhash.xxh3_64(), 0
        with replaced(str(tensors)) as file:
            for piece in safetensors.pieces(plain, cast(Iterator[Array], map(self._array, plain))):
                digest.update(piece)
                size += file.write(piece)
        whole = {**self.index, "loose": loose, "checksum": digest.intdigest()}
        packed = cast(bytes, msgpack.packb(whole, default=_packable))
        with replaced(str(index)) as file:
            file.write(_INDEX.pack(_MAGIC, xxhash.xxh3_64_intdigest(packed)))
            file.write(packed)
        return size + len(packed)

    def _spec(self, tensor: Any) -> Spec:
        if isinstance(tensor, np.ndarray):
            return Spec(dtype_name(tensor.dtype), tensor.shape)
        return self.engine.spec(tensor)

    def _array(self, name: str) -> Array | SparseArray:
        tensor = self.tensors[int(name)]
        return tensor if isinstance(tensor, SparseArray | np.ndarray) else self.engine.array(tensor)


class SnapshotReader:
    """A snapshot's files, which are as they were written; raises `Damaged` where they are not."""

    def __init__(self, tensors: Path, index: Path) -> None:
        self._tensors = tensors
        self.index = _index(index)
        try:
            checksum = _checksum(tensors)
        except OSError as error:
            raise Damaged(f"{tensors.name} cannot be read ({error.strerror})") from error
        if checksum != self.index["checksum"]:
            raise Damaged(f"{tensors.name} is damaged")

    def fill(self, session: Session) -> None:
        """Put everything into an empty session."""
        index, seeds = self.index, session.state.seeds
        if index["engine"] != session.engine.name:
            raise Damaged(f"expected a session of the engine {session.engine.name}; got one of {index['engine']}")
        seeds.begin(index["stream"])
        seeds.count_from(index["drawn"])
        try:
            with opened(str(self._tensors)) as file:

                def tensor(number: int) -> Array | SparseArray:
                    loose = index["loose"].get(str(number))
                    return file.read(str(number)) if loose is None else tensor_from_wire(loose)

                objects = Rebuilding(session.engine, seeds, index["objects"], tensor)
        except InvalidValue as error:
            raise Damaged(error.message) from error
        session.values.update((identifier, _made(objects, plain)) for identifier, plain in index["values"])
        session.variables.update((name, objects.structure(plain)) for name, plain in index["variables"])
        session.contents.restore(
            (tuple(key), objects.structure(plain), size) for *key, size, plain in index["contents"]
        )
        session.templates.restore(index["templates"])
        session.replies.restore(index["replies"])
        session.picked = index["picked"]


def _value(inventory: Inventory, value: Any) -> Any:
    return ["failure", value.error.to_wire()] if isinstance(value, Failure) else inventory.structure(value)


def _made(objects: Rebuilding, plain: Any) -> Any:
    if isinstance(plain, list) and plain[0] == "failure":
        return Failure(error_from_wire(plain[1]))
    return objects.structure(plain)


def _index(path: Path) -> dict[str, Any]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Damaged(f"{path.name} cannot be read ({error.strerror})") from error
    packed = content[_INDEX.size :]
    if content[: _INDEX.size] != _INDEX.pack(_MAGIC, xxhash.xxh3_64_intdigest(packed)):
        raise Damaged(f"{path.name} is damaged")
    return cast(dict[str, Any], msgpack.unpackb(packed, strict_map_key=False))


def _checksum(path: Path) -> int:
    digest = xxhash.xxh3_64()
    with path.open("rb", buffering=0) as file:
        for piece in _pieces(file):
            digest.update(piece)
    return digest.intdigest()


def _pieces(file: Any) -> Iterator[memoryview]:
    room = memoryview(bytearray(_PIECE_BYTES))
    while size := file.readinto(room):
        yield room[:size]


def _packable(value: Any) -> Any:
    if isinstance(value, memoryview):
        return bytes(value)
    raise TypeError(f"expected plain values in an index; got {type(value).__name__}")
