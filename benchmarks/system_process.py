"""The process of a system, seen from the benchmark that drives it."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .processes import cpu_seconds, tree

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Repetition:
    """What one repetition took."""

    seconds: list[float]
    #: CPU seconds by process: `client` is the system's own process with its children.
    cpu: dict[str, float] = field(default_factory=dict)
    counters: dict[str, float] = field(default_factory=dict)


class SystemFailed(Exception):
    """A system could not do what it was asked; the message is its traceback."""


class SystemProcess:
    """A system, started; works are prepared, then measured as often as wanted."""

    def __init__(
        self,
        name: str,
        python: Path,
        environment: Mapping[str, str],
        others: Callable[[], Mapping[str, Sequence[int]]] = dict,
    ) -> None:
        self.name = name
        self._others = others
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115  closed with the process
        self._process = subprocess.Popen(
            [python, "-m", "benchmarks.systems", name],
            cwd=ROOT,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "GRPC_VERBOSITY": "NONE", **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        try:
            self._answer()
        except BaseException:
            self._process.kill()
            self.close()
            raise

    @property
    def process(self) -> int:
        """The process's id."""
        return self._process.pid

    def prepare(self, work: str, **sizes: Any) -> None:
        """Make what a work needs."""
        self._ask({"prepare": work, "sizes": sizes})

    def measure(self, work: str, calls: int) -> Repetition:
        """One repetition: so many calls of a prepared work."""
        processes = self._processes()
        before = {part: cpu_seconds(those) for part, those in processes.items()}
        answer = self._ask({"measure": work, "calls": calls})
        cpu = {part: cpu_seconds(those) - before[part] for part, those in processes.items()}
        return Repetition(answer["seconds"], cpu, answer["counters"])

    def do(self, task: str, **sizes: Any) -> dict[str, Any]:
        """What came of a task."""
        self.begin(task, **sizes)
        return self.finish()

    def begin(self, task: str, **sizes: Any) -> None:
        """Begin a task; `finish` waits for it."""
        self._say({"do": task, "sizes": sizes})

    def finish(self) -> dict[str, Any]:
        """What came of the task that was begun."""
        return self._answer()

    def _processes(self) -> dict[str, Sequence[int]]:
        return {"client": tree(self._process.pid), **self._others()}

    def _ask(self, command: Mapping[str, Any]) -> dict[str, Any]:
        self._say(command)
        return self._answer()

    def _say(self, command: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(command) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise SystemFailed(f"{self.name} is gone") from error

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemFailed(f"{self._said()}\n{self.name} ended with exit code {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise SystemFailed(f"{self.name}: {answer['error']}")
        return answer

    def _said(self) -> str:
        self._log.seek(0)
        return self._log.read()[-4000:]

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._log.close()
