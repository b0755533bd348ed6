"""Whatever is sent to an op, a worker lives on and answers with an error of ours; `fuzz.py` looks for longer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kremote_proto.op import CATALOGUE

from .fuzz import Cases, Fuzzer, Watch


@pytest.mark.parametrize(("engine", "rounds"), [("tensorflow", 1), ("numpy", 3)])
def test_every_op_answers_hostile_arguments(start_server: Callable[..., Any], engine: str, rounds: int) -> None:
    cases = Cases(seed=11)
    with (
        start_server("--backend", engine, "--tensor-bytes", "64MiB") as server,
        Watch(server) as watch,
        Fuzzer(server, watch, engine) as fuzzer,
    ):
        sent = [cases[number] for number in range(rounds * len(CATALOGUE))]
        wrong = {f"case {case.number}: {case}": fuzzer.wrong(case) for case in sent}
    assert not {case: found for case, found in wrong.items() if found}
    assert fuzzer.codes["replies"] == len(wrong)
    assert {"invalid_value", "invalid_type", "result_too_large"} <= set(fuzzer.codes)


def test_cases_are_the_same_for_the_same_seed() -> None:
    numbers = range(0, 3 * len(CATALOGUE), 7)
    once, again = Cases(seed=5), Cases(seed=5)
    assert [str(once[number]) for number in numbers] == [str(again[number]) for number in reversed(numbers)][::-1]
    assert [str(once[number]) for number in numbers] != [str(Cases(seed=6)[number]) for number in numbers]
