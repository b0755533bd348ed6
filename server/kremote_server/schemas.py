"""The schemas of bodies and replies, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from kremote_proto.arguments import REFERENCE_SCHEMA
from kremote_proto.dtypes import DTYPES
from kremote_proto.errors import ERRORS

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_INTEGER: Schema = {"type": "integer"}
_NUMBER: Schema = {"type": "number"}
_FLAG: Schema = {"type": "boolean"}
_SHAPE: Schema = {"type": ["array", "null"], "items": {"type": ["integer", "null"]}}
_DTYPE: Schema = {"type": "string", "enum": list(DTYPES)}
_ID: Schema = {"type": "integer", "minimum": 1, "maximum": 2**53 - 1}
_POSITION: Schema = {"type": "integer", "minimum": 0}
_SECONDS = "seconds since 1970"


def reference(name: str) -> Schema:
    """The schema of a name below."""
    return {"$ref": f"#/components/schemas/{name}"}


def _map(required: str = "", **properties: Schema) -> Schema:
    schema: Schema = {"type": "object", "properties": properties}
    return {**schema, "required": required.split()} if required else schema


def _list(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _tensor_map() -> Schema:
    data = {"description": "little-endian bytes in MessagePack; base64 or nested lists in JSON"}
    return _map("dtype shape", dtype=_DTYPE, shape=_list(_INTEGER), data=data)


_RESULT = {
    "id": _ID,
    "dtype": _DTYPE,
    "shape": _SHAPE,
    "items": _list(_or_null(reference("Spec"))),
    "kind": {"enum": ["tensor", "variable", "function", None]},
    "symbolic": _FLAG,
    "name": _TEXT,
}
_SESSION = {
    "session": _TEXT,
    "protocol": _INTEGER,
    "engine": _TEXT,
    "server": _TEXT,
    "limits": {"type": "object", "additionalProperties": _NUMBER},
    "name": _or_null(_TEXT),
    "expiring": _list(
        _map("session expires", session=_TEXT, name=_or_null(_TEXT), expires={**_NUMBER, "description": _SECONDS})
    ),
}
_LISTED = {
    "session": _TEXT,
    "name": _or_null(_TEXT),
    "owner": _TEXT,
    "engine": _TEXT,
    "client": _TEXT,
    "state": {"enum": ["live", "parked", "restoring", "lost"]},
    "created": {**_NUMBER, "description": _SECONDS},
    "last_used": {**_NUMBER, "description": _SECONDS},
    "expires": {**_or_null(_NUMBER), "description": "when it is left if nobody uses it"},
    "values": _or_null(_INTEGER),
    "bytes": {**_or_null(_INTEGER), "description": "of all values; null where that is not known"},
    "variables": _or_null(_list(_TEXT)),
}

SCHEMAS: dict[str, Schema] = {
    "Reference": dict(REFERENCE_SCHEMA),
    "Spec": _map("dtype shape", dtype=_DTYPE, shape=_SHAPE, sparse=_FLAG),
    "Tensor": {
        "description": "a reference, a tensor map, or numbers and lists taken as they are",
        "anyOf": [reference("Reference"), _tensor_map(), _NUMBER, _FLAG, _TEXT, {"type": "array"}],
    },
    "Arguments": {"type": "object", "description": "an op's arguments by name; each op's own address says which"},
    "Instruction": _map("op", id=_or_null(_ID), op=_TEXT, args=reference("Arguments"), symbolic=_FLAG),
    "Program": _map(
        instructions={
            **_list(reference("Instruction")),
            "description": "in MessagePack also a binary, the MessagePack of the list: a template",
        },
        fetch=_list(reference("Reference")),
        free=_list(_ID),
        inputs=_list(reference("Tensor")),
        first=_ID,
        keep=_list(_POSITION),
        report=_list(_POSITION),
        template={"description": "in MessagePack, in the place of instructions: the SHA-256 of a template sent before"},
    ),
    "Result": _map("id", **_RESULT),
    "OpReply": _map("id", **_RESULT, value={"description": "with ?fetch=true"}, printed=_list(_TEXT)),
    "ProgramReply": _map(
        "results values",
        results=_list({"anyOf": [reference("Result"), reference("Error")]}),
        values={"type": "array"},
        printed=_list(_TEXT),
    ),
    "Variables": _map("variables", variables=_list(_map("name", name=_TEXT, dtype=_DTYPE, shape=_SHAPE))),
    "Saved": _map("tensors", tensors={"type": "object", "additionalProperties": reference("Reference")}),
    "Save": _map("name bytes", name=_TEXT, bytes=_INTEGER, saved={**_NUMBER, "description": _SECONDS}),
    "Saves": _map("saves", saves=_list(reference("Save"))),
    "Loaded": _map("tensors", tensors=_list(_map("name", name=_TEXT, id=_or_null(_ID), dtype=_TEXT, shape=_SHAPE))),
    "NewShare": _map("users", users=_list(_TEXT), variable={**_TEXT, "description": "else the address' name"}),
    "Share": _map("owner name", owner=_TEXT, name=_TEXT, session=_TEXT, variable=_TEXT, users=_list(_TEXT)),
    "Shares": _map("shared", shared=_list(reference("Share"))),
    "NewSession": _map(
        protocol={**_list(_INTEGER), "description": "oldest and newest version the client speaks", "default": [1, 1]},
        engine=_or_null(_TEXT),
        client=_TEXT,
        name={**_or_null(_TEXT), "description": "the session of this name is taken up, or made where there is none"},
    ),
    "Session": _map("session", **_SESSION),
    "Sessions": _map("sessions", sessions=_list(_map("session owner state", **_LISTED))),
    "Status": _map("server version protocol workers", server=_TEXT, version=_TEXT, protocol=_list(_INTEGER),
                   user=_TEXT, started=_NUMBER, engines=_list(_TEXT), workers=_list({"type": "object"}),
                   sessions=_INTEGER, limits={"type": "object", "additionalProperties": _NUMBER}),
    "Usage": _map(
        "sessions users limits",
        sessions=_list(_map(
            "session owner state", session=_TEXT, name=_or_null(_TEXT), owner=_TEXT, engine=_TEXT,
            worker=_INTEGER, state=_TEXT,
            last_used=_NUMBER, requests=_INTEGER, bytes=_or_null(_INTEGER), values=_or_null(_INTEGER),
            variables=_or_null(_INTEGER), compute_seconds=_or_null(_NUMBER), running_seconds=_or_null(_NUMBER),
        )),
        users=_list(_map(
            "user sessions requests bytes compute_seconds", user=_TEXT, sessions=_INTEGER, requests=_INTEGER,
            bytes=_INTEGER, compute_seconds=_NUMBER,
        )),
        limits={"type": "object", "additionalProperties": _NUMBER},
    ),
    "Catalogue": _map("ops", ops=_list(reference("CatalogueEntry"))),
    "CatalogueEntry": _map(
        "name family signature parameters returns doc since",
        name=_TEXT, family=_TEXT, signature=_TEXT, parameters=_list({"type": "object"}), returns=_TEXT, doc=_TEXT,
        since=_INTEGER,
    ),
    "Error": _map(
        "error",
        error=_map(
            "code message",
            code={"type": "string", "enum": sorted(ERRORS)},
            message=_TEXT,
            op=_or_null(_TEXT),
            instruction=_or_null(_ID),
            hint=_or_null(_TEXT),
            cause=_ID,
        ),
    ),
}  # fmt: skip
