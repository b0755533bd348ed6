"""Virtual environments of systems that need their own; `scripts/environment` makes them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from .system_process import ROOT

#: What is installed for a peer, and the name that people know it by.
PEERS = {"ray": ("ray", "Ray"), "torch": ("torch", "torch RPC"), "dask": ("distributed", "Dask")}
KERAS_SYSTEMS = ("keras", "keras_in_process")


def python_of(system: str) -> Path:
    """The Python that runs a system; its environment may not be there yet."""
    if system in PEERS:
        return _folder(system) / "bin" / "python"
    return _folder("keras") / "bin" / "python" if system in KERAS_SYSTEMS else Path(sys.executable)


def install_peer(peer: str) -> None:
    """Make the environment of a peer."""
    _run(f"environment {_folder(peer).name} numpy {PEERS[peer][0]}")


def install_keras() -> None:
    """Make the environment of Keras 2.3.1, with the server for a worker in its process."""
    name = _folder("keras").name
    # Keras 2.3.1 takes the place of the Keras 3 that TensorFlow asks for.
    replaced = f"test -e {name}/lib/python*/site-packages/keras/callbacks/callbacks.py"
    _run(f"environment {name} -e '.[server-cpu]' && {{ {replaced} 2> /dev/null || install_into {name} keras==2.3.1; }}")


def _folder(name: str) -> Path:
    return ROOT / f".venv-benchmark-{name}"


def _run(script: str) -> None:
    subprocess.run(["bash", "-euc", f"source scripts/environment && {script}"], cwd=ROOT, check=True, stdout=sys.stderr)
