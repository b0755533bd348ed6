"""`K.profile`: what is recorded, what is made of it, and how it is shown."""

from __future__ import annotations

import re
import time
from xml.etree import ElementTree

import nbformat
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbclient import NotebookClient

from kremote import backend as K
from kremote.profiling.events import Exchange, Wait, exchanged, recording, timings, waiting
from kremote.profiling.profile import Profile, share_of
from kremote.session import Session

from ..conftest import Server

SOON = st.floats(0, 10)
EXCHANGES = st.builds(lambda a, b, q, c: Exchange(min(a, b), max(a, b), 0, 0, q, c), SOON, SOON, SOON, SOON)


def profile_of(exchanges: list[Exchange], waits: list[Wait]) -> Profile:
    profile = Profile()
    profile.exchanges, profile.waits = exchanges, waits
    profile.began, profile.ended = 0.0, 10.0
    return profile


def test_a_wait_is_split_as_its_exchanges_were_spent() -> None:
    profile = profile_of(
        [Exchange(1.0, 3.0, 10, 20, queue=0.5, compute=1.0), Exchange(4.0, 6.0, 1, 2, compute=2.0)],
        [Wait("a.py:1", 2.0, 3.0), Wait("b.py:2", 4.0, 6.5)],
    )
    share = profile.share
    assert (share.queue, share.compute, share.network) == (0.25, 2.5, 0.25)
    assert [(line.location, line.waits, line.seconds) for line in profile.lines] == [
        ("b.py:2", 1, 2.5),
        ("a.py:1", 1, 1),
    ]
    assert (profile.round_trips, profile.bytes_sent, profile.bytes_received, profile.waited) == (2, 11, 22, 3.5)


@given(st.lists(EXCHANGES, max_size=6), st.lists(st.tuples(SOON, SOON), max_size=6))
def test_a_share_is_what_counting_each_overlap_gives(
    exchanges: list[Exchange], spans: list[tuple[float, float]]
) -> None:
    waits = [Wait("x.py:1", min(span), max(span)) for span in spans]
    expected = 0.0
    for wait in waits:
        for one in exchanges:
            overlap = min(one.ended, wait.ended) - max(one.began, wait.began)
            if overlap > 0:
                expected += overlap / one.seconds * one.compute
    assert share_of(waits, exchanges).compute == pytest.approx(expected)


def test_a_header_of_timings_may_hold_anything_else() -> None:
    assert timings("") == {}
    assert timings('miss, db;desc="a;b", queue;dur=2, compute;desc="x" ; dur=1500.5') == {
        "queue": 0.002,
        "compute": 1.5005,
    }


def test_nothing_is_kept_where_nobody_records() -> None:
    with waiting():
        exchanged(time.perf_counter(), 1, 1, {})
    assert recording == []


def test_profiles_may_be_nested_and_used_again() -> None:
    outer, inner = Profile(), Profile()
    with outer:
        exchanged(time.perf_counter(), 1, 1, {})
        with inner:
            exchanged(time.perf_counter(), 1, 1, {})
    assert (outer.round_trips, inner.round_trips) == (2, 1)
    with inner:
        pass
    assert inner.round_trips == 0


def test_a_session_records_the_lines_that_wait(session: Session) -> None:
    with session, K.profile() as profile:
        x = K.constant([1.0, 2.0])
        K.eval(x)
        K.eval(x)
        session.flush()
    lines = {line.location: line.waits for line in profile.lines}
    assert lines == {f"{__file__}:{fetch_line() + n}": 1 for n in range(3)}
    assert profile.waited <= profile.seconds


def fetch_line() -> int:
    """The line of the first fetch above."""
    with open(__file__) as source:
        return next(number for number, line in enumerate(source, 1) if line.strip() == "K.eval(x)")


def test_a_table_says_where_and_what_to_do() -> None:
    waits = [Wait("train.py:12", n / 10, n / 10 + 0.09) for n in range(50)]
    exchanges = [Exchange(n / 10, n / 10 + 0.09, 2000, 3000, compute=0.01) for n in range(50)]
    text = str(profile_of(exchanges, waits))
    assert text.startswith("waited 4.5 s of 10 s for the server; 50 round trips, 100 kB sent, 150 kB received")
    assert re.search(r"^ +50 +4\.5 s +90 ms +0 ms +500 ms +4 s  train\.py:12$", text, re.MULTILINE)
    assert "K.batch_get_value" in text
    assert "1 round trip," in str(profile_of(exchanges[:1], []))


def test_a_table_of_nothing() -> None:
    assert str(profile_of([], [])).startswith("waited 0 ms of 10 s for the server; 0 round trips, 0 B sent")


def test_a_picture_has_a_lane_for_each_line_and_escapes_names() -> None:
    profile = profile_of([Exchange(1, 2, 0, 0, 0.2, 0.3)], [Wait("<b>.py:1", 1, 2), Wait("c.py:2", 5, 6)])
    drawing = ElementTree.fromstring(re.search(r"<svg.*</svg>", profile._repr_html_())[0])  # type: ignore[index]
    labels = [title.text for text in drawing.iter("text") for title in text.iter("title")]
    assert labels == ["requests", "<b>.py:1", "c.py:2"]
    kinds = [box.find("title").text.split()[0] for box in drawing.iter("rect")]  # type: ignore[union-attr]
    assert sorted(kinds) == ["compute", "network", "network", "queue", "wait", "wait"]


def test_a_long_profile_is_drawn_small() -> None:
    exchanges = [Exchange(n / 1e4, n / 1e4 + 1e-4, 0, 0) for n in range(100_000)]
    assert len(profile_of(exchanges, [])._repr_html_()) < 1 << 20


def test_a_notebook_profiles_a_cell_and_errors_name_the_cell(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KREMOTE_URL", server.url)
    monkeypatch.setenv("KREMOTE_TOKEN", server.token)
    setup = "%load_ext kremote\nfrom kremote import backend as K\nx = K.ones((2, 2))"
    late = "y = K.gather(x, K.constant([7], dtype='int32'))\nz = 1"
    cells = [setup, "%%kremote_profile\nK.eval(x)\nK.eval(x + 1)", late, "K.eval(y)", "%%kremote_profile\n1 / 0"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=120, allow_errors=True).execute()
    shown = [output for output in notebook.cells[1].outputs if output.output_type == "execute_result"]
    assert "<svg" in shown[0].data["text/html"]
    assert "Cell In[2], line 1: K.eval(x)" in shown[0].data["text/html"]
    failed = notebook.cells[3].outputs[-1]
    assert "called at Cell In[3], line 1: y = K.gather" in failed.evalue
    assert notebook.cells[4].outputs[-1].ename == "ZeroDivisionError"


def test_waiting_in_a_function_of_numpy(session: Session) -> None:
    with session, K.profile() as profile:
        np.asarray(K.constant([1.0]))
    assert [line.location.rpartition(":")[0] for line in profile.lines] == [__file__]
