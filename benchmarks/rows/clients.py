"""1, 4, 16 and 64 clients with small ops on one worker: ops a second of all together."""

from __future__ import annotations

import statistics
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise

from ..outcome import Curve, Figure, Outcome
from ..stage import Stage

COUNTS = (1, 4, 16, 64)
#: What a rate may fall by and be called the same: the noise of a quiet machine.
SAME = 1.03


@dataclass(frozen=True)
class Clients:
    """Each client has a session and a connection of its own, and sends when it was answered."""

    name: str = "clients"
    title: str = "1, 4, 16, 64 clients of small ops: ops/s in all"

    def measure(self, stage: Stage) -> Outcome:
        """The numbers of clients in turns, after one round to warm up."""
        seconds = stage.scale.load_seconds
        with closing(stage.start("load")) as load:
            rounds = [
                [load.do("clients", clients=count, seconds=seconds) for count in COUNTS]
                for _ in range(stage.scale.repetitions + 1)
            ][1:]
        rates = [statistics.median(each[place]["rate"] for each in rounds) for place in range(len(COUNTS))]
        shares = [statistics.median(each[place]["share"] for each in rounds) for place in range(len(COUNTS))]
        falls = [max(few["rate"] / many["rate"] for few, many in pairwise(each)) for each in rounds]
        fall = max(few / many for few, many in pairwise(rates))
        figure = Figure("worst rate before one more step / after", fall, "×", SAME, spread=(min(falls), max(falls)))
        notes = [
            ", ".join(f"{count} clients {rate:.0f} ops/s" for count, rate in zip(COUNTS, rates, strict=True)),
            "the process that is all clients used " + ", ".join(f"{share:.0%}" for share in shares) + " of a core",
        ]
        curve = Curve("ops/s", [float(count) for count in COUNTS], rates)
        return Outcome(figures=[figure], curves=[curve], axes=("clients", "ops/s"), notes=notes)
