"""The command `kremote sessions`: one's sessions as a table, and their end."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from kremote_proto.errors import InvalidValue

from .session_list import SessionEntry, entries
from .text_table import table
from .transport import Transport

_HEADS = ("SESSION", "NAME", "ENGINE", "STATE", "SIZE", "VARIABLES", "MADE", "USED", "ENDS", "CLIENT")
#: Sessions that end within so long are warned of.
_SOON = timedelta(days=1)


def add_to(commands: Any, connected: Callable[[argparse.Namespace], Transport]) -> argparse.ArgumentParser:
    """Add the command's parser; `connected` is what makes a transport of its options."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "sessions", help="list your sessions on a server, or end some"
    )
    parser.add_argument(
        "end", nargs="*", metavar="end NAME", help="end these sessions, by name or id: their values are gone"
    )
    parser.add_argument("--all", action="store_true", help="list everybody's, where your token is an admin's")
    parser.add_argument("--owner", metavar="USER", help="whose they are, where your token is an admin's")
    parser.add_argument("--delete", metavar="ID", help="the same as end")
    parser.set_defaults(run=lambda options: _run(options, connected(options)))
    return parser


def _run(options: argparse.Namespace, transport: Transport) -> int:
    try:
        if options.end or options.delete:
            return _end(transport, _to_end(options), options.owner)
        return _list(transport, "*" if options.all else options.owner)
    finally:
        transport.close()


def _to_end(options: argparse.Namespace) -> list[str]:
    """The sessions that a command line names to be ended."""
    if options.delete:
        return [options.delete]
    if options.end[0] != "end" or len(options.end) < 2:
        raise InvalidValue(
            f"expected kremote sessions, or kremote sessions end NAME; got sessions {' '.join(options.end)}"
        )
    return list(options.end[1:])


def _end(transport: Transport, named: Sequence[str], owner: str | None) -> int:
    known = {} if owner is None else {one.name: one.id for one in entries(transport, owner) if one.name}
    for name in named:
        transport.call("DELETE", f"/v1/sessions/{quote(known.get(name, name), safe='')}")
        print(f"left {name}")
    return 0


def _list(transport: Transport, owner: str | None) -> int:
    found = entries(transport, owner)
    if not found:
        print(f"no sessions{' of yours' if owner is None else ''} at {transport.address.url}")
        return 0
    rows: list[Sequence[str]] = [_HEADS, *map(_row, found)]
    if owner is not None:
        rows = [(first, *row) for first, row in zip(["OWNER", *(one.owner for one in found)], rows, strict=True)]
    print(table(rows))
    ending = [one.name or one.id for one in found if one.expires is not None and _left(one) < _SOON]
    if ending:
        print(f"kremote: unless they are used, these end within a day: {', '.join(ending)}", file=sys.stderr)
    return 0


def _row(one: SessionEntry) -> Sequence[str]:
    variables = "?" if one.variables is None else str(len(one.variables))
    ends = "" if one.expires is None else f"in {shown_time(_left(one))}"
    size = "?" if one.bytes is None else shown_bytes(one.bytes)
    times = (f"{shown_time(one.age)} ago", f"{shown_time(one.idle)} ago", ends)
    return (one.id, one.name or "-", one.engine, one.state, size, variables, *times, one.client)


def _left(one: SessionEntry) -> timedelta:
    assert one.expires is not None
    return one.expires - one.last_used - one.idle


def shown_time(span: timedelta) -> str:
    """A span of time in its largest unit.

    >>> shown_time(timedelta(seconds=7300)), shown_time(timedelta(0))
    ('2 h', '0 s')
    """
    seconds = max(0, int(span.total_seconds()))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def shown_bytes(count: int) -> str:
    """A number of bytes in its largest unit.

    >>> shown_bytes(1000), shown_bytes(3 << 29)
    ('1000 B', '1.5 GiB')
    """
    size, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if size < 1024:
            break
        size, unit = size / 1024, larger
    return f"{size:.0f} {unit}" if unit == "B" or size >= 10 else f"{size:.1f} {unit}"
