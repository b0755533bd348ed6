"""The OpenAPI document: the gateway's addresses, and each op of the catalogue under its own name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute

from kremote_proto import __version__, catalogue
from kremote_proto.codec import JSON, MSGPACK
from kremote_proto.op import CATALOGUE, Op

from .content import STRUCTURED
from .routes.forward import OP_QUERY, PREFIX, Address
from .schemas import SCHEMAS, reference

_DESCRIPTION = """K.* on this server's accelerator. A session is opened with `POST /v1/sessions`; ops run in it.
Bodies are MessagePack, or JSON by content type."""


def document(routers: Iterable[APIRouter], addresses: Iterable[Address]) -> dict[str, Any]:
    """The OpenAPI document of the addresses the gateway answers itself, and of those it passes to a worker."""
    paths: dict[str, Any] = {}
    for route in (route for router in routers for route in router.routes):
        if isinstance(route, APIRoute) and route.include_in_schema:
            for method in sorted(route.methods or ()):
                paths.setdefault(route.path_format, {})[method.lower()] = _own_operation(route)
    for address in addresses:
        paths.setdefault(address.template, {})[address.method.lower()] = _forward_operation(address)
    for op in CATALOGUE.values():
        paths[f"{PREFIX}/ops/{op.name}"] = {"post": _op_operation(op)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "kremote", "version": __version__, "description": _DESCRIPTION},
        "paths": paths,
        "components": {"schemas": SCHEMAS, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{"token": []}],
    }


def _own_operation(route: APIRoute) -> dict[str, Any]:
    """The operation of an address the gateway answers itself; what its signature cannot say is in `openapi_extra`."""
    extra = route.openapi_extra or {}
    summary, _, description = route.description.partition("\n\n")
    operation = _operation(summary, _tag(route.path_format), _path_parameters(route.path_format))
    if description:
        operation["description"] = description
    if "x-body" in extra:
        operation["requestBody"] = {"content": _content(reference(extra["x-body"]), STRUCTURED)}
    if "x-open" in extra:
        operation["security"] = []
    if "x-reply-type" in extra:
        content = {extra["x-reply-type"]: {"schema": {"type": "string"}}}
    else:
        content = _content(reference(extra["x-reply"]), STRUCTURED) if "x-reply" in extra else {}
    operation["responses"] = _responses(route.status_code or 200, content)
    return operation


def _forward_operation(address: Address) -> dict[str, Any]:
    path = address.template
    operation = _operation(address.summary, _tag(path), [*_path_parameters(path), *_query_parameters(address.query)])
    if address.body:
        operation["requestBody"] = {"required": True, "content": _content(reference(address.body), address.takes)}
    content = _content(reference(address.reply), address.gives) if address.reply else {}
    operation["responses"] = _responses(address.status, content)
    return operation


def _op_operation(op: Op) -> dict[str, Any]:
    """The address of one op: the parametrised one serves it."""
    summary, _, description = op.doc.partition("\n")
    operation = _operation(summary, op.family, [*_path_parameters(PREFIX), *_query_parameters(OP_QUERY)])
    operation["operationId"] = op.name
    operation["description"] = f"`{catalogue.signature(op)}`\n\n```\n{description.strip()}\n```"
    content = _content(catalogue.arguments_schema(op), STRUCTURED)
    operation["requestBody"] = {"required": True, "content": content}
    operation["responses"] = _responses(200, _content(reference("OpReply"), STRUCTURED))
    return operation


def _operation(summary: str, tag: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    operation: dict[str, Any] = {"summary": summary, "tags": [tag]}
    return {**operation, "parameters": parameters} if parameters else operation


def _tag(path: str) -> str:
    words = [word for word in path.split("/") if word and not word.startswith("{") and word != "v1"]
    return words[-1] if words[:1] == ["sessions"] else "server"


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "integer" if name == "id" else "string"}}
        for name in re.findall(r"{(\w+)}", path)
    ]


def _query_parameters(meanings: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "query", "description": meaning, "schema": {"type": "string"}}
        for name, meaning in meanings.items()
    ]


def _content(schema: dict[str, Any], media_types: tuple[str, ...]) -> dict[str, Any]:
    """A body by type. JSON comes first: it is what a person at the page can write."""
    raw = {"type": "string", "format": "binary"}
    ordered = sorted(set(media_types), key=lambda name: (name != JSON, name != MSGPACK, name))
    return {name: {"schema": schema if name in STRUCTURED else raw} for name in ordered}


def _responses(status: int, content: dict[str, Any]) -> dict[str, Any]:
    success: dict[str, Any] = {"description": "Done."}
    failure = {"description": "An error.", "content": _content(reference("Error"), STRUCTURED)}
    return {str(status): {**success, "content": content} if content else success, "default": failure}
