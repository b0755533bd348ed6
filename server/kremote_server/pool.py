"""The workers: started, watched and replaced."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal, Protocol

import msgpack
import structlog

from kremote_proto.codec import MSGPACK
from kremote_proto.errors import InvalidValue, Unavailable

from .connections import Body, Connections, Lent, LinkReply
from .devices import can_be_confined
from .framing import BrokenLink
from .worker.confinement import VARIABLE, Confinement
from .worker_environment import worker_environment

log = structlog.get_logger("kremote.pool")

State = Literal["starting", "ready", "stopped"]

#: A worker that ends with this code cannot run as it was asked to (an engine that does not load): no restart helps.
REFUSED = 2
#: With this one it ended itself, because of a request that computed for too long and could not be stopped.
OVERRUN = 124
_FIRST_BACKOFF, _LONGEST_BACKOFF = 0.1, 15.0
#: A worker that lived so long did not die of its start: the next one starts without delay.
_HEALTHY_SECONDS = 30.0
_POLL_SECONDS = 0.05
_STOP_SECONDS = 5.0
#: The longest path a Unix socket may have is 108 bytes; a worker's own part takes some of it.
_MOST_FOLDER = 80


class Process(Protocol):
    """A started worker, wherever it runs."""

    address: str

    async def wait(self) -> int:
        """Its exit status when it has ended, negative for a signal."""

    async def stop(self) -> None:
        """End it, gently if it lets us."""


class Launcher(Protocol):
    """How a worker is started: here as a child process, elsewhere it might be a cluster's actor."""

    async def start(self, engine: str, device: int, name: str) -> Process:
        """Start a worker for one engine on one device; `name` is new each time."""

    def close(self) -> None:
        """Leave nothing behind, when all workers have ended."""


