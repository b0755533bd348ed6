"""`python -m kremote_server.worker`: one device, one engine, many sessions.

Started by the gateway, which holds the other end of stdin: when that closes, the worker ends.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import logging
import os
import sys
import threading
from pathlib import Path

from kremote_proto import ops  # noqa: F401  the catalogue is complete only when every family is imported
from kremote_proto.errors import KremoteError

from ..engines.loading import load_engine
from ..link import serve
from .confinement import confinement_of
from .keeper import StateSettings
from .limits import Limits
from .requests import Worker
from .store import Store

#: Says to the gateway's pool, under the same name, that no restart helps.
_REFUSED = 2
_SWITCH_SECONDS = 0.001
#: Below the gateway, which has little to do but for everybody: health and other people's requests.
_NICENESS = 5


def main() -> None:
    """Load the engine, take the device, answer requests until stdin closes."""
    parser = argparse.ArgumentParser(prog="kremote worker", description=__doc__)
    parser.add_argument("--socket", required=True, help="a path, or tcp://host:port")
    parser.add_argument("--engine", default="tensorflow", help="a built-in name or an importable module")
    parser.add_argument("--device", type=int, default=0, help="the number of this worker among those of the server")
    parser.add_argument("--settings", default="{}", help="limits as JSON")
    parser.add_argument("--state", help="where sessions are kept on disk and how, as JSON; without it they are not")
    options = parser.parse_args()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="worker %(levelname)s %(message)s")
    confinement = confinement_of(os.environ)
    # Before any thread is started: a thread has the protections of the one that started it.
    protections = confinement.begin() if confinement is not None else {}
    threading.Thread(target=_end_with_gateway, daemon=True).start()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        engine = load_engine(options.engine)
    except KremoteError as error:
        print(f"kremote: {error}", file=sys.stderr, flush=True)
        sys.exit(_REFUSED)
    limits = Limits(**json.loads(options.settings))
    store = Store(StateSettings(**json.loads(options.state))) if options.state else None
    worker = Worker(engine, engine.device(options.device), limits, store)
    worker.protections = [name for name, holds in protections.items() if holds]
    if confinement is not None:
        confinement.complete(protections)
    # A thread that holds Python's lock (tracing does) gives it up this often while others want it.
    sys.setswitchinterval(_SWITCH_SECONDS)
    _be_nice()
    # What was made by now stays, an engine's modules are most of it: the collector need not walk through
    # them again and again, for a tenth of a second in which nobody is answered.
    gc.collect()
    gc.freeze()
    serve(options.socket, worker.handle, most_body_bytes=limits.body_bytes)


def _be_nice() -> None:
    """Come after others in the scheduler's eyes; nobody may forbid it, but not every system has it."""
    with contextlib.suppress(OSError):
        os.nice(_NICENESS)
        if os.getsid(0) == os.getpid():
            # Linux may group processes by session (sched(7), "autogroup"): niceness then counts within the group alone,
            # which has one of its own.
            Path("/proc/self/autogroup").write_text(str(_NICENESS))


def _end_with_gateway() -> None:
    while os.read(0, 1 << 12):  # not sys.stdin, whose lock an ending interpreter wants
        pass
    os._exit(0)  # threads may be inside the engine; nothing here outlives the gateway


if __name__ == "__main__":
    main()
