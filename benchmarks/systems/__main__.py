"""Run one system: commands come on stdin, answers go to stdout, both as lines of JSON."""

from __future__ import annotations

import importlib
import sys

from .system import answer_commands

if __name__ == "__main__":
    answer_commands(importlib.import_module(f"benchmarks.systems.{sys.argv[1]}").start)
