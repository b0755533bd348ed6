"""Where kremote differs from tf_keras, and means to: each a row of docs/differences.md."""

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


DIFFERENCES = (
    Difference(
        "arrays of another kind",
        "TensorFlow cuts the fractions off an array beside an integer tensor, without a word; 2.3.1 refuses it too",
        lambda found: found.says("whose numbers can become"),
    ),
    Difference(
        "lists beside arrays of another kind",
        "as arrays of another kind",
        lambda found: found.says("expected numbers that") and isinstance(found.theirs, list),
    ),
    Difference(
        "numbers alone",
        "two numbers or lists meet as numpy says, so that neither is cut off",
        lambda found: (
            isinstance(found.ours, list)
            and found.mode == "eager"
            and not found.case.has_tensor
            and {"x", "y"} == set(found.case.arguments)
        ),
    ),
    Difference(
        "arrays beside tensors",
        "an array takes the dtype of the tensor it stands beside, whichever comes first",
        lambda found: found.computed and found.they_say("expected to be a") and "as array" in str(found.case),
    ),
    Difference(
        "whole numbers",
        "2.0 is a number that integers hold",
        lambda found: found.computed and found.case.op == "relu" and found.they_say("Cannot convert"),
    ),
    Difference(
        "nested lists of axes",
        "eager TensorFlow takes them, and its graphs do not",
        lambda found: found.says("a list of axes"),
    ),
    Difference(
        "None for a number",
        "an argument that is a number is refused with a TypeError where it is None",
        lambda found: found.says("expected a number; got NoneType"),
    ),
    Difference(
        "constants of tensors",
        "a tensor is cast to the dtype asked for, as an array is",
        lambda found: (
            found.case.op in ("constant", "variable")
            and found.computed
            and found.they_say("Expected tensor", "Tensor conversion requested", "Incompatible type conversion")
        ),
    ),
    Difference(
        "a constant's shape",
        "a shape that does not hold the elements is a ValueError, as in 2.3.1",
        lambda found: found.case.op == "constant" and found.says("expected a shape that holds"),
    ),
    Difference(
        "numbers as dtypes",
        "TensorFlow's own numbers for dtypes mean nothing outside TensorFlow",
        lambda found: found.case.arguments.get("dtype") == 1 and found.says("expected a dtype"),
    ),
    Difference(
        "exact numbers",
        "a Python number that becomes float64 is not rounded to float32 on the way",
        lambda found: (
            found.what == "has other values"
            and found.case.op in ("cast", "moving_average_update")
            and "float64" in str(found.case)
        ),
    ),
    Difference(
        "the sizes of eye",
        "(rows, columns) as the page says",
        lambda found: found.case.op == "eye" and found.computed and found.they_say("must be positive integer"),
    ),
    Difference(
        "the number of parameters",
        "an integer also of a tensor of rank 0",
        lambda found: found.case.op == "count_params" and found.what.startswith("has dtype int64"),
    ),
)


def reason(found: Found) -> str | None:
    """The name of the wanted difference that explains one."""
    return next((one.name for one in DIFFERENCES if one.covers(found)), None)
