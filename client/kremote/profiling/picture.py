"""A profile as a picture: when the program ran by itself, and what it waited for."""

from __future__ import annotations

from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

from . import table

if TYPE_CHECKING:
    from .profile import Profile

_WIDTH, _LANE, _GAP, _LABEL = 880, 18, 8, 210
#: How many intervals one lane draws; beyond, short ones are joined.
_MOST_INTERVALS = 2000
_COLOURS = {"wait": "#d1495b", "network": "#edae49", "queue": "#8d96a3", "compute": "#00798c"}


def rendered(profile: Profile) -> str:
    """HTML with a drawing: a lane for each line that waited, one for the requests, the table below."""
    lines = profile.lines[: table.MOST_LINES]
    lanes = [_requests(profile)]
    lanes += [
        (line.location, [(wait.began, wait.ended, "wait") for wait in profile.waits if wait.location == line.location])
        for line in lines
    ]
    height = len(lanes) * (_LANE + _GAP) + 24
    drawn = "".join(_lane(profile, number, name, parts) for number, (name, parts) in enumerate(lanes))
    scale = f'<text x="{_LABEL}" y="{height - 6}">0</text><text x="{_WIDTH}" y="{height - 6}" text-anchor="end">'
    scale += f"{escape(table.shown_seconds(profile.seconds))}</text>"
    return (
        f'<div><svg viewBox="0 0 {_WIDTH} {height}" width="100%" style="max-width:{_WIDTH}px" role="img" '
        f'font-family="sans-serif" font-size="11" fill="currentColor">{drawn}{scale}</svg>'
        f"<p>{_legend()}</p><pre>{escape(str(profile))}</pre></div>"
    )


def _requests(profile: Profile) -> tuple[str, list[tuple[float, float, str]]]:
    """The exchanges, each as network, queue, compute and network again."""
    parts = []
    for one in profile.exchanges:
        half = one.network / 2
        marks = (one.began, one.began + half, one.began + half + one.queue, one.ended - half, one.ended)
        names = ("network", "queue", "compute", "network")
        intervals = zip(pairwise(marks), names, strict=True)
        parts += [(begin, end, name) for (begin, end), name in intervals if end > begin]
    return "requests", parts


def _lane(profile: Profile, number: int, name: str, parts: list[tuple[float, float, str]]) -> str:
    top = number * (_LANE + _GAP)
    scale = (_WIDTH - _LABEL) / (profile.seconds or 1.0)
    step = 0.0 if len(parts) <= _MOST_INTERVALS else 1.0 / scale
    drawn, until = [], 0.0
    for begin, end, kind in parts:
        if step and end - profile.began < until:
            continue  # narrower than what can be seen beside the one before
        until = end - profile.began + step
        left, width = _LABEL + (begin - profile.began) * scale, max((end - begin) * scale, 0.5)
        title = f"{kind} {table.shown_seconds(end - begin)}"
        drawn.append(
            f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{_LANE}" fill="{_COLOURS[kind]}">'
            f"<title>{title}</title></rect>"
        )
    short = name if len(name) <= 34 else "…" + name[-33:]
    return f'<text x="0" y="{top + 13}"><title>{escape(name)}</title>{escape(short)}</text>' + "".join(drawn)


def _legend() -> str:
    return " ".join(
        f'<span style="border-left:1em solid {colour};padding:0 1em 0 .4em">{kind}</span>'
        for kind, colour in _COLOURS.items()
    )
