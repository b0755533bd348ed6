"""The numbered statements of the reference page, and which test covers which."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

#: The page has this many statements, numbered from 1.
COUNT = 108

Test = TypeVar("Test", bound=Callable[..., object])


def statement(*numbers: int) -> Callable[[Test], Test]:
    """Say which statements a test covers."""
    unknown = [number for number in numbers if not 1 <= number <= COUNT]
    if unknown or not numbers:
        raise ValueError(f"expected numbers of statements, 1 to {COUNT}; got {numbers}")

    def mark(test: Test) -> Test:
        test.statements = numbers  # type: ignore[attr-defined]
        return test

    return mark


def covered_by(path: Path) -> dict[int, list[str]]:
    """For each statement, the tests of a file that name it: functions that pytest collects, read from the source."""
    found: dict[int, list[str]] = {}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            for number in _numbers(node):
                found.setdefault(number, []).append(f"{path.name}::{node.name}")
    return found


def _numbers(test: ast.FunctionDef) -> list[int]:
    return [
        ast.literal_eval(argument)
        for decorator in test.decorator_list
        if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name) and decorator.func.id == "statement"
        for argument in decorator.args
    ]
