"""`K.load`: variables from a file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Literal, Protocol

from kremote_proto import handles
from kremote_proto.errors import InvalidValue
from kremote_proto.ops.creation import constant
from kremote_proto.ops.variables import batch_set_value, variable
from kremote_proto.specs import Spec
from kremote_proto.tensor_files import Format, TensorFile, format_of, opened

from .current import current_session, inside
from .name_scopes import scope_of
from .naming import check_where, named_variables
from .server_disk import FileThere
from .session import Session
from .situation import nothing_special
from .tensor import Variable

#: How many of the things that are wrong an error lists.
_MOST_LISTED = 50


class Source(Protocol):
    """A file to load from."""

    specs: Mapping[str, Spec]

    def tensor(self, name: str) -> handles.Tensor:
        """One of its tensors, on the server."""


class FileHere:
    """A file on the client's disk, whose tensors are sent when they are asked for."""

    def __init__(self, file: TensorFile) -> None:
        self.specs = file.specs
        self._file = file

    def tensor(self, name: str) -> handles.Tensor:
        """One of its tensors."""
        return constant(self._file.read(name), self.specs[name].dtype)


def load(
    path: str | os.PathLike[str],
    variables: Mapping[str, Any] | Sequence[Any] | None = None,
    *,
    strict: bool = False,
    where: Literal["client", "server"] = "client",
) -> dict[str, Variable]:
    """Load variables from a file, of `K.save` or of anybody else, here or on the server's disk.

    All of the file is read and sent before the first variable changes: where it does not fit, or is damaged, nothing
    does. Nothing is ever unpickled.

    Args:
        path: a file that ends in `.safetensors` or `.npz`.
        variables: a list of variables with names, or a dict of names and variables, which are set and must all be in
            the file. None sets the session's variables of the file's names, and makes those that are not there.
        strict: whether the file must have the names of the variables and no others: of `variables`, else of all in the
            session that have names.
        where: "client" is your own disk, "server" your folder on the server's.

    Returns:
        The variables that were set or made, by name.

    Raises:
        ValueError: when the file is damaged, or a name, shape or dtype is not as expected: all of them are listed.
        OSError: when there is no such file here, or it cannot be read.
        LookupError: when there is no such file on the server's disk.

    Example:
        >>> w = K.variable([1.0, 2.0], name="w")
        >>> names = K.save("weights.safetensors", [w])
        >>> K.set_value(w, [0.0, 0.0])
        >>> K.load("weights.safetensors")["w"].numpy()
        array([1., 2.], dtype=float32)
    """
    place = os.fspath(path)
    form = format_of(place)
    check_where(where)
    with nothing_special(), ExitStack() as stack:
        known, session = _known(variables)
        file: Source = FileThere(session, place) if where == "server" else FileHere(stack.enter_context(opened(place)))
        wrong = list(_misfits(file.specs, known, form, makes=variables is None and not strict))
        wrong += [f"{name!r} is not in it" for name in known if name not in file.specs and (variables or strict)]
        wrong += [f"{name!r} is in it alone" for name in file.specs if name not in known and strict]
        _refuse(place, wrong)
        names = [name for name in file.specs if name in known or variables is None]
        return _set(session, names, file, known)


def _known(variables: Mapping[str, Any] | Sequence[Any] | None) -> tuple[dict[str, Variable], Session]:
    """The variables that may be set, and their session."""
    session = current_session()
    if variables is None:
        return session.variables(), session
    known = named_variables(variables)
    session = next((one.session for one in known.values()), session)
    for name, one in known.items():
        session.check_usable(one._value, f"variables[{name!r}]")
    return known, session


def _misfits(specs: Mapping[str, Spec], known: Mapping[str, Variable], form: Format, makes: bool) -> Iterator[str]:
    """What of a file is not as the variables are, or cannot become one."""
    for name, spec in specs.items():
        if name in known:
            expected = known[name].spec
            if spec != expected:
                yield f"{name!r} is {spec} in the place of {expected}"
        elif makes and (spec.dtype not in form.dtypes or not name):
            yield f"{name!r} is {spec}, of which no variable is made"


def _refuse(path: str, wrong: Sequence[str]) -> None:
    if wrong:
        more = f"; and {len(wrong) - _MOST_LISTED} more" if len(wrong) > _MOST_LISTED else ""
        raise InvalidValue(
            f"expected a file that fits the variables; in {path!r} {'; '.join(wrong[:_MOST_LISTED])}{more}",
            hint="nothing was changed",
        )


def _set(session: Session, names: Sequence[str], file: Source, known: Mapping[str, Variable]) -> dict[str, Variable]:
    """Set or make variables, after all of their values are on the server."""
    with inside(session), scope_of(""):
        sent = {name: file.tensor(name) for name in names}
        made: Any = {name: variable(sent[name], file.specs[name].dtype, name) for name in names if name not in known}
        session.flush()  # what cannot be made is told before anything is set
        pairs = [(known[name], sent[name]) for name in names if name in known]
        if pairs:
            batch_set_value(pairs)
            session.flush()
    return {name: known[name] if name in known else made[name] for name in names}
