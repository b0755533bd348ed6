"""Ctrl-C in a client ends the work on the server, and leaves the session as good as before."""

from __future__ import annotations

import httpx
import pytest

from kremote.session import Session
from kremote_proto.errors import Interrupted

from ..conftest import RunThin, Server
from .fake_server import FakeServer


def test_a_long_program_is_interrupted_between_its_instructions(server: Server, run_thin: RunThin) -> None:
    source = """
    import os, signal, threading
    import numpy as np
    from kremote import backend as K
    import kremote

    a = K.variable(np.eye(1500, dtype="float32"))
    count = K.variable(0.0)
    K.eval(K.dot(a, a))
    x = a
    for _ in range(100):
        x = K.dot(x, a)
        K.update_add(count, 1.0)
    threading.Timer(0.3, os.kill, [os.getpid(), signal.SIGINT]).start()
    try:
        K.eval(x)
    except KeyboardInterrupt:
        print("interrupted")
    done = K.eval(count)
    assert 0 < done < 100, done
    assert K.eval(a)[0, 0] == 1.0
    try:
        K.eval(x)
    except kremote.Interrupted as error:
        print("said" if "interrupted by its user" in str(error) else error)
    assert K.eval(count) == done
    """
    done = run_thin(source, KREMOTE_URL=server.url, KREMOTE_TOKEN=server.token)
    assert done.stdout == "interrupted\nsaid\n", done.stderr


def test_a_loop_is_interrupted_inside(server: Server, run_thin: RunThin) -> None:
    source = """
    import os, signal, threading, time
    import numpy as np
    from kremote import backend as K

    w = K.variable(np.eye(500, dtype="float32"))
    x = K.placeholder((1, None, 500))

    def step(inputs, states):
        new = K.dot(K.dot(K.dot(states[0], w), w), w)
        return new[:1], [new]

    last, _, _ = K.rnn(step, x, [K.constant(np.eye(500, dtype="float32"))])
    f = K.function([x], [last])
    f([np.ones((1, 2, 500), "float32")])
    threading.Timer(0.5, os.kill, [os.getpid(), signal.SIGINT]).start()
    began = time.monotonic()
    try:
        f([np.ones((1, 50_000, 500), "float32")])  # minutes, in one instruction
    except KeyboardInterrupt:
        print("interrupted")
    assert K.eval(K.constant(1.0)) == 1.0
    assert time.monotonic() - began < 30
    """
    done = run_thin(source, KREMOTE_URL=server.url, KREMOTE_TOKEN=server.token)
    assert done.stdout == "interrupted\n", done.stderr


def interrupting(fake: FakeServer, times: int = 1) -> list[str]:
    """The addresses asked for; the first replies of `run`, and of `interrupt` after them, are not waited for."""
    asked: list[str] = []

    def lose(request: httpx.Request) -> None:
        asked.append(request.url.path.rpartition("/")[2])
        if len(asked) <= times:
            raise KeyboardInterrupt

    fake.lose = lose
    return asked


def test_the_server_is_told_and_the_reply_asked_for_again(fake: FakeServer, session: Session) -> None:
    v = session.K.variable([1.0])
    asked = interrupting(fake)
    with pytest.raises(KeyboardInterrupt):
        v.eval()
    assert v.eval() == [1.0]
    assert asked[:3] == ["run", "interrupt", "run"]
    assert len([program for program in fake.programs if program["instructions"]]) == 1


def test_a_second_interrupt_gives_up_telling(fake: FakeServer, session: Session) -> None:
    v = session.K.variable([1.0])
    interrupting(fake, times=2)
    with pytest.raises(KeyboardInterrupt):
        v.eval()
    assert v.eval() == [1.0]


def test_what_was_interrupted_is_no_news_except_where_it_is_used(fake: FakeServer, session: Session) -> None:
    interrupting(fake)
    v = session.K.variable([1.0])
    fake.interrupt_instructions = True
    with pytest.raises(KeyboardInterrupt):
        v.eval()
    fake.interrupt_instructions = False
    assert session.K.variable([2.0]).eval() == [2.0]
    with pytest.raises(Interrupted, match="by its user"):
        v.eval()
