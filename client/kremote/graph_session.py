"""`K.get_session`: symbols run as in TensorFlow 1, where a session is what runs them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from kremote_proto.errors import InvalidType

from .current import current_session, entered_session, leave_session, set_default_session
from .functions import check_session_options, function
from .graph_mode import graph_mode
from .session import Session
from .structure import leaves, like
from .tensor import Function, Tensor

#: How many functions a session keeps, each for what was fetched and fed together.
_MOST_FUNCTIONS = 32


class Graph:
    """The symbols of a session, as far as K's users ask for them: a scope in which everything becomes a symbol."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @contextmanager
    def as_default(self) -> Iterator[Graph]:
        """Make symbols of the graph, whichever thread this is."""
        with _entered(self._session), graph_mode():
            yield self

    def __repr__(self) -> str:
        return f"<kremote.Graph of {self._session!r}>"


class GraphSession:
    """What `K.get_session` gives. Kremote's own session outlives it."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.graph = Graph(session)
        self._closed = False
        self._functions: OrderedDict[tuple[Any, ...], Function] = OrderedDict()
        self._entered: list[ExitStack] = []

    def run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        """The values of symbols, variables and updates.

        Args:
            fetches: what to compute: a tensor, or a nested structure of them.
            feed_dict: values of placeholders, by placeholder.
            options: None; TensorFlow's own object means nothing here.
            run_metadata: None, likewise.

        Returns:
            Arrays, nested as `fetches`.

        Raises:
            RuntimeError: when the session is closed.
            TypeError: for what is no tensor.
            ValueError: when a placeholder is not fed, or a value does not fit.
        """
        if self._closed:
            raise RuntimeError("expected an open session; this one is closed: K.get_session() gives another")
        check_session_options("run", options=options, run_metadata=run_metadata)
        feeds = dict(feed_dict or {})
        wanted = leaves(fetches)
        for one in [*wanted, *feeds]:
            if not isinstance(one, Tensor):
                raise InvalidType(f"expected tensors to fetch and feed; got {one!r}", op="run")
        with _entered(self.session):
            results = self._function(wanted, list(feeds))(list(feeds.values()))
        return like(fetches, results)

    def _function(self, wanted: list[Tensor], fed: list[Tensor]) -> Function:
        """A function of what is fed, kept for the next run of the same."""
        key = (*((one._value, one._item) for one in wanted), None, *((one._value, one._item) for one in fed))
        made = self._functions.get(key)
        if made is None:
            made = self._functions[key] = function(fed, wanted)
            if len(self._functions) > _MOST_FUNCTIONS:
                self._functions.popitem(last=False)
        self._functions.move_to_end(key)
        return made

    @contextmanager
    def as_default(self) -> Iterator[GraphSession]:
        """Make it the session of what is inside."""
        with _entered(self.session):
            yield self

    def close(self) -> None:
        """Run nothing any more. Handles stay as they are."""
        self._closed = True
        self._functions.clear()

    def __enter__(self) -> GraphSession:
        stack = ExitStack()
        stack.enter_context(_entered(self.session))
        self._entered.append(stack)
        return self

    def __exit__(self, *_: object) -> None:
        self._entered.pop().close()
        self.close()

    def __repr__(self) -> str:
        return f"<kremote.GraphSession of {self.session!r}{' closed' if self._closed else ''}>"


@contextmanager
def _entered(session: Session) -> Iterator[None]:
    token = entered_session(session)
    try:
        yield
    finally:
        leave_session(token)


def get_session(op_input_list: Any = ()) -> GraphSession:
    """A session that runs symbols as in TensorFlow 1.

    Args:
        op_input_list: taken for TensorFlow's sake.

    Returns:
        An object with `run(fetches, feed_dict)`, `graph`, `close()`, and usable in `with`.

    Example:
        >>> x = K.placeholder((2,))
        >>> K.get_session().run(x * 2, feed_dict={x: [1.0, 2.0]})
        array([2., 4.], dtype=float32)
        >>> K.shape(x).eval(session=K.get_session())
        array([2], dtype=int32)
    """
    session = current_session()
    found = session.graph_session
    if not isinstance(found, GraphSession) or found._closed:
        found = session.graph_session = GraphSession(session)
    return found


def set_session(session: Any) -> None:
    """Make a session the one that K's functions use. The one before stays open.

    Args:
        session: what `K.get_session` gave, or a `kremote.Session`.

    Raises:
        TypeError: for anything else.

    Example:
        >>> K.set_session(K.get_session())
    """
    set_default_session(session_of(session, "set_session"))


def get_graph() -> Graph:
    """The graph of the session, for code that enters it.

    Returns:
        An object whose `as_default()` is a scope in which everything becomes a symbol.

    Example:
        >>> with K.get_graph().as_default():
        ...     one = K.constant(1.0)
        >>> one.symbolic
        True
    """
    return get_session().graph


def session_of(session: Any, op: str) -> Session:
    """Kremote's session behind what `K.get_session` gave, or the session itself."""
    found = session.session if isinstance(session, GraphSession) else session
    if not isinstance(found, Session):
        raise InvalidType(
            f"expected what K.get_session() gives, or a kremote.Session; got {session!r}",
            op=op,
            hint="K.connect(url) connects K to a server",
        )
    return found


def evaluated(tensor: Tensor, feed_dict: Any, session: Any) -> Any:
    """The value of a tensor in a session, None for that of its own."""
    if session is None:
        with _entered(tensor.session):
            session = get_session()
    elif not isinstance(session, GraphSession):
        session = GraphSession(session_of(session, "eval"))
    return session.run(tensor, feed_dict)
