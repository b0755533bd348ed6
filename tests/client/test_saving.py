"""`K.save` and `K.load`: variables to files and back."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import safetensors.numpy

import kremote
from kremote import saving
from kremote_proto.tensor_files import opened
from kremote_proto.tensor_files.formats import FORMATS

from ..conftest import HIDDEN, RunThin, Server

DTYPES = sorted({dtype for form in FORMATS.values() for dtype in form.dtypes})
SHAPES: list[tuple[int, ...]] = [(), (0, 3), (2, 3)]


@pytest.fixture(params=FORMATS)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / f"weights{request.param}"


def array_of(dtype: str, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    return (np.arange(np.prod(shape)).reshape(shape) % 2 + (dtype != "bool")).astype(
        ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype
    )


def written_by_others(path: Path, arrays: dict[str, Any]) -> None:
    safetensors.numpy.save_file(arrays, path) if path.suffix == ".safetensors" else np.savez(path, **arrays)


def test_all_named_variables_go_there_and_come_back(K: ModuleType, path: Path) -> None:
    w = K.variable([1.0, 2.0], name="w")
    b = K.variable([3.0], name="b")
    large = K.variable(np.arange(1_500_000.0), name="large")
    unnamed = K.variable([4.0])
    assert K.save(path) == ["w", "b", "large"]
    K.batch_set_value([(w, [0.0, 0.0]), (b, [0.0]), (unnamed, [0.0]), (large, np.zeros(1_500_000))])
    found = K.load(path)
    assert sorted(found) == ["b", "large", "w"]
    assert K.get_value(found["w"]).tolist() == K.get_value(w).tolist() == [1.0, 2.0]
    assert K.get_value(large)[-1] == 1_499_999
    assert (K.eval(b), K.eval(unnamed)) == (3.0, 0.0)
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_every_dtype_and_shape(K: ModuleType, path: Path) -> None:
    form = FORMATS[path.suffix]
    arrays = {f"{dtype}{shape}": array_of(dtype, shape) for dtype in form.dtypes for shape in SHAPES}
    variables = {name: K.variable(array, dtype=array.dtype.name, name=name) for name, array in arrays.items()}
    K.save(path)
    for variable in variables.values():
        K.set_value(variable, np.zeros(variable.shape, "bool"))
    K.load(path, strict=True)
    for got, array in zip(K.batch_get_value(list(variables.values())), arrays.values(), strict=True):
        assert (got.dtype, got.shape) == (array.dtype, array.shape)
        assert got.tobytes() == array.tobytes()


def test_a_file_of_somebody_else_makes_variables(K: ModuleType, path: Path) -> None:
    arrays = {"model.weight": np.ones((2, 2), "float32"), "größe/a b:0": np.array(3)}
    written_by_others(path, arrays)
    with K.name_scope("around"):
        made = K.symbolic(K.load)(path)
    assert {name: variable.name for name, variable in made.items()} == {name: name for name in arrays}
    assert not made["model.weight"].symbolic
    K.update_add(made["model.weight"], np.ones((2, 2)))
    again = kremote.current_session().variables()
    assert K.get_value(made["model.weight"]).tolist() == again["model.weight"].numpy().tolist() == [[2, 2], [2, 2]]
    assert again["größe/a b:0"].numpy() == 3


def test_what_is_saved_is_read_by_others(K: ModuleType, path: Path) -> None:
    K.variable(np.arange(6).reshape(2, 3), name="w")
    K.save(path)
    theirs = safetensors.numpy.load_file(path) if path.suffix == ".safetensors" else dict(np.load(path))
    assert list(theirs) == ["w"]
    assert theirs["w"].dtype == "float32"
    assert theirs["w"].tolist() == [[0, 1, 2], [3, 4, 5]]


def test_variables_by_list_and_by_dict(K: ModuleType, path: Path) -> None:
    w, w_1, unnamed = K.variable([1.0], name="w"), K.variable([2.0], name="w"), K.variable([3.0])
    assert K.save(path, [w_1, w]) == ["w_1", "w"]
    K.set_value(w, [0.0])
    assert list(K.load(path, [w])) == ["w"]
    assert K.save(path, {"other": unnamed, "w": w_1}) == ["other", "w"]
    K.set_value(unnamed, [0.0])
    assert K.load(path, {"w": w, "other": unnamed})["other"] is unnamed
    assert K.batch_get_value([w, w_1, unnamed]) == [[2.0], [2.0], [3.0]]
    assert K.load(path, []) == {}


@pytest.mark.parametrize(
    ("variables", "error", "message"),
    [
        (lambda K: [K.variable(1.0)], ValueError, r"with names; variables\[0\], <kremote.Variable shape=\(\) .* none"),
        (lambda K: [K.variable(1.0, name="a")] * 2, ValueError, "each variable once; got several times 'a'"),
        (lambda K: [K.constant(1.0)], TypeError, r"expected a variable; got <kremote.Tensor .*\$?variables\[0\]"),
        (lambda K: {"a": np.ones(3)}, TypeError, r"expected a variable; got array.* at variables\['a'\]"),
        (lambda K: {1: K.variable(1.0)}, TypeError, "expected a name for each variable; got 1"),
        (lambda K: {"": K.variable(1.0)}, TypeError, "expected a name for each variable; got ''"),
        (lambda K: K.variable(1.0), TypeError, "expected a list of variables, or a dict"),
        (lambda K: "w", TypeError, "expected a list of variables, or a dict"),
        (lambda K: [], ValueError, "expected variables to save"),
        (lambda K: {"a": K.variable("text", dtype="string")}, TypeError, "files have; 'a' is string"),
    ],
)
def test_what_is_not_saved(
    K: ModuleType, path: Path, variables: Callable[[ModuleType], Any], error: type[Exception], message: str
) -> None:
    path.write_bytes(b"old")
    with pytest.raises(error, match=message):
        K.save(path, variables(K))
    assert path.read_bytes() == b"old"


def test_nothing_named_is_no_empty_file(K: ModuleType, path: Path) -> None:
    K.variable([1.0])
    with pytest.raises(ValueError, match=r"the session has none with a name\n.*K.save\(path, \{"):
        K.save(path)
    assert not path.exists()


@pytest.mark.parametrize(("ending", "dtype"), [(".npz", "bfloat16"), (".safetensors", "complex128")])
def test_a_dtype_the_format_does_not_have(K: ModuleType, tmp_path: Path, ending: str, dtype: str) -> None:
    K.variable([1.0], dtype=dtype, name="w")
    with pytest.raises(TypeError, match=rf"dtypes that \{ending} files have; 'w' is {dtype}\[1\]"):
        K.save(tmp_path / f"w{ending}")


def test_everything_that_does_not_fit_is_told_and_nothing_changes(K: ModuleType, path: Path) -> None:
    fits, short, whole, absent = (K.variable(np.zeros(2), name=name) for name in ("fits", "short", "whole", "absent"))
    given = {"fits": np.ones(2, "float32"), "short": np.ones(1, "float32"), "whole": np.ones(2, "int32")}
    written_by_others(path, given)
    told = r"'short' is float32\[1\] in the place of float32\[2\]; 'whole' is int32\[2\] in the place of float32\[2\]"
    with pytest.raises(ValueError, match=told) as raised:
        K.load(path)
    assert "absent" not in str(raised.value)
    assert "nothing was changed" in str(raised.value)
    with pytest.raises(ValueError, match=r"'absent' is not in it\n") as raised:
        K.load(path, [fits, absent])
    assert list(K.load(path, [fits])) == ["fits"]
    K.set_value(fits, [0.0, 0.0])
    with pytest.raises(ValueError, match="'short' is in it alone; 'whole' is in it alone"):
        K.load(path, [fits], strict=True)
    with pytest.raises(ValueError, match=f"{told}; 'absent' is not in it"):
        K.load(path, strict=True)
    assert not np.any(K.batch_get_value([fits, short, whole, absent]))


def test_strict_makes_nothing(K: ModuleType, path: Path) -> None:
    w = K.variable([1.0], name="w")
    K.save(path, {"w": w, "new": w})
    with pytest.raises(ValueError, match="'new' is in it alone"):
        K.load(path, strict=True)
    assert list(kremote.current_session().variables()) == ["w"]


def test_what_no_variable_is_made_of(K: ModuleType, tmp_path: Path) -> None:
    w = K.variable([1.0], name="w")
    np.savez(tmp_path / "a.npz", w=np.zeros(1, "float32"), day=np.array(["2020-01-01"], "M8[D]"))
    with pytest.raises(ValueError, match=r"'day' is datetime64\[D\]\[1\], of which no variable is made"):
        K.load(tmp_path / "a.npz")
    K.load(tmp_path / "a.npz", [w])
    assert K.eval(w) == 0


def test_a_damaged_file_changes_nothing(K: ModuleType, tmp_path: Path) -> None:
    """The damage is in the last array, when all others were sent already."""
    path = tmp_path / "weights.npz"
    w, last = K.variable([1.0], name="w"), K.variable(np.arange(64.0), name="x")
    K.save(path, {"w": w, "new": w, "x": last})
    content = bytearray(path.read_bytes())
    content[content.index(np.arange(64, dtype="float32").tobytes()) + 128] ^= 1
    path.write_bytes(content)
    K.set_value(w, [0.0])
    with pytest.raises(ValueError, match=r"expected a whole .npz file; got '.*': Bad CRC-32 for file 'x.npy'"):
        K.load(path)
    assert K.eval(w) == 0
    assert sorted(kremote.current_session().variables()) == ["w", "x"]


def test_the_values_are_those_of_one_moment(K: ModuleType) -> None:
    variables = [K.variable(np.ones(5_000_000, "float32"), name=name) for name in "abc"]
    arrays = saving._arrays(variables, [variable.spec for variable in variables])
    assert next(arrays).sum() == 5_000_000
    for variable in variables:
        K.update_add(variable, np.ones(5_000_000, "float32"))
    assert [array.sum() for array in arrays] == [5_000_000, 5_000_000]
    assert K.eval(variables[2]).sum() == 10_000_000


def test_an_interrupted_save_leaves_the_file_as_it_was(
    K: ModuleType, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    K.variable([1.0], name="w")
    K.save(path)
    old = path.read_bytes()

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("kremote.session.Session.fetch", interrupt)
    with pytest.raises(KeyboardInterrupt):
        K.save(path)
    assert path.read_bytes() == old
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_session_saves_its_own(K: ModuleType, server: Server, path: Path) -> None:
    mine = K.variable([1.0], name="mine")
    with kremote.Session(server.url, server.token) as other:
        theirs = other.K.variable([2.0], name="theirs")
        assert other.K.save(path) == ["theirs"]
        assert K.save(path, [theirs]) == ["theirs"]
        other.K.set_value(theirs, [0.0])
        assert K.load(path, {"theirs": theirs}) == {"theirs": theirs}
        assert other.K.eval(theirs) == 2.0
        with pytest.raises(ValueError, match=r"expected a handle of .* at variables\['mine'\]"):
            K.load(path, {"theirs": theirs, "mine": mine})


def test_what_is_saved_while_another_thread_trains_is_of_one_step(K: ModuleType, path: Path) -> None:
    pair = [K.variable(np.zeros(1_000_000), name=name) for name in "ab"]
    updates = K.symbolic(lambda: [K.update_add(one, K.ones_like(one)) for one in pair])()
    step = K.function([], [], updates=updates)
    step([])
    ending = threading.Event()

    def train() -> None:
        while not ending.is_set():
            step([])

    thread = threading.Thread(target=train)
    thread.start()
    try:
        for _ in range(3):
            K.save(path)
            with opened(str(path)) as file:
                assert len({*file.read("a"), *file.read("b")}) == 1
    finally:
        ending.set()
        thread.join()


BRAIN = """
import numpy as np
from kremote import backend as K

