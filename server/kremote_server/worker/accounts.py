"""Accounts: how many bytes of values each session, each user and the worker hold, and what each may.

A value counts from when it gets an id or a name until nobody has it any more: neither the session nor a symbol, a
function or a content that was made of it. So what is counted is what memory is taken for.
"""

from __future__ import annotations

import threading
import weakref
from collections import deque
from typing import Any

from kremote_proto.errors import KremoteError, OutOfMemory, QuotaExceeded

from .limits import Limits

#: How many changes wait until they are added up, unless somebody asks before: each op makes two.
_MOST_CHANGES = 64


class Account:
    """The bytes that somebody holds, and how long requests computed. What a session holds its user does, too."""

    def __init__(self, holder: str, setting: str, most: int, parent: Account | None = None) -> None:
        """Hold nothing; `holder` and `setting` are the words of a refusal, `most` is in bytes, 0 for no bound."""
        self.most = most
        #: This account and those that hold what it holds.
        self.line: tuple[Account, ...] = (self,) if parent is None else (self, *parent.line)
        #: How many seconds requests have computed.
        self.seconds = 0.0
        self._holder = holder
        self._setting = setting
        self._bytes = 0
        self._changes: deque[int] = deque()
        self._lock = threading.Lock()

    @property
    def bytes(self) -> int:
        """How many bytes are held now."""
        if self._changes:
            self._settle()
        return self._bytes

    def post(self, change: int) -> None:
        """Count bytes that came (or went, below 0), for all whose they are. Safe in the middle of a collection."""
        for account in self.line:
            account._changes.append(change)
            if len(account._changes) > _MOST_CHANGES:
                account._settle()

    def charge(self, seconds: float) -> None:
        """Count time that a request computed."""
        for account in self.line:
            with account._lock:
                account.seconds += seconds

    def check(self, more: int, what: str) -> None:
        """Refuse so many bytes more, for what a message calls `what`; raises `QuotaExceeded` or `OutOfMemory`."""
        for account in self.line:
            if account.most and more and account.bytes + more > account.most:
                raise account._refusal(more, what)

    def fits(self, more: int) -> bool:
        """Whether so many bytes more may be held."""
        for account in self.line:  # noqa: SIM110  a generator takes longer, and each op asks
            if account.most and account.bytes + more > account.most:
                return False
        return True

    def _settle(self) -> None:
        # A collection may come in between, in this very thread: whoever has the lock counts what was added meanwhile.
        while self._changes and self._lock.acquire(blocking=False):
            try:
                while self._changes:
                    self._bytes += self._changes.popleft()
            finally:
                self._lock.release()

    def _refusal(self, more: int, what: str) -> KremoteError:
        message = f"expected at most {self.most} bytes of values in {self._holder}, which has {self._bytes}"
        message += f"; {what} takes {more} more"
        if len(self.line) == 1:
            return OutOfMemory(message, hint="ask again when others hold less, or work on a part at a time")
        return QuotaExceeded(
            message,
            hint="let go of handles and variables that you no longer need (K.usage() shows what you hold), or ask the "
            f"server's owner for a higher {self._setting}",
        )


class _Held(weakref.ref[Any]):
    """A value that is counted, until it goes."""

    __slots__ = ("account", "bytes", "key")

    account: Account
    bytes: int
    key: int


class Accounts:
    """The accounts of a worker, and the values that are counted in them, each once."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.worker = Account("the worker", "worker_bytes", limits.worker_bytes)
        self._users: dict[str, Account] = {}
        #: By `id`: a value's hash may be none, and its equality another tensor.
        self._held: dict[int, _Held] = {}

    def session(self, owner: str) -> Account:
        """A new session's account."""
        return Account("the session", "session_bytes", self._limits.session_bytes, self.user(owner))

    def user(self, owner: str) -> Account:
        """A user's account."""
        found = self._users.get(owner)
        if found is None:
            new = Account("your sessions on a worker", "user_bytes", self._limits.user_bytes, self.worker)
            found = self._users.setdefault(owner, new)
        return found

    @property
    def values(self) -> int:
        """How many values are counted."""
        return len(self._held)

    def counts(self, value: Any) -> bool:
        """Whether a value is counted already."""
        return id(value) in self._held

    def hold(self, account: Account, value: Any, size: int) -> None:
        """Count a value of so many bytes, once, until it goes."""
        if not size or id(value) in self._held:
            return
        try:
            held = _Held(value, self._gone)
        except TypeError:  # a number of numpy's, which takes next to nothing
            return
        held.account, held.bytes, held.key = account, size, id(value)
        self._held[held.key] = held
        account.post(size)

    def _gone(self, held: _Held) -> None:
        self._held.pop(held.key, None)
        held.account.post(-held.bytes)
