"""Vectors of tensors: one for each dtype, and the special ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from kremote_proto.tensors import SparseArray

from .case import Case, do, ref, run

FLOATS = "[[1.5, -2.25, -0.0], [np.inf, -np.inf, np.nan]]"
FLOATS_SHOWN = "[[1.5, -2.25, -0.0], [inf, -inf, nan]]"


def _integers(dtype: str) -> str:
    bounds = np.iinfo(dtype)
    return f"[[{bounds.min}, 0, 1], [2, 3, {bounds.max}]]"


#: Of each dtype the elements, as Python, and what `K.eval(x).tolist()` shows of them.
ELEMENTS = {
    **dict.fromkeys(("float16", "float32", "float64"), (FLOATS, FLOATS_SHOWN)),
    **{name: (_integers(name),) * 2 for sign in ("int", "uint") for name in (f"{sign}{n}" for n in (8, 16, 32, 64))},
    "bool": ("[[True, False], [False, True]]",) * 2,
    "complex64": ("[1 + 2j, -0.5j, complex(np.nan, np.inf)]", "[(1+2j), (-0-0.5j), (nan+infj)]"),
    "complex128": ("[[1 + 2j], [-3.25 + 0j]]", "[[(1+2j)], [(-3.25+0j)]]"),
}


def _tensor(name: str, about: str, source: str, shown: str, dtype: str) -> Case:
    array = eval(f"np.array({source}, dtype={dtype})", {"np": np, "ml_dtypes": _ml_dtypes(dtype)})
    return Case(
        f"tensor-{name}",
        about,
        (run(do(0, "identity", x=array), fetch=(ref(0),)),),
        f">>> x = K.identity(np.array({source}, dtype={dtype}))\n>>> K.eval(x).tolist()\n{shown}",
    )


def _ml_dtypes(dtype: str) -> Any:
    if "ml_dtypes" not in dtype:
        return None
    import ml_dtypes

    return ml_dtypes


TENSORS = (
    *(
        _tensor(dtype, f"A tensor of {dtype}, there and back.", source, shown, f'"{dtype}"')
        for dtype, (source, shown) in ELEMENTS.items()
    ),
    _tensor("bfloat16", "A tensor of bfloat16: the upper half of a float32.", FLOATS, FLOATS_SHOWN,
            "ml_dtypes.bfloat16"),
    _tensor("string", "A tensor of strings: a list of their bytes in C order, no single block of bytes.",
            '[["plain", "gr\\u00fcn"], [b"\\xff\\x00", "base64:"]]',
            "[[b'plain', b'gr\\xc3\\xbcn'], [b'\\xff\\x00', b'base64:']]", "object"),
    _tensor("scalar", "A tensor of rank 0 has one element and an empty shape.", "2.5", "2.5", '"float64"'),
    _tensor("empty", "A tensor without elements still has a shape.", "[[], []]", "[[], []]", '"int32"'),
    Case(
        "tensor-sparse",
        "A sparse tensor: indices, values and the dense shape, both ways. K.eval of the client makes it dense.",
        (
            run(
                do(0, "variable",
                   value=SparseArray(np.array([[0, 1], [2, 3]]), np.array([1.5, -2], "float32"), (3, 4)),
                   dtype="float32"),
                fetch=(ref(0),),
            ),
        ),
        ">>> x = K.variable(scipy.sparse.coo_matrix(([1.5, -2], ([0, 2], [1, 3])), (3, 4), dtype='float32'))\n"
        ">>> K.eval(x).tolist()\n"
        "[[0.0, 1.5, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, -2.0]]",
    ),
)  # fmt: skip
