"""The pages for browsers: the way in, the documentation, and what it is made of."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

from ..exchange import exchange_of
from ..gateway import gateway_of
from ..guard import COOKIE

STATIC = Path(__file__).parent.parent / "static"

router = APIRouter()

#: Nothing from elsewhere is loaded, nothing elsewhere is told, and no page may frame this one.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@router.get("/", openapi_extra={"x-open": True, "x-reply-type": "text/html"})
async def root(request: Request) -> Response:
    """The page that takes a token from behind `#`, or asks for one, and goes on to the documentation."""
    return _page("browser.html")


@router.get("/v1/browser", status_code=204, include_in_schema=False)
async def browser(request: Request) -> Response:
    """Let this browser read the documentation, by a cookie that opens nothing else."""
    token = exchange_of(request.scope).token
    assert token is not None
    response, value = Response(status_code=204), gateway_of(request).browser_key.cookie(token)
    response.set_cookie(COOKIE, value, httponly=True, samesite="strict", secure=request.url.scheme == "https")
    return response


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> Response:
    """The documentation as a page."""
    return _page("docs.html")


@router.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request) -> Response:
    """The OpenAPI document."""
    return Response(request.app.state.document(), media_type="application/json")


def _page(name: str) -> Response:
    return Response((STATIC / name).read_bytes(), media_type="text/html", headers={"content-security-policy": _POLICY})
