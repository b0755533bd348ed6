"""The client's installed size and import time, in a fresh virtual environment.

python benchmarks/client_weight.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent


def size(folder: Path) -> int:
    """Bytes of the files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def seconds(python: Path, statement: str, runs: int = 11) -> float:
    """The median time of an interpreter that runs a statement."""
    taken = []
    for _ in range(runs):
        began = time.perf_counter()
        subprocess.run([python, "-c", statement], check=True, stderr=subprocess.DEVNULL)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken[1:])


def main() -> None:
    """Install, measure, print."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"
        packages = next((Path(folder) / "lib").glob("python*")) / "site-packages"
        before = size(packages)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-compile", ROOT], check=True)
        print(f"Python {sys.version.split()[0]}")
        print(f"installed with its dependencies: {(size(packages) - before) / 1e6:.1f} MB")
        for part in ("kremote*", "numpy*", "msgpack*", "httpx*"):
            print(f"  {part:<10} {sum(size(found) for found in packages.glob(part)) / 1e6:6.2f} MB")
        bare, numpy = seconds(python, "pass"), seconds(python, "import numpy")
        whole = seconds(python, "from kremote import backend")
        print(f"import of kremote.backend: {whole - bare:.3f} s, of which numpy {numpy - bare:.3f} s")


if __name__ == "__main__":
    main()
