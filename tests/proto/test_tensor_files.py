"""Files of tensors: what is written is read, here and by others' readers; what is no such file is refused."""

from __future__ import annotations

import io
import json
import random
import tracemalloc
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import safetensors
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

from kremote_proto.dtypes import dtype_name
from kremote_proto.errors import InvalidValue, KremoteError
from kremote_proto.specs import Spec
from kremote_proto.tensor_files import Format, format_of, opened
from kremote_proto.tensor_files.formats import FORMATS

from .wire_arrays import Array, dense, same

ENDINGS = list(FORMATS)
ARRAYS: dict[str, Array] = {
    "kernel": np.arange(6, dtype="float32").reshape(2, 3),
    "half": np.array([1.5, -0.0, np.nan, np.inf], "float16"),
    "on": np.array([True, False, True]),
    "step/of:0": np.array(3, "int64"),
    "nothing": np.zeros((0, 3), "int8"),
    "größe.npy": np.array([255], "uint8"),
    "z": np.array([1 + 2j], "complex64"),
}


def write(path: Path, arrays: Mapping[str, Array]) -> Path:
    specs = {name: Spec(dtype_name(array.dtype), array.shape) for name, array in arrays.items()}
    with path.open("wb") as file:
        file.writelines(format_of(str(path)).pieces(specs, iter(arrays.values())))
    return path


def read(path: Path) -> dict[str, Array]:
    with opened(str(path)) as file:
        arrays = {name: file.read(name) for name in file.specs}
        assert {name: Spec(dtype_name(one.dtype), one.shape) for name, one in arrays.items()} == dict(file.specs)
        return arrays


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_written_is_read(tmp_path: Path, ending: str) -> None:
    found = read(write(tmp_path / f"weights{ending}", ARRAYS))
    assert list(found) == list(ARRAYS)
    assert all(same(found[name], array) for name, array in ARRAYS.items())
    assert read(write(tmp_path / f"none{ending}", {})) == {}


@pytest.mark.parametrize("form", FORMATS.values(), ids=ENDINGS)
@settings(max_examples=40)
@given(data=st.data())
def test_arrays_of_every_dtype_and_layout(
    tmp_path_factory: pytest.TempPathFactory, form: Format, data: st.DataObject
) -> None:
    names = data.draw(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1), unique=True))
    arrays = {name: data.draw(dense(data.draw(st.sampled_from(list(form.dtypes))))) for name in names}
    found = read(write(tmp_path_factory.mktemp("drawn") / f"drawn{form.ending}", arrays))
    assert all(same(found[name], array) for name, array in arrays.items())


def test_the_package_safetensors_reads_ours(tmp_path: Path) -> None:
    arrays = {**ARRAYS, "brain": np.array([1.5, -2.0], ml_dtypes.bfloat16)}
    path = write(tmp_path / "ours.safetensors", arrays)
    with safetensors.safe_open(path, "numpy") as file:
        assert set(file.keys()) == set(arrays)
        assert set(file.metadata()) == {"kremote"}
        assert file.get_slice("brain").get_dtype() == "BF16"
        assert all(same(file.get_tensor(name), array) for name, array in ARRAYS.items())
    header = int.from_bytes(path.read_bytes()[:8], "little")
    assert header % 8 == 0


def test_ours_reads_those_of_the_package_safetensors(tmp_path: Path) -> None:
    path = tmp_path / "theirs.safetensors"
    safetensors.numpy.save_file(ARRAYS, path, metadata={"format": "np"})
    found = read(path)
    assert set(found) == set(ARRAYS)
    assert all(same(found[name], array) for name, array in ARRAYS.items())
    brain = np.array([1.5, -2.0], ml_dtypes.bfloat16)
    spec = safetensors.TensorSpec(dtype="bfloat16", shape=[2], data_ptr=brain.ctypes.data, data_len=4)
    safetensors.serialize_file({"brain": spec}, path)
    assert same(read(path)["brain"], brain)


