"""What proto/README.md says is what the code does: bytes, tables, links."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import pytest

from kremote_proto import ops  # noqa: F401  declares the catalogue
from kremote_proto.dtypes import DTYPES, item_bytes
from kremote_proto.errors import ERRORS
from kremote_proto.op import CATALOGUE
from kremote_server.routes.forward import ADDRESSES, PREFIX
from kremote_server.settings import Settings

from ..conftest import Server

PROTO = Path(__file__).parents[2] / "proto"
README = (PROTO / "README.md").read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    """The rows of the first table whose head begins so, without head and rule."""
    _, found, rest = README.partition(f"\n| {heading} |")
    assert found, f"expected a table that begins with | {heading} |"
    lines = rest.splitlines()[2:]
    rows = lines[: next(n for n, line in enumerate(lines) if not line.startswith("|"))]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]


def names(cells: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cells)


def test_the_bytes_are_those_of_the_vector() -> None:
    blocks = re.findall(r"<!-- bytes of (\S+) -->\n```\n(.*?)```", README, re.DOTALL)
    assert len(blocks) == 2
    for file, block in blocks:
        shown = bytes.fromhex("".join(re.match(r"([0-9a-f]{2} ?)+", line)[0] for line in block.splitlines()))  # type: ignore[index]
        assert shown == (PROTO / file).read_bytes(), file
        assert f"Content-Length: {len(shown)}\n" in README


def test_the_table_of_dtypes() -> None:
    assert {names(row[0])[0]: row[1] for row in table("dtype | bytes")} == {
        name: "–" if name == "string" else str(item_bytes(name)) for name in DTYPES
    }


def test_the_table_of_errors() -> None:
    assert {names(row[0])[0]: int(row[1]) for row in table("code | status")} == {
        code: error.status for code, error in ERRORS.items()
    }


def test_the_table_of_kinds() -> None:
    told = {name for row in table("kind | on the wire") for name in names(row[0])}
    assert told == {parameter.kind.name for op in CATALOGUE.values() for parameter in op.parameters.values()}


def test_the_table_of_limits() -> None:
    defaults = Settings().limits
    units = {"MiB": 1 << 20, "GiB": 1 << 30}
    told = {names(row[0])[0]: row[1].split() for row in table("limit | default")}
    assert {name: int(number) * units.get("".join(unit), 1) for name, (number, *unit) in told.items()} == defaults


def test_the_table_of_addresses(server: Server) -> None:
    told = {(row[0], *names(row[1])[:1]) for row in table("method | address")}
    forwarded = {(address.method, (PREFIX + address.path).replace(":path", "")) for address in ADDRESSES}
    assert forwarded <= told
    document = httpx.get(f"{server.url}/openapi.json", headers={"authorization": f"Bearer {server.token}"}).json()
    offered = {
        (method.upper(), path)
        for path, methods in document["paths"].items()
        for method in methods
        if "/ops/" not in path or "{op}" in path
    }
    one_op = ("POST", "/v1/sessions/{session}/ops/{op}")
    assert told - {("GET", "/openapi.json")} == (offered | {one_op}) - {("GET", "/")}


def test_the_first_example(server: Server) -> None:
    """The two requests that curl makes on the page."""
    sent = re.findall(r"-d '(.*?)'", README)
    shown = re.findall(r"^\{\"id\".*\}$", README, re.MULTILINE)[0]
    headers = {"authorization": f"Bearer {server.token}", "content-type": "application/json"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=60) as http:
        opened = http.post("/v1/sessions", content=sent[0]).json()
        assert list(opened) == ["session", "protocol", "engine", "server", "limits"]
        here = f"/v1/sessions/{opened['session']}"
        answered = http.post(f"{here}/ops/dot", params={"fetch": "true"}, content=sent[1])
        assert answered.json() == json.loads(shown)
        http.delete(here)


def test_the_example_of_a_program(server: Server) -> None:
    block = re.search(r"POST /v1/sessions/\{session\}/run\n(.*?)→ 200\n(.*?)```", README, re.DOTALL)
    assert block is not None
    headers = {"authorization": f"Bearer {server.token}", "content-type": "application/json"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=60) as http:
        here = f"/v1/sessions/{http.post('/v1/sessions').json()['session']}"
        answered = http.post(f"{here}/run", json=json.loads(block[1])).json()
        assert answered == json.loads(block[2].replace("...", "[3.0, 3.0]"))
        http.delete(here)


@pytest.mark.parametrize("page", [PROTO / "README.md", PROTO / "vectors" / "README.md"])
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    anchors = {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    }
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if target.startswith("#"):
            assert target[1:] in anchors, target
        elif not target.startswith("http"):
            assert (page.parent / target).exists(), target
