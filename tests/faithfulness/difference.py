"""A difference between kremote and tf_keras, as it is found, and as it is wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kremote_proto.specs import Spec

from .outcome import Outcome, Refused
from .tables import Case


@dataclass(frozen=True)
class Found:
    """A difference."""

    case: Case
    #: "eager", or what was known of a symbol's shape.
    mode: str
    what: str
    theirs: Outcome | Spec
    ours: Outcome | Spec

    def says(self, words: str) -> bool:
        """Whether kremote refuses with these words."""
        return isinstance(self.ours, Refused) and words in self.ours.message

    def they_say(self, *words: str) -> bool:
        """Whether tf_keras refuses with one of these words."""
        return isinstance(self.theirs, Refused) and any(word in self.theirs.message for word in words)

    @property
    def computed(self) -> bool:
        """Whether kremote computes what tf_keras refuses."""
        return self.what == "is not refused"


@dataclass(frozen=True)
class Difference:
    """A wanted difference: which ones it covers, and why it is wanted."""

    name: str
    reason: str
    covers: Callable[[Found], bool]
    #: The ops it is found in: in no other, and in each of them at least once.
    ops: str
    #: Whether it may be found in other ops, too.
    elsewhere: bool = False

    def explains(self, found: Found) -> bool:
        """Whether something found is this difference."""
        return (self.elsewhere or found.case.op in self.ops.split()) and self.covers(found)
