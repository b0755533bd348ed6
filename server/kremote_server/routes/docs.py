"""The documentation page and what it is made of."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from ..exchange import exchange_of
from ..gateway import gateway_of
from ..guard import COOKIE, unauthorized

STATIC = Path(__file__).parent.parent / "static"

router = APIRouter()

#: Nothing from elsewhere is loaded, nothing elsewhere is told, and no page may frame this one.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@router.get("/", openapi_extra={"x-open": True})
async def root(request: Request, token: str | None = None) -> Response:
    """With `?token=`, let this browser read the documentation, and go there."""
    gateway = gateway_of(request)
    if token is not None:
        user = gateway.tokens.user(token)
        if user is None:
            raise unauthorized(True)
        exchange_of(request.scope).user = user
    response = RedirectResponse("docs", 303)
    if token is not None and user is not None:
        secure = request.url.scheme == "https"
        response.set_cookie(COOKIE, gateway.browser_key.cookie(user), httponly=True, samesite="strict", secure=secure)
    return response


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> Response:
    """The documentation as a page."""
    page = (STATIC / "docs.html").read_bytes()
    return Response(
        page, media_type="text/html", headers={"content-security-policy": _POLICY, "x-frame-options": "DENY"}
    )


@router.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request) -> Response:
    """The OpenAPI document."""
    return Response(request.app.state.document(), media_type="application/json")
