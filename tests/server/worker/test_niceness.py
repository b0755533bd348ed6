"""A worker comes after other processes, however the kernel groups them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="the kernel does not group processes by session")
def test_a_worker_and_its_group_are_nice(tmp_path: Path) -> None:
    address = tmp_path / "s"
    arguments = ["-m", "kremote_server.worker", "--socket", str(address), "--engine", "numpy"]
    with subprocess.Popen([sys.executable, *arguments], stdin=subprocess.PIPE, start_new_session=True) as worker:
        until = time.monotonic() + 60
        while not address.exists():
            assert worker.poll() is None
            assert time.monotonic() < until
            time.sleep(0.02)
        group = Path(f"/proc/{worker.pid}/autogroup").read_text().split()
        own = Path(f"/proc/{worker.pid}/stat").read_text().rpartition(")")[2].split()[16]
        assert worker.stdin is not None
        worker.stdin.close()
    assert (own, group[-2:]) == (str(os.nice(0) + 5), ["nice", "5"])
    assert worker.returncode == 0
