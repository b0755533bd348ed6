"""`K.__internal__`: what tf_keras says of its variables under this name.

>>> weight = K.variable(1.0)
>>> K.__internal__.backend.track_variable(weight)
>>> K.__internal__.backend.initialize_variables(K.get_session())
>>> float(K.eval(weight))
1.0
"""

from __future__ import annotations

from typing import Any

from kremote_proto import handles
from kremote_proto.errors import InvalidType

from .graph_session import session_of


class backend:  # noqa: N801  tf_keras's name
    """As tf_keras outside graphs: a variable has its value from the start, so nothing is left to initialise."""

    @staticmethod
    def track_variable(v: Any) -> None:
        """Have a variable initialised, which it is.

        Raises:
            TypeError: when `v` is no variable.
        """
        if not isinstance(v, handles.Variable):
            raise InvalidType(f"expected a variable; got {v!r}", op="track_variable")

    @staticmethod
    def initialize_variables(session: Any) -> None:
        """Initialise the variables of a session that are not, of which there are none.

        Raises:
            TypeError: when `session` is no session.
        """
        session_of(session, "initialize_variables")
