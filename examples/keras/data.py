"""What the examples train on: scanned digits and sonnets, which ship in `examples/data`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parents[1] / "data"
Array = np.ndarray[Any, Any]


def digits() -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Images (8, 8, 1) of 0 to 1 with their classes: four fifths to train on, and the rest."""
    stored = np.load(FOLDER / "digits.npz")
    order = np.random.RandomState(0).permutation(len(stored["labels"]))
    images = (stored["images"][order, :, :, None] / 16).astype("float32")
    classes = stored["labels"][order].astype("int32")
    split = len(images) * 4 // 5
    return (images[:split], classes[:split]), (images[split:], classes[split:])


def sonnets() -> str:
    """Fourteen sonnets, in lower case."""
    return (FOLDER / "sonnets.txt").read_text(encoding="utf-8").lower()
