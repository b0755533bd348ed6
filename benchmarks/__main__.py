"""The command line: choose rows, measure them, report."""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from .environments import PEERS, install_keras, install_peer, python_of
from .outcome import Outcome
from .report import page, record, table
from .rows import ROWS
from .scale import SCALES, Scale
from .stage import Stage
from .system_process import ROOT, SystemFailed


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """What was asked for, on the command line or here."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description="Compare kremote with other systems, in one run."
    )
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS), metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--quick", action="store_const", const="quick", dest="scale", help="under two minutes")
    parser.add_argument("--scale", choices=SCALES, help="tiny only shows that everything runs")
    parser.add_argument("--repetitions", type=int, help="of each row, in turns between the systems")
    parser.add_argument(
        "--peers",
        nargs="*",
        choices=PEERS,
        help="install these and compare with them; by default with those that are installed, but not when quick",
    )
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "benchmark", help="a folder for JSON and HTML")
    parser.set_defaults(scale="full")  # or the default of --quick, none, is that of both
    return parser.parse_args(given)


def wanted_scale(options: argparse.Namespace) -> Scale:
    """The sizes of this run."""
    scale = SCALES[options.scale]
    return scale if options.repetitions is None else replace(scale, repetitions=options.repetitions)


def wanted_peers(peers: list[str] | None, scale: str) -> list[str]:
    """The peers of this run, installed."""
    if peers is None:
        return [peer for peer in PEERS if python_of(peer).exists() and scale == "full"]
    for peer in peers:
        install_peer(peer)
    return peers


def measure(name: str, stage: Stage) -> Outcome:
    """A row's outcome, which may be that it failed."""
    print(f"measuring {ROWS[name].title} ...", file=sys.stderr, flush=True)
    try:
        return ROWS[name].measure(stage)
    except SystemFailed as error:
        return Outcome(error=str(error))
    except Exception:
        return Outcome(error=traceback.format_exc())


def main() -> int:
    """Run; 1 where a row failed."""
    options = arguments()
    machine = record.machine()
    if any("keras" in row for row in options.rows):
        install_keras()
    with Stage(wanted_scale(options), wanted_peers(options.peers, options.scale)) as stage:
        outcomes = {ROWS[name]: measure(name, stage) for name in options.rows}
    options.output.mkdir(parents=True, exist_ok=True)
    json_file, html_file = options.output / "results.json", options.output / "index.html"
    json_file.write_text(record.as_json(machine, stage.scale, outcomes))
    html_file.write_text(page.page(machine, outcomes))
    print(table.table(machine, outcomes))
    print(f"\n{json_file}\n{html_file}")
    return int(any(outcome.error for outcome in outcomes.values()))


if __name__ == "__main__":
    sys.exit(main())
