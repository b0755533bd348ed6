"""Gradients of every differentiable op against central differences, in float64, through K."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from .calling import arrays, call
from .rows import ROWS, Row, draw

STEP = 1e-6
DIFFERENTIABLE = [pytest.param(row, id=f"{row.op}-{i}") for i, row in enumerate(ROWS) if row.differentiable]


class Losses:
    """A function of all cases of a row: a loss for each, the result weighed, and its gradients."""

    def __init__(self, K: ModuleType, row: Row) -> None:
        self.K = K
        self.generator = np.random.default_rng(7)
        #: The inputs of the function, and whether each has a gradient.
        self.symbols: list[Any] = []
        self.points: list[np.ndarray[Any, Any]] = []
        self.losses: list[Any] = []
        self.gradients: dict[int, Any] = {}
        for one in (one for one in row.cases if one.smooth):
            self._add(row, draw(one.arguments, "float64", f"{row.op} {one.name}"))
        self.function = K.function(self.symbols, [*self.losses, *self.gradients.values()])

    def _add(self, row: Row, arguments: dict[str, Any]) -> None:
        own: list[int] = []

        def placeholder(array: np.ndarray[Any, Any], differentiable: bool) -> Any:
            if differentiable and array.dtype == np.float64:
                own.append(len(self.symbols))
            self.symbols.append(self.K.placeholder(array.shape, dtype=array.dtype))
            self.points.append(array)
            return self.symbols[-1]

        given: dict[str, Any] = {}
        for name, value in arguments.items():
            varied = name in row.differentiable
            given.update(arrays({name: value}, lambda array, varied=varied: placeholder(array, varied)))  # type: ignore[misc]
        result = call(self.K, row.op, given)
        loss = self.K.sum(result * self._weights(result.shape))
        self.losses.append(loss)
        found = self.K.gradients(loss, [self.symbols[i] for i in own])
        assert None not in found, "the op has no gradient"
        self.gradients.update(zip(own, found, strict=True))

    def _weights(self, shape: Any) -> Any:
        """A different weight for each element, so that elements cannot stand for each other."""
        if shape is None or None in shape:
            return 1.5
        return self.K.constant(self.generator.uniform(0.5, 1.5, shape), dtype="float64")

    def at(self, points: list[np.ndarray[Any, Any]]) -> tuple[float, list[np.ndarray[Any, Any]]]:
        """The sum of the losses, and the gradients."""
        outputs = self.function(points)
        return float(np.sum(outputs[: len(self.losses)])), outputs[len(self.losses) :]

    def directions(self) -> list[np.ndarray[Any, Any]]:
        """A random direction for each input that has a gradient, zeros for the others."""
        return [
            self.generator.choice([-1.0, 1.0], array.shape) * self.generator.uniform(0.5, 1.5, array.shape)
            if i in self.gradients
            else np.zeros_like(array)
            for i, array in enumerate(self.points)
        ]


@pytest.mark.parametrize("row", DIFFERENTIABLE)
def test_as_central_differences(K: ModuleType, row: Row) -> None:
    losses = Losses(K, row)
    _, gradients = losses.at(losses.points)
    for i, gradient in zip(losses.gradients, gradients, strict=True):
        assert gradient.shape == losses.points[i].shape
    for _ in range(3):
        directions = losses.directions()
        ahead = [point + STEP * direction for point, direction in zip(losses.points, directions, strict=True)]
        behind = [point - STEP * direction for point, direction in zip(losses.points, directions, strict=True)]
        difference = (losses.at(ahead)[0] - losses.at(behind)[0]) / (2 * STEP)
        slope = sum(np.vdot(directions[i], gradient) for i, gradient in zip(losses.gradients, gradients, strict=True))
        assert slope == pytest.approx(difference, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("row", DIFFERENTIABLE)
def test_each_element_as_a_central_difference(K: ModuleType, row: Row) -> None:
    """The first case, element by element, which tells a transposed gradient from a right one."""
    losses = Losses(K, Row(row.op, row.cases[:1], row.reference, differentiable=row.differentiable))
    _, gradients = losses.at(losses.points)
    for i, gradient in zip(losses.gradients, gradients, strict=True):
        for place in list(np.ndindex(gradient.shape))[:12]:
            shifted = []
            for sign in (1, -1):
                points = [point.copy() for point in losses.points]
                points[i][place] += sign * STEP
                shifted.append(losses.at(points)[0])
            assert gradient[place] == pytest.approx((shifted[0] - shifted[1]) / (2 * STEP), rel=1e-6, abs=1e-6), place
