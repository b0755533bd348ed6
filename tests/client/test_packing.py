"""What becomes of a call's arguments."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from kremote.session import Session
from kremote_proto.tensors import SparseArray, tensor_from_wire

from .fake_server import FakeServer


def packed(fake: FakeServer, session: Session, value: Any, dtype: str = "complex128") -> Any:
    """How a value given to K.variable goes over the wire; the op itself need not succeed."""
    session.K.variable(value, dtype=dtype)
    with suppress(ValueError):
        session.flush()
    return fake.programs[-1]["instructions"][-1]["args"]["value"]


@pytest.mark.parametrize("value", [1, 2.5, True, "text", b"bytes", [1, 2.5], [[1], [2]], [], ["a", "b"]])
def test_numbers_and_lists_go_as_they_are(fake: FakeServer, session: Session, value: Any) -> None:
    dtype = "string" if np.asarray(value).dtype.kind in "SU" else "float32"
    assert packed(fake, session, value, dtype) == value


@pytest.mark.parametrize(
    ("value", "dtype", "shape"),
    [
        (np.float64(1.5), "float64", []),
        (np.ones((2, 0), "int8"), "int8", [2, 0]),
        (np.array(["a"]), "string", [1]),
        ([np.ones(2), np.zeros(2)], "float64", [2, 2]),
        ([np.int16(1), np.int16(2)], "int16", [2]),
        ([1j], "complex128", [1]),
        (2j, "complex128", []),
        (np.ones(2, ">f4"), "float32", [2]),
        (np.ones((2, 2))[:, ::-1], "float64", [2, 2]),
    ],
)
def test_arrays_go_as_bytes(fake: FakeServer, session: Session, value: Any, dtype: str, shape: list[int]) -> None:
    wire = packed(fake, session, value, "string" if dtype == "string" else "complex128")
    assert (wire["dtype"], wire["shape"]) == (dtype, shape)
    if dtype != "string":
        np.testing.assert_array_equal(tensor_from_wire(wire), np.asarray(value))


@pytest.mark.parametrize("matrix", [sparse.csr_matrix, sparse.coo_matrix, sparse.csc_array])
def test_scipy_matrices_go_sparse(fake: FakeServer, session: Session, matrix: Any) -> None:
    dense = np.array([[0, 1.5], [2.5, 0], [0, 0]])
    wire = packed(fake, session, matrix(dense))
    array = tensor_from_wire(wire)
    assert isinstance(array, SparseArray)
    np.testing.assert_array_equal(array.to_dense(), dense)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "got None"),
        pytest.param(object(), "got object", id="object"),  # its repr has an address, which each process sees otherwise
        ({}, "got dict"),
        pytest.param(len, "got builtin_function_or_method", id="len"),
        ([1, None], "got list"),
        ([[1, 2], [3]], "nested lists of equal lengths"),
        (2**64, "fits 64 bits"),
        ([2**64], "got list"),
        (np.array([{}]), "got ndarray"),
        (np.zeros(1, "datetime64[s]"), "expected a dtype"),
    ],
    ids=repr,
)
def test_what_is_no_tensor_is_refused_at_the_call(fake: FakeServer, session: Session, value: Any, said: str) -> None:
    with pytest.raises((TypeError, ValueError), match=said) as caught:
        session.K.constant(value)
    assert caught.value.op == "constant"  # type: ignore[attr-defined]
    assert "$.value" in str(caught.value)
    assert fake.programs == []


def test_a_function_is_no_tensor(session: Session) -> None:
    x = session.K.placeholder((2,))
    function = session.K.function([x], [x])
    with pytest.raises(TypeError, match="Function"):
        session.K.constant(function)
    with pytest.raises(TypeError, match="Function"):
        session.K.eval(function)


def test_a_wrong_plain_argument_is_refused_at_the_call(fake: FakeServer, session: Session) -> None:
    with pytest.raises(TypeError, match="axis"):
        session.K.sum(session.K.variable([1.0]), axis="rows")
    with pytest.raises(TypeError, match="dtype"):
        session.K.cast(session.K.variable([1.0]), "float31")
    with pytest.raises(TypeError, match="variable"):
        session.K.update_add([1.0], 1.0)
    with pytest.raises(TypeError):
        session.K.sum()
    assert fake.programs == []


def test_known_shapes_are_checked_at_the_call(fake: FakeServer, session: Session) -> None:
    x, y = session.K.placeholder((2, 3)), session.K.placeholder((2, 3))
    with pytest.raises(ValueError, match="dot"):
        session.K.dot(x, y)
    assert fake.programs == []


def test_known_shapes_are_told_without_asking(fake: FakeServer, session: Session) -> None:
    product = session.K.dot(session.K.placeholder((2, 3)), session.K.placeholder((4, 3, 5)))
    assert product.shape == (2, 4, 5)
    assert product.dtype == "float32"
    assert fake.programs == []
