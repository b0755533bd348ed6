"""The server's certificate and its key: looked at before they are used, and read again when their files change."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from pathlib import Path

import structlog
import uvicorn

from .settings import BadSetting, Settings

log = structlog.get_logger("kremote.certificate")

#: How often a running server looks whether the files changed: who renews a certificate need not stop anything.
_LOOK_SECONDS = 1.0


@dataclass(frozen=True)
class Certificate:
    """Two files of PEM."""

    certificate: Path
    key: Path

    def check(self) -> None:
        """Raise `BadSetting` where they cannot be used, or do not belong together."""
        try:
            self._load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
        except OSError as error:  # those of TLS are of this kind, too
            raise BadSetting(
                f"expected a certificate in {self.certificate} and its key in {self.key}, both PEM; "
                f"{error.strerror or error}"
            ) from error

    async def follow(self, config: uvicorn.Config) -> None:
        """Use the files as they are from now on, for connections that are made later."""
        stamp = self._stamp()
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if (now := self._stamp()) != stamp:
                stamp = now
                self._renew(config.ssl)

    def _renew(self, context: ssl.SSLContext | None) -> None:
        assert context is not None
        try:
            self.check()  # first: a context that took half of the two could serve nobody
            self._load(context)
            log.info("certificate read again")
        except (BadSetting, OSError) as error:
            log.error("the certificate cannot be read again; the one before is used", reason=str(error))

    def _load(self, context: ssl.SSLContext) -> None:
        context.load_cert_chain(self.certificate, self.key)

    def _stamp(self) -> tuple[tuple[int, int], ...]:
        try:
            return tuple((status.st_mtime_ns, status.st_ino) for status in (self.certificate.stat(), self.key.stat()))
        except OSError:
            return ()


def certificate_of(settings: Settings) -> Certificate | None:
    """The certificate that settings name, None for a server that speaks plain HTTP."""
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    return Certificate(settings.tls_certificate, settings.tls_key)
