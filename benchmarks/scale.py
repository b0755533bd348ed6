"""How much is measured: sizes and repetitions of every row."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Sizes of the works. `calls` are those of one repetition."""

    repetitions: int = 7
    #: About how long one repetition may take; a system that needs longer for a call has that one.
    repetition_seconds: float = 3.0
    op_calls: int = 300
    chain_length: int = 1000
    new_chain_calls: int = 3
    chain_calls: int = 20
    megabytes: int = 100
    step_calls: int = 100
    images: int = 1437
    #: Calls over the slow link.
    far_calls: int = 20
    #: Repetitions of what needs a new process each time.
    processes: int = 5
    #: Seconds that clients are counted for, and that neighbours are borne.
    load_seconds: float = 2.0
    neighbour_seconds: float = 6.0
    neighbour_rounds: int = 5
    neighbour_megabytes: int = 1024
    traced_ops: int = 2000
    turn_seconds: float = 2.0
    handles: int = 1_000_000
    #: Steady state is what is measured: caches and compilers are given so many calls first.
    warm_calls: int = 20


FULL = Scale()
QUICK = Scale(
    repetitions=5,
    repetition_seconds=0.8,
    op_calls=100,
    new_chain_calls=1,
    chain_calls=5,
    step_calls=30,
    warm_calls=8,
    far_calls=10,
    processes=2,
    load_seconds=0.4,
    neighbour_seconds=1.5,
    neighbour_rounds=3,
    handles=50_000,
)
#: Shows that everything runs; its figures say nothing.
TINY = Scale(
    repetitions=1,
    op_calls=2,
    chain_length=5,
    new_chain_calls=1,
    chain_calls=1,
    megabytes=1,
    step_calls=1,
    images=64,
    far_calls=1,
    processes=1,
    load_seconds=0.1,
    neighbour_seconds=0.1,
    neighbour_rounds=1,
    neighbour_megabytes=2,
    traced_ops=10,
    turn_seconds=0.02,
    handles=1000,
    warm_calls=1,
)
SCALES = {"full": FULL, "quick": QUICK, "tiny": TINY}
