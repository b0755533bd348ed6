"""Arrays as .npy files, numpy's own format."""

from __future__ import annotations

import io
import math

import numpy as np

from kremote_proto.dtypes import dtype_name
from kremote_proto.errors import MalformedRequest
from kremote_proto.npy import npy_header
from kremote_proto.tensors import Array

#: More than any header that `numpy.save` writes.
_MOST_HEADER = 1 << 16


def array_of(body: memoryview) -> Array:
    """The array of a file, which looks at the file's own bytes; raises `MalformedRequest`.

    numpy.load would take memory for whatever shape the header claims.
    """
    file = io.BytesIO(body[:_MOST_HEADER])
    shape, fortran_order, dtype = npy_header(file)
    data = body[file.tell() :]
    try:
        if dtype.hasobject:
            raise ValueError("got pickled objects")
        if len(data) != math.prod(shape) * dtype.itemsize:
            raise ValueError(f"got {len(data)} bytes for {dtype.name} of shape {shape}")
        array: Array = np.frombuffer(data, dtype).reshape(shape, order="F" if fortran_order else "C")
    except (ValueError, TypeError, ArithmeticError) as error:
        raise MalformedRequest(f"expected an .npy file; {str(error)[:200]}") from error
    dtype_name(array.dtype)
    return array.astype(object) if array.dtype.kind in "SU" else array.astype(array.dtype.newbyteorder("="), copy=False)


def file_of(array: Array) -> tuple[bytes, memoryview]:
    """The header and the data of an array's file."""
    header = io.BytesIO()
    contiguous = np.ascontiguousarray(array).reshape(array.shape)
    np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(contiguous))
    return header.getvalue(), contiguous.reshape(-1).view(np.uint8).data
