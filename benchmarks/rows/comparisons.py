"""The works that systems are compared by, with the goals of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..scale import Scale
from .comparison import Against, Comparison, Contestant

KREMOTE, REMOTE, LOCAL, RAW = "kremote", "TensorFlow remote", "local TensorFlow", "raw TCP"
XLA, TORCH, IN_PROCESS = "local XLA", "torch RPC", "the same in process"
BARE = "TensorFlow behind a bare socket"
EVERY_PEER = ("ray", "torch", "dask")


def _kremote(work: str) -> Contestant:
    return Contestant(KREMOTE, "kremote", work)


def _remote(work: str) -> Contestant:
    return Contestant(REMOTE, "tensorflow_remote", work)


def _local(work: str, label: str = LOCAL) -> Contestant:
    return Contestant(label, "tensorflow_local", work)


def _raw(work: str) -> Contestant:
    return Contestant(RAW, "raw_tcp", work)


def _no_sizes(scale: Scale) -> Mapping[str, int]:
    return {}


def _length(scale: Scale) -> Mapping[str, int]:
    return {"length": scale.chain_length}


def _megabytes(scale: Scale) -> Mapping[str, int]:
    return {"megabytes": scale.megabytes}


def _always(number: int) -> Callable[[Scale], int]:
    return lambda scale: number


OP = Comparison(
    "op",
    "one small op and fetch (8x8 add)",
    (_kremote("op"), _remote("op"), _local("op")),
    (Against(REMOTE, goal=0.8), Against(TORCH, dream=1.0)),
    _no_sizes,
    lambda scale: scale.op_calls,
    lambda scale: scale.op_calls,
    EVERY_PEER,
)
NEW_CHAIN = Comparison(
    "chain-new",
    "1000 dependent small ops and fetch, first time",
    (_kremote("new_chain"), _remote("new_chain"), _local("new_chain")),
    (Against(REMOTE, goal=0.5),),
    _length,
    lambda scale: scale.new_chain_calls,
    lambda scale: scale.new_chain_calls,
)
CHAIN = Comparison(
    "chain",
    "1000 dependent small ops and fetch, repeated",
    (_kremote("chain"), _remote("chain"), _local("chain"), _local("compiled_chain", XLA)),
    (Against(REMOTE, goal=0.03), Against(XLA, dream=2.0)),
    _length,
    lambda scale: scale.chain_calls,
    lambda scale: scale.warm_calls,
    EVERY_PEER,
)
UPLOAD = Comparison(
    "upload",
    "upload 100 MiB",
    (_kremote("upload"), _raw("upload"), _remote("upload")),
    (Against(RAW, goal=2.0, dream=1.3),),
    _megabytes,
    _always(1),
    _always(2),
    EVERY_PEER,
)
DOWNLOAD = Comparison(
    "download",
    "download 100 MiB",
    (_kremote("download"), _raw("download"), _remote("download")),
    (Against(RAW, goal=2.0, dream=1.3),),
    _megabytes,
    _always(1),
    _always(2),
    EVERY_PEER,
)
STEP = Comparison(
    "mlp",
    "MLP training step through K.function, batch of 128",
    (_kremote("step"), _local("step"), _remote("step"), Contestant(BARE, "bare_step", "step")),
    (Against(LOCAL, goal=1.4, dream=1.1), Against(REMOTE, goal=1.0)),
    _no_sizes,
    lambda scale: scale.step_calls,
    lambda scale: scale.warm_calls,
)
EAGER_STEP = Comparison(
    "eager",
    "the same step as an eager loop of K functions",
    (_kremote("eager_step"), _local("step")),
    (Against(LOCAL, goal=3.0, dream=1.4),),
    _no_sizes,
    lambda scale: scale.step_calls,
    lambda scale: scale.warm_calls,
)
KERAS = Comparison(
    "keras",
    "Keras 2.3.1 CNN, an epoch of digits",
    (Contestant(KREMOTE, "keras", "epoch"), Contestant(IN_PROCESS, "keras_in_process", "epoch")),
    (Against(IN_PROCESS, goal=1.4),),
    lambda scale: {"images": scale.images},
    _always(1),
    _always(1),
)
KERAS_BUILD = Comparison(
    "keras-build",
    "Keras 2.3.1 CNN, built and compiled",
    (Contestant(KREMOTE, "keras", "build"), Contestant(IN_PROCESS, "keras_in_process", "build")),
    (),
    _no_sizes,
    _always(1),
    _always(1),
)
COMPARISONS = (OP, NEW_CHAIN, CHAIN, UPLOAD, DOWNLOAD, STEP, EAGER_STEP, KERAS, KERAS_BUILD)
