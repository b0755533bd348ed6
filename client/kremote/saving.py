"""`K.save`: variables as a file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from kremote_proto.errors import InvalidValue
from kremote_proto.op import find_op
from kremote_proto.specs import Spec
from kremote_proto.tensor_files import format_of, replaced
from kremote_proto.tensors import Array

from .current import current_session
from .naming import check_where, named_variables
from .server_disk import save_there
from .situation import nothing_special
from .tensor import Tensor, Variable

#: How many bytes are fetched at a time; what is larger comes alone.
_FETCHED_BYTES = 16 << 20


def save(
    path: str | os.PathLike[str],
    variables: Mapping[str, Any] | Sequence[Any] | None = None,
    *,
    where: Literal["client", "server"] = "client",
) -> list[str]:
    """Save variables to a file, here or on the server's disk.

    The file has the values of one moment. It takes its place when it is whole: where saving fails, a file that was
    there stays as it was.

    Args:
        path: where to; it ends in `.safetensors` or `.npz`.
        variables: a list of variables with names, or a dict of names and variables; None is all that have names in the
            session. What was made without a name is not among them.
        where: "client" is your own disk; "server" is a folder of yours on the server's, where a path is a name without
            folders. `K.saved` lists what is there, `K.delete_saved` deletes it.

    Returns:
        The names in the file.

    Raises:
        ValueError: when the path ends otherwise, there is nothing to save, or two variables have one name.
        TypeError: when the format does not have a variable's dtype: .npz has no bfloat16, .safetensors no complex128,
            neither has text.
        OSError: when the file cannot be written: no folder, no permission, no room.
        NotImplementedError: when the server keeps no files.

    Example:
        >>> w = K.variable([1.0, 2.0], name="w")
        >>> K.save("weights.npz", [w])
        ['w']
        >>> np.load("weights.npz")["w"]
        array([1., 2.], dtype=float32)
    """
    place = os.fspath(path)
    form = format_of(place)
    check_where(where)
    with nothing_special():
        named = current_session().variables() if variables is None else named_variables(variables)
        if not named:
            raise InvalidValue(
                "expected variables to save; the session has none with a name",
                hint='name them, K.variable(value, name="w"), or the entries: K.save(path, {"w": variable})',
            )
        specs = form.arranged({name: variable.spec for name, variable in named.items()})
        if where == "server":
            save_there(place, {name: named[name] for name in specs})
            return list(named)
        with replaced(place) as file:
            file.writelines(form.pieces(specs, _arrays([named[name] for name in specs], list(specs.values()))))
    return list(named)


def _arrays(variables: Sequence[Variable], specs: Iterable[Spec]) -> Iterator[Array]:
    """The values of variables as they are now, fetched as they are needed."""
    from .calling import Call

    # One instruction, whose results stay as they are whatever is done to the variables meanwhile.
    values = Call(find_op("batch_get_value"), {"tensors": list(variables)}).submit()
    for group in _groups([spec.bytes or 0 for spec in specs]):
        for array in values.session.fetch([Tensor(values, n) for n in group]):
            yield np.asarray(array)


def _groups(sizes: Iterable[int]) -> Iterator[list[int]]:
    """The numbers of what is fetched together."""
    group: list[int] = []
    total = 0
    for number, size in enumerate(sizes):
        if group and total + size > _FETCHED_BYTES:
            yield group
            group, total = [], 0
        group.append(number)
        total += size
    yield group
