"""The header of an .npy file, numpy's own format for one array."""

from __future__ import annotations

import tokenize
from collections.abc import Callable
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from .errors import MalformedRequest

_HEADERS: dict[tuple[int, int], Callable[..., Any]] = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


class NpyHeader(NamedTuple):
    """What a file says of its array; the dtype is numpy's, and may be one of Python's objects."""

    shape: tuple[int, ...]
    fortran_order: bool
    dtype: np.dtype[Any]


def npy_header(file: BinaryIO) -> NpyHeader:
    """Read a header, up to where the data begins. Raises `MalformedRequest` for what is none."""
    try:
        version = np.lib.format.read_magic(file)
        if version not in _HEADERS:
            raise ValueError(f"got version {version[0]}.{version[1]} of the format")
        header = NpyHeader(*_HEADERS[version](file))
        if any(length < 0 for length in header.shape):
            raise ValueError(f"got the shape {header.shape}")
    # numpy reads the header as Python: what is none makes Python's own errors.
    except (ValueError, TypeError, ArithmeticError, EOFError, SyntaxError, tokenize.TokenError) as error:
        raise MalformedRequest(f"expected an .npy file; {str(error)[:200]}") from error
    return header
