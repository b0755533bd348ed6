"""Compressed bodies between client and server."""

from __future__ import annotations

import numpy as np
import pytest

import kremote
from kremote import backend as K

from ..conftest import Server

MEBIBYTE = 1 << 20
LARGE = 8 * MEBIBYTE


@pytest.mark.parametrize("compress", [True, False])
def test_what_is_worth_it_goes_compressed_both_ways(server: Server, compress: bool) -> None:
    zeros, noise = np.zeros(LARGE, "uint8"), np.random.default_rng(0).integers(0, 256, LARGE, "uint8")
    zeros[7::1000] = 1
    with kremote.Session(server.url, server.token, compress=compress) as session:
        sent, received = [], []
        for array in (zeros, noise, zeros[:MEBIBYTE], np.asfortranarray(zeros.reshape(2, -1))):
            before = session.traffic
            fetched = K.eval(K.constant(array, dtype="uint8"))
            np.testing.assert_array_equal(fetched, array)
            assert fetched.flags.writeable
            after = session.traffic
            sent.append((after["bytes_sent"] - before["bytes_sent"]) / array.nbytes)
            received.append((after["bytes_received"] - before["bytes_received"]) / array.nbytes)
    small = [True, False, True, True] if compress else [False] * 4
    assert [share < 0.1 for share in sent] == small
    assert [share < 0.1 for share in received] == small


def test_a_server_that_takes_none_is_sent_none(server: Server) -> None:
    with kremote.Session(server.url, server.token, compress=True) as session:
        session._transport.inflated_bytes = 0  # as a server that says nothing of it
        before = session.traffic["bytes_sent"]
        assert K.eval(K.sum(K.constant(np.zeros(LARGE, "uint8"), dtype="uint8"))) == 0
        assert session.traffic["bytes_sent"] - before >= LARGE
