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
    structured_bytes: int = 64 << 20
    tensor_bytes: int = 4 << 30
    ids: int = 1_000_000
    program_instructions: int = 10_000
    content_bytes: int = 256 << 20
    inflated_bytes: int = 256 << 20
    #: What may be held of values at a time, 0 for no bound.
    session_bytes: int = 0
    user_bytes: int = 0
    worker_bytes: int = 0
    #: How long a request may compute, 0 for no bound, and go on when it is stopped.
    op_seconds: float = 0.0
    op_grace_seconds: float = 10.0

    def check_spec(self, spec: Spec) -> None:
        """Refuse a tensor that would be too large, before memory is taken for it."""
        check_tensor_bytes(spec, self.tensor_bytes)

    def check_structured(self, length: int) -> None:
        """Refuse a MessagePack or JSON body too large to become maps and lists; raw bytes may be larger."""
        if length > self.structured_bytes:
            raise LimitExceeded(
                f"expected at most {self.structured_bytes} bytes of MessagePack or JSON; got {length}",
                hint="send large tensors as raw bytes: PUT /v1/sessions/{session}/tensors/{id}",
            )

    def check_json(self, length: int) -> None:
        """Refuse a tensor too large to become lists of a JSON reply."""
        if length > self.structured_bytes:
            raise LimitExceeded(
                f"expected a tensor of at most {self.structured_bytes} bytes as JSON; got one of {length}",
                hint="accept application/octet-stream, application/x-npy or application/msgpack",
            )

    def check_count(self, count: int) -> None:
        """Refuse one value too many."""
        if count > self.ids:
            raise LimitExceeded(
                f"expected at most {self.ids} live values in a session; got one more",
                hint="free values you no longer need",
            )
