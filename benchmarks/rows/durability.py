"""What it costs that a session outlives its worker: the training step where sessions are kept, and where not."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass

from ..environments import python_of
from ..outcome import Outcome, Series, ratio
from ..server import Server
from ..stage import Stage
from ..system_process import SystemProcess

_KEPT = {"process": 1.1, "power": None}


@dataclass(frozen=True)
class Durability:
    """The training step of the row `mlp`; each request has 401 KiB, all of which is written to the journal."""

    name: str = "durability"
    title: str = "the training step where sessions are kept"

    def measure(self, stage: Stage) -> Outcome:
        """Each durability in turns, on a server of its own."""
        scale = stage.scale
        with ExitStack() as exits:
            systems = {"none": stage.system("kremote")}
            for durability in _KEPT:
                server = exits.enter_context(closing(Server(durability)))
                systems[durability] = exits.enter_context(closing(_client(server)))
            for system in systems.values():
                system.prepare("step")
                system.measure("step", scale.warm_calls)
            taken = [
                {label: system.measure("step", scale.step_calls) for label, system in systems.items()}
                for _ in range(scale.repetitions)
            ]
        series = {label: Series(label, [each[label] for each in taken]) for label in systems}
        figures = [ratio(series[label], series["none"], goal) for label, goal in _KEPT.items()]
        named = [
            type(figure)(f"durability {label}, of none", figure.value, figure.unit, figure.goal, None, figure.spread)
            for label, figure in zip(_KEPT, figures, strict=True)
        ]
        return Outcome(list(series.values()), named)


def _client(server: Server) -> SystemProcess:
    return SystemProcess("kremote", python_of("kremote"), server.environment, lambda: server.processes)
