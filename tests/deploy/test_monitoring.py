"""The scrape and the dashboard name what the server exposes."""

import json
import re
from typing import Any

import pytest
import yaml
from dockerfile import ROOT
from server_source import strings

MONITORING = ROOT / "deploy" / "monitoring"
METRICS = {
    "kremote_requests_total",
    "kremote_request_seconds",
    "kremote_requests_in_flight",
    "kremote_sessions",
    "kremote_workers_ready",
    "kremote_worker_restarts_total",
    "kremote_request_bytes_total",
    "kremote_response_bytes_total",
}


@pytest.fixture(scope="module")
def dashboard() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((MONITORING / "grafana/dashboards/kremote.json").read_text())
    return loaded


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return loaded


@pytest.fixture(scope="module")
def charted(dashboard: dict[str, Any]) -> set[str]:
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    names = {name for query in queries for name in re.findall(r"\bkremote_\w+", query)}
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in names}


def test_the_dashboard_charts_every_metric(charted: set[str]) -> None:
    assert charted == METRICS


def test_the_server_exposes_what_is_charted(charted: set[str]) -> None:
    # prometheus_client adds _total to a counter's name by itself.
    known = {word for text in strings() for word in re.findall(r"kremote_\w+", text)}
    assert not [name for name in charted if name not in known and name.removesuffix("_total") not in known]


def test_panels_do_not_overlap(dashboard: dict[str, Any]) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
    assert max(x for x, _ in taken) < 24
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


def test_the_scrape_carries_a_token_from_a_mounted_secret(compose: dict[str, Any]) -> None:
    [job] = yaml.safe_load((MONITORING / "prometheus.yaml").read_text())["scrape_configs"]
    secrets = [f"/run/secrets/{name}" for name in compose["services"]["prometheus"]["secrets"]]
    assert job["authorization"]["type"] == "Bearer"
    assert job["authorization"]["credentials_file"] in secrets
    assert job.get("metrics_path", "/metrics") in strings()


def test_grafana_finds_prometheus_and_the_dashboard(compose: dict[str, Any]) -> None:
    provisioning = MONITORING / "grafana/provisioning"
    [source] = yaml.safe_load((provisioning / "datasources/prometheus.yaml").read_text())["datasources"]
    [provider] = yaml.safe_load((provisioning / "dashboards/kremote.yaml").read_text())["providers"]
    mounted = [mount.split(":")[1] for mount in compose["services"]["grafana"]["volumes"]]
    assert source["url"].split("/")[2].split(":")[0] in compose["services"]
    assert provider["options"]["path"] in mounted
