"""Tables of the documentation, which tests read."""

from __future__ import annotations

import re
from pathlib import Path

DIFFERENCES = Path(__file__).parent.parent.parent / "docs" / "differences.md"


def rows(section: str, page: Path = DIFFERENCES) -> list[dict[str, str]]:
    """The rows of the table under a heading of a page, by the names of its columns."""
    _, _, text = page.read_text(encoding="utf-8").partition(f"\n## {section}\n")
    lines = [line for line in text.partition("\n## ")[0].splitlines() if line.startswith("|")]
    head, _, *body = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    wrong = [row for row in body if len(row) != len(head)]
    assert not wrong, f"expected {len(head)} columns in {wrong}"
    return [dict(zip(head, row, strict=True)) for row in body]


def name_of(row: dict[str, str]) -> str:
    """The name of a row's test: the name and what differs, in words."""
    words = re.sub(r"\W|_", " ", f"{row['name']} {row['what differs']}").lower()
    return "_".join(["test", *words.split()])
