"""The page to look at: one file with its pictures in it, and nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from ..outcome import Outcome
from ..rows.row import Row
from . import plots
from .table import HEADINGS, measured, met

STYLE = """
:root { color-scheme: light dark; --ink: #1c2330; --dim: #697386; --line: #dfe3ea; --paper: #fff;
  --met: #2f9e6e; --unmet: #d9573f; --free: #8a97ab; --dream: #7a5af5; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --dim: #95a0b3; --line: #2c3442; --paper: #12161d; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 920px;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin: 2.6rem 0 .4rem; }
p, figcaption { color: var(--dim); } pre { white-space: pre-wrap; color: var(--unmet); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
td, th { text-align: left; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.yes, td.dream { color: var(--met); font-weight: 600; } td.no { color: var(--unmet); font-weight: 600; }
a { color: inherit; } svg { width: 100%; height: auto; display: block; margin: .4rem 0; overflow: visible; }
figure { margin: 0; } svg text { font-size: 12px; fill: var(--ink); } svg .tick { font-size: 11px; fill: var(--dim); }
.grid { stroke: var(--line); } .hit { fill: transparent; } .met { fill: var(--met); } .unmet { fill: var(--unmet); }
.free { fill: var(--free); } .goal { stroke: var(--ink); stroke-width: 2.5; }
.dream { stroke: var(--dream); stroke-width: 2.5; stroke-dasharray: 3 2; }
circle { fill: currentColor; opacity: .45; } .median { stroke: currentColor; stroke-width: 3; }
.high, .reach { stroke: currentColor; opacity: .55; } polyline { fill: none; stroke: currentColor; stroke-width: 2; }
g[class^=c] text:first-of-type { fill: currentColor; font-weight: 600; }
.c0 { color: #2b7de9; } .c1 { color: #e07a1f; } .c2 { color: #4d9f57; } .c3 { color: #a957c9; }
.c4 { color: #c94f6d; } .c5 { color: #2aa6a6; } .c6 { color: #98842a; } .c7 { color: #7a86a0; }
"""


def page(about: Mapping[str, str], outcomes: Mapping[Row, Outcome]) -> str:
    """The whole page."""
    said = ", ".join(f"{name} {value}" for name, value in about.items() if value)
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>",
        f"<title>kremote, measured</title><style>{STYLE}</style><h1>kremote, measured</h1><p>{escape(said)}</p>",
        "<p>Every system in the same run, in turns. Compare ratios; absolute times move with the machine.</p>",
        *_table(outcomes),
        *(part for row, outcome in outcomes.items() for part in _row(row, outcome)),
    ]
    return "\n".join(parts) + "\n"


def _table(outcomes: Mapping[Row, Outcome]) -> Iterator[str]:
    yield "<table><tr>" + "".join(f"<th>{heading}</th>" for heading in HEADINGS) + "</tr>"
    for row, outcome in outcomes.items():
        title = f"<a href='#{row.name}'>{escape(row.title)}</a>"
        if outcome.error is not None:
            yield f"<tr><td>{title}</td><td>failed</td><td></td><td></td><td></td><td class='no'>no</td></tr>"
        for figure in outcome.figures:
            bounds = ["" if bound is None else f"≤ {bound:g}" for bound in (figure.goal, figure.dream)]
            cells = [title, escape(figure.what), measured(figure), *bounds]
            said = met(figure)
            yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + f"<td class='{said}'>{said}</td></tr>"
            title = ""
    yield "</table>"


def _row(row: Row, outcome: Outcome) -> Iterator[str]:
    yield f"<h2 id='{row.name}'>{escape(row.title)}</h2>"
    if outcome.error is not None:
        yield f"<pre>{escape(outcome.error)}</pre>"
    if outcome.series:
        caption = (
            "A dot is the median of one repetition, the bar the median of all calls, the thin line reaches to p99."
        )
        yield f"<figure>{plots.samples(outcome.series)}<figcaption>{caption}</figcaption></figure>"
    if outcome.figures:
        caption = "The goal is the full mark, the dream the dashed one; shorter is better."
        yield f"<figure>{plots.goals(outcome.figures)}<figcaption>{caption}</figcaption></figure>"
    if outcome.curves:
        yield f"<figure>{plots.curves(outcome.curves, outcome.axes)}</figure>"
    for note in outcome.notes:
        yield f"<p>{escape(note)}</p>"
