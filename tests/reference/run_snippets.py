"""Run as a script: runs snippets as a client without TensorFlow, and prints how each ended, as JSON.

`python run_snippets.py SNIPPET...`. The interpreter starts once: each snippet is a child forked from it before K has
connected to anything, so it finds what a new interpreter would.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import sys
import tempfile
from importlib.abc import MetaPathFinder
from typing import Any

SERVER_ONLY = ("tensorflow", "tf_keras", "keras", "kremote_server", "fastapi", "uvicorn")


class Refusal(MetaPathFinder):
    """Refuses what only a server has."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name.partition(".")[0] in SERVER_ONLY:
            raise ModuleNotFoundError(f"a client does without {name}", name=name)


def run(path: str) -> dict[str, Any]:
    """How a snippet ended, and what it said."""
    with tempfile.TemporaryFile("w+") as output:
        child = os.fork()
        if child == 0:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            runpy.run_path(path, run_name="__main__")
            sys.exit()  # as a script ends, with what is registered for its end
        _, status = os.waitpid(child, 0)
        output.seek(0)
        return {"status": os.waitstatus_to_exitcode(status), "output": output.read()}


if __name__ == "__main__":
    sys.meta_path.insert(0, Refusal())
    for module in ("httpx", "kremote.backend"):
        importlib.import_module(module)
    print(json.dumps({path: run(path) for path in sys.argv[1:]}))