class ChildProcess:
    """A worker as a child of the gateway. Its stdin stays open for as long as the gateway lives."""

    def __init__(self, process: asyncio.subprocess.Process, address: str, folder: Path) -> None:
        self.address = address
        self._process = process
        self._folder = folder

    async def wait(self) -> int:
        """Its exit status, negative for a signal."""
        status = await self._process.wait()
        Path(self.address).unlink(missing_ok=True)
        shutil.rmtree(self._folder, ignore_errors=True)
        return status

    async def stop(self) -> None:
        """Close its stdin, which ends it; kill it if that does not."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_SECONDS)
        except asyncio.TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()


class ChildLauncher:
    """Starts workers as child processes with sockets in one private folder."""

    def __init__(
        self,
        python: str,
        settings: dict[str, Any],
        state: dict[str, Any] | None = None,
        confinement: Confinement | None = None,
    ) -> None:
        self._python = python
        self._confinement = confinement
        self._settings = json.dumps(settings)
        self._state = [] if state is None else ["--state", json.dumps(state)]
        self._folder: Path | None = None

    async def start(self, engine: str, device: int, name: str) -> ChildProcess:
        """Start `python -m kremote_server.worker`."""
        self._folder = self._folder or _private_folder()
        address, own = str(self._folder / f"{name}.sock"), self._folder / name
        own.mkdir(mode=0o700)
        arguments = ["--socket", address, "--engine", engine, "--device", str(device), "--settings", self._settings]
        arguments += self._state
        try:
            process = await asyncio.create_subprocess_exec(
                self._python,
                *["-m", "kremote_server.worker", *arguments],
                env=self._environment(own),
                stdin=asyncio.subprocess.PIPE,
                stdout=sys.__stderr__.fileno() if sys.__stderr__ else None,
                # A Ctrl-C at the terminal is for the gateway, which lets its workers finish what they run.
                start_new_session=True,
            )
        except (FileNotFoundError, PermissionError) as error:
            raise type(error)(f"the interpreter {self._python} cannot be run: {error.strerror}") from None
        return ChildProcess(process, address, own)

    def _environment(self, own: Path) -> dict[str, str]:
        """A worker's environment: temporary files go to a folder of its own, and it is told what it may do."""
        environment = {**worker_environment(os.environ), "TMPDIR": str(own)}
        if self._confinement is not None and can_be_confined():
            write = (str(own), *self._confinement.write)
            confinement = replace(self._confinement, write=write, socket=(str(own.parent),))
            environment[VARIABLE] = confinement.to_variable()
        return environment

    def close(self) -> None:
        """Remove the folder."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def _private_folder() -> Path:
    """A folder only this user may enter, with a path short enough for sockets in it."""
    folder = Path(tempfile.mkdtemp(prefix="kremote-"))
    if len(str(folder).encode()) <= _MOST_FOLDER:
        return folder
    folder.rmdir()
    return Path(tempfile.mkdtemp(prefix="kremote-", dir="/tmp"))


@dataclass(frozen=True)
class Death:
    """How a worker ended and when."""

    reason: str
    at: datetime
    #: It cannot run as it was asked to.
    refused: bool = False

    def __str__(self) -> str:
        return f"{self.reason} at {self.at:%Y-%m-%d %H:%M:%S} UTC"


def death_of(status: int) -> Death:
    """The death an exit status tells of.

    >>> death_of(-9).reason
    'was killed by SIGKILL'
    """
    if status < 0:
        try:
            reason = f"was killed by {signal.Signals(-status).name}"
        except ValueError:
            reason = f"was killed by signal {-status}"
    elif status == OVERRUN:
        reason = "was ended because of a request that computed for too long"
    else:
        reason = f"ended with exit code {status}"
    return Death(reason, datetime.now(timezone.utc), refused=status == REFUSED)


class Worker:
    """One place in the pool: an engine on a device, run by one process after another."""

    def __init__(self, index: int, engine: str, device: int) -> None:
        self.index = index
        self.engine = engine
        self.device = device
        self.state: State = "starting"
        #: Counts the processes that held this place; a session belongs to one of them.
        self.incarnation = 0
        #: How the process before this one ended.
        self.last_death: Death | None = None
        self.restarts = 0
        self.hello: dict[str, Any] = {}
        self.refused = False
        self.since = time.time()
        self._connections: Connections | None = None

    def enter(self, state: State, connections: Connections | None = None) -> None:
        """Change the state; leaving `ready` closes the connections."""
        if self._connections is not None:
            self._connections.close()
        self.state, self._connections, self.since = state, connections, time.time()

    async def request(self, head: dict[str, Any], body: Body = None) -> LinkReply:
        """Forward a request; `Unavailable` when the worker is not there, or goes before it answers."""
        return await self._answered(lambda connections: connections.request(head, body))

    async def lend(self, head: dict[str, Any], client: Lent, recalled: asyncio.Event) -> LinkReply:
        """Lend it a client's connection; `Unavailable` when it is not there, or goes before it gives it back."""
        return await self._answered(lambda connections: connections.lend(head, client, recalled))

    async def _answered(self, ask: Callable[[Connections], Awaitable[LinkReply]]) -> LinkReply:
        if self._connections is None:
            raise unavailable(f"worker {self.index} ({self.engine}) is {self.state}")
        try:
            return await ask(self._connections)
        except BrokenLink as error:
            raise unavailable(f"worker {self.index} ({self.engine}) went away before it answered ({error})") from error

    async def tell(self, route: str, **more: Any) -> dict[str, Any]:
        """What it says of itself: `stats`, what it counts, or `usage`."""
        reply = await self.request({"route": route, "accept": MSGPACK, "length": 0, **more})
        return dict(msgpack.unpackb(await reply.read(), raw=False))

    @property
    def shares_machine(self) -> bool:
        """Whether it can be passed a client's connection."""
        return self._connections is not None and self._connections.shares_machine

    def describe(self) -> dict[str, Any]:
        """What `GET /v1/status` tells of it."""
        return {
            "worker": self.index,
            "engine": self.engine,
            "device": self.hello.get("device", str(self.device)),
            "versions": self.hello.get("versions", {}),
            "state": self.state,
            "since": self.since,
            "pid": self.hello.get("pid"),
            "protections": self.hello.get("protections", []),
            "restarts": self.restarts,
            "last_death": None if self.last_death is None else str(self.last_death),
        }


def unavailable(message: str) -> Unavailable:
    """The 503 of a worker that is being replaced."""
    return Unavailable(message, hint="ask again in a second; nothing else is needed")