def test_a_dtype_of_safetensors_that_is_not_kremotes_is_told(tmp_path: Path) -> None:
    eighth = np.ones(4, ml_dtypes.float8_e4m3fn)
    spec = safetensors.TensorSpec(dtype="float8_e4m3fn", shape=[4], data_ptr=eighth.ctypes.data, data_len=4)
    path = tmp_path / "eighth.safetensors"
    safetensors.serialize_file({"eighth": spec}, path)
    with opened(str(path)) as file:
        assert file.specs == {"eighth": Spec("F8_E4M3", (4,))}


def test_numpy_reads_ours(tmp_path: Path) -> None:
    with np.load(write(tmp_path / "ours.npz", {"w": ARRAYS["kernel"], "on": ARRAYS["on"]})) as file:
        assert file.files == ["w", "on"]
        assert same(file["w"], ARRAYS["kernel"])


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_ours_reads_numpys(tmp_path: Path, save: Any) -> None:
    path = tmp_path / "theirs.npz"
    arrays = {"f": np.asfortranarray(ARRAYS["kernel"]), "big": np.array([1.5, 2.5], ">f8"), "large": np.zeros(100_000)}
    save(path, **arrays)
    found = read(path)
    assert all(same(found[name], array) for name, array in arrays.items())


def test_a_name_that_looks_like_anothers_member(tmp_path: Path) -> None:
    arrays = {"w": np.array([1]), "w.npy": np.array([2])}
    assert {name: int(one[0]) for name, one in read(write(tmp_path / "a.npz", arrays)).items()} == {"w": 1, "w.npy": 2}


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "pickled.npz"
    np.savez(path, x=np.array([print], object), text=np.array(["a"]), day=np.array(["2020-01-01"], "M8[D]"))
    with opened(str(path)) as file:
        assert {name: spec.dtype for name, spec in file.specs.items()} == {
            "x": "object",
            "text": "string",
            "day": "datetime64[D]",
        }
        with pytest.raises(InvalidValue, match="Object arrays cannot be loaded"):
            file.read("x")


@pytest.mark.parametrize(
    ("name", "ending"), [("__metadata__", ".safetensors"), ("a\0b", ".npz"), ("a" * 70_000, ".npz")]
)
def test_names_that_a_format_does_not_have(tmp_path: Path, name: str, ending: str) -> None:
    with pytest.raises(InvalidValue, match="expected a"):
        write(tmp_path / f"a{ending}", {name: np.zeros(3)})


@pytest.mark.parametrize("path", ["weights", "weights.h5", "npz", ".npz", "weights.npz/"])
def test_the_ending_says_which_format(path: str) -> None:
    with pytest.raises(InvalidValue, match=r"ends in \.safetensors or \.npz; got"):
        format_of(path)
    assert format_of("A.NPZ").ending == ".npz"


def header_of(header: Any, data: bytes = b"", length: int | None = None) -> bytes:
    encoded = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(encoded) if length is None else length).to_bytes(8, "little") + encoded + data


