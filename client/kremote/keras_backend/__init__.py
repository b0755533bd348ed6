"""The backend of multi-backend Keras 2.3.1 on kremote: Keras runs here, every tensor lives on the server.

KERAS_BACKEND=kremote.keras_backend KREMOTE_URL=http://gpu-box:8000 KREMOTE_TOKEN=... python train.py

Everything is symbolic, as Keras expects: an op makes a symbol, `K.eval` and functions compute. A name of K is
`kremote.backend`'s in graph mode, except where Keras 2.3.1 has something else of that name in `differences`,
`variables` or the ops of the namespace `keras`.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any

from kremote_proto import ops as _ops
from kremote_proto.op import CATALOGUE

from .. import backend as _backend
from .. import configuration as _configuration
from .. import keras_compatibility  # noqa: F401  what Keras misses on younger Pythons
from ..graph_mode import symbolic as _symbolic
from ..process import leave_at_end as _leave_at_end
from . import differences as _differences
from . import variables as _variables
from .layers import complete_layers as _complete_layers
from .names import name_scope, reset_names
from .settings import KerasSettings

#: What `keras.backend` takes from its own backends only.
_FOR_USERS = ("clear_session", "get_session", "manual_variable_initialization", "set_session")


def clear_session() -> None:
    """Forget everything computed so far: models, variables and names, here and on the server."""
    _backend.clear_session()
    reset_names()


def _of_keras(name: str) -> Callable[..., Any]:
    """The function that Keras 2.3.1 knows under a name of K."""
    for module in (_differences, _variables, getattr(_ops, "keras", None), _backend):
        found: Callable[..., Any] | None = getattr(module, name, None)
        if found is not None:
            return _differences.seeded(found) if name in CATALOGUE and CATALOGUE[name].family == "random" else found
    raise AttributeError(name)


_own = {"clear_session": clear_session, "name_scope": name_scope}
for _name in _backend.__all__:
    if inspect.isroutine(getattr(_backend, _name)):
        globals()[_name] = _own.get(_name) or _symbolic(_of_keras(_name))

_configuration.keep_settings_in(KerasSettings(_configuration.op_settings))

_keras = sys.modules.get("keras.backend")
if _keras is not None:  # it is being imported, and imports this
    for _name in _FOR_USERS:
        setattr(_keras, _name, globals()[_name])
    _complete_layers()
    _leave_at_end()
