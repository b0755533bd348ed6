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


def tried(number: int, computed: bool) -> list[str]:
    """What is tried with a case: one of them, all with every eighth; of what is refused at once, with every fourth."""
    names = list(KNOWLEDGE)
    if number % 8 == 0:
        return names
    return [names[number % len(names)]] if computed or number % 4 == 2 else []
