"""K: the Keras backend API, computed by a server.

from kremote import backend as K

K.connect("http://gpu-box:8000", token="...")
K.eval(K.dot(K.ones((2, 3)), K.ones((3, 2))))
"""

from __future__ import annotations

import sys
from typing import Any

from kremote_proto.ops import graph as _graph
from kremote_proto.ops import variables as _variables
from kremote_proto.ops.convolution import conv1d, conv2d, conv3d
from kremote_proto.ops.creation import arange, cast, constant, identity, one_hot, ones_like, to_dense, zeros_like
from kremote_proto.ops.ctc import ctc_batch_cost, ctc_label_dense_to_sparse
from kremote_proto.ops.elementwise import (
    abs,
    clip,
    cos,
    exp,
    log,
    maximum,
    minimum,
    pow,
    round,
    sign,
    sin,
    sqrt,
    square,
)
from kremote_proto.ops.graph import eval, gradients, placeholder, print_tensor
from kremote_proto.ops.linear import batch_dot, dot, gather, transpose
from kremote_proto.ops.local_convolution import local_conv1d, local_conv2d
from kremote_proto.ops.logic import equal, greater, greater_equal, in_top_k, less, less_equal, not_equal
from kremote_proto.ops.losses import (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    sparse_categorical_crossentropy,
)
from kremote_proto.ops.nn import elu, hard_sigmoid, relu, sigmoid, softmax, softplus, softsign, tanh
from kremote_proto.ops.normalization import (
    batch_normalization,
    bias_add,
    l2_normalize,
    normalize_batch_in_training,
)
from kremote_proto.ops.padding import spatial_2d_padding, spatial_3d_padding, temporal_padding
from kremote_proto.ops.pooling import pool2d, pool3d
from kremote_proto.ops.random import (
    dropout,
    random_bernoulli,
    random_binomial,
    random_normal,
    random_uniform,
    truncated_normal,
)
from kremote_proto.ops.rearranging import permute_dimensions, repeat, repeat_elements, reverse, slice, tile
from kremote_proto.ops.reductions import (
    all,
    any,
    argmax,
    argmin,
    cumprod,
    cumsum,
    logsumexp,
    max,
    mean,
    min,
    prod,
    std,
    sum,
    var,
)
from kremote_proto.ops.resizing import resize_images, resize_volumes
from kremote_proto.ops.separable_convolution import depthwise_conv2d, separable_conv1d, separable_conv2d
from kremote_proto.ops.shapes import (
    batch_flatten,
    concatenate,
    expand_dims,
    flatten,
    reshape,
    shape,
    size,
    squeeze,
    stack,
)
from kremote_proto.ops.transposed_convolution import conv2d_transpose, conv3d_transpose
from kremote_proto.ops.variables import (
    batch_set_value,
    eye,
    get_value,
    moving_average_update,
    ones,
    random_normal_variable,
    random_uniform_variable,
    set_value,
    update,
    update_add,
    update_sub,
    zeros,
)

from . import calling as _calling  # noqa: F401  makes this process the caller of every op
from . import experimental  # noqa: F401  a name of K's
from . import internal as __internal__  # noqa: F401  likewise
from .branches import in_test_phase, in_train_phase, switch
from .configuration import (
    cast_to_floatx,
    epsilon,
    floatx,
    get_uid,
    image_data_format,
    manual_variable_initialization,
    normalize_data_format,
    reset_uids,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)
from .ctc import ctc_decode
from .current import connect, disconnect
from .current import existing_session as _existing_session
from .dependencies import control_dependencies
from .folding import foldl, foldr, map_fn
from .functions import function
from .graph_mode import eager, symbolic
from .graph_session import get_graph, get_session, set_session
from .introspection import (
    backend,
    count_params,
    dtype,
    int_shape,
    is_keras_tensor,
    is_placeholder,
    is_sparse,
    is_tensor,
    is_variable,
    ndim,
    pattern_broadcast,
)
from .loading import load
from .name_scopes import name_scope
from .parameter_names import also_named as _also_named
from .phases import learning_phase, learning_phase_scope, set_learning_phase
from .phases import reset_learning_phase as _reset_learning_phase
from .profiling import profile
from .recurrence import rnn
from .saving import save
from .server_disk import delete_saved, saved
from .session_list import end_session, sessions
from .settings import KERAS_BACKEND as _KERAS_BACKEND
from .settings import current_settings as _current_settings
from .sharing import from_shared, share, shared, unshare
from .usage import usage
from .variables import variable, variables

