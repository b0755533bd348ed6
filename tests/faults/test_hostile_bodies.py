"""Bodies that are small on the wire and huge in memory, and names that lead elsewhere, sent to a real worker."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgpack
import pytest

from ..conftest import running_server

MEBIBYTE = 1 << 20
#: What a compressed body may become on the server of these tests, and what a worker may grow by meanwhile.
INFLATED, GROWTH = 4 * MEBIBYTE, 96 * MEBIBYTE
#: Zeros, packed to a thousandth.
SIZE = 1 << 30


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    options = ["--backend", "numpy", "--inflated-bytes", str(INFLATED), "--tensor-bytes", "64MiB"]
    with running_server(tmp_path_factory.mktemp("hostile"), *options) as server:
        headers = {"authorization": f"Bearer {server.token}", "accept": "application/json"}
        with httpx.Client(base_url=server.url, headers=headers, timeout=120, trust_env=False) as client:
            yield client


@pytest.fixture
def session(client: httpx.Client) -> Iterator[str]:
    path = f"/v1/sessions/{client.post('/v1/sessions').json()['session']}"
    yield path
    assert client.get(path).status_code == 200, "the session goes on"
    client.delete(path)


@pytest.fixture
def flat(client: httpx.Client) -> Iterator[None]:
    """The worker is the same one afterwards, and did not grow."""
    before = worker(client)
    memory = peak(before["pid"])
    yield
    after = worker(client)
    assert after["pid"] == before["pid"]
    assert peak(after["pid"]) - memory < GROWTH


def worker(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/v1/status").json()["workers"][0]
    return found


def peak(process: int) -> int:
    """The most memory a process ever had, in bytes."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def deflated(prefix: bytes = b"", size: int = SIZE, wbits: int = 15) -> bytes:
    packer, zeros = zlib.compressobj(9, zlib.DEFLATED, wbits), bytes(MEBIBYTE)
    pieces = [packer.compress(prefix), *(packer.compress(zeros) for _ in range(size // MEBIBYTE)), packer.flush()]
    return b"".join(pieces)


@pytest.fixture(scope="module")
def bombs() -> dict[str, bytes]:
    zeros = deflated()
    return {
        "deflate": zeros,
        "gzip": deflated(wbits=31),
        "a second bomb in the first": zlib.compress(zeros),
        "many members": gzip.compress(bytes(MEBIBYTE)) * 64,
    }


PROMISE = {"dtype": "float64", "shape": [1 << 30], "data": b""}


def refused(response: httpx.Response) -> str:
    assert response.status_code in (400, 413), response.text
    code: str = response.json()["error"]["code"]
    assert code in ("limit_exceeded", "malformed_request", "result_too_large", "invalid_value", "invalid_type")
    return code


@pytest.mark.usefixtures("flat")
@pytest.mark.parametrize("kind", ["deflate", "gzip", "a second bomb in the first", "many members"])
@pytest.mark.parametrize(
    ("method", "path", "content_type"),
    [
        ("POST", "/run", "application/msgpack"),
        ("POST", "/run", "application/json"),
        ("POST", "/ops/dot", "application/msgpack"),
        ("PUT", "/tensors/5?dtype=uint8&shape=1073741824", "application/octet-stream"),
        ("PUT", "/tensors/5?dtype=uint8&shape=4", "application/octet-stream"),
        ("PUT", "/tensors/5", "application/x-npy"),
        ("PUT", "/variables/w?dtype=uint8&shape=8", "application/octet-stream"),
    ],
)
def test_a_body_that_becomes_huge_is_refused(
    client: httpx.Client, session: str, bombs: dict[str, bytes], kind: str, method: str, path: str, content_type: str
) -> None:
    encoding = "deflate" if kind in ("deflate", "a second bomb in the first") else "gzip"
    headers = {"content-encoding": encoding, "content-type": content_type}
    refused(client.request(method, session + path, content=bombs[kind], headers=headers))


@pytest.mark.usefixtures("flat")
@pytest.mark.parametrize(
    "body",
    [
        b"\xdd\xff\xff\xff\xff",  # a list of 2**32 entries, none of them there
        b"\xdf\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        b"\xdb\xff\xff\xff\xff",
        b"\x91" * 100_000,  # lists in lists
        b"\x81\xa1a" * 50_000,
        msgpack.packb({"instructions": [{"op": "zeros", "args": {"shape": [1 << 40]}}]}),
        msgpack.packb({"instructions": [{"op": "zeros", "args": {"shape": [1 << 15] * 4}}]}),
        msgpack.packb({"instructions": [{"op": "abs", "args": {"x": {"input": 0}}}], "inputs": [PROMISE]}),
        msgpack.packb({"instructions": [{}] * 100_000}),
        b"\x81\xacinstructions\xdc\xff\xff" + b"\x80" * 65_535,
    ],
    ids=lambda body: f"{body[:12]!r}",
)
def test_a_program_of_huge_promises_is_refused(client: httpx.Client, session: str, body: bytes) -> None:
    response = client.post(f"{session}/run", content=body, headers={"content-type": "application/msgpack"})
    if response.status_code == 200:  # the program is one; its instruction is refused
        assert "error" in response.json()["results"][0]
    else:
        refused(response)


@pytest.mark.usefixtures("flat")
@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 50_000, b"1" * 1_000_000, b'"' + b"\\u0000" * 100_000])
def test_json_without_a_bottom_is_refused(client: httpx.Client, session: str, body: bytes) -> None:
    refused(client.post(f"{session}/run", content=body, headers={"content-type": "application/json"}))


def npy(header: str) -> bytes:
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


@pytest.mark.usefixtures("flat")
@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776,)}",
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,)}",
        "__import__('os').system('true')",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}",
        "(" * 5000,
    ],
    ids=lambda header: header[:30],
)
def test_a_file_that_is_a_program_or_a_promise_is_refused(client: httpx.Client, session: str, header: str) -> None:
    response = client.put(f"{session}/tensors/5", content=npy(header), headers={"content-type": "application/x-npy"})
    refused(response)