def entry(dtype: Any = "F32", shape: Any = (1,), offsets: Any = (0, 4)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


NO_SAFETENSORS = [
    b"",
    b"\0" * 7,
    b"\xff" * 100,
    header_of({}, length=1 << 62),
    header_of(b"{"),
    header_of([]),
    header_of("text"),
    header_of(b"\xff\xfe{}"),
    header_of(b"[" * 200_000),
    header_of({"a": entry()}),
    header_of({"a": entry()}, bytes(3)),
    header_of({"a": entry()}, bytes(5)),
    header_of({"a": entry(shape=[2])}, bytes(4)),
    header_of({"a": entry(shape=[-1])}, bytes(4)),
    header_of({"a": entry(shape=[1.0])}, bytes(4)),
    header_of({"a": entry(shape=[True])}, bytes(4)),
    header_of({"a": entry(shape=[1] * 40)}, bytes(4)),
    header_of({"a": entry(shape=[10**12, 10**12])}, bytes(4)),
    header_of({"a": entry(shape=[0, 2**62], offsets=[0, 0])}),
    header_of({"a": entry(offsets=[4, 0])}, bytes(4)),
    header_of({"a": entry(offsets=[0])}, bytes(4)),
    header_of({"a": entry(offsets="04")}, bytes(4)),
    header_of({"a": entry(dtype=32)}, bytes(4)),
    header_of({"a": entry(), "b": entry(offsets=[5, 9])}, bytes(9)),
    header_of({"a": entry(), "b": entry(offsets=[2, 6])}, bytes(6)),
    header_of({"a": {}}, bytes(4)),
    header_of(b'{"a": %s, "a": %s}' % (2 * (json.dumps(entry()).encode(),)), bytes(4)),
    header_of({"a": entry(dtype="BOOL", offsets=[0, 1])}, b"\2"),
]


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def npy(shape: str, data: bytes = b"") -> bytes:
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data


def spoiled_data() -> bytes:
    content = zipped(**{"a.npy": npy("(40,)", bytes(160))})
    at = content.index(bytes(160)) + 80
    return content[:at] + b"\1" + content[at + 1 :]


NO_NPZ = [
    b"",
    b"PK\x03\x04",
    zipped(a=b"text"),
    zipped(**{"a.npy": b""}),
    zipped(**{"a.npy": b"text"}),
    zipped(**{"a.npy": npy("(1000000000000,)")}),
    zipped(**{"a.npy": npy("(-1,)")}),
    zipped(**{"a.npy": npy("(1,)", bytes(3))}),
    zipped(**{"a.npy": npy("(1,)", bytes(5))}),
    zipped(**{"a.npy": npy("(1,)", bytes(4))})[:-3],
    spoiled_data(),
]


@pytest.mark.parametrize(
    ("ending", "content"),
    [(".safetensors", one) for one in NO_SAFETENSORS] + [(".npz", one) for one in NO_NPZ],
)
def test_what_is_no_whole_file_is_refused_without_taking_memory(tmp_path: Path, ending: str, content: bytes) -> None:
    path = tmp_path / f"weights{ending}"
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(InvalidValue, match=rf"expected a whole \{ending} file; got '.*weights\{ending}': "):
            read(path)
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_that_was_cut_off_is_refused_wherever(tmp_path: Path, ending: str) -> None:
    path = write(tmp_path / f"weights{ending}", ARRAYS)
    content = path.read_bytes()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        with pytest.raises(InvalidValue, match="expected a whole"):
            read(path)


@pytest.mark.parametrize("ending", ENDINGS)
def test_spoiled_files_are_read_or_refused(tmp_path: Path, ending: str) -> None:
    path = write(tmp_path / f"weights{ending}", ARRAYS)
    rng, content = random.Random(0), path.read_bytes()
    for _ in range(1000):
        spoiled = bytearray(content)
        for _ in range(rng.randrange(1, 4)):
            spoiled[rng.randrange(len(spoiled))] = rng.randrange(256)
        path.write_bytes(spoiled)
        try:
            with opened(str(path)) as file:
                for name, spec in file.specs.items():
                    if spec.dtype in FORMATS[ending].dtypes:
                        file.read(name)
        except KremoteError:
            pass


def test_writing_and_reading_take_the_memory_of_one_tensor(tmp_path: Path) -> None:
    specs = {f"w{n}": Spec("float32", (1_000_000,)) for n in range(8)}
    for ending in ENDINGS:
        path = tmp_path / f"weights{ending}"
        tracemalloc.start()
        try:
            with path.open("wb") as file:
                file.writelines(
                    format_of(str(path)).pieces(specs, (np.full(1_000_000, n, "float32") for n in range(8)))
                )
            with opened(str(path)) as file:
                for n in range(8):
                    assert file.read(f"w{n}")[-1] == n
            assert tracemalloc.get_traced_memory()[1] < 25_000_000, ending
        finally:
            tracemalloc.stop()
