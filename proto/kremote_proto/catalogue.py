"""The catalogue as data: what `proto/ops.json`, `GET /v1/ops` and the OpenAPI document say of each op."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from . import ops  # noqa: F401  the catalogue is complete only when every family is imported
from .op import CATALOGUE, REQUIRED, Op, Parameter


def document() -> list[dict[str, Any]]:
    """Every op, by family and name."""
    return [entry(op) for op in sorted(CATALOGUE.values(), key=lambda op: (op.family, op.name))]


def entry(op: Op) -> dict[str, Any]:
    """One op as plain values.

    >>> entry(CATALOGUE["dot"])["signature"]
    'dot(x: TensorLike, y: TensorLike) -> Tensor'
    """
    return {
        "name": op.name,
        "family": op.family,
        "signature": signature(op),
        "parameters": [_parameter(parameter) for parameter in op.parameters.values()],
        "returns": op.returns,
        "doc": op.doc,
        # The protocol version that brought the op; a declaration of a later one will say so itself.
        "since": getattr(op, "since", 1),
    }


def signature(op: Op) -> str:
    """The declaration's signature as its author wrote it."""
    parts, keywords = [], False
    for parameter in op.signature.parameters.values():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and not keywords:
            parts.append("*")
            keywords = True
        text = f"{parameter.name}: {_annotation(parameter.annotation)}"
        parts.append(text if parameter.default is REQUIRED else f"{text} = {parameter.default!r}")
    return f"{op.name}({', '.join(parts)}) -> {_annotation(op.signature.return_annotation)}"


def arguments_schema(op: Op) -> dict[str, Any]:
    """The JSON Schema of an op's map of arguments."""
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: _described(parameter) for name, parameter in op.parameters.items()},
        "additionalProperties": False,
    }
    required = [name for name, parameter in op.parameters.items() if parameter.default is REQUIRED]
    return {**schema, "required": required} if required else schema


def _annotation(annotation: Any) -> str:
    if isinstance(annotation, str):
        return annotation
    return "None" if annotation is None else getattr(annotation, "__name__", str(annotation))


def _parameter(parameter: Parameter) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": parameter.name,
        "kind": parameter.kind.name,
        "required": parameter.default is REQUIRED,
        "nullable": _nullable(parameter),
        "schema": parameter.kind.schema,
    }
    if parameter.default is not REQUIRED:
        described["default"] = _plain(parameter.default)
    setting = parameter.setting or parameter.kind.setting
    if setting:
        # A client sends its own setting here; a person who leaves it out gets the setting's default.
        described["setting"] = setting
    return described


def _described(parameter: Parameter) -> dict[str, Any]:
    """The schema of one argument, with its default and what it stands for."""
    schema = dict(parameter.kind.schema)
    if _nullable(parameter):
        schema = {"anyOf": [schema, {"type": "null"}]}
    if parameter.default is not REQUIRED and parameter.default is not None:
        schema["default"] = _plain(parameter.default)
    return {**schema, "description": parameter.kind.expected}


def _nullable(parameter: Parameter) -> bool:
    return parameter.optional or parameter.default is None or parameter.kind.setting is not None


def _plain(value: Any) -> Any:
    """A default as JSON has it."""
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)
