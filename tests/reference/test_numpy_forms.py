"""The page's NumPy forms (N1 to N22) are what K computes.

Called with the dtypes spelled out, where the page's own defaults are not what is real (section 11).
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from . import numpy_forms
from .statements import statement

X = np.array([[1.5, -2.0, 3.0], [0.25, 4.0, -1.0]])
CUBE = np.linspace(-2.0, 3.0, 24).reshape(2, 3, 4)

#: Function, its arguments: arrays among them are given to K as variables.
COMPUTED = [
    ("eval", (X,)),
    ("zeros", ((2, 3), "float32")),
    ("zeros", ([4], "float64")),
    ("ones", ((2, 3), "int32")),
    ("eye", (3, "float32")),
    ("eye", ((2, 3), "float64")),
    ("zeros_like", (X, "float32")),
    ("ones_like", (X, "int32")),
    ("dot", (X, X.T)),
    ("dot", (CUBE, X.reshape(2, 3)[:, :].repeat(2, axis=0).reshape(4, 3))),
    ("dot", (X, CUBE)),
    ("transpose", (X,)),
    ("transpose", (CUBE,)),
    ("gather", (X, [1, 0, 1])),
    ("gather", (CUBE, [1])),
    ("cumsum", (X,)),
    ("cumsum", (CUBE, 1)),
    ("cumsum", (CUBE, -1)),
    ("cumprod", (X,)),
    ("cumprod", (CUBE, 2)),
]
DESCRIBED = [(name, value) for name in ("int_shape", "ndim", "dtype", "count_params") for value in (X, CUBE)]


@statement(61, 62, 63, 64, 65, 66, 76, 77, 84, 85, 91, 92)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "arguments"), COMPUTED, ids=[f"{name}-{i}" for i, (name, _) in enumerate(COMPUTED)])
def test_what_is_computed(K: Any, name: str, arguments: tuple[Any, ...], dtype: str) -> None:
    host = [value.astype(dtype) if isinstance(value, np.ndarray) else value for value in arguments]
    expected = getattr(numpy_forms, name)(*host)
    remote = [K.variable(value, dtype=dtype) if isinstance(value, np.ndarray) else value for value in host]
    got = K.eval(getattr(K, name)(*remote)) if name != "eval" else K.eval(*remote)
    assert (got.shape, got.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(got, expected, rtol=1e-5 if dtype == "float32" else 1e-12, atol=1e-6)


@statement(56, 57, 59, 70)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32"])
@pytest.mark.parametrize(("name", "value"), DESCRIBED, ids=[f"{name}-{x.ndim}" for name, x in DESCRIBED])
def test_what_is_described(K: Any, name: str, value: Any, dtype: str) -> None:
    host = value.astype(dtype)
    assert getattr(K, name)(K.variable(host, dtype=dtype)) == getattr(numpy_forms, name)(host)


@statement(68, 69)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["random_uniform_variable", "random_normal_variable"])
def test_what_is_random(K: Any, name: str, dtype: str) -> None:
    """Other samples, of the same distribution: their quantiles agree."""
    arguments = ((400, 50), 2.0, 5.0, dtype)
    expected = getattr(numpy_forms, name)(*arguments)
    got = K.eval(getattr(K, name)(*arguments, seed=22))
    assert (got.shape, got.dtype) == (expected.shape, expected.dtype)
    places = [0.05, 0.25, 0.5, 0.75, 0.95]
    spread = expected.std()
    np.testing.assert_allclose(np.quantile(got, places), np.quantile(expected, places), atol=0.1 * spread)


def test_every_form_is_held_against_k() -> None:
    """22 of them: those above, and the reductions in their own section."""
    forms = {name for name, value in inspect.getmembers(numpy_forms, inspect.isfunction)} - {"floatx"}
    here = {name for name, _ in COMPUTED + DESCRIBED} | {"random_uniform_variable", "random_normal_variable"}
    assert len(forms) == 22
    assert forms - here == {"max", "min", "sum", "prod", "var"}
