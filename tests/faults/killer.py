"""Ends workers and gateways at random moments while clients work, and compares what is left with what must be.

python -m tests.faults.killer --kills 200 --clients 4 --backend tensorflow
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import kremote

from .mixed_work import MixedWork

#: A client waits so long for a server that is away.
_RETRY_SECONDS = "3600"
_START_SECONDS = 120.0


class KilledServer:
    """`kremote serve` on one state directory and one port, started again whenever it ended."""

    def __init__(self, folder: Path, *options: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._ready = folder / "ready.json"
        self._log = folder / "server.log"
        self._command = [
            *(sys.executable, "-m", "kremote_server", "serve", "--port", str(port), "--exit-with-parent"),
            *("--state-dir", str(folder / "state"), "--ready-file", str(self._ready), *options),
        ]
        self._process: subprocess.Popen[bytes]
        self.start()

    @property
    def token(self) -> str:
        """The server's own token, which it keeps in its state directory."""
        return str(json.loads(self._ready.read_text())["token"])

    def start(self) -> None:
        """Start it."""
        self._ready.unlink(missing_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=log, stderr=log)

    def wait(self) -> None:
        """Wait until its workers are ready."""
        until = time.monotonic() + _START_SECONDS
        while not self._ready.exists():
            if self._process.poll() is not None or time.monotonic() > until:
                raise AssertionError(f"the server did not start:\n{self.log_tail()}")
            time.sleep(0.05)

    def kill_workers(self) -> bool:
        """End all workers, also such as are starting; whether there was one."""
        pid = self._process.pid
        workers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for worker in workers:
            with suppress(ProcessLookupError):
                os.kill(int(worker), signal.SIGKILL)
        return bool(workers)

    def end(self, number: signal.Signals) -> None:
        """End the gateway, and start the server again."""
        self._process.send_signal(number)
        self._process.wait(60)
        assert self._process.stdin is not None
        self._process.stdin.close()
        self.start()

    def stop(self) -> None:
        """End it for good."""
        self._process.terminate()
        self._process.wait(60)
        assert self._process.stdin is not None
        self._process.stdin.close()

    def log_tail(self, lines: int = 30) -> str:
        """The end of what it wrote."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:])

    def logged(self, text: str) -> int:
        """How many lines it wrote have a text."""
        return sum(text in line for line in self._log.read_text(errors="replace").splitlines())


class Client(threading.Thread):
    """A client that works until it is told to stop, and then compares everything."""

    def __init__(self, server: KilledServer, seed: int) -> None:
        super().__init__(name=f"client {seed}")
        self.error: BaseException | None = None
        self.work: MixedWork
        self.deeds = 0
        self.stopped = threading.Event()
        self._session = kremote.Session(server.url, token=server.token)
        self._seed = seed

    def run(self) -> None:
        """Work."""
        try:
            self.work = MixedWork(self._session, self._seed)
            while not self.stopped.is_set():
                self.work.do_something()
                self.deeds += 1
            self.work.check_all()
            self._session.delete()
        except BaseException as error:
            self.error = error


def kill(server: KilledServer, clients: list[Client], kills: int, chance: random.Random) -> Counter[str]:
    """End something so many times; what it was."""
    ended: Counter[str] = Counter()
    while ended.total() < kills and not any(client.error for client in clients):
        if chance.random() < 0.8:  # else at once, while it starts and restores
            server.wait()
            before = [client.deeds for client in clients]
            time.sleep(chance.uniform(0.0, 1.5))
            until = time.monotonic() + _START_SECONDS
            while all(client.deeds == n for client, n in zip(clients, before, strict=True)):
                assert time.monotonic() < until, f"no client goes on:\n{server.log_tail()}"
                time.sleep(0.01)
        else:
            time.sleep(chance.uniform(0.0, 3.0))
        what = chance.choices(["worker", "gateway", "gateway, by SIGTERM"], [6, 3, 1])[0]
        if what == "worker":
            if not server.kill_workers():
                continue
        else:
            server.end(signal.SIGTERM if "SIGTERM" in what else signal.SIGKILL)
        ended[what] += 1
        print(f"\r{ended.total()} kills, {sum(client.deeds for client in clients)} deeds", end="", file=sys.stderr)
    return ended


def run(kills: int, clients: int, backend: str, seed: int, *options: str) -> dict[str, Any]:
    """Kill so many times; raises `AssertionError` where a client does not have what it must have."""
    os.environ["KREMOTE_RETRY_SECONDS"] = _RETRY_SECONDS
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kremote-killer-") as folder:
        server = KilledServer(Path(folder), "--backend", backend, "--snapshot-bytes", "3MiB", *options)
        try:
            server.wait()
            working = [Client(server, seed * 1000 + number) for number in range(clients)]
            for client in working:
                client.start()
            ended = kill(server, working, kills, random.Random(seed))
            for client in working:
                client.stopped.set()
            for client in working:
                client.join(600)
            hanging = [client.name for client in working if client.is_alive()]
            assert not hanging, f"{hanging} hang:\n{server.log_tail()}"
            failed = [client for client in working if client.error is not None]
            for client in failed:
                print(client.name, *traceback.format_exception(client.error), file=sys.stderr)
            assert not failed, f"{[str(client.error) for client in failed]}\n{server.log_tail()}"
            return {
                "kills": ended.total(),
                **ended,
                "clients": clients,
                "backend": backend,
                "updates acknowledged": sum(client.work.updates for client in working),
                "updates lost or made twice": 0,
                "restorations": server.logged(" restored: "),
                "answered otherwise": server.logged("answered otherwise"),
                "minutes": round((time.monotonic() - began) / 60, 1),
            }
        finally:
            server.stop()


def main() -> None:
    """Run as a program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--backend", default="tensorflow")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    found = run(options.kills, options.clients, options.backend, options.seed)
    print()
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
