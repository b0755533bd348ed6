"""Over a link of 20 ms there and back: a training step, and building a network of Keras."""

from __future__ import annotations

import statistics
from contextlib import ExitStack, closing
from dataclasses import dataclass
from urllib.parse import urlsplit

from ..delay_proxy import DelayProxy, round_trip
from ..outcome import Figure, Outcome, Series
from ..stage import Stage
from ..system_process import Repetition

#: Seconds each way.
DELAY = 0.01


class FarServer:
    """The server of a stage, seen over the link."""

    def __init__(self, stage: Stage) -> None:
        self._proxy = DelayProxy(urlsplit(stage.server.url).port or 0, DELAY)
        self.environment = {**stage.server.environment, "KREMOTE_URL": f"http://127.0.0.1:{self._proxy.port}"}
        self.round_trip = round_trip(DELAY)

    def close(self) -> None:
        """End the link."""
        self._proxy.close()


def _note(far: FarServer) -> str:
    return f"one round trip of the link: {far.round_trip * 1e3:.2f} ms (median of a byte there and back)"


@dataclass(frozen=True)
class FarStep:
    """The training step of the row `mlp`. Round trips are counted to the tenth."""

    name: str = "link-mlp"
    title: str = "over a 20 ms link: the training step"

    def measure(self, stage: Stage) -> Outcome:
        """Far, and in the local TensorFlow, in turns."""
        calls = stage.scale.far_calls
        with ExitStack() as exits:
            far = exits.enter_context(closing(FarServer(stage)))
            systems = {
                "kremote, far": exits.enter_context(closing(stage.start("kremote", far.environment))),
                "local TensorFlow": stage.system("tensorflow_local"),
            }
            for system in systems.values():
                system.prepare("step")
                system.measure("step", stage.scale.warm_calls)
            taken = [
                {label: system.measure("step", calls) for label, system in systems.items()}
                for _ in range(stage.scale.repetitions)
            ]
        remote, local = (Series(label, [each[label] for each in taken]) for label in systems)
        trips = [(a - b) / far.round_trip for a, b in zip(remote.medians, local.medians, strict=True)]
        value = (remote.median - local.median) / far.round_trip
        figure = Figure("beyond the local step", round(value, 1), "round trips", 1, spread=(min(trips), max(trips)))
        requests = sum(each.counters["requests"] for each in remote.repetitions) / len(remote.seconds)
        notes = [_note(far), f"requests a step: {requests:g}; {value:.3f} round trips beyond the local step"]
        return Outcome([remote, local], [figure], notes=notes)


@dataclass(frozen=True)
class FarBuild:
    """Building and compiling the network of the row `keras`, the first time in a process."""

    name: str = "link-keras"
    title: str = "over a 20 ms link: building and compiling the CNN"

    def measure(self, stage: Stage) -> Outcome:
        """Far and near in turns, each time in a process of its own."""
        with closing(FarServer(stage)) as far:
            environments = {"kremote, far": far.environment, "kremote, near": stage.server.environment}
            taken = [
                {label: _built(stage, environment) for label, environment in environments.items()}
                for _ in range(stage.scale.processes)
            ]
        remote, near = (Series(label, [each[label] for each in taken]) for label in environments)
        waited = [(a - b) / far.round_trip for a, b in zip(remote.seconds, near.seconds, strict=True)]
        requests = statistics.median(each.counters["requests"] for each in remote.repetitions)
        figures = [
            # Requests may be under way together, so they are at least as many as the round trips waited for.
            Figure("requests", requests, "", 10, 3),
            Figure("far less near", statistics.median(waited), "round trips", spread=(min(waited), max(waited))),
        ]
        return Outcome([remote, near], figures, notes=[_note(far)])


def _built(stage: Stage, environment: dict[str, str]) -> Repetition:
    with closing(stage.start("keras", environment)) as system:
        system.prepare("build")
        return system.measure("build", 1)
