"""A reply of HTTP: its start, and its body to be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

ReadInto = Callable[[memoryview], int]


@dataclass(slots=True)
class Reply:
    """What a request was answered with. The names of its headers are in lower case."""

    status: int
    reason: str
    headers: Mapping[str, str]
    #: Gives the whole body, once.
    read: Callable[[], bytes]
    #: Puts the body into a buffer, once, and gives its length; what does not fit is left, and counts as one byte.
    read_into: ReadInto

    @property
    def content_type(self) -> str:
        """The type of the body, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0]