w = K.variable([1.5, -2.0, float("nan")], dtype="bfloat16", name="w")
large = K.variable(np.ones(3_000_000), dtype="bfloat16", name="large")
K.save("w.safetensors")
K.batch_set_value([(w, [0.0, 0.0, 0.0]), (large, np.zeros(3_000_000))])
K.load("w.safetensors", strict=True)
assert K.eval(w).dtype == "float32", "ml_dtypes is here"
assert K.eval(w)[:2].tolist() == [1.5, -2.0]
assert K.eval(K.cast(large, "float32")).sum() == 3_000_000
"""


def test_bfloat16_without_ml_dtypes(
    server: Server, run_thin: RunThin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run_thin(BRAIN, hidden=(*HIDDEN, "ml_dtypes"), KREMOTE_URL=server.url, KREMOTE_TOKEN=server.token)
    header = (tmp_path / "w.safetensors").read_bytes()[8:200]
    assert b'"w":{"dtype":"BF16","shape":[3]' in header


FULL = """
import resource
import numpy as np
from kremote import backend as K

w = K.variable(np.ones(1000), name="w")
K.save("w{ending}")
K.variable(np.ones(500_000), name="large")
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
try:
    K.save("w{ending}")
except OSError as error:
    print(error)
K.set_value(w, np.zeros(1000))
assert K.load("w{ending}").keys() == {{"w"}}
assert K.eval(w).sum() == 1000
"""


def test_a_full_disk_leaves_the_file_as_it_was(
    server: Server, run_thin: RunThin, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(path.parent)
    done = run_thin(FULL.format(ending=path.suffix), KREMOTE_URL=server.url, KREMOTE_TOKEN=server.token)
    told = r"\[Errno 27\] File too large; nothing was saved, and a file that was there is as it was: '.*weights?.*'\n"
    assert re.fullmatch(told.replace("weights?.*", f"w{re.escape(path.suffix)}"), done.stdout), done.stdout


WEIGHT = """
import resource
from kremote import backend as K

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10

K.eval(K.ones((8_000_000,)))
before = peak()
for n in range(6):
    K.ones((8_000_000,), name=f"w{{n}}")
K.save("w{ending}")
K.load("w{ending}", strict=True)
print(peak() - before)
"""


def test_one_variable_at_a_time_is_in_memory(
    server: Server, run_thin: RunThin, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six variables of 31 MiB."""
    monkeypatch.chdir(path.parent)
    done = run_thin(WEIGHT.format(ending=path.suffix), KREMOTE_URL=server.url, KREMOTE_TOKEN=server.token)
    assert int(done.stdout) < 80, f"{done.stdout} MiB"
