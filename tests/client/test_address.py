"""The URL people give, and the token in it."""

from __future__ import annotations

import pytest

from kremote.address import parse_address


@pytest.mark.parametrize(
    ("given", "url", "token"),
    [
        ("http://gpu-box:8000", "http://gpu-box:8000", None),
        ("http://gpu-box:8000/?token=abc", "http://gpu-box:8000", "abc"),
        ("http://gpu-box:8000/#token=abc", "http://gpu-box:8000", "abc"),
        ("http://gpu-box:8000/?a=b#token=abc", "http://gpu-box:8000", "abc"),
        ("https://host/kremote/?token=abc", "https://host/kremote", "abc"),
        (" http://[::1]:8000/ ", "http://[::1]:8000", None),
    ],
)
def test_the_token_leaves_the_url(given: str, url: str, token: str | None) -> None:
    address = parse_address(given)
    assert (address.url, address.token) == (url, token)


def test_a_token_of_its_own_wins() -> None:
    assert parse_address("http://h/?token=abc", "xyz").token == "xyz"


def test_the_token_is_not_shown() -> None:
    assert "abc" not in repr(parse_address("http://h/?token=abc"))


@pytest.mark.parametrize("given", ["gpu-box:8000", "ftp://host", "http://", "http://host:port", "", "localhost"])
def test_what_is_no_url_is_refused_with_an_example(given: str) -> None:
    with pytest.raises(ValueError, match="such as http://gpu-box:8000"):
        parse_address(given + "?token=abc")


@pytest.mark.parametrize("given", ["host/?token=abc", "host/#token=abc"])
def test_the_token_is_not_in_the_error(given: str) -> None:
    with pytest.raises(ValueError, match="host") as caught:
        parse_address(given)
    assert "abc" not in str(caught.value)


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "ümlaut"])
def test_a_token_no_header_can_carry_is_refused_without_showing_it(token: str) -> None:
    with pytest.raises(ValueError, match="token") as caught:
        parse_address("http://host", token)
    assert token not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "loopback"),
    [("http://127.0.0.1:1", True), ("http://[::1]", True), ("http://localhost:1", True), ("http://10.0.0.1", False)],
)
def test_loopback(url: str, loopback: bool) -> None:
    assert parse_address(url).loopback is loopback
