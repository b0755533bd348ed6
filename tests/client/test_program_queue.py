"""What is sent when, what is freed when, and when an error is raised."""

from __future__ import annotations

import gc
import threading
from typing import Any

import httpx
import numpy as np
import pytest

from kremote import program_queue
from kremote.session import Session
from kremote_proto.errors import ConnectionFailed, InvalidValue, SessionLost

from .fake_server import FakeServer, reply_of


def failing_dot(session: Session) -> Any:
    """A product only the server can refuse: the client does not know the shapes."""
    x, y = session.K.variable(np.ones((2, 3))), session.K.variable(np.ones((2, 3)))
    x._value.spec = y._value.spec = None
    return session.K.dot(x, y)


def here() -> int:
    import sys

    return sys._getframe(1).f_lineno


def test_nothing_is_sent_before_a_value_is_needed(fake: FakeServer, session: Session) -> None:
    v = session.K.variable([1.0])
    total = v + 1
    assert repr(total)
    assert fake.programs == []
    assert total.eval() == [2.0]
    assert fake.instructions == ["variable", "operator.add"]
    assert len(fake.programs) == 1


def test_a_full_queue_is_sent(fake: FakeServer, session: Session) -> None:
    v = session.K.variable([1.0])
    for _ in range(program_queue.MOST_INSTRUCTIONS):
        session.K.update_add(v, [1.0])
    assert v.eval() == [1.0 + program_queue.MOST_INSTRUCTIONS]
    assert [len(program["instructions"]) for program in fake.programs] == [program_queue.MOST_INSTRUCTIONS, 1]


def test_programs_of_a_loop_begin_at_the_same_place_of_it(
    fake: FakeServer, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program_queue, "ENOUGH_INSTRUCTIONS", 10)
    v = session.K.variable([1.0])
    session.flush()
    for _ in range(20):
        total = v + 1
        session.K.update_add(v, total)
        session.K.update_add(v, -total)
        del total
    session.flush()
    assert [len(program["instructions"]) for program in fake.programs] == [1, 12, 12, 12, 12, 12, 12, 8]
    assert sum("template" in body for body in fake.bodies) == 5


def test_many_bytes_are_sent(fake: FakeServer, session: Session) -> None:
    for _ in range(5):
        session.K.variable(np.zeros(1_000_000, "float32"))
    session.flush()
    assert [len(program["instructions"]) for program in fake.programs] == [3, 2]


def test_arrays_are_copied_at_the_call(fake: FakeServer, session: Session) -> None:
    small, large = np.ones(3), np.ones(1_300_000, "float32")
    first, second = session.K.variable(small), session.K.variable(large)
    small[:] = large[:] = 5
    assert first.eval().max() == 1
    assert second.eval().max() == 1


def test_unused_values_are_freed_with_the_next_program(fake: FakeServer, session: Session) -> None:
    v = session.K.variable([1.0])
    session.flush()
    identifier = v._value.id
    del v
    gc.collect()
    assert len(fake.programs) == 1
    session.K.variable([2.0]).eval()
    assert identifier in fake.freed
    assert identifier not in fake.values


def test_a_temporary_is_freed_in_the_program_that_made_it(fake: FakeServer, session: Session) -> None:
    v = session.K.variable([1.0])
    total = v + 1 + 1  # not in an assert, which keeps every part of its expression
    assert total.eval() == [3.0]
    assert len(fake.programs) == 1
    assert len(fake.freed) == 1


def test_frees_alone_are_sent_by_a_flush(fake: FakeServer, session: Session) -> None:
    v = session.K.variable([1.0])
    session.flush()
    del v
    session.flush()
    assert fake.values == {}


def test_items_keep_their_parent_alive(fake: FakeServer, session: Session) -> None:
    v = session.K.variable([1.0])
    first, second = session.K.gradients(v, [v, v])
    assert second is None
    parent = first._value.id
    assert first.eval() == [1.0]
    del second
    session.flush()
    assert parent not in fake.freed
    del first
    session.flush()
    assert parent in fake.freed


def test_a_called_function_leaves_nothing_behind(fake: FakeServer, session: Session) -> None:
    x = session.K.placeholder((2,))
    function = session.K.function([x], [x * 2])
    function([[1.0, 2.0]])
    session.flush()
    before = len(fake.values)
    for _ in range(5):
        function([[1.0, 2.0]])
    session.flush()
    assert len(fake.values) == before


def test_finalizers_in_a_cycle_send_nothing(fake: FakeServer, session: Session) -> None:
    v = session.K.variable([1.0])
    v.itself = v
    session.flush()
    count = len(fake.requests)
    with session.queue.lock:  # as when the collector runs in the middle of a flush
        del v
        thread = threading.Thread(target=gc.collect)
        thread.start()
        thread.join(5)
        assert not thread.is_alive()
    assert len(fake.requests) == count
    assert session.queue.frees


def test_ids_are_the_client_s_own_block(fake: FakeServer, session: Session) -> None:
    values = [session.K.variable([float(n)]) for n in range(5)]
    ids = [value._value.id for value in values]
    assert ids == list(range(ids[0], ids[0] + 5))
    assert 1 << 24 <= ids[0] < 1 << 53
    assert ids[0] % (1 << 24) == 0
    other = FakeServer().session()
    assert other.K.variable([1.0])._value.id >> 24 != ids[0] >> 24


