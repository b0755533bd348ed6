"""Cross entropies, normalization, biases, CTC."""

from __future__ import annotations

from ..arguments import array, listed, tensor, variable
from .samples import of_dtypes
from .table import LEFT_OUT, Table

_LOGITS = (LEFT_OUT, False, True)
_FORMATS = (LEFT_OUT, None, "channels_last", "channels_first", "wrong")


def _chances(*shape: int, dtype: str = "float32") -> object:
    return tensor(*shape, dtype=dtype, low=0.01, high=0.99)


_TARGETS = (
    _chances(2, 3),
    _chances(2, 3, dtype="float64"),
    tensor(2, 3, dtype="int32", low=0, high=1),
    tensor(2, 3, dtype="bool"),
    _chances(3),
    _chances(2, 1),
    _chances(2, 4),
    _chances(),
    array(2, 3, low=0.01, high=0.99),
    array(2, 3, dtype="float64", low=0.01, high=0.99),
    listed(2, 3, low=0.01, high=0.99),
    variable(2, 3, low=0.01, high=0.99),
    1,
    None,
)
_OUTPUTS = (
    _chances(2, 3),
    _chances(2, 3, dtype="float64"),
    _chances(2, 3, dtype="float16"),
    tensor(2, 3),
    tensor(2, 3, dtype="int32", low=0, high=1),
    _chances(3),
    _chances(),
    _chances(0, 3),
    array(2, 3, low=0.01, high=0.99),
    array(2, 3, dtype="float64", low=0.01, high=0.99),
    listed(2, 3, low=0.01, high=0.99),
    variable(2, 3, low=0.01, high=0.99),
    None,
)
_PAIRED = tuple(_chances(*shape) for shape in ((3,), (2, 3), (2, 4, 3), (2, 2, 2, 3), (0, 3), (1, 1)))
_NUMBERS = (LEFT_OUT, 0.25, 0.5, 0, 1, 2.0, -1.0, None, "a")
_CLASSES = tuple(
    tensor(*shape, dtype="int64", low=0, high=2) for shape in ((2,), (), (2, 4), (2, 2, 2), (0,), (1,), (3,))
)
_STATISTICS = (
    tensor(3),
    tensor(),
    tensor(1, 3),
    tensor(2, 1, 1, 3),
    array(3),
    listed(3),
    tensor(3, dtype="float64"),
    tensor(2),
    None,
)
_BATCHES = (
    tensor(2, 3),
    tensor(4, 2, 3),
    tensor(2, 2, 2, 3),
    tensor(2, 3, 2, 2),
    tensor(2, 2, 2, 2, 3),
    tensor(3),
    tensor(0, 3),
    *of_dtypes(2, 3, dtypes=("float16", "float64", "int32")),
    *of_dtypes(2, 2, 2, 3, dtypes=("float16", "float64")),
    array(2, 3),
    listed(2, 3),
    None,
)
_POSITIVE = tuple(tensor(*shape, low=0.5, high=2.0) for shape in ((3,), (), (1, 3), (2, 1, 1, 3)))

