"""The digits example reaches its goal in a process that could not import TensorFlow."""

from __future__ import annotations

import re
from pathlib import Path

from ..conftest import RunThin, Server

DIGITS = Path(__file__).parents[2] / "examples" / "digits.py"


def test_digits_reach_their_goal_without_tensorflow(server: Server, run_thin: RunThin) -> None:
    source = f"""
        import runpy, sys
        try:
            import tensorflow
        except ImportError:
            print("no tensorflow here")
        sys.argv = ["digits.py"]
        runpy.run_path({str(DIGITS)!r}, run_name="__main__")
    """
    done = run_thin(source, KREMOTE_URL=server.url, KREMOTE_TOKEN=server.token)
    assert "no tensorflow here" in done.stdout
    assert "TensorFlow in this process: False" in done.stdout
    reached = re.search(r"360 held-out digits: ([\d.]+)% right", done.stdout)
    assert reached is not None, done.stdout
    assert float(reached[1]) >= 96
    accuracies = [float(text) for text in re.findall(r"held-out accuracy ([\d.]+)%", done.stdout)]
    assert len(accuracies) == 12
    assert accuracies[0] < accuracies[-1]


def test_digits_missing_their_goal_is_a_failure(server: Server, run_thin: RunThin) -> None:
    source = f"""
        import runpy, sys
        sys.argv = ["digits.py", "--epochs", "1"]
        runpy.run_path({str(DIGITS)!r}, run_name="__main__")
    """
    done = run_thin(source, check=False, KREMOTE_URL=server.url, KREMOTE_TOKEN=server.token)
    assert done.returncode == 1, done.stderr
    assert "360 held-out digits" in done.stdout
