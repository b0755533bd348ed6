"""Arrays as .npy files: those of numpy are read, and what is none is refused before memory is taken."""

from __future__ import annotations

import io
import random
import tracemalloc
from typing import Any

import numpy as np
import pytest

from kremote_proto.errors import InvalidType, KremoteError, MalformedRequest
from kremote_server.worker.npy import array_of, file_of


def saved(array: Any, *, allow_pickle: bool = False) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=allow_pickle)
    return file.getvalue()


def claiming(shape: str, descr: str = "'<f4'", data: bytes = b"") -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype="float32").reshape(2, 3),
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.array([1.5, 2.5], ">f8"),
        np.array(2.5),
        np.zeros((0, 3), "int8"),
        np.array([True, False]),
        np.array([1 + 2j]),
    ],
)
def test_files_of_numpy_are_read(array: np.ndarray[Any, Any]) -> None:
    got = array_of(memoryview(saved(array)))
    assert got.dtype == array.dtype.newbyteorder("=")
    assert np.array_equal(got, array)
    assert got.shape == array.shape
    written = b"".join(file_of(got))
    assert np.array_equal(np.load(io.BytesIO(written)), array)


def test_texts_are_strings() -> None:
    assert array_of(memoryview(saved(np.array(["a", "é"])))).tolist() == ["a", "é"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x93NUMPY",
        b"PK\x03\x04" + bytes(60),
        claiming("(1000000000000,)"),
        claiming("(0, 4611686018427387904)"),
        claiming("(2,)", data=bytes(7)),
        claiming("(2,)", data=bytes(9)),
        claiming("(-1,)", data=bytes(4)),
        claiming("('2',)"),
        claiming("(2,"),
        claiming("(1,)", "'|O'", bytes(8)),
        claiming("(1,)", "'<U0'"),
        claiming("(1,)", "'nonsense'", bytes(4)),
        saved(np.array([{}], object), allow_pickle=True),
        b"\x93NUMPY\x03\x00" + saved(np.zeros(3))[8:],
    ],
)
def test_what_is_no_file_of_numbers_is_refused_without_taking_memory(body: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(MalformedRequest, match=r"expected an \.npy file"):
            array_of(memoryview(body))
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_dtype_the_wire_does_not_have_is_refused() -> None:
    with pytest.raises(InvalidType, match="expected a dtype"):
        array_of(memoryview(saved(np.array(["2020-01-01"], "M8[D]"))))


def test_spoiled_files_are_read_or_refused() -> None:
    rng, body = random.Random(0), saved(np.arange(4))
    for _ in range(3000):
        spoiled = bytearray(body)
        for _ in range(rng.randrange(1, 4)):
            spoiled[rng.randrange(len(spoiled))] = rng.randrange(256)
        assert read_or_refused(bytes(spoiled))


def read_or_refused(body: bytes) -> bool:
    try:
        return array_of(memoryview(body)).nbytes <= len(body) * 4
    except KremoteError:
        return True