TRICKS = [
    "..",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "%00",
    "a%00b",
    "%ff",
    "a//b",
    "%0d%0aX:%20y",
    "x" * 50_000,
    "%2fetc%2fpasswd",
]


@pytest.mark.parametrize("trick", TRICKS, ids=lambda trick: trick[:30])
def test_a_variables_name_is_a_name_and_nothing_else(client: httpx.Client, session: str, trick: str) -> None:
    send = raw(client)
    status = send("PUT", f"{session}/variables/{trick}", b"[1, 2]")
    assert status in (200, 201, 400, 413)
    if status in (200, 201):
        assert send("GET", f"{session}/variables/{trick}", b"") == 200
        assert len(client.get(f"{session}/variables").json()["variables"]) == 1
        assert send("DELETE", f"{session}/variables/{trick}", b"") == 204
    assert client.get(f"{session}/variables").json()["variables"] == []


@pytest.mark.parametrize("trick", [*TRICKS, "-1", "0", "1e3", "9" * 40, "0x1", "%D9%A1", "1.0", "+1", "1_0"])
def test_an_id_is_a_number_and_nothing_else(client: httpx.Client, session: str, trick: str) -> None:
    for method in ("GET", "PUT", "DELETE"):
        assert raw(client)(method, f"{session}/tensors/{trick}", b"[1]") in (400, 404, 413), method


def raw(client: httpx.Client) -> Callable[[str, str, bytes], int]:
    """What sends a path as it is, which httpx makes tidy first."""
    from http.client import HTTPConnection

    def send(method: str, path: str, body: bytes) -> int:
        connection = HTTPConnection(client.base_url.host, client.base_url.port, timeout=60)
        headers = {**client.headers, "content-type": "application/json"}
        connection.request(method, path, body, {name: value for name, value in headers.items() if name != "host"})
        status = connection.getresponse().status
        connection.close()
        return status

    return send
