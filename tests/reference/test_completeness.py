"""Every statement of the page has a test that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from .statements import COUNT, covered_by, statement

HERE = Path(__file__).parent


def missing(paths: list[Path]) -> list[int]:
    covered = {number for path in paths for number in covered_by(path)}
    return [number for number in range(1, COUNT + 1) if number not in covered]


def test_every_statement_has_a_test() -> None:
    without = missing(sorted(HERE.glob("test_*.py")))
    assert not without, f"no test names statements {', '.join(map(str, without))}"


def test_what_is_not_collected_covers_nothing(tmp_path: Path) -> None:
    path = tmp_path / "test_some.py"
    path.write_text(
        "@statement(1, 2)\ndef test_one(): ...\n\n"
        "@statement(3)\ndef helper(): ...\n\n"
        "# @statement(4)\ndef test_two(): ...\n"
    )
    assert missing([path]) == list(range(3, COUNT + 1))


@pytest.mark.parametrize("numbers", [(), (0,), (109,), (1, 200)])
def test_a_number_the_page_does_not_have_is_refused(numbers: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="1 to 108"):
        statement(*numbers)
