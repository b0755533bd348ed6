"""Requests: retries, streams, and what is said when there is no server."""

from __future__ import annotations

import socket
import ssl
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import numpy as np
import pytest

import kremote
from kremote.address import parse_address
from kremote.session import Session
from kremote.transport import Transport
from kremote_proto.codec import JSON, encode
from kremote_proto.errors import (
    ConnectionFailed,
    InternalError,
    InvalidValue,
    KremoteError,
    SessionLost,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    UnknownSession,
)

from .fake_server import URL, FakeServer, Handler, drop, reply_of


def transport_of(handler: Handler, sleeps: list[float] | None = None, retry_seconds: float = 5.0) -> Transport:
    return Transport(
        parse_address(URL, "secret"),
        timeout=5.0,
        connect_timeout=5.0,
        retry_seconds=retry_seconds,
        handler=httpx.MockTransport(handler),
        sleep=(lambda _: None) if sleeps is None else sleeps.append,
    )


def foreign_errors(root: type[Exception]) -> Iterator[type[Exception]]:
    for child in root.__subclasses__():
        yield child
        yield from foreign_errors(child)


HTTPX_ERRORS = sorted(
    {
        value
        for value in vars(httpx).values()
        if isinstance(value, type) and issubclass(value, Exception) and value.__module__ == "httpx"
    }
    | set(foreign_errors(httpx.HTTPError)),
    key=lambda error: error.__name__,
)


@pytest.mark.parametrize("error", HTTPX_ERRORS, ids=lambda error: error.__name__)
def test_every_error_of_httpx_becomes_one_of_kremote(error: type[Exception]) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raised = error.__new__(error)
        raised.args = ("it broke",)
        raise raised

    with pytest.raises(KremoteError) as caught:
        transport_of(fail, retry_seconds=0).call("GET", "/v1/x")
    assert isinstance(caught.value, ConnectionFailed | InvalidValue | InternalError)
    assert "secret" not in str(caught.value)


def test_a_lost_connection_is_tried_again_with_the_same_sequence() -> None:
    fake = FakeServer()
    session = fake.session()
    fake.interrupt = drop(2)
    session.K.variable([1.0]).eval()
    sequences = [r.headers["kremote-sequence"] for r in fake.requests if r.url.path.endswith("/run")]
    assert len(sequences) == 3
    assert len(set(sequences)) == 1
    assert len(fake.programs) == 1


def test_a_lost_reply_does_not_do_the_work_twice() -> None:
    fake = FakeServer()
    session = fake.session()
    v = session.K.variable([1.0])
    fake.lose = drop(1, httpx.RemoteProtocolError)
    session.K.update_add(v, [1.0])
    assert v.eval() == [2.0]
    assert len(fake.programs) == 1


def test_every_new_request_has_a_sequence_of_its_own() -> None:
    fake = FakeServer()
    session = fake.session()
    for _ in range(3):
        session.K.variable([1.0]).eval()
    session.K.variable(np.zeros(1_300_000, "float32")).eval()
    session.delete()
    sequences = [r.headers["kremote-sequence"] for r in fake.requests if r.method != "GET" and "/s1" in r.url.path]
    assert len(sequences) == len(set(sequences)) == 6
    assert len({sequence.rpartition("-")[0] for sequence in sequences}) == 1, sequences


def test_503_is_tried_again_after_what_the_server_asks() -> None:
    answers = iter(
        [reply_of({"error": Unavailable("starting").to_wire()}, 503, **{"retry-after": "0.25"}), reply_of({})]
    )
    sleeps: list[float] = []
    assert transport_of(lambda _: next(answers), sleeps).call("GET", "/v1/x") == {}
    assert sleeps == [0.25]


def test_too_many_requests_are_tried_again_after_what_the_server_asks() -> None:
    busy = reply_of({"error": TooManyRequests("expected fewer").to_wire()}, 429, **{"retry-after": "2"})
    replies, sleeps = iter([busy, busy, reply_of({"done": True})]), list[float]()
    assert transport_of(lambda _: next(replies), sleeps).call("POST", "/v1/x", {}) == {"done": True}
    assert sleeps == [2.0, 2.0]


def test_who_gives_up_asking_says_so() -> None:
    busy = reply_of({"error": TooManyRequests("expected fewer").to_wire()}, 429, **{"retry-after": "1"})
    with pytest.raises(TooManyRequests, match=r"^expected fewer; asked \d+ times in \d\.\d s \(KREMOTE_RETRY_SECONDS"):
        transport_of(lambda _: busy, retry_seconds=1.05).call("GET", "/v1/x")
    with pytest.raises(TooManyRequests, match=r"^expected fewer$"):
        transport_of(lambda _: busy, retry_seconds=0.0).call("GET", "/v1/x")


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_proxy_without_its_server_is_tried_again(status: int) -> None:
    answers = iter([httpx.Response(status, text="Bad Gateway"), reply_of({"a": 1})])
    assert transport_of(lambda _: next(answers)).call("GET", "/v1/x") == {"a": 1}


