"""What is saved and loaded, and where, as a caller says it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from kremote_proto import handles
from kremote_proto.errors import InvalidType, InvalidValue

from .tensor import Variable


def check_where(where: Any) -> None:
    """Refuse what is neither disk."""
    if where not in ("client", "server"):
        raise InvalidValue(f"expected 'client' or 'server' as where; got {where!r:.100}")


def named_variables(variables: Mapping[str, Any] | Sequence[Any]) -> dict[str, Variable]:
    """The variables of a dict, or of a list by their own names; raises where one has none, or two have the same."""
    if isinstance(variables, Mapping):
        return {_name(name): _variable(one, f"variables[{name!r}]") for name, one in variables.items()}
    if isinstance(variables, handles.Handle | str) or not isinstance(variables, Sequence):
        raise InvalidType(f"expected a list of variables, or a dict of names and variables; got {variables!r:.100}")
    listed = [_variable(one, f"variables[{n}]") for n, one in enumerate(variables)]
    unnamed = [f"variables[{n}], {one!r}" for n, one in enumerate(listed) if not one.name]
    if unnamed:
        raise InvalidValue(
            f"expected variables with names; {'; '.join(unnamed[:20])} has none",
            hint='name the entries: variables={"w": variable}',
        )
    twice = [name for name, count in Counter(one.name for one in listed).items() if count > 1]
    if twice:
        raise InvalidValue(f"expected each variable once; got several times {', '.join(map(repr, twice[:20]))}")
    return {str(one.name): one for one in listed}


def _name(name: Any) -> str:
    if not isinstance(name, str) or not name:
        raise InvalidType(f"expected a name for each variable; got {name!r:.100}")
    return name


def _variable(one: Any, place: str) -> Variable:
    if not isinstance(one, Variable):
        raise InvalidType(f"expected a variable; got {one!r:.100} at {place}")
    return one