TABLES = (
    Table(
        "categorical_crossentropy",
        {
            "target": _TARGETS,
            "output": _OUTPUTS,
            "from_logits": _LOGITS,
            "axis": (LEFT_OUT, -1, 1, 0, -2, 2, -3, None, 1.0),
        },
        (
            {"target": _PAIRED, "output": _PAIRED, "from_logits": (False, True)},
            {"target": _PAIRED[1:4], "output": _PAIRED[1:4], "from_logits": (False, True), "axis": (-1, 0, 1, -2)},
        ),
    ),
    Table(
        "binary_crossentropy",
        {"target": _TARGETS, "output": _OUTPUTS, "from_logits": _LOGITS},
        ({"target": (*_PAIRED, _chances()), "output": (*_PAIRED, _chances()), "from_logits": (False, True)},),
    ),
    Table(
        "sparse_categorical_crossentropy",
        {
            "target": (
                tensor(2, dtype="int64", low=0, high=2),
                *of_dtypes(2, dtypes=("int32", "uint8", "float32", "float64", "bool"), low=0, high=1),
                tensor(2, 1, dtype="int32", low=0, high=2),
                array(2, dtype="int32", low=0, high=2),
                [0, 2],
                [0, 3],
                [-1, 0],
                tensor(3, dtype="int64", low=0, high=2),
                1,
                None,
            ),
            "output": _OUTPUTS,
            "from_logits": _LOGITS,
            "axis": (LEFT_OUT, -1, 1, 0, -2, 2, None),
            "ignore_class": (LEFT_OUT, None, 0, 1, -1, 5, 1.0),
        },
        (
            {"target": _CLASSES, "output": _PAIRED[:5], "from_logits": (False, True)},
            {"target": _CLASSES[:4], "output": _PAIRED[1:4], "axis": (-1, 1, 0), "from_logits": (False, True)},
            {"target": _CLASSES[:3], "output": _PAIRED[:3], "ignore_class": (None, 0, 1), "from_logits": (False, True)},
        ),
    ),
    Table(
        "binary_focal_crossentropy",
        {
            "target": _TARGETS,
            "output": _OUTPUTS,
            "apply_class_balancing": (LEFT_OUT, False, True),
            "alpha": _NUMBERS,
            "gamma": _NUMBERS,
            "from_logits": _LOGITS,
        },
        (
            {"target": _PAIRED, "output": _PAIRED, "from_logits": (False, True)},
            {
                "apply_class_balancing": (False, True),
                "alpha": (0.25, 0.6),
                "gamma": (0, 1.5, 2.0),
                "from_logits": (False, True),
            },
        ),
    ),
    Table(
        "categorical_focal_crossentropy",
        {
            "target": _TARGETS,
            "output": _OUTPUTS,
            "alpha": _NUMBERS,
            "gamma": _NUMBERS,
            "from_logits": _LOGITS,
            "axis": (LEFT_OUT, -1, 1, 0, 2),
        },
        (
            {"target": _PAIRED, "output": _PAIRED, "from_logits": (False, True)},
            {"alpha": (0.25, 0.6), "gamma": (0, 1.5, 2.0), "from_logits": (False, True), "axis": (-1, 0)},
        ),
    ),
    Table(
        "batch_normalization",
        {
            "x": _BATCHES,
            "mean": _STATISTICS,
            "var": (*_POSITIVE, tensor(3, dtype="float64", low=0.5), array(3, low=0.5), tensor(2, low=0.5), None),
            "beta": (*_STATISTICS, None),
            "gamma": (*_STATISTICS, None),
            "axis": (LEFT_OUT, -1, 1, 0, 3, -2, 7, None),
            "epsilon": (LEFT_OUT, 1e-3, 0, 0.5, 1, None, "a"),
        },
        (
            {"x": _BATCHES[:5], "mean": (tensor(3), tensor(1, 3)), "axis": (LEFT_OUT, -1, 1, 3)},
            {"x": _BATCHES[:5], "beta": (None, tensor(3)), "gamma": (None, tensor(3)), "axis": (-1, 1)},
        ),
    ),
    Table(
        "normalize_batch_in_training",
        {
            "x": _BATCHES,
            "gamma": (tensor(3), None, tensor(), array(3), tensor(2), tensor(3, dtype="float64")),
            "beta": (tensor(3), None, tensor(), array(3), tensor(2)),
            "reduction_axes": ([0], (0,), [0, 1], [0, 1, 2], [0, 2, 3], [1], [], [-1], [5], 0, None),
            "epsilon": (LEFT_OUT, 1e-3, 0.5, 1, None),
        },
        (
            {
                "x": _BATCHES[:5],
                "gamma": (tensor(3), None),
                "beta": (tensor(3), None),
                "reduction_axes": ([0], [0, 1], [0, 1, 2], [0, 2, 3]),
            },
        ),
    ),
    Table(
        "bias_add",
        {
            "x": (*_BATCHES, variable(2, 3)),
            "bias": (
                tensor(3),
                tensor(2),
                tensor(),
                tensor(1, 3),
                tensor(2, 3),
                array(3),
                array(3, dtype="float64"),
                listed(3),
                variable(3),
                tensor(3, dtype="float64"),
                None,
            ),
            "data_format": _FORMATS,
        },
        (
            {
                "x": _BATCHES[:6],
                "bias": (tensor(3), tensor(2), tensor(2, 3), tensor(2, 2, 3), tensor(2, 2, 2, 3)),
                "data_format": (LEFT_OUT, "channels_last", "channels_first"),
            },
        ),
    ),
    Table(
        "in_top_k",
        {
            "predictions": (
                tensor(3, 4),
                tensor(4),
                tensor(0, 4),
                tensor(3, 4, dtype="float64"),
                tensor(3, 4, dtype="int32"),
                array(3, 4),
                listed(3, 4),
                None,
            ),
            "targets": (
                tensor(3, dtype="int32", low=0, high=3),
                tensor(3, dtype="int64", low=0, high=3),
                tensor(3),
                tensor(2, dtype="int32"),
                [0, 1, 2],
                [0, 1, 9],
                [-1, 0, 1],
                array(3, dtype="int32", low=0, high=3),
                None,
            ),
            "k": (1, 2, 0, 4, 9, -1, 1.5, None, tensor(dtype="int32", low=1)),
        },
        (
            {
                "predictions": (tensor(3, 4),),
                "targets": (tensor(3, dtype="int32", low=0, high=3), [0, 1, 2]),
                "k": (1, 2, 3, 4),
            },
        ),
    ),
    Table(
        "ctc_label_dense_to_sparse",
        {
            "labels": (
                tensor(2, 3, dtype="int32", low=0, high=3),
                tensor(1, 1, dtype="int32", low=0),
                tensor(2, 3, low=0, high=3),
                array(2, 3, dtype="int32", low=0),
                tensor(3, dtype="int32", low=0),
            ),
            "label_lengths": (
                tensor(2, dtype="int32", low=1, high=3),
                [3, 1],
                [1, 2],
                [0, 3],
                array(2, dtype="int32", low=1),
                tensor(2, dtype="int64", low=1),
            ),
        },
        ({"labels": (tensor(2, 3, dtype="int32", low=0, high=3),), "label_lengths": ([1, 1], [3, 3], [2, 3])},),
    ),
    Table(
        "ctc_batch_cost",
        {
            "y_true": (
                tensor(2, 3, dtype="int32", low=0, high=3),
                tensor(2, 3, low=0, high=3),
                array(2, 3, dtype="int32", low=0, high=3),
                tensor(2, 1, dtype="int32", low=0),
            ),
            "y_pred": (
                _chances(2, 7, 5),
                _chances(2, 7, 5, dtype="float64"),
                array(2, 7, 5, low=0.01, high=0.99),
                _chances(2, 2, 5),
                _chances(2, 5),
            ),
            "input_length": (
                [[7], [5]],
                [[7], [7]],
                [[3], [6]],
                [7, 5],
                tensor(2, 1, dtype="int32", low=5, high=7),
                array(2, 1, dtype="int64", low=5, high=7),
                [[9], [9]],
            ),
            "label_length": (
                [[3], [2]],
                [[1], [1]],
                [[3], [3]],
                [3, 2],
                tensor(2, 1, dtype="int32", low=1, high=3),
                [[0], [1]],
            ),
        },
        ({"input_length": ([[7], [5]], [[6], [7]]), "label_length": ([[3], [2]], [[1], [3]])},),
    ),
    Table(
        "ctc_decode",
        {
            "y_pred": (
                _chances(2, 6, 4),
                _chances(1, 3, 2),
                _chances(2, 6, 4, dtype="float64"),
                array(2, 6, 4, low=0.01, high=0.99),
                _chances(6, 4),
            ),
            "input_length": (
                [6, 4],
                [6, 6],
                [1, 2],
                tensor(2, dtype="int32", low=3, high=6),
                array(2, dtype="int64", low=3, high=6),
                [7, 7],
                [[6], [4]],
            ),
            "greedy": (LEFT_OUT, True, False),
            "beam_width": (LEFT_OUT, 100, 3, 1, 0),
            "top_paths": (LEFT_OUT, 1, 2, 0),
        },
        ({"input_length": ([6, 4], [3, 6]), "greedy": (False, True), "beam_width": (10, 4), "top_paths": (1, 2, 3)},),
    ),
)
