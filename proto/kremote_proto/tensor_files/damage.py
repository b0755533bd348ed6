"""What is said of a file that is not what its ending says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import InvalidValue


@contextmanager
def whole(path: str, ending: str) -> Iterator[None]:
    """Have every failure inside said of a damaged file: readers of formats fail in many ways of their own."""
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:
        raise InvalidValue(
            f"expected a whole {ending} file; got {path!r}: {str(error)[:200] or type(error).__name__}",
            hint="it was cut off or changed, or is a file of another kind: take another copy",
        ) from error
