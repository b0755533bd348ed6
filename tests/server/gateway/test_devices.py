"""Counting GPUs by the driver's tool, with a stand-in for the tool."""

from __future__ import annotations

from pathlib import Path

import pytest

from kremote_server.devices import count_gpus


def tool(folder: Path, script: str) -> str:
    path = folder / "nvidia-smi"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("script", "count"),
    [
        ("echo 'GPU 0: NVIDIA H100 (UUID: GPU-1)'; echo 'GPU 1: NVIDIA H100 (UUID: GPU-2)'", 2),
        ("echo 'GPU 0: NVIDIA A100 (UUID: GPU-1)'; echo '  MIG 1g.5gb Device 0: (UUID: MIG-1)'", 1),
        ("echo 'No devices found'", 0),
        ("echo 'GPU 0: broken driver'; exit 9", 0),
    ],
)
def test_lines_that_name_a_gpu_are_counted(tmp_path: Path, script: str, count: int) -> None:
    assert count_gpus(tool(tmp_path, script)) == count


def test_a_machine_without_the_driver_has_none() -> None:
    assert count_gpus("no-such-tool-of-any-driver") == 0