def test_pauses_grow_and_end() -> None:
    sleeps: list[float] = []

    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(ConnectionFailed, match="could not reach"):
        transport_of(fail, sleeps, retry_seconds=1.0).call("GET", "/v1/x")
    assert len(sleeps) >= 4
    assert sleeps[0] < 0.1 < sleeps[3]


def test_waiting_ends_with_the_server_s_own_words() -> None:
    wire = {"error": Unavailable("the worker is starting").to_wire()}
    with pytest.raises(Unavailable, match="the worker is starting"):
        transport_of(lambda _: reply_of(wire, 503), retry_seconds=0).call("GET", "/v1/x")


def test_a_request_may_be_told_not_to_wait() -> None:
    asked = []

    def busy(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return reply_of({"error": Unavailable("starting").to_wire()}, 503)

    with pytest.raises(Unavailable):
        transport_of(busy).call("GET", "/v1/x", retry_seconds=0)
    assert len(asked) == 1


def test_a_slow_answer_is_not_asked_for_again() -> None:
    asked = []

    def slow(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        raise httpx.ReadTimeout("timed out", request=request)

    with pytest.raises(ConnectionFailed, match="within 5 seconds"):
        transport_of(slow).call("POST", "/v1/x", {})
    assert len(asked) == 1


def test_a_json_error_is_read_too() -> None:
    wire = encode({"error": InvalidValue("no", op="dot").to_wire()}, JSON)
    answer = httpx.Response(400, content=wire, headers={"content-type": "application/json; charset=utf-8"})
    with pytest.raises(InvalidValue, match="dot: no"):
        transport_of(lambda _: answer).call("GET", "/v1/x")


def opened(handler: Handler) -> Session:
    return Session(transport=transport_of(handler))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(404, text="Not Found"), "what answers there says 404"),
        (httpx.Response(200, text="<html>hello</html>", headers={"content-type": "text/html"}), "sends text/html"),
        (reply_of({"hello": "world"}), "opens no session"),
        (
            httpx.Response(308, headers={"location": "https://fake/v1/sessions?token=secret"}),
            "connect to https://fake/v1/sessions instead",
        ),
        (httpx.Response(400, text="The plain HTTP request was sent to HTTPS port"), "use https://fake:8000"),
    ],
)
def test_what_is_no_kremote_server_is_named(answer: httpx.Response, said: str) -> None:
    with pytest.raises(ConnectionError, match=said) as caught:
        opened(lambda _: answer)
    assert URL in str(caught.value)
    assert "secret" not in str(caught.value)


