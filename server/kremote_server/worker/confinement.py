"""How little a worker may do: it computes, over one socket, and writes nothing but its state.

An engine is a large program that works on other people's bytes. What it is not to do even when somebody makes it do
things it was not written for is taken from the process before it hears of anybody. Where the system does not have a
protection the worker does without, and says so.
"""

from __future__ import annotations

import json
import logging
import resource
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from .file_access import restrict_files
from .system_calls import refuse_privileges, refuse_system_calls

log = logging.getLogger(__name__)

#: Where the gateway tells it.
VARIABLE = "KREMOTE_CONFINEMENT"
#: What programs write that leaves nothing: devices, shared memory, themselves.
_PASSING = ("/dev", "/proc/self")


@dataclass(frozen=True)
class Confinement:
    """What the gateway leaves a worker."""

    #: Folders it may write in.
    write: tuple[str, ...] = ()
    #: The folder its socket is made in.
    socket: tuple[str, ...] = ()
    #: Files it may not read.
    hide: tuple[str, ...] = ()
    network: bool = False

    def to_variable(self) -> str:
        """What the environment tells a worker."""
        return json.dumps(asdict(self))

    def begin(self) -> dict[str, bool]:
        """Before the engine is loaded; which protections are on. Python may still write its bytecode."""
        return _held(
            {
                "no core dumps": _keep_no_cores,
                "no privileges": refuse_privileges,
                "no network": None if self.network else refuse_system_calls,
                "files": partial(self._restrict, [sys.pycache_prefix or sys.prefix], outside=False),
            }
        )

    def complete(self, begun: Mapping[str, bool]) -> None:
        """When the engine is loaded: nothing of the program itself may be written any more."""
        if begun.get("files"):
            self._restrict([], outside=True)

    def _restrict(self, more: list[str], outside: bool) -> None:
        home = Path.home() / ".nv"  # CUDA's cache of compiled kernels
        writable = [Path(path) for path in (*self.write, *_PASSING, *more)] + ([home] if home.is_dir() else [])
        sockets, hidden = [Path(path) for path in self.socket], [Path(path) for path in self.hide]
        restrict_files(writable, sockets=sockets, hidden=hidden, outside=outside or self.network)


def confinement_of(environment: Mapping[str, str]) -> Confinement | None:
    """What the gateway told this process, None where it trusts it."""
    told = environment.get(VARIABLE)
    if told is None:
        return None
    given = json.loads(told)
    return Confinement(tuple(given["write"]), tuple(given["socket"]), tuple(given["hide"]), given["network"])


def _keep_no_cores() -> None:
    """Values of people are in this memory. 1 is what also stops a system that pipes cores to a program."""
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    least = 1 if most == resource.RLIM_INFINITY or most >= 1 else 0
    resource.setrlimit(resource.RLIMIT_CORE, (least, least))


def _held(protections: Mapping[str, Callable[[], None] | None]) -> dict[str, bool]:
    return {name: protect is not None and _holds(name, protect) for name, protect in protections.items()}


def _holds(name: str, protect: Callable[[], None]) -> bool:
    try:
        protect()
    except (OSError, ValueError, AttributeError) as error:
        log.warning("no protection %r: %s", name, error)
        return False
    return True
