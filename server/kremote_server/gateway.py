"""The parts of a running gateway, together."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import cast

from starlette.requests import Request

from .admission import Admission
from .audit import Audit
from .guard import BrowserKey
from .metrics import Metrics
from .pool import Pool
from .saves import Saves
from .sessions import Sessions
from .settings import Settings
from .shares import Shares
from .tokens import Tokens


@dataclass(frozen=True)
class Gateway:
    """What the addresses work with."""

    settings: Settings
    tokens: Tokens
    browser_key: BrowserKey
    audit: Audit
    pool: Pool
    sessions: Sessions
    metrics: Metrics
    saves: Saves
    shares: Shares
    admission: Admission
    started: float = field(default_factory=time.time)


def gateway_of(request: Request) -> Gateway:
    """The gateway a request came to."""
    return cast(Gateway, request.app.state.gateway)
