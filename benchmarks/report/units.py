"""Numbers as people read them."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """Seconds with three digits that mean something.

    >>> duration(0.000705), duration(0.0245), duration(3.2)
    ('705 µs', '24.5 ms', '3.20 s')
    """
    for factor, unit in ((1, "s"), (1e-3, "ms")):
        if seconds >= factor:
            return f"{digits(seconds / factor)} {unit}"
    return f"{digits(seconds * 1e6)} µs"


def digits(value: float) -> str:
    """A number with three digits that mean something.

    >>> digits(1234.5), digits(12.345), digits(0.01234)
    ('1234', '12.3', '0.0123')
    """
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    places = max(0, 2 - len(str(int(abs(value)))) + 1) if abs(value) >= 1 else 3 + (abs(value) < 0.1)
    return f"{value:.{places}f}"


def quantity(value: float, unit: str) -> str:
    """A figure with its unit.

    >>> quantity(0.8, "×"), quantity(31.5, "MiB")
    ('0.800 ×', '31.5 MiB')
    """
    return f"{digits(value)} {unit}".strip()
