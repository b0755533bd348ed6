"""A head is recognised where it comes again, and nothing else is."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from kremote_server.head_pattern import HeadPattern, head_of, is_repeatable, without_varying

names = st.sampled_from(["Host", "Accept", "content-length", "Content-Length", "Kremote-Sequence", "x-a.b*", "X(["])
values = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)


@st.composite
def heads(draw: st.DrawFn) -> bytes:
    lines = [f"POST /v1/{draw(st.sampled_from('ab.*'))} HTTP/1.1"]
    for name in draw(st.lists(names, max_size=6)):
        value = draw(st.integers(0, 10**6)) if name.lower() == "content-length" else draw(values)
        lines.append(f"{name}: {value}")
    return "\r\n".join([*lines, "", ""]).encode()


@given(heads(), st.binary(max_size=20))
def test_a_head_recognises_itself(head: bytes, rest: bytes) -> None:
    assume(is_repeatable(head))
    assert head_of(head + rest) == head
    found = HeadPattern(head).find(head + rest)
    if found is not None:  # else a sequence of other characters, which the gateway refuses
        assert found.rest == rest
        assert (f": {found.length}\r\n".encode() in head) or found.length == 0


@given(heads(), heads())
def test_what_is_recognised_differs_only_where_it_may(head: bytes, other: bytes) -> None:
    assume(is_repeatable(head))
    if HeadPattern(head).find(other) is not None:
        assert without_varying(head) == without_varying(other)


@given(heads(), st.binary(min_size=1, max_size=3), st.data())
def test_a_changed_head_is_another(head: bytes, put: bytes, data: st.DataObject) -> None:
    assume(is_repeatable(head))
    at = data.draw(st.integers(0, len(head) - 4))
    changed = head[:at] + put + head[at + len(put) :]
    if HeadPattern(head).find(changed) is not None:
        assert without_varying(changed) == without_varying(head)


def test_bodies_that_are_read_otherwise_are_not_repeatable() -> None:
    for line in (b"Expect: 100-continue", b"transfer-encoding: chunked", b"Upgrade: h2c", b"content-length: 3"):
        assert not is_repeatable(b"POST / HTTP/1.1\r\nContent-Length: 3\r\n" + line + b"\r\n\r\n")
    assert is_repeatable(b"POST / HTTP/1.1\r\nContent-Length: 3\r\nkremote-sequence: a\r\n\r\n")
    assert not is_repeatable(b"")


def test_a_length_of_other_digits_is_none() -> None:
    pattern = HeadPattern(b"POST / HTTP/1.1\r\ncontent-length: 3\r\n\r\n")
    for length in (b"+3", b"-3", b"3 3", b"0x3", b"3,3", b"", b"9" * 16, "\N{ARABIC-INDIC DIGIT THREE}".encode()):
        assert pattern.find(b"POST / HTTP/1.1\r\ncontent-length: " + length + b"\r\n\r\n") is None
