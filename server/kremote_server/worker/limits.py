"""The bounds a worker keeps."""

from __future__ import annotations

from dataclasses import dataclass

from kremote_proto.errors import LimitExceeded
from kremote_proto.limits import check_tensor_bytes
from kremote_proto.specs import Spec


@dataclass(frozen=True)
class Limits:
    """What one session may ask for."""

    body_bytes: int = 2 << 30
    tensor_bytes: int = 4 << 30
    ids: int = 1_000_000
    program_instructions: int = 10_000

    def check_spec(self, spec: Spec) -> None:
        """Refuse a tensor that would be too large, before memory is taken for it."""
        check_tensor_bytes(spec, self.tensor_bytes)

    def check_count(self, count: int) -> None:
        """Refuse one value too many."""
        if count > self.ids:
            raise LimitExceeded(
                f"expected at most {self.ids} live values in a session; got one more",
                hint="free values you no longer need",
            )