def test_a_late_error_names_its_line_and_is_raised_once(fake: FakeServer, session: Session) -> None:
    bad = failing_dot(session)
    good = session.K.variable([1.0])
    with pytest.raises(InvalidValue, match="lengths that fit") as caught:
        good.eval()
    assert caught.value.op == "dot"
    location = caught.value.location
    assert location is not None
    assert location.startswith(f"{__file__}:")
    assert f"called at {location}" in str(caught.value)
    assert good.eval() == [1.0]
    with pytest.raises(InvalidValue, match="lengths that fit") as again:
        bad.eval()
    assert again.value.location == location
    with pytest.raises(InvalidValue, match="lengths that fit"):
        bad + 1


def test_the_line_is_the_user_s(fake: FakeServer, session: Session) -> None:
    x, y = session.K.variable(np.ones((2, 3))), session.K.variable(np.ones((2, 3)))
    x._value.spec = y._value.spec = None
    line = here() + 1
    bad = x @ y
    with pytest.raises(ValueError, match="matmul") as caught:
        bad.eval()
    assert caught.value.location == f"{__file__}:{line}"  # type: ignore[attr-defined]


def test_errors_are_raised_in_program_order(fake: FakeServer, session: Session) -> None:
    first, second = failing_dot(session), failing_dot(session)
    with pytest.raises(InvalidValue) as caught:
        second.eval()
    assert caught.value.instruction == first._value.id
    with pytest.raises(InvalidValue) as caught:
        session.flush()
    assert caught.value.instruction == second._value.id
    session.flush()


def test_an_error_met_by_using_its_value_is_not_raised_once_more(fake: FakeServer, session: Session) -> None:
    bad = failing_dot(session)
    session.queue.flush_quietly()
    with pytest.raises(InvalidValue, match="lengths that fit"):
        bad + 1
    session.flush()


def test_an_error_of_a_forgotten_result_is_not_lost(fake: FakeServer, session: Session) -> None:
    failing_dot(session)
    with pytest.raises(InvalidValue, match="lengths that fit"):
        session.flush()


def test_what_depends_on_a_failure_fails_with_its_cause(fake: FakeServer, session: Session) -> None:
    bad = failing_dot(session)
    later = (bad + 1) * 2
    with pytest.raises(InvalidValue) as caught:
        later.eval()
    assert (caught.value.op, caught.value.instruction) == ("dot", bad._value.id)
    session.flush()  # the dependents' errors are the same one
    with pytest.raises(InvalidValue) as caught:
        later.eval()
    assert caught.value.op == "dot"


def test_the_same_error_raised_twice_keeps_its_traceback_short(fake: FakeServer, session: Session) -> None:
    bad = failing_dot(session)
    raised = []
    for _ in range(2):
        with pytest.raises(InvalidValue) as caught:
            bad.eval()
        raised.append(caught.value)
    assert raised[0] is not raised[1]


def test_an_unanswered_program_is_sent_again_first_thing(fake: FakeServer) -> None:
    session = fake.session(retry_seconds=0.0)
    v = session.K.variable([1.0])
    v.eval()

    def down(request: httpx.Request) -> None:
        raise httpx.ReadError("gone", request=request)

    fake.lose = down  # the work is done, the reply never comes
    session.K.update_add(v, [1.0])
    with pytest.raises(ConnectionFailed):
        v.eval()
    fake.lose = lambda _: None
    session.K.update_add(v, [1.0])
    assert v.eval() == [3.0]


def test_an_interrupted_program_is_sent_again(fake: FakeServer, session: Session) -> None:
    v = session.K.variable([1.0])
    v.eval()

    def interrupt(request: httpx.Request) -> None:
        fake.lose = lambda _: None
        raise KeyboardInterrupt

    session.K.update_add(v, [1.0])
    fake.lose = interrupt
    with pytest.raises(KeyboardInterrupt):
        v.eval()
    assert v.eval() == [2.0]


def test_a_refused_program_fails_all_of_its_values(fake: FakeServer, session: Session) -> None:
    v = session.K.variable([1.0])
    lost = reply_of({"error": SessionLost("worker 0 died").to_wire()}, 410)
    fake.interrupt = lambda request: lost if request.url.path.endswith("/run") else None
    for _ in range(2):
        with pytest.raises(SessionLost, match="worker 0 died"):
            v.eval()


def test_threads_share_a_session(fake: FakeServer, session: Session) -> None:
    v = session.K.variable(np.zeros(1))
    failures: list[Exception] = []

    def work() -> None:
        try:
            for n in range(50):
                session.K.update_add(v, [1.0])
                if n % 10 == 0:
                    (v + 1).eval()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert v.eval() == [400.0]
    ids = [instruction["id"] for program in fake.programs for instruction in program["instructions"]]
    assert len(ids) == len(set(ids))


def test_the_body_is_what_the_protocol_says() -> None:
    """The body is put together from encoded pieces; it decodes as `Program.to_wire` would."""
    fake = FakeServer(templates=0)
    v = fake.session().K.variable([1.0], name="w")
    v.eval()
    program = fake.bodies[0]
    assert list(program) == ["instructions", "fetch", "free"]
    instruction = {
        "id": v._value.id,
        "op": "variable",
        "args": {"value": [1.0], "dtype": "float32", "name": "w"},
    }
    assert program == {"instructions": [instruction], "fetch": [{"ref": v._value.id}], "free": []}


def test_printed_lines_reach_stdout(fake: FakeServer, session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    session.K.print_tensor(session.K.variable([1.0]), "x is").eval()
    assert capsys.readouterr().out == "x is [1.]\n"


def test_a_late_error_shows_the_line_that_made_it(session: Session) -> None:
    bad = failing_dot(session)
    with pytest.raises(InvalidValue, match=r"return session\.K\.dot\(x, y\)"):
        bad.eval()
