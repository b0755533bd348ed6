"""https by option: the server's own certificate, and a client that trusts who signed it."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import trustme

import kremote
from kremote.address import parse_address
from kremote.direct import Direct
from kremote.transport import Transport
from kremote_server.settings import BadSetting, load

from .raw_http import answered, head
from .running import SECONDS, Running, launch, opened, start, value


@dataclass
class Authority:
    """Who signs, and what it signed."""

    folder: Path
    certificate: Path
    key: Path

    @property
    def options(self) -> tuple[str, ...]:
        return ("--tls-certificate", str(self.certificate), "--tls-key", str(self.key))

    @property
    def root(self) -> Path:
        return self.folder / "root.pem"


def authority(folder: Path) -> Authority:
    made = trustme.CA()
    issued = made.issue_cert("127.0.0.1", "localhost")
    made.cert_pem.write_to_path(str(folder / "root.pem"))
    issued.private_key_pem.write_to_path(str(folder / "key.pem"))
    for number, pem in enumerate(issued.cert_chain_pems):
        pem.write_to_path(str(folder / "certificate.pem"), append=number > 0)
    return Authority(folder, folder / "certificate.pem", folder / "key.pem")


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def secure(signed: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = start(tmp_path_factory.mktemp("secure"), *signed.options)
    yield running
    running.stop()


def transport(running: Running, url: str | None = None) -> Transport:
    address = parse_address(url or running.url, running.tokens["alice"])
    return Transport(address, timeout=SECONDS, connect_timeout=SECONDS, retry_seconds=0.0)


def test_it_says_https(secure: Running) -> None:
    assert secure.url.startswith("https://127.0.0.1:")
    assert f"    {secure.url}\n" in secure.output
    assert "in the clear" not in secure.log


def test_a_client_that_trusts_who_signed_comes_in(
    secure: Running, signed: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(signed.root))
    for url in (secure.url, secure.url.replace("127.0.0.1", "localhost")):
        client = transport(secure, url)
        assert client.call("GET", "/v1/status")["user"] == "alice"
        assert isinstance(client._connected(), Direct)
        client.close()


def test_any_other_client_is_told_what_to_do(secure: Running) -> None:
    with pytest.raises(kremote.ConnectionFailed, match=r"not one this machine trusts") as caught:
        transport(secure).call("GET", "/v1/status", patient=False)
    assert "SSL_CERT_FILE" in str(caught.value)
    with pytest.raises(kremote.ConnectionFailed, match=r"if the server speaks TLS, use https:"):
        transport(secure, secure.url.replace("https:", "http:")).call("GET", "/v1/status", patient=False)


def test_bodies_of_every_size_and_requests_that_come_again(secure: Running, signed: Authority) -> None:
    trusted = ssl.create_default_context(cafile=signed.root)
    headers = {"authorization": f"Bearer {secure.tokens['alice']}"}
    with httpx.Client(base_url=secure.url, headers=headers, verify=trusted, timeout=SECONDS, trust_env=False) as client:
        session = opened(client)
        for size in (0, 1, 1 << 16, 3 << 20):
            seen = value(client.put(f"{session}/tensors/1?dtype=uint8", content=b"\x01" * size))
            assert seen["length"] == size
        assert len(client.get(f"{session}/tensors/5").content) == 5 << 20
        for count in range(12):
            response = client.post(f"{session}/run", content=b"x")
            assert value(response)["requests"] == 5 + count
            assert "." not in response.headers["kremote-request-id"], "no worker could write on such a connection"


def test_old_versions_are_refused(secure: Running, signed: Authority) -> None:
    old = ssl.create_default_context(cafile=signed.root)
    with pytest.warns(DeprecationWarning, match="TLS"):
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with httpx.Client(base_url=secure.url, verify=old, trust_env=False) as client, pytest.raises(httpx.ConnectError):
        client.get("/healthz")


def test_a_renewed_certificate_is_used_at_once(signed: Authority, tmp_path: Path) -> None:
    files = Authority(tmp_path, tmp_path / "certificate.pem", tmp_path / "key.pem")
    for name in ("certificate.pem", "key.pem"):
        (tmp_path / name).write_bytes((signed.folder / name).read_bytes())
    running = start(tmp_path, *files.options)
    with running.client("alice") as kept:
        assert kept.get("/healthz").status_code == 200
        assert presented(running) == pem_of(signed)
        (tmp_path / "key.pem").write_text("half of it")
        wait_for_log(running, "the certificate cannot be read again")
        assert presented(running) == pem_of(signed), "the one before is used"
        newer = authority(tmp_path)  # writes over the files
        wait_for_log(running, "certificate read again")
        assert presented(running) == pem_of(newer) != pem_of(signed)
        assert kept.get("/healthz").status_code == 200, "who is connected stays so"
    assert running.stop() == 0


def presented(running: Running) -> str:
    url = httpx.URL(running.url)
    return ssl.get_server_certificate((url.host, url.port or 443), timeout=SECONDS)


def pem_of(signed: Authority) -> str:
    """The first certificate of the file."""
    return ssl.DER_cert_to_PEM_cert(ssl.PEM_cert_to_DER_cert(signed.certificate.read_text().partition("END")[0] + END))


END = "END CERTIFICATE-----"


def wait_for_log(running: Running, text: str) -> None:
    until = time.monotonic() + SECONDS
    while text not in running.log:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_plain_http_is_not_answered(secure: Running) -> None:
    assert answered(secure, head("GET /v1/status", token=secure.tokens["alice"])) == b""


def test_the_cookie_is_for_https_alone(secure: Running, signed: Authority) -> None:
    trusted = ssl.create_default_context(cafile=signed.root)
    headers = {"authorization": f"Bearer {secure.tokens['alice']}"}
    with httpx.Client(base_url=secure.url, verify=trusted, trust_env=False) as client:
        assert "; Secure" in client.get("/v1/browser", headers=headers).headers["set-cookie"]


def refused(folder: Path, *options: str) -> str:
    process = launch(folder, "--port", "0", *options)
    assert process.wait(SECONDS) == 1
    assert process.stdin
    process.stdin.close()
    return (folder / "log").read_text()


def test_a_certificate_that_cannot_be_used_is_said(tmp_path: Path, signed: Authority) -> None:
    (tmp_path / "nothing.pem").write_text("nothing")
    for certificate, key in (
        (tmp_path / "none.pem", signed.key),
        (tmp_path / "nothing.pem", signed.key),
        (signed.certificate, signed.certificate),
        (signed.root, signed.key),
    ):
        said = refused(tmp_path, "--tls-certificate", str(certificate), "--tls-key", str(key))
        assert f"expected a certificate in {certificate} and its key in {key}" in said
        assert "Traceback" not in said


@pytest.mark.parametrize("given", ["tls_certificate", "tls_key"])
def test_one_of_the_two_files_is_not_enough(given: str) -> None:
    with pytest.raises(BadSetting, match="expected both tls_certificate and tls_key"):
        load({given: "file"}, {})


def test_without_it_others_are_warned(tmp_path: Path) -> None:
    running = start(tmp_path, "--host", "0.0.0.0")
    assert running.stop() == 0
    assert running.log.count("tokens and values cross the network in the clear") == 1