class Pool:
    """All workers, each kept alive by a task of its own."""

    def __init__(
        self, launcher: Launcher, engines: tuple[str, ...], workers: int, *, start_seconds: float = 300.0
    ) -> None:
        places = [(engine, device) for engine in engines for device in range(workers)]
        self.workers = [Worker(index, engine, device) for index, (engine, device) in enumerate(places)]
        self.engines = engines
        #: Told of a process's end, before anything can reach the next one.
        self.on_death: Callable[[Worker, Death], None] = lambda worker, death: None
        self.on_restart: Callable[[], None] = lambda: None
        self._launcher = launcher
        self._start_seconds = start_seconds
        self._keepers: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()

    def start(self) -> None:
        """Begin to keep the workers alive."""
        self._keepers = [asyncio.create_task(self._keep(worker)) for worker in self.workers]

    async def stop(self) -> None:
        """End the workers, and wait until they have."""
        self._stopping.set()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        self._launcher.close()

    @property
    def ready(self) -> int:
        """How many workers take requests."""
        return sum(worker.state == "ready" for worker in self.workers)

    @property
    def all_engines_ready(self) -> bool:
        """Whether each engine has a worker that takes requests."""
        return all(any(w.state == "ready" for w in self.workers if w.engine == engine) for engine in self.engines)

    async def tell(self, seconds: float, route: str, **more: Any) -> list[tuple[Worker, dict[str, Any]]]:
        """What the workers say of themselves; those that do not answer in time are left out."""
        ready = [worker for worker in self.workers if worker.state == "ready"]
        answers = [asyncio.wait_for(worker.tell(route, **more), seconds) for worker in ready]
        told = await asyncio.gather(*answers, return_exceptions=True)
        return [(worker, said) for worker, said in zip(ready, told, strict=True) if isinstance(said, dict)]

    @property
    def refused(self) -> Worker | None:
        """A worker that cannot run as it was asked to."""
        return next((worker for worker in self.workers if worker.refused), None)

    def choose(self, engine: str | None, load: Callable[[Worker], int]) -> Worker:
        """The least loaded worker of an engine (of the first where none is named)."""
        engine = engine or self.engines[0]
        if engine not in self.engines:
            raise InvalidValue(
                f"expected an engine of this server, one of {', '.join(self.engines)}; got {engine!r}",
                hint="ask for one of these (K.connect(url, engine=...), KERAS_BACKEND), or have --backend offer others",
            )
        ready = [worker for worker in self.workers if worker.engine == engine and worker.state == "ready"]
        if not ready:
            raise unavailable(f"no worker of engine {engine} is ready yet")
        return min(ready, key=lambda worker: (load(worker), worker.index))

    async def _keep(self, worker: Worker) -> None:
        """Start a process, watch it, and start the next when it ends."""
        backoff = _FIRST_BACKOFF
        while not self._stopping.is_set():
            began = time.monotonic()
            await self._live(worker)
            if self._stopping.is_set() or worker.refused:
                return
            backoff = _FIRST_BACKOFF if time.monotonic() - began > _HEALTHY_SECONDS else backoff
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), backoff)
            backoff = min(2 * backoff, _LONGEST_BACKOFF)
            worker.restarts += 1
            self.on_restart()

    async def _live(self, worker: Worker) -> None:
        """One process from its start to its end."""
        worker.incarnation += 1
        worker.enter("starting")
        try:
            name = f"w{worker.index}-{worker.incarnation}"
            process = await self._launcher.start(worker.engine, worker.device, name)
        except OSError as error:
            log.error("worker cannot be started", worker=worker.index, reason=str(error))
            # An interpreter that is not there, or may not be run, will not be there at the next try either.
            hopeless = isinstance(error, FileNotFoundError | PermissionError)
            self._bury(worker, Death(f"could not be started ({error})", datetime.now(timezone.utc), refused=hopeless))
            return
        ended, stopping = asyncio.create_task(process.wait()), asyncio.create_task(self._stopping.wait())
        greeting = asyncio.create_task(self._greet(worker, process))
        try:
            await asyncio.wait([ended, stopping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            greeting.cancel()
            if not ended.done():
                await process.stop()
            stopping.cancel()
        self._bury(worker, death_of(await ended))

    def _bury(self, worker: Worker, death: Death) -> None:
        worker.last_death = death
        worker.refused = death.refused and worker.state == "starting"
        worker.enter("stopped")
        if not self._stopping.is_set():
            log.error("worker died", worker=worker.index, engine=worker.engine, reason=death.reason)
        self.on_death(worker, death)

    async def _greet(self, worker: Worker, process: Process) -> None:
        """Ask until the worker answers hello; end it when it takes too long."""
        connections = Connections(process.address)
        deadline = time.monotonic() + self._start_seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(BrokenLink, ValueError, TypeError):
                reply = await connections.request({"route": "hello"})
                worker.hello = dict(msgpack.unpackb(await reply.read(), raw=False))
                worker.enter("ready", connections)
                told = {name: worker.hello.get(name) for name in ("device", "protections")}
                log.info("worker ready", worker=worker.index, engine=worker.engine, **told)
                return
            await asyncio.sleep(_POLL_SECONDS)
        log.error("worker did not get ready in time; ending it", worker=worker.index, seconds=self._start_seconds)
        await process.stop()
