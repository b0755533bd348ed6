"""The memory of replies: bounded, and fair to the clients of one session."""

from __future__ import annotations

import pytest

from kremote_server.worker import replies
from kremote_server.worker.replies import MOST_CLIENTS, MOST_REPLIES, KeptReply, Replies


def reply(size: int = 1) -> KeptReply:
    return KeptReply(200, "text/plain", bytes(size))


def sequences(kept: Replies) -> list[str]:
    return [sequence for sequence, _ in kept.kept()]


def test_the_last_replies_to_each_client_are_kept() -> None:
    kept = Replies()
    kept.keep("slow-1", reply())
    for n in range(3 * MOST_REPLIES):
        kept.keep(f"busy-{n}", reply())
    assert kept.find("slow-1") == reply()
    assert sequences(kept) == ["slow-1", *(f"busy-{n}" for n in range(2 * MOST_REPLIES, 3 * MOST_REPLIES))]


def test_the_clients_that_asked_last_are_remembered() -> None:
    kept = Replies()
    for n in range(MOST_CLIENTS + 1):
        kept.keep(f"client{n}-1", reply())
        kept.keep(f"client{n}-2", reply())
        kept.keep(f"patient-{n}", reply())
    kept.keep("patient-64", reply(7))
    assert kept.find("patient-64") == reply(), "the first reply stands"
    assert kept.find("client0-1") is None
    assert kept.find("client0-2") is None
    assert kept.find("client2-1") is not None
    assert kept.find("patient-1") is None
    assert kept.find(f"patient-{MOST_CLIENTS}") is not None


def test_where_there_are_too_many_bytes_a_clients_last_reply_goes_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replies, "MOST_BYTES", 10)
    kept = Replies()
    kept.keep("a-1", reply(3))
    kept.keep("b-1", reply(3))
    kept.keep("b-2", reply(3))
    kept.keep("b-3", reply(3))
    assert sequences(kept) == ["a-1", "b-2", "b-3"]
    kept.keep("b-4", reply(9))
    assert sequences(kept) == ["b-4"]
    kept.keep("a-2", reply(20))
    assert sequences(kept) == ["a-2"]


def test_replies_without_a_sequence_are_not_kept_and_others_need_no_dash() -> None:
    kept = Replies()
    kept.keep(None, reply())
    kept.keep("one", reply())
    restored = Replies()
    restored.restore([(name, one.status, one.content_type, one.body) for name, one in kept.kept()])
    assert sequences(restored) == ["one"]
    assert restored.find(None) is None
