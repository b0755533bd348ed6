"""`kremote top`: the sessions of a server by what they use, again and again on a terminal, once elsewhere."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from .text_table import table
from .transport import Transport
from .usage import count, seconds, size

#: Back to the first cell; the rest of a line and of the screen cleared.
_HOME, _END_OF_LINE, _END_OF_SCREEN = "\x1b[H", "\x1b[K", "\x1b[J"
_LEFT = ("OWNER", "SESSION", "STATE")
_HEAD = (*_LEFT, "BYTES", "VALUES", "VARIABLES", "REQUESTS", "BUSY", "RUNNING", "COMPUTED", "WORKER")


def show(transport: Transport, *, mine: bool, every: float) -> int:
    """Show a server's sessions (an admin everybody's) every so many seconds, until Ctrl-C; the exit code."""
    path = "/v1/usage" if mine else "/v1/usage?owner=*"
    if not sys.stdout.isatty():
        print(page(transport.call("GET", path)))
        return 0
    before, at = None, 0.0
    try:
        while True:
            told, now = transport.call("GET", path), time.monotonic()
            _draw(page(told, before, now - at).splitlines())
            before, at = told, now
            time.sleep(every)
    except KeyboardInterrupt:
        return 0


def page(told: Mapping[str, Any], before: Mapping[str, Any] | None = None, elapsed: float = 0.0) -> str:
    """What is told of usage, as text; with what was told some seconds before also how busy sessions were since."""
    computed = {one["session"]: one["compute_seconds"] for one in before["sessions"]} if before else {}
    rows = [(one, _busy(one, computed.get(one["session"]), elapsed)) for one in told["sessions"]]
    rows.sort(key=lambda row: (-(row[1] or 0), -(row[0]["bytes"] or 0), row[0]["owner"]))
    users = told["users"]
    totals = (
        f"{count(len(users))} users, {count(len(rows))} sessions, {size(sum(one['bytes'] for one in users))}, "
        f"{count(sum(one['requests'] for one in users))} requests under way"
    )
    return f"{totals}\n\n{table([_HEAD, *(_row(*row) for row in rows)], right=range(len(_LEFT), len(_HEAD)))}"


def _busy(one: Mapping[str, Any], computed: float | None, elapsed: float) -> float | None:
    """Which part of the time since then a session computed."""
    if one["compute_seconds"] is None or computed is None or not elapsed:
        return None
    running = min(one["running_seconds"] or 0.0, elapsed)  # what has not ended is not counted yet
    part: float = (one["compute_seconds"] - computed + running) / elapsed
    return min(max(part, 0.0), 1.0)


def _row(one: Mapping[str, Any], busy: float | None) -> Sequence[str]:
    return (
        one["owner"],
        one["session"][:6],
        one["state"],
        size(one["bytes"]),
        count(one["values"]),
        count(one["variables"]),
        count(one["requests"]),
        "-" if busy is None else f"{busy:.0%}",
        seconds(one["running_seconds"]),
        seconds(one["compute_seconds"]),
        count(one["worker"]),
    )


def _draw(lines: Sequence[str]) -> None:
    """Put lines on the screen in the place of those before, as many and as long as it has room for."""
    columns, rows = shutil.get_terminal_size()
    shown = [line[: columns - 1] for line in lines[: rows - 1]]
    sys.stdout.write(_HOME + "".join(f"{line}{_END_OF_LINE}\n" for line in shown) + _END_OF_SCREEN)
    sys.stdout.flush()
