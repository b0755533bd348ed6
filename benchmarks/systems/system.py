"""A system under measurement: named works, each prepared once and then repeated, by commands on stdin."""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TextIO


def _nothing() -> None:
    """No preparation."""


@dataclass(frozen=True)
class Work:
    """Something to repeat. Only `once` is timed; `before` makes what each time needs anew."""

    once: Callable[[], Any]
    before: Callable[[], Any] = _nothing


class System:
    """What can be measured of one system."""

    def works(self) -> Mapping[str, Callable[..., Work]]:
        """What prepares each work, by the work's name; sizes are its keyword arguments."""
        return {}

    def tasks(self) -> Mapping[str, Callable[..., dict[str, Any]]]:
        """What is done once and says itself what came of it."""
        return {}

    def counters(self) -> Mapping[str, float]:
        """What the system counts of itself, such as requests."""
        return {}

    def close(self) -> None:
        """End the system's other processes."""


def measured(work: Work, calls: int) -> list[float]:
    """Seconds of each of so many calls."""
    seconds = []
    clock = time.perf_counter
    for _ in range(calls):
        work.before()
        began = clock()
        work.once()
        seconds.append(clock() - began)
    return seconds


class _Commands:
    """Answers commands for one system."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._prepared: dict[str, Work] = {}

    def answer_or_error(self, command: Mapping[str, Any]) -> dict[str, Any]:
        """The answer, or why there is none."""
        try:
            return self.answer(command)
        except Exception:
            return {"error": traceback.format_exc()}

    def answer(self, command: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to `{"prepare": work, "sizes": {...}}`, `{"measure": work, "calls": n}` or `{"do": task, ...}`."""
        if "do" in command:
            return self._system.tasks()[command["do"]](**command["sizes"])
        if "prepare" in command:
            name = command["prepare"]
            self._prepared[name] = self._system.works()[name](**command["sizes"])
            return {}
        before = self._system.counters()
        seconds = measured(self._prepared[command["measure"]], command["calls"])
        after = self._system.counters()
        return {"seconds": seconds, "counters": {name: after[name] - before[name] for name in after}}


def answer_commands(start: Callable[[], System]) -> None:
    """Start a system, say `{}` when it is ready, and answer commands until stdin ends."""
    answers = _private_stdout()

    def say(answer: Mapping[str, Any]) -> None:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    try:
        system = start()
    except BaseException:
        say({"error": traceback.format_exc()})
        raise
    say({})
    commands = _Commands(system)
    try:
        for line in sys.stdin:
            say(commands.answer_or_error(json.loads(line)))
    finally:
        system.close()


def _private_stdout() -> TextIO:
    """Stdout for answers alone: whatever else this process or its children print goes to stderr."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return answers
