"""How much is known of a tensor's shape while a symbol is made."""

from __future__ import annotations

from collections.abc import Callable

from kremote_proto.specs import Shape

KNOWLEDGE: dict[str, Callable[[tuple[int, ...]], Shape | None]] = {
    "known": lambda shape: shape,
    "unknown leading": lambda shape: (None, *shape[1:]) if shape else shape,
    "unknown lengths": lambda shape: (None,) * len(shape),
    "unknown rank": lambda shape: None,
}


def tried(number: int) -> list[str]:
    """What is tried with a case: everything with every eighth, else two."""
    names = list(KNOWLEDGE)
    return names if number % 8 == 0 else ["known", names[1 + number % 3]]
