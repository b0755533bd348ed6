"""The Kubernetes manifests: one gateway, confined, probed, reachable only where it should be."""

import shutil
import subprocess
from typing import Any

import pytest
import yaml
from dockerfile import ROOT, environment, final, read_stages
from server_source import setting_names, strings

KUBERNETES = ROOT / "deploy" / "kubernetes"


def load(path: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((KUBERNETES / path).read_text())
    return loaded


@pytest.fixture(scope="module")
def pod() -> dict[str, Any]:
    spec: dict[str, Any] = load("base/statefulset.yaml")["spec"]["template"]["spec"]
    return spec


@pytest.fixture(scope="module")
def container(pod: dict[str, Any]) -> dict[str, Any]:
    only: dict[str, Any]
    [only] = pod["containers"]
    return only


@pytest.fixture(scope="module")
def image() -> dict[str, str]:
    return environment(read_stages((ROOT / "Dockerfile").read_text()), "cpu")


def test_one_replica_owns_its_state(container: dict[str, Any], image: dict[str, str]) -> None:
    spec = load("base/statefulset.yaml")["spec"]
    [claim] = spec["volumeClaimTemplates"]
    [mount] = [each for each in container["volumeMounts"] if each["name"] == claim["metadata"]["name"]]
    assert spec["replicas"] == 1
    assert mount["mountPath"] == image["KREMOTE_STATE_DIR"]


def test_the_pod_meets_the_restricted_standard(pod: dict[str, Any], container: dict[str, Any]) -> None:
    user = final(read_stages((ROOT / "Dockerfile").read_text()), "cpu", "USER").value
    security = pod["securityContext"]
    assert security["runAsNonRoot"]
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert f"{security['runAsUser']}:{security['runAsGroup']}" == user
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not pod["automountServiceAccountToken"]
    assert load("base/namespace.yaml")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_what_is_written_with_a_read_only_root_is_mounted(
    pod: dict[str, Any], container: dict[str, Any], image: dict[str, str]
) -> None:
    mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert "emptyDir" in volumes[mounts["/tmp"]]
    assert image["HOME"] in mounts


def test_tokens_are_a_read_only_secret(pod: dict[str, Any], container: dict[str, Any], image: dict[str, str]) -> None:
    [volume] = [volume for volume in pod["volumes"] if "secret" in volume]
    [mount] = [mount for mount in container["volumeMounts"] if mount["name"] == volume["name"]]
    assert mount["readOnly"]
    assert mount["mountPath"] == image["KREMOTE_TOKENS"].rpartition("/")[0]
    assert volume["secret"]["defaultMode"] & 0o007 == 0


def test_the_services_own_variables_do_not_reach_the_settings(pod: dict[str, Any]) -> None:
    # A Service called kremote would set KREMOTE_PORT=tcp://..., which the server would read.
    assert load("base/service.yaml")["metadata"]["name"] == "kremote"
    assert pod["enableServiceLinks"] is False


def test_probes_ask_routes_the_server_has(container: dict[str, Any]) -> None:
    paths = {
        probe: container[probe]["httpGet"]["path"] for probe in ("startupProbe", "readinessProbe", "livenessProbe")
    }
    assert paths == {"startupProbe": "/readyz", "readinessProbe": "/readyz", "livenessProbe": "/healthz"}
    assert set(paths.values()) <= strings()


def test_starting_and_stopping_have_time(pod: dict[str, Any], container: dict[str, Any]) -> None:
    startup = container["startupProbe"]
    assert startup["periodSeconds"] * startup["failureThreshold"] >= 60
    assert pod["terminationGracePeriodSeconds"] > 30


def test_settings_are_what_the_server_reads() -> None:
    [generator] = load("base/kustomization.yaml")["configMapGenerator"]
    names = {literal.partition("=")[0] for literal in generator["literals"]}
    assert names
    assert names <= setting_names()


def test_the_container_takes_the_settings(container: dict[str, Any]) -> None:
    [generator] = load("base/kustomization.yaml")["configMapGenerator"]
    assert container["envFrom"] == [{"configMapRef": {"name": generator["name"]}}]


def test_ports_agree(container: dict[str, Any], image: dict[str, str]) -> None:
    [port] = container["ports"]
    [service] = load("base/service.yaml")["spec"]["ports"]
    [rule] = load("base/networkpolicy.yaml")["spec"]["ingress"]
    [path] = load("base/ingress.yaml")["spec"]["rules"][0]["http"]["paths"]
    assert str(port["containerPort"]) == image["KREMOTE_PORT"]
    assert service["targetPort"] == port["name"] == rule["ports"][0]["port"]
    assert path["backend"]["service"] == {"name": "kremote", "port": {"name": service["name"]}}


def test_the_ingress_streams_over_tls() -> None:
    ingress = load("base/ingress.yaml")
    prefix = "nginx.ingress.kubernetes.io/"
    settings = {key.removeprefix(prefix): value for key, value in ingress["metadata"]["annotations"].items()}
    assert settings["proxy-body-size"] == "0"
    assert settings["proxy-request-buffering"] == settings["proxy-buffering"] == "off"
    assert min(int(settings["proxy-read-timeout"]), int(settings["proxy-send-timeout"])) >= 600
    assert ingress["spec"]["tls"][0]["hosts"] == [rule["host"] for rule in ingress["spec"]["rules"]]


def test_the_network_policy_lets_nothing_out() -> None:
    policy = load("base/networkpolicy.yaml")["spec"]
    assert set(policy["policyTypes"]) == {"Ingress", "Egress"}
    assert policy["egress"] == []
    assert {} not in [source for rule in policy["ingress"] for source in rule["from"]]


def test_every_manifest_but_the_namespace_is_in_the_kustomization() -> None:
    # Deleting what was applied must not delete the namespace, and the volume with it.
    files = {path.name for path in (KUBERNETES / "base").glob("*.yaml")} - {"kustomization.yaml", "namespace.yaml"}
    assert set(load("base/kustomization.yaml")["resources"]) == files


@pytest.mark.parametrize("target", ["cpu", "gpu"])
def test_an_overlay_uses_its_image(container: dict[str, Any], target: str) -> None:
    [change] = load(f"overlays/{target}/kustomization.yaml")["images"]
    assert change["name"] == container["image"]
    assert change["newTag"] == target


def test_the_gpu_overlay_takes_one_gpu() -> None:
    patch = load("overlays/gpu/gpu.yaml")
    base = load("base/statefulset.yaml")
    assert (patch["kind"], patch["metadata"]["name"]) == (base["kind"], base["metadata"]["name"])
    [container] = patch["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == "1"


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="needs kubectl to render the overlay")
@pytest.mark.parametrize("target", ["cpu", "gpu"])
def test_an_overlay_renders(target: str) -> None:
    rendered = subprocess.run(
        ["kubectl", "kustomize", KUBERNETES / "overlays" / target], capture_output=True, text=True, check=True
    ).stdout
    assert "kind: Namespace" not in rendered
    by_kind = {each["kind"]: each for each in yaml.safe_load_all(rendered)}
    stateful = by_kind["StatefulSet"]["spec"]
    [container] = stateful["template"]["spec"]["containers"]
    assert container["image"].endswith(f":{target}")
    assert ("nvidia.com/gpu" in container["resources"]["limits"]) is (target == "gpu")
    labels = stateful["template"]["metadata"]["labels"].items()
    assert by_kind["Service"]["spec"]["selector"].items() <= labels
    assert by_kind["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"].items() <= labels
