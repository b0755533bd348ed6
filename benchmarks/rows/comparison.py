"""A row in which several systems do the same work, in turns."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..environments import PEERS
from ..outcome import Outcome, Series, ratio
from ..scale import Scale
from ..stage import Stage
from ..system_process import Repetition, SystemFailed


@dataclass(frozen=True)
class Contestant:
    """A system that does the work, by its own name for it."""

    label: str
    system: str
    work: str


@dataclass(frozen=True)
class Against:
    """A bound for the first contestant's median as a multiple of another's."""

    label: str
    goal: float | None = None
    dream: float | None = None


@dataclass(frozen=True)
class Comparison:
    """One work. The first contestant is the one that goals are for."""

    name: str
    title: str
    contestants: tuple[Contestant, ...]
    against: tuple[Against, ...]
    #: Sizes of the work, calls of a repetition, and calls before the first.
    sizes: Callable[[Scale], Mapping[str, int]]
    calls: Callable[[Scale], int]
    warm: Callable[[Scale], int]
    peers: tuple[str, ...] = ()

    def measure(self, stage: Stage) -> Outcome:
        """Warm all up, then repeat in turns: each repetition begins with the next one, so that none is always first."""
        calls = {each: self._warm_up(each, stage) for each in self.contestants}
        calls |= self._peers(stage)
        contestants = list(calls)
        taken: dict[str, list[Repetition]] = {each.label: [] for each in contestants}
        for repetition in range(stage.scale.repetitions):
            first = repetition % len(contestants)
            for each in contestants[first:] + contestants[:first]:
                done = stage.system(each.system).measure(each.work, calls[each])
                taken[each.label].append(done)
        return self._outcome([Series(label, repetitions) for label, repetitions in taken.items()])

    def _warm_up(self, contestant: Contestant, stage: Stage) -> int:
        """Calls of a repetition: fewer where one takes long."""
        system, scale = stage.system(contestant.system), stage.scale
        system.prepare(contestant.work, **self.sizes(scale))
        # The first may compile.
        quickest = min(system.measure(contestant.work, 2).seconds)
        bearable = max(1, int(scale.repetition_seconds / quickest))
        if (more := min(self.warm(scale), bearable) - 2) > 0:
            system.measure(contestant.work, more)
        return min(self.calls(scale), bearable)

    def _peers(self, stage: Stage) -> dict[Contestant, int]:
        """Those that can do it; one that cannot is told of, and is left out of the rows to come too."""
        ready = {}
        for peer in [peer for peer in stage.peers if peer in self.peers]:
            contestant = Contestant(PEERS[peer][1], peer, self.contestants[0].work)
            try:
                ready[contestant] = self._warm_up(contestant, stage)
            except SystemFailed as error:
                print(f"left out: {error}", file=sys.stderr)
                stage.peers.remove(peer)
        return ready

    def _outcome(self, series: list[Series]) -> Outcome:
        by_label = {each.label: each for each in series}
        first = series[0]
        bounds = {each.label: each for each in self.against}
        figures = [
            ratio(first, other, bounds[label].goal, bounds[label].dream) if label in bounds else ratio(first, other)
            for label, other in by_label.items()
            if other is not first
        ]
        return Outcome(series, figures)
