"""A profile as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kremote_proto.source_lines import described

if TYPE_CHECKING:
    from .profile import Line, Profile

_BAR = 60
#: How many lines a table has.
MOST_LINES = 12
#: From how many round trips at one line, and which part of the time, advice is due.
_MANY, _MUCH = 10, 0.2


def rendered(profile: Profile) -> str:
    """The table, with the bar above and advice below."""
    seconds, waited, share, lines = profile.seconds, profile.waited, profile.share, profile.lines
    parts = [
        ("your program", "█", max(seconds - waited, 0.0)),
        ("queue", "▒", share.queue),
        ("compute", "▓", share.compute),
        ("network", "░", max(waited - share.queue - share.compute, 0.0)),
    ]
    text = [
        f"waited {shown_seconds(waited)} of {shown_seconds(seconds)} for the server; {counts(profile)}",
        "  " + _bar([(mark, part) for _, mark, part in parts]),
        "  " + "   ".join(f"{mark} {name} {shown_seconds(part)}" for name, mark, part in parts),
    ]
    if lines:
        text += ["", _HEAD, *(_row(line) for line in lines[:MOST_LINES])]
    if len(lines) > MOST_LINES:
        text.append(f"... and {len(lines) - MOST_LINES} lines more")
    return "\n".join([*text, *(f"\n{one}" for one in advice(lines, seconds))])


def counts(profile: Profile) -> str:
    """Round trips and bytes in words."""
    trips = profile.round_trips
    return (
        f"{trips} round trip{'s'[: trips != 1]}, {shown_bytes(profile.bytes_sent)} sent, "
        f"{shown_bytes(profile.bytes_received)} received"
    )


def advice(lines: list[Line], seconds: float) -> list[str]:
    """What would save time, in a sentence for each line it concerns."""
    return [
        f"{described(line.location)}\n  waits for the network {line.waits} times: fetch several values at once "
        "(K.batch_get_value), or not at every step."
        for line in lines[:3]
        if line.waits >= _MANY and line.share.network > _MUCH * seconds
    ]


_HEAD = f"{'waits':>7} {'seconds':>9} {'longest':>9} {'queue':>9} {'compute':>9} {'network':>9}  line"


def _row(line: Line) -> str:
    share = line.share
    figures = (line.seconds, line.longest, share.queue, share.compute, share.network)
    return (
        f"{line.waits:7} " + " ".join(f"{shown_seconds(one):>9}" for one in figures) + f"  {described(line.location)}"
    )


def _bar(parts: list[tuple[str, float]]) -> str:
    total = sum(part for _, part in parts) or 1.0
    bar, filled, until = "", 0, 0.0
    for mark, part in parts:
        until += part
        width = round(until / total * _BAR) - filled
        bar, filled = bar + mark * width, filled + width
    return bar


def shown_seconds(seconds: float) -> str:
    """A duration for people.

    >>> shown_seconds(0.00025), shown_seconds(0.0123), shown_seconds(75.0)
    ('0.25 ms', '12.3 ms', '75 s')
    """
    return f"{seconds * 1e3:.3g} ms" if seconds < 0.9995 else f"{seconds:.3g} s"


def shown_bytes(count: int) -> str:
    """A number of bytes for people.

    >>> shown_bytes(999), shown_bytes(12_345), shown_bytes(3 << 30)
    ('999 B', '12.3 kB', '3.22 GB')
    """
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 999.5:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} GB"
