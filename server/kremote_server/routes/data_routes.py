"""The data addresses found by their words: the short way of the traffic, before any router."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from .forward import Forward

_SESSIONS = "/v1/sessions/"


class DataRoutes:
    """ASGI: a request of a data address goes through `layers` to its endpoint, every other to the app behind.

    A router would try each address in turn, inside layers that only other addresses need. What is unusual about a
    path (an empty name, a slash in an id) is left to the router, which has these endpoints too.
    """

    def __init__(self, endpoints: Sequence[Forward], layers: Callable[[ASGIApp], ASGIApp], app: ASGIApp) -> None:
        self._app = app
        self._data = layers(_endpoint)
        self._endpoints: dict[tuple[str, str, bool], tuple[Forward, str | None]] = {}
        for endpoint in endpoints:
            word = endpoint.address.path.split("/")[1]
            parameter = re.search(r"{(\w+)", endpoint.address.path)
            name = parameter[1] if parameter else None
            self._endpoints[endpoint.address.method, word, name is not None] = endpoint, name

    def find(self, scope: Scope) -> Forward | None:
        """The endpoint of a request; its scope then has the parameters of the path."""
        path: str = scope["path"]
        if not path.startswith(_SESSIONS):
            return None
        session, _, rest = path[len(_SESSIONS) :].partition("/")
        word, slash, argument = rest.partition("/")
        found = self._endpoints.get((scope["method"], word, bool(slash)))
        if found is None or not session or bool(slash) != bool(argument) or ("/" in argument and word != "variables"):
            return None
        endpoint, name = found
        scope["path_params"] = {"session": session} if name is None else {"session": session, name: argument}
        return endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        found = self.find(scope) if scope["type"] == "http" else None
        if found is None:
            await self._app(scope, receive, send)
        else:
            scope["endpoint"] = found
            await self._data(scope, receive, send)


async def _endpoint(scope: Scope, receive: Receive, send: Send) -> None:
    await scope["endpoint"](scope, receive, send)
