"""Metrics and logs: everything is counted, nothing secret is written."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from .running import Running, opened, start

SECRET = "a-value-nobody-else-may-read"
METRICS = {
    "kremote_requests_total": {"route", "status"},
    "kremote_request_seconds": {"route"},
    "kremote_requests_in_flight": set(),
    "kremote_sessions": set(),
    "kremote_workers_ready": set(),
    "kremote_worker_restarts_total": set(),
    "kremote_request_bytes_total": set(),
    "kremote_response_bytes_total": set(),
    "kremote_worker_events_total": {"worker", "event"},
    "kremote_worker_bytes": {"worker"},
    "kremote_refusals_total": {"bound"},
}


def scrape(client: httpx.Client) -> str:
    response = client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    return response.text


def sample(text: str, name: str) -> float:
    [found] = re.findall(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(found)


def test_the_metrics_are_these_and_no_others(alice: httpx.Client) -> None:
    text = scrape(alice)
    declared = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    assert set(declared) == set(METRICS)
    assert declared["kremote_request_seconds"] == "histogram"
    for name, labels in re.findall(r"^(\w+){(.*)} ", text, re.MULTILINE):
        family = re.sub(r"_(bucket|sum|count)$", "", name)
        assert set(re.findall(r'(\w+)="', labels)) - {"le"} == METRICS[family]


def test_requests_and_bytes_are_counted_by_template(alice: httpx.Client) -> None:
    session = opened(alice)
    before = scrape(alice)
    alice.put(f"{session}/variables/{SECRET}", content=bytes(1000))
    after = scrape(alice)
    name = 'kremote_requests_total{route="/v1/sessions/{session}/variables/{name}",status="200"}'
    assert sample(after, name) >= 1
    assert sample(after, "kremote_request_bytes_total") - sample(before, "kremote_request_bytes_total") == 1000
    assert (
        sample(after, "kremote_response_bytes_total") > sample(before, "kremote_response_bytes_total") + len(before) - 1
    )
    assert SECRET not in after
    assert session.rpartition("/")[2] not in after


def test_sessions_and_workers_are_counted(alice: httpx.Client) -> None:
    before = sample(scrape(alice), "kremote_sessions")
    session = opened(alice)
    assert sample(scrape(alice), "kremote_sessions") == before + 1
    alice.delete(session)
    assert sample(scrape(alice), "kremote_sessions") == before
    assert sample(scrape(alice), "kremote_workers_ready") == 4
    assert sample(scrape(alice), "kremote_requests_in_flight") == 1, "the scrape itself"


def test_what_workers_count_is_there(alice: httpx.Client) -> None:
    found = re.findall(r'^kremote_worker_events_total{event="programs.seen",worker="(.)"} 7', scrape(alice), re.M)
    assert found == ["0", "1", "2", "3"]
    assert re.findall(r'^kremote_worker_bytes{worker="(.)"} 5', scrape(alice), re.M) == ["0", "1", "2", "3"]


def test_a_reply_says_where_its_time_went(alice: httpx.Client) -> None:
    timing = alice.post(f"{opened(alice)}/ops/sleep", json={"seconds": 0.05}).headers["server-timing"]
    found = {name: float(milliseconds) for name, milliseconds in re.findall(r"(\w+);dur=([0-9.]+)", timing)}
    assert set(found) == {"gateway", "queue", "compute"}
    assert found["compute"] >= 50


def logged(server: Running, request: str) -> dict[str, Any]:
    """The line of a request, which is written after its reply."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        for line in server.requests():
            if line["request"] == request:
                return line
        time.sleep(0.01)
    raise AssertionError("no line was logged")


def test_a_request_is_one_line(server: Running, alice: httpx.Client) -> None:
    session = opened(alice)
    response = alice.post(f"{session}/ops/dot?fetch={SECRET}", content=SECRET.encode())
    line = logged(server, response.headers["kremote-request-id"])
    assert line["method"] == "POST"
    assert line["route"] == "/v1/sessions/{session}/ops/{op}"
    assert line["status"] == 200
    assert 0 < line["seconds"] < 5
    assert line["bytes_in"] == len(SECRET)
    assert line["bytes_out"] == len(response.content)
    assert line["user"] == "alice"
    identifier = session.rpartition("/")[2]
    assert identifier.startswith(line["session"])
    assert len(line["session"]) < len(identifier) / 3


@pytest.mark.parametrize(
    ("method", "path", "route", "status"),
    [
        ("GET", "/nope/secret", "none", 404),
        ("GET", "/static/docs.js", "/static/{path}", 200),
        ("GET", "/v1/sessions/x/tensors/3?item=1", "/v1/sessions/{session}/tensors/{id}", 404),
        ("GET", "/v1/ops/dot", "/v1/ops/{op}", 200),
        ("GET", "/healthz", "/healthz", 200),
    ],
)
def test_a_line_names_the_template(
    server: Running, alice: httpx.Client, method: str, path: str, route: str, status: int
) -> None:
    response = alice.request(method, path)
    line = logged(server, response.headers["kremote-request-id"])
    assert (line["route"], line["status"]) == (route, status)


def test_no_secret_is_written(tmp_path: Path) -> None:
    running = start(tmp_path)
    token = running.tokens["alice"]
    with running.client("alice") as alice, running.client(None) as stranger:
        session = opened(alice)
        stranger.get("/", params={"token": token})
        stranger.get("/v1/browser", headers={"authorization": f"Bearer {token}"})
        stranger.get("/docs", params={"token": token})
        stranger.get("/v1/sessions", headers={"authorization": f"Bearer {token}x"})
        alice.put(f"{session}/variables/w?a={SECRET}", content=SECRET.encode())
        alice.post(f"{session}/ops/boom?a={SECRET}", content=SECRET.encode())
        alice.post("/v1/sessions", content=SECRET.encode())
        alice.post("/v1/sessions", json={"engine": SECRET})
    assert running.stop() == 0
    written = running.log + running.output
    assert len(running.requests()) == 9
    assert token not in written
    assert SECRET not in written
    assert session.rpartition("/")[2] not in written
    assert "token=" not in written