def test_connecting_fails_at_once() -> None:
    asked = []

    def refuse(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        raise httpx.ConnectError("[Errno 111] Connection refused")

    with pytest.raises(ConnectionError, match="is the server running") as caught:
        opened(refuse)
    assert len(asked) == 1
    assert URL in str(caught.value)


def test_a_wrong_token_says_where_tokens_come_from() -> None:
    fake = FakeServer(token="other")
    with pytest.raises(PermissionError, match="kremote serve"):
        opened(fake.answer)


def test_https_asked_of_a_plain_server() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[SSL: WRONG_VERSION_NUMBER] wrong version number") from ssl.SSLError("wrong version")

    with pytest.raises(ConnectionError, match=r"does not speak https.*\n.*use http://fake:8000"):
        opened(fail)


def test_a_certificate_nobody_vouches_for() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate")

    with pytest.raises(ConnectionError, match="SSL_CERT_FILE"):
        opened(fail)


@contextmanager
def listening(answer: bytes) -> Iterator[str]:
    """A socket that reads a little, answers and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(1 << 16)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def test_https_to_a_real_plain_server() -> None:
    bad_request = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"
    with listening(bad_request) as place, pytest.raises(ConnectionError, match="does not speak https"):
        kremote.Session(f"https://{place}", "secret")


def test_http_to_what_hangs_up_suggests_https() -> None:
    with listening(b"") as place, pytest.raises(ConnectionError, match=f"use https://{place}"):
        kremote.Session(f"http://{place}", "secret")


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectionError, match=f"127.0.0.1:{port}; could not reach it"):
        kremote.Session(f"http://127.0.0.1:{port}", "secret")


def test_large_arrays_travel_on_their_own_in_pieces() -> None:
    fake = FakeServer()
    array = np.arange(2_600_000, dtype="float32").reshape(2, 1_300_000)[:, ::-1]
    with fake.session() as session:
        v = session.K.variable(array)
        np.testing.assert_array_equal(v.eval(), array)
        upload = next(request for request in fake.requests if request.method == "PUT")
        assert dict(upload.url.params) == {"dtype": "float32", "shape": "2,1300000"}
        assert upload.headers["content-length"] == str(array.nbytes)
        assert "transfer-encoding" not in upload.headers
        uploaded = int(upload.url.path.rpartition("/")[2])
        assert fake.programs[0]["instructions"][0]["args"]["value"] == {"ref": uploaded}
        assert uploaded in fake.freed


@pytest.mark.parametrize("empty", [False, True])
def test_an_upload_with_a_digest_says_it_and_may_have_no_body(empty: bool) -> None:
    fake = FakeServer()
    array = np.arange(4, dtype="float32")
    with fake.session() as session:
        fake.interrupt = lambda request: httpx.Response(201, json={})
        session._transport.upload("/v1/x", array, sequence="s-1", digest="ab", empty=empty)
        fake.interrupt = lambda _: None
    upload = next(request for request in fake.requests if request.method == "PUT")
    assert dict(upload.url.params) == {"dtype": "float32", "shape": "4", "sha256": "ab"}
    assert upload.content == (b"" if empty else array.tobytes())
    assert upload.headers["content-length"] == str(len(upload.content))


def test_an_upload_is_sent_again_from_its_beginning() -> None:
    fake = FakeServer()
    array = np.arange(1_300_000, dtype="float32")
    with fake.session() as session:
        fake.interrupt = drop(1, httpx.WriteError)
        np.testing.assert_array_equal(session.K.variable(array).eval(), array)


def test_a_download_that_breaks_off_is_begun_anew() -> None:
    fake = FakeServer()
    with fake.session() as session:
        v = session.K.variable(np.arange(300_000, dtype="float32"))
        session.flush()
        whole = fake._tensor

        def broken(request: httpx.Request, identifier: int) -> httpx.Response:
            def pieces() -> Iterator[bytes]:
                yield b"\0" * 1000
                raise httpx.ReadError("reset")

            fake._tensor = whole  # type: ignore[method-assign]
            headers = {
                "kremote-dtype": "float32",
                "kremote-shape": "300000",
                "content-type": "application/octet-stream",
            }
            return httpx.Response(200, content=pieces(), headers=headers)

        fake._tensor = broken  # type: ignore[method-assign]
        assert v.eval()[-1] == 299_999


def test_a_download_of_the_wrong_length_is_refused() -> None:
    fake = FakeServer()
    with fake.session() as session:
        v = session.K.variable(np.arange(300_000, dtype="float32"))
        session.flush()
        headers = {"kremote-dtype": "float32", "kremote-shape": "300000", "content-type": "application/octet-stream"}
        fake._tensor = lambda *_: httpx.Response(200, content=iter([b"\0" * 12]), headers=headers)  # type: ignore
        with pytest.raises(ConnectionError, match="expected 1200000 bytes"):
            v.eval()


def test_traffic_is_counted() -> None:
    fake = FakeServer()
    with fake.session() as session:
        session.K.variable([1.0]).eval()
        traffic = session.traffic
    assert traffic["requests"] == 2
    assert traffic["bytes_sent"] > 50
    assert traffic["bytes_received"] > 50


def test_the_token_is_in_no_repr() -> None:
    fake = FakeServer()
    with fake.session() as session:
        assert "secret" not in repr(session) + repr(session.address) + repr(session.K.variable([1.0]).session)


def test_a_server_out_of_reach_is_one_short_traceback() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(ConnectionFailed) as caught:
        transport_of(refuse, retry_seconds=0).call("GET", "/v1/x")
    shown = "".join(traceback.format_exception(caught.value))
    assert "refused" in shown
    assert "httpx.ConnectError" not in shown


@pytest.mark.parametrize(
    ("error", "advice"),
    [(Unauthorized, "K.connect"), (UnknownSession, "K.clear_session"), (SessionLost, "K.clear_session")],
)
def test_a_server_s_advice_becomes_python_s(error: type[KremoteError], advice: str) -> None:
    refusal = error("no", hint="send the header `Authorization: Bearer TOKEN`; POST /v1/sessions makes one")

    def refuse(request: httpx.Request) -> httpx.Response:
        return reply_of({"error": refusal.to_wire()}, error.status)

    with pytest.raises(error, match=advice) as caught:
        transport_of(refuse).call("GET", "/v1/x")
    assert "POST" not in str(caught.value)
