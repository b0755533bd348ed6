"""What stands under the id of an instruction that failed."""

from __future__ import annotations

from dataclasses import dataclass

from kremote_proto.errors import KremoteError


@dataclass(frozen=True)
class Failure:
    """What stands under the id of an instruction that failed."""

    error: KremoteError
