"""The catalogue of ops, for people and for programs that make clients of it."""

from __future__ import annotations

import functools

from fastapi import APIRouter, Request
from starlette.responses import Response

from kremote_proto import catalogue, codec
from kremote_proto.op import find_op

from ..content import reply, reply_type

router = APIRouter(prefix="/v1/ops")


@router.get("", openapi_extra={"x-reply": "Catalogue"})
async def list_ops(request: Request) -> Response:
    """Every op: signature, documentation, kinds and defaults of its arguments."""
    content_type = reply_type(request.headers)
    return Response(_encoded(content_type), media_type=content_type)


@router.get("/{op}", openapi_extra={"x-reply": "CatalogueEntry"})
async def describe_op(request: Request, op: str) -> Response:
    """One op of the catalogue."""
    return reply(catalogue.entry(find_op(op)), request.headers)


@functools.cache
def _encoded(content_type: str) -> bytes:
    return codec.encode({"ops": catalogue.document()}, content_type)
