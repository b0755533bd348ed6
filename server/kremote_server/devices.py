"""The accelerators of this machine, counted without loading an engine."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path


def count_gpus(tool: str = "nvidia-smi") -> int:
    """The number of GPUs the driver's own tool lists; 0 where there is no driver."""
    if shutil.which(tool) is None:
        return 0
    try:
        listed = subprocess.run([tool, "-L"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    return sum(line.startswith("GPU ") for line in listed.stdout.splitlines()) if listed.returncode == 0 else 0


def can_be_confined(tool: str = "nvidia-smi", device: Path = Path("/dev/nvidia-uvm")) -> bool:
    """Whether a worker finds all it needs of a GPU.

    Where the driver did not make its last device yet, it does so by a program that gets root's rights, which it cannot
    get from a process that gave up its own: the first worker after such a start of the machine keeps them.
    """
    return shutil.which(tool) is None or device.exists()
