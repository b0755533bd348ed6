"""How long small requests take while another user asks much of the server."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from ..outcome import Figure, Outcome, Series, percentile
from ..scale import Scale
from ..stage import Stage
from ..system_process import Repetition, SystemProcess

PAUSE = 0.004
#: The one who waits may wait for one turn of the other's, and then has its own.
TURNS = 1.0


def _tasks(scale: Scale) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """What the neighbour does, by what people call it."""
    return {
        f"upload of {scale.neighbour_megabytes} MiB": ("upload", {"megabytes": scale.neighbour_megabytes}),
        f"trace of {scale.traced_ops} ops": ("trace", {"ops": scale.traced_ops}),
        f"{scale.turn_seconds:g} s of matmul": ("multiply", {"turn": scale.turn_seconds}),
    }


@dataclass(frozen=True)
class Neighbours:
    """A request every few milliseconds on each of two connections: small ops, and the gateway's own routes."""

    name: str = "neighbours"
    title: str = "small requests while another user works"

    def measure(self, stage: Stage) -> Outcome:
        """Alone, and beside each task of the neighbour, in turns."""
        seconds = stage.scale.neighbour_seconds
        tasks = _tasks(stage.scale)
        rounds = stage.scale.neighbour_rounds
        probed: dict[str, list[dict[str, Any]]] = {label: [] for label in ("alone", *tasks)}
        with closing(stage.start("load")) as load, closing(stage.start("neighbour")) as neighbour:
            load.do("probe", seconds=seconds / 4, pause=PAUSE)
            for _ in range(rounds):
                probed["alone"].append(load.do("probe", seconds=seconds, pause=PAUSE))
                for label, (task, sizes) in tasks.items():
                    probed[label].append(_beside(load, neighbour, task, seconds, sizes))
        return _outcome(probed)


def _beside(
    load: SystemProcess, neighbour: SystemProcess, task: str, seconds: float, sizes: Mapping[str, Any]
) -> dict[str, Any]:
    neighbour.begin(task, seconds=seconds, **sizes)
    probed = load.do("probe", seconds=seconds, pause=PAUSE)
    return {**probed, **neighbour.finish()}


def _outcome(probed: Mapping[str, Sequence[Mapping[str, Any]]]) -> Outcome:
    series = [
        Series(f"{what}, {label}", [Repetition(each[what]) for each in rounds])
        for what in ("routes", "ops", "echo")
        for label, rounds in probed.items()
    ]
    by_label = {each.label: each for each in series}
    figures, notes = [], []
    for label, rounds in probed.items():
        if label == "alone":
            continue
        figures.append(_p99("routes", label, by_label, 3))
        figures.append(_p99("echo", label, by_label))
        turn = max(each["turn"] for each in rounds)
        waits = [max(each["ops"]) - by_label["ops, alone"].median for each in rounds]
        figures.append(Figure(f"longest op / turn, {label}", max(waits) / turn, "turns", TURNS))
        high = percentile(by_label[f"ops, {label}"].seconds, 0.99) / by_label["ops, alone"].p99
        times = ", ".join(f"{what} {by_label[f'{what}, {label}'].p99 * 1e3:.2f} ms" for what in ("routes", "echo"))
        notes.append(f"{label}: the other's longest turn {turn:.2f} s; p99: {times}; of ops {high:.1f} × alone")
    return Outcome(series, figures, notes=notes)


def _p99(what: str, label: str, by_label: Mapping[str, Series], goal: float | None = None) -> Figure:
    """How much longer requests take than alone; of the bare echo, what is the machine's part of it."""
    beside, alone = by_label[f"{what}, {label}"], by_label[f"{what}, alone"]
    rounds = zip(beside.repetitions, alone.repetitions, strict=True)
    pairs = [percentile(a.seconds, 0.99) / percentile(b.seconds, 0.99) for a, b in rounds]
    named = "a bare echo" if what == "echo" else what
    return Figure(f"p99 of {named}, {label}", statistics.median(pairs), "×", goal, spread=(min(pairs), max(pairs)))
