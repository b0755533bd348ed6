"""The image: who it runs as, what it holds, what it says about its health."""

import http.server
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from dockerfile import ROOT, Stage, build_context, build_order, environment, final, lineage, read_stages
from server_source import setting_names, strings

TARGETS = ["cpu", "gpu"]
EXTRAS = {"cpu": ".[server-cpu]", "gpu": ".[server-gpu]"}


@pytest.fixture(scope="module")
def stages() -> dict[str, Stage]:
    return read_stages((ROOT / "Dockerfile").read_text())


@pytest.fixture(scope="module")
def context() -> list[Path]:
    return build_context(ROOT, (ROOT / ".dockerignore").read_text())


def test_the_cpu_image_is_what_a_build_without_target_makes(stages: dict[str, Stage]) -> None:
    assert list(stages)[-1] == "cpu"
    assert "gpu" in stages


@pytest.mark.parametrize("target", TARGETS)
def test_runs_as_a_numeric_user_that_is_not_root(stages: dict[str, Stage], target: str) -> None:
    user, _, group = final(stages, target, "USER").value.partition(":")
    assert int(user) > 0
    assert int(group) > 0
    assert stages[target].instructions[-1].keyword == "USER"


@pytest.mark.parametrize("target", TARGETS)
def test_installs_its_own_extra_and_no_other(stages: dict[str, Stage], target: str) -> None:
    commands = " ".join(each.value for stage in build_order(stages, target) for each in stage.all("RUN"))
    assert f'install "{EXTRAS[target]}"' in commands
    assert not [extra for other, extra in EXTRAS.items() if other != target and extra in commands]


@pytest.mark.parametrize("target", TARGETS)
def test_sources_are_no_part_of_the_dependency_layer(stages: dict[str, Stage], target: str) -> None:
    copied = [
        word for stage in lineage(stages, f"dependencies-{target}") for each in stage.all("COPY") for word in each.words
    ]
    assert "pyproject.toml" in copied
    assert not {"client", "server", "proto", "."} & set(copied)


@pytest.mark.parametrize("target", TARGETS)
def test_environment_is_what_the_server_reads(stages: dict[str, Stage], target: str) -> None:
    names = {name for name in environment(stages, target) if name.startswith("KREMOTE_")}
    assert {"KREMOTE_HOST", "KREMOTE_TOKENS", "KREMOTE_STATE_DIR"} <= names
    assert names <= setting_names()


@pytest.mark.parametrize("target", TARGETS)
def test_state_is_a_volume_and_the_port_is_exposed(stages: dict[str, Stage], target: str) -> None:
    settings = environment(stages, target)
    assert final(stages, target, "VOLUME").value == settings["KREMOTE_STATE_DIR"]
    assert final(stages, target, "EXPOSE").value == settings["KREMOTE_PORT"]


def test_the_gpu_image_asks_for_the_driver(stages: dict[str, Stage]) -> None:
    assert "compute" in environment(stages, "gpu")["NVIDIA_DRIVER_CAPABILITIES"]
    assert "NVIDIA_VISIBLE_DEVICES" not in environment(stages, "cpu")


def test_every_copied_path_is_in_the_build_context(stages: dict[str, Stage], context: list[Path]) -> None:
    copies = [each for stage in stages.values() for each in stage.all("COPY") if "from" not in each.flags]
    sources = {word for each in copies for word in each.words[:-1] if "*" not in word}
    assert sources
    assert not [name for name in sources if not any(Path(name) in (path, *path.parents) for path in context)]


def test_the_build_context_is_small(context: list[Path]) -> None:
    assert {path.parts[0] for path in context} <= {
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "client",
        "server",
        "proto",
    }
    assert not [path for path in context if "__pycache__" in path.parts or path.is_relative_to("proto/vectors")]
    assert sum((ROOT / path).stat().st_size for path in context) < 8 * 2**20


@pytest.mark.parametrize("target", TARGETS)
def test_healthcheck_asks_a_route_the_server_has(stages: dict[str, Stage], target: str) -> None:
    [path] = [word for word in ("/healthz", "/readyz") if word in final(stages, target, "HEALTHCHECK").value]
    assert path in strings()


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False), (404, False)])
def test_healthcheck_tells_healthy_from_not(stages: dict[str, Stage], status: int, healthy: bool) -> None:
    class Gateway(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Gateway) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert (run_healthcheck(stages, server.server_port) == 0) is healthy
        server.shutdown()


def test_healthcheck_fails_when_nothing_listens(stages: dict[str, Stage]) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as closed:
        port = closed.server_port
    assert run_healthcheck(stages, port) != 0


def run_healthcheck(stages: dict[str, Stage], port: int) -> int:
    program, *arguments = final(stages, "cpu", "HEALTHCHECK").words
    assert program == "python"
    # A proxy set for the container must not come between.
    env = {**os.environ, "KREMOTE_PORT": str(port), "http_proxy": "http://127.0.0.1:9"}
    return subprocess.run([sys.executable, *arguments], check=False, env=env, capture_output=True).returncode


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        ("*\n!server", ["server/a.py", "server/a.pyc", "server/deep/__pycache__/b.pyc"]),
        ("*\n!server\n**/*.py[co]", ["server/a.py"]),
        ("server/*.py", ["README.md", "server/a.pyc", "server/deep/__pycache__/b.pyc"]),
        ("**/__pycache__", ["README.md", "server/a.py", "server/a.pyc"]),
    ],
)
def test_ignore_rules_are_read_as_docker_reads_them(tmp_path: Path, rules: str, kept: list[str]) -> None:
    for name in ("README.md", "server/a.py", "server/a.pyc", "server/deep/__pycache__/b.pyc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert [str(path) for path in build_context(tmp_path, rules)] == kept
