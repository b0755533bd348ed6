"""compose.yaml: profiles, volumes, and what a container may do."""

from typing import Any

import pytest
import yaml
from dockerfile import ROOT, environment, final, read_stages
from server_source import setting_names

GATEWAYS = ["kremote-cpu", "kremote-gpu"]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return loaded


@pytest.fixture(scope="module")
def image() -> dict[str, str]:
    return environment(read_stages((ROOT / "Dockerfile").read_text()), "cpu")


def test_the_profiles_are_the_documented_ones(compose: dict[str, Any]) -> None:
    profiles = {profile for service in compose["services"].values() for profile in service["profiles"]}
    assert profiles == {"cpu", "gpu", "monitoring", "tools"}


@pytest.mark.parametrize("target", ["cpu", "gpu"])
def test_a_profile_starts_one_gateway_and_the_tls_front(compose: dict[str, Any], target: str) -> None:
    started = {name for name, service in compose["services"].items() if target in service["profiles"]}
    assert started == {f"kremote-{target}", "tls"}
    build = compose["services"][f"kremote-{target}"]["build"]
    assert build["target"] == target
    assert target in read_stages((ROOT / "Dockerfile").read_text())


@pytest.mark.parametrize("name", GATEWAYS)
def test_the_gateway_is_confined(compose: dict[str, Any], name: str) -> None:
    service = compose["services"][name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert "/tmp" in service["tmpfs"]
    assert "user" not in service
    assert "privileged" not in service


@pytest.mark.parametrize("name", GATEWAYS)
def test_state_is_on_a_volume_and_tokens_are_read_only(
    compose: dict[str, Any], image: dict[str, str], name: str
) -> None:
    mounts = [mount.split(":") for mount in compose["services"][name]["volumes"]]
    assert ["state", image["KREMOTE_STATE_DIR"]] in mounts
    assert ["tokens", image["KREMOTE_TOKENS"].rpartition("/")[0], "ro"] in mounts
    assert {"state", "tokens"} <= set(compose["volumes"])


@pytest.mark.parametrize("name", GATEWAYS)
def test_the_gateway_is_published_on_loopback_only(compose: dict[str, Any], image: dict[str, str], name: str) -> None:
    [port] = compose["services"][name]["ports"]
    assert port.startswith("127.0.0.1:")
    assert port.endswith(":" + image["KREMOTE_PORT"])


def test_two_gateways_on_one_state_volume_collide(compose: dict[str, Any]) -> None:
    assert compose["services"]["kremote-cpu"]["ports"] == compose["services"]["kremote-gpu"]["ports"]


@pytest.mark.parametrize("name", GATEWAYS)
def test_stopping_waits_for_what_runs(compose: dict[str, Any], name: str) -> None:
    assert int(compose["services"][name]["stop_grace_period"].removesuffix("s")) > 30


@pytest.mark.parametrize("name", GATEWAYS)
def test_environment_is_what_the_server_reads(compose: dict[str, Any], name: str) -> None:
    assert set(compose["services"][name]["environment"]) <= setting_names()


def test_the_gpu_service_reserves_gpus(compose: dict[str, Any]) -> None:
    [device] = compose["services"]["kremote-gpu"]["deploy"]["resources"]["reservations"]["devices"]
    assert device["driver"] == "nvidia"
    assert device["capabilities"] == ["gpu"]
    assert "deploy" not in compose["services"]["kremote-cpu"]


def test_the_token_service_writes_the_file_the_gateway_reads(compose: dict[str, Any], image: dict[str, str]) -> None:
    service = compose["services"]["token"]
    assert service["volumes"] == ["tokens:" + image["KREMOTE_TOKENS"].rpartition("/")[0]]
    assert service["entrypoint"] == [
        *final(read_stages((ROOT / "Dockerfile").read_text()), "cpu", "ENTRYPOINT").words,
        "token",
    ]


def test_every_mounted_file_exists_and_every_image_has_a_version(compose: dict[str, Any]) -> None:
    mounts = [
        mount for service in compose["services"].values() for mount in service["volumes"] if mount.startswith("./")
    ]
    assert mounts
    assert not [mount for mount in mounts if not (ROOT / mount.split(":")[0]).exists()]
    assert not [service["image"] for service in compose["services"].values() if ":" not in service["image"]]


def test_secrets_are_files_git_leaves_out(compose: dict[str, Any]) -> None:
    assert {secret["file"].rpartition("/")[0] for secret in compose["secrets"].values()} == {"./deploy/secrets"}
    assert "*" in (ROOT / "deploy/secrets/.gitignore").read_text().splitlines()


def test_the_tls_front_sends_to_the_gateways_name_and_port(compose: dict[str, Any], image: dict[str, str]) -> None:
    caddyfile = (ROOT / "deploy/Caddyfile").read_text()
    [alias] = compose["services"]["kremote-cpu"]["networks"]["default"]["aliases"]
    assert f"reverse_proxy {alias}:{image['KREMOTE_PORT']} " in caddyfile
    assert "flush_interval -1" in caddyfile
    assert "max_size" in caddyfile
    assert "KREMOTE_DOMAIN" in caddyfile
    assert "KREMOTE_DOMAIN" in compose["services"]["tls"]["environment"]
