"""What is said of a server that gives no answer, with what to check."""

from __future__ import annotations

from kremote_proto.errors import ConnectionFailed, KremoteError


class TryAgain(Exception):
    """An attempt failed in a way that another may not."""

    def __init__(self, error: KremoteError, wait: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait = wait


def no_answer_in_time(url: str, seconds: float) -> ConnectionFailed:
    """The error for a request that takes too long."""
    return ConnectionFailed(
        f"expected an answer of {url} within {seconds:g} seconds; got none",
        hint="the work may still run: give K.connect a longer timeout= and ask again",
    )


def no_usable_answer(url: str, error: Exception) -> ConnectionFailed:
    """The error for what is no answer of a server of HTTP."""
    return ConnectionFailed(f"{url} gave no usable answer: {said(error)}")


def unreachable(url: str, error: Exception) -> ConnectionFailed:
    """The error for a connection that failed."""
    import ssl

    text = said(error)
    if _caused_by(error, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in text:
        return ConnectionFailed(
            f"the certificate of {url} is not one this machine trusts: {text}",
            hint="set SSL_CERT_FILE to the file of the certificate authority that signed it",
        )
    if _caused_by(error, ssl.SSLError) or "SSL" in text:
        return ConnectionFailed(
            f"{url} does not speak https: {text}", hint=f"use http:{url.partition(':')[2]} if the server has no TLS"
        )
    if "disconnected without sending" in text and url.startswith("http:"):
        return ConnectionFailed(
            f"{url} closed the connection without an answer", hint=f"if the server speaks TLS, use {https(url)}"
        )
    return ConnectionFailed(
        f"expected a kremote server at {url}; could not reach it: {text}",
        hint="is the server running (`kremote serve`), and are host, port and firewall right?",
    )


def https(url: str) -> str:
    """The same place over TLS."""
    return "https:" + url.partition(":")[2]


def said(error: Exception) -> str:
    """What an error says, or at least what it is."""
    return str(error) or type(error).__name__


def _caused_by(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, kind):
            return True
        error = error.__cause__ or error.__context__
    return False
