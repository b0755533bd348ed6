"""A server's address: the URL without its token, and the token."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit, urlunsplit

from kremote_proto.errors import InvalidValue

from .settings import Settings


@dataclass(frozen=True)
class Address:
    """Where a server is; the token is in no repr."""

    url: str
    token: str | None = field(default=None, repr=False)

    @property
    def loopback(self) -> bool:
        """Whether the server is on this machine, where no proxy stands between."""
        host = urlsplit(self.url).hostname or ""
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"

    @property
    def has_proxy(self) -> bool:
        """Whether the environment, or the system's settings, have a proxy on the way to the server."""
        if self.loopback:
            return False
        from urllib.request import getproxies, proxy_bypass  # 20 ms to import

        parts = urlsplit(self.url)
        return bool(getproxies().keys() & {parts.scheme, "all"}) and not proxy_bypass(parts.hostname or "")


def parse_address(url: str, token: str | None = None) -> Address:
    """The address of a URL as people write it, with the token of `#token=...` or `?token=...` unless one is given.

    >>> parse_address("http://gpu-box:8000/#token=abc")
    Address(url='http://gpu-box:8000')
    """
    if not isinstance(url, str):
        raise InvalidValue(f"expected the server's URL, such as http://gpu-box:8000; got {type(url).__name__}")
    try:
        parts = urlsplit(url.strip())
        parts.port  # noqa: B018  a port that is no number raises here
    except ValueError as error:
        raise _not_a_url(url, str(error)) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _not_a_url(url, "it needs http:// or https:// and a host")
    token = token or parse_qs(parts.fragment or parts.query).get("token", [None])[0]
    if token is not None and not (token.isascii() and token.isprintable() and " " not in token):
        raise InvalidValue("expected a token of letters, digits and signs; got one with other characters in it")
    host = parts.netloc.rpartition("@")[2]
    return Address(urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", "")), token)


def _not_a_url(url: str, reason: str) -> InvalidValue:
    shown = re.split("[?#]", url)[0].rpartition("@")[2]
    return InvalidValue(f"expected the server's URL, such as http://gpu-box:8000; got {shown!r}: {reason}")


def configured_address(url: str | None, token: str | None, settings: Settings) -> Address:
    """The address of a call's URL and token, with the settings for what the call leaves out."""
    url = url or settings.url
    if url is None:
        raise InvalidValue(
            "expected the server's URL; got none", hint="give one, or set KREMOTE_URL; `kremote serve` prints it"
        )
    address = parse_address(url, token)
    if address.token:
        return address
    if settings.url is None:
        return parse_address(url, settings.token)
    # The environment's token is for the environment's server; any other server is not to see it.
    configured = parse_address(settings.url, settings.token)
    return configured if configured.url == address.url else address