__all__ = [
    "abs",
    "all",
    "any",
    "arange",
    "argmax",
    "argmin",
    "backend",
    "batch_dot",
    "batch_flatten",
    "batch_get_value",
    "batch_normalization",
    "batch_set_value",
    "bias_add",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "cast",
    "cast_to_floatx",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "clear_session",
    "clip",
    "concatenate",
    "connect",
    "constant",
    "control_dependencies",
    "conv1d",
    "conv2d",
    "conv2d_transpose",
    "conv3d",
    "conv3d_transpose",
    "cos",
    "count_params",
    "ctc_batch_cost",
    "ctc_decode",
    "ctc_label_dense_to_sparse",
    "cumprod",
    "cumsum",
    "delete_saved",
    "depthwise_conv2d",
    "disconnect",
    "dot",
    "dropout",
    "dtype",
    "eager",
    "elu",
    "end_session",
    "epsilon",
    "equal",
    "eval",
    "exp",
    "expand_dims",
    "eye",
    "flatten",
    "floatx",
    "foldl",
    "foldr",
    "from_shared",
    "function",
    "gather",
    "get_graph",
    "get_session",
    "get_uid",
    "get_value",
    "gradients",
    "greater",
    "greater_equal",
    "hard_sigmoid",
    "identity",
    "image_data_format",
    "in_test_phase",
    "in_top_k",
    "in_train_phase",
    "int_shape",
    "is_keras_tensor",
    "is_placeholder",
    "is_sparse",
    "is_tensor",
    "is_variable",
    "l2_normalize",
    "learning_phase",
    "learning_phase_scope",
    "less",
    "less_equal",
    "load",
    "local_conv1d",
    "local_conv2d",
    "log",
    "logsumexp",
    "manual_variable_initialization",
    "map_fn",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "moving_average_update",
    "name_scope",
    "ndim",
    "normalize_batch_in_training",
    "normalize_data_format",
    "not_equal",
    "one_hot",
    "ones",
    "ones_like",
    "pattern_broadcast",
    "permute_dimensions",
    "placeholder",
    "pool2d",
    "pool3d",
    "pow",
    "print_tensor",
    "prod",
    "profile",
    "random_bernoulli",
    "random_binomial",
    "random_normal",
    "random_normal_variable",
    "random_uniform",
    "random_uniform_variable",
    "relu",
    "repeat",
    "repeat_elements",
    "reset_uids",
    "reshape",
    "resize_images",
    "resize_volumes",
    "reverse",
    "rnn",
    "round",
    "save",
    "saved",
    "separable_conv1d",
    "separable_conv2d",
    "sessions",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "set_learning_phase",
    "set_session",
    "set_value",
    "shape",
    "share",
    "shared",
    "sigmoid",
    "sign",
    "sin",
    "size",
    "slice",
    "softmax",
    "softplus",
    "softsign",
    "sparse_categorical_crossentropy",
    "spatial_2d_padding",
    "spatial_3d_padding",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "std",
    "stop_gradient",
    "sum",
    "switch",
    "symbolic",
    "tanh",
    "temporal_padding",
    "tile",
    "to_dense",
    "transpose",
    "truncated_normal",
    "unshare",
    "update",
    "update_add",
    "update_sub",
    "usage",
    "var",
    "variable",
    "variables",
    "zeros",
    "zeros_like",
]

batch_get_value = _also_named(ops="tensors")(_variables.batch_get_value)


def stop_gradient(variables: Any) -> Any:
    """The same value, which gradients take for a constant.

    Args:
        variables: tensor or variable, or a list of them.

    Returns:
        A tensor of the same dtype and shape; a list for a list.

    Example:
        >>> x = K.placeholder(shape=(2,))
        >>> K.function([x], K.gradients(K.sum(K.stop_gradient(x) * x), [x]))([[1.0, 2.0]])
        [array([1., 2.], dtype=float32)]
    """
    if isinstance(variables, list | tuple):
        return [_graph.stop_gradient(item) for item in variables]
    return _graph.stop_gradient(variables)


def clear_session() -> None:
    """Forget everything computed so far: handles, variables and names, here and on the server.

    Numbers of `K.get_uid` start from 1 again and the learning phase is 0. Handles made before name nothing any more.
    A session that was lost with its worker is replaced by a new one.

    Example:
        >>> K.clear_session()
    """
    reset_uids()
    _reset_learning_phase()
    session = _existing_session()
    if session is not None:
        session.clear()


def __getattr__(name: str) -> Any:
    from difflib import get_close_matches  # imported where it is needed: it takes a while

    near = get_close_matches(name, __all__, cutoff=0.75) if not name.startswith("_") else []
    advice = f"; did you mean {', '.join(f'K.{one}' for one in near)}?" if near else ""
    raise AttributeError(f"kremote has no K.{name}: docs/ops.md and dir(K) list what it has{advice}")


def __dir__() -> list[str]:
    return ["__internal__", *__all__, "experimental"]


_NAMES = {"tensorflow": "TensorFlow", "theano": "Theano", "cntk": "CNTK"}
if _KERAS_BACKEND not in sys.modules:  # else Keras says it
    sys.stderr.write(f"Using {_NAMES.get(_current_settings().backend, _current_settings().backend)} backend.\n")
