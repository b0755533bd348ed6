"""Memory: of the gateway while much passes through, and of all while handles come and go."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

from ..outcome import Curve, Figure, Outcome
from ..processes import memory
from ..server import Server
from ..stage import Stage

_MEBIBYTE = 1 << 20
#: Samples of the handles' loop, and what counts as flat between its first half and its end.
PARTS = 20
FLAT = 4.0


class Sampler:
    """Samples the memory of processes in a thread, as MiB over seconds."""

    def __init__(self, processes: Mapping[str, int], pause: float = 0.005) -> None:
        self._processes = processes
        self._pause = pause
        self._stop = threading.Event()
        self._began = time.perf_counter()
        self._times: list[float] = []
        self._samples: dict[str, list[float]] = {label: [] for label in processes}
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(self._pause):
            self._times.append(time.perf_counter() - self._began)
            for label, process in self._processes.items():
                self._samples[label].append(memory(process) / _MEBIBYTE)

    def close(self) -> None:
        """Stop sampling."""
        self._stop.set()
        self._thread.join()

    @property
    def curves(self) -> list[Curve]:
        """What was sampled."""
        return [Curve(label, self._times, samples) for label, samples in self._samples.items()]


@dataclass(frozen=True)
class GatewayMemory:
    """A server of its own, so that nothing was kept from before."""

    name: str = "memory"
    title: str = "gateway memory while 1 GiB passes up and down"

    def measure(self, stage: Stage) -> Outcome:
        """Idle after small things, then there and back."""
        with closing(Server()) as server, closing(stage.start("neighbour", server.environment)) as system:
            system.do("pass", megabytes=1)
            idle = memory(server.gateway) / _MEBIBYTE
            with closing(Sampler({"gateway": server.gateway})) as sampler:
                system.do("pass", megabytes=stage.scale.neighbour_megabytes)
            highest = max(sampler.curves[0].y)
        figure = Figure("above idle", highest - idle, "MiB", 32)
        notes = [f"idle {idle:.1f} MiB, at most {highest:.1f} MiB"]
        return Outcome(figures=[figure], curves=sampler.curves, axes=("seconds", "MiB"), notes=notes)


@dataclass(frozen=True)
class Handles:
    """A loop that makes handles and drops them, with a fetch every thousand."""

    name: str = "handles"
    title: str = "1e6 handles made and dropped: memory"

    def measure(self, stage: Stage) -> Outcome:
        """Memory of client, gateway and worker after each part of the loop."""
        part = max(1, stage.scale.handles // PARTS)
        with closing(Server()) as server, closing(stage.start("neighbour", server.environment)) as system:
            processes = {"client": system.process, "gateway": server.gateway, "worker": server.worker}
            samples: dict[str, list[float]] = {label: [] for label in processes}
            began = time.perf_counter()
            for _ in range(PARTS):
                system.do("handles", number=part)
                for label, process in processes.items():
                    samples[label].append(memory(process) / _MEBIBYTE)
            taken = time.perf_counter() - began
        made = [float(part * count) for count in range(1, PARTS + 1)]
        curves = [Curve(label, made, values) for label, values in samples.items()]
        # What starts late, such as a cache that fills, is there by the tenth.
        start = PARTS // 10
        figures = [
            Figure(f"{label} grew", max(values[start:]) - values[start], "MiB", FLAT)
            for label, values in samples.items()
        ]
        notes = [f"{made[-1]:.0f} handles in {taken:.1f} s: {taken / made[-1] * 1e6:.1f} µs each"]
        return Outcome(figures=figures, curves=curves, axes=("handles", "MiB"), notes=notes)
