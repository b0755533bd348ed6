"""A short look for bodies that get anything but a clear error; `python -m tests.faults.bodies` looks longer."""

from __future__ import annotations

from ..conftest import Server
from .bodies import decode_all, send_all
from .generated_bodies import Bodies


def test_decoders_accept_or_refuse() -> None:
    tally = decode_all(Bodies(1), range(3000))
    assert tally.crashers == []
    assert tally.codes["accepted"] > 300, "bodies that are nothing but noise find nothing"
    assert tally.codes["malformed_request"] > 300


def test_a_server_answers_and_goes_on(server: Server) -> None:
    tally, _ = send_all(server, Bodies(2), range(600))
    assert tally.crashers == []
    assert tally.codes["200"] > 30
