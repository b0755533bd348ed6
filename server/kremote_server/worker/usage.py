"""What sessions and their users use of a worker, told at any moment: no session's turn is waited for."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from .accounts import Account, Accounts
from .session import Session


def usage_of(sessions: Iterable[Session], accounts: Accounts, owner: str | None) -> dict[str, Any]:
    """What the sessions in memory use, and the users whose they are; of one owner where one is named."""
    found = [session for session in list(sessions) if owner is None or session.owner == owner]
    owners = {session.owner for session in found} | ({owner} if owner is not None else set())
    users = {name: _account(accounts.user(name)) for name in owners}
    return {"sessions": {session.id: _session(session) for session in found}, "users": users}


def _session(session: Session) -> dict[str, Any]:
    running = session.since
    used = _account(session.account)
    used |= {"values": len(session.values), "variables": len(session.variables)}
    used["running_seconds"] = None if running is None else time.perf_counter() - running
    return used


def _account(account: Account) -> dict[str, Any]:
    return {"bytes": account.bytes, "compute_seconds": account.seconds}
