"""Runs an image's install steps without Docker: its COPY and RUN lines, in a clean directory.

    python tests/deploy/install_image.py cpu [--keep DIR]

The lines are read from the Dockerfile, so the two cannot drift apart. Every absolute path they
name is moved under the clean directory. Then the installed server starts with the image's own
environment, the image's HEALTHCHECK is run against it, and SIGTERM must end it cleanly.
"""

import argparse
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dockerfile import ROOT, Instruction, build_context, build_order, environment, final, read_stages

PATHS = re.compile(r"(?<![\w./-])/(opt|src|wheels|var/lib|etc/kremote)\b")
READY_SECONDS = 120
STOP_SECONDS = 40


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("target", choices=["cpu", "gpu"])
    parser.add_argument("--keep", type=Path, help="install here and leave it")
    options = parser.parse_args()
    directory = options.keep or Path(tempfile.mkdtemp(prefix="kremote-image-"))
    try:
        install(directory, options.target)
        try_out(directory, options.target)
    finally:
        if not options.keep:
            shutil.rmtree(directory)


def install(directory: Path, target: str) -> None:
    stages = read_stages((ROOT / "Dockerfile").read_text())
    context = build_context(ROOT, (ROOT / ".dockerignore").read_text())
    workdirs: dict[str, Path] = {}
    for stage in build_order(stages, target):
        workdir = workdirs.get(stage.parent, directory)
        if stage.parent not in stages:
            # In Docker every stage has files of its own; here the sources are what would mix.
            shutil.rmtree(directory / "src", ignore_errors=True)
        for each in stage.instructions:
            if each.keyword == "WORKDIR":
                workdir = Path(moved(each.value, directory))
                workdir.mkdir(parents=True, exist_ok=True)
            elif each.keyword == "COPY" and "from" not in each.flags:
                copy(each, context, workdir)
            elif each.keyword == "RUN":
                run(each, directory, workdir)
        workdirs[stage.name] = workdir


def copy(instruction: Instruction, context: list[Path], workdir: Path) -> None:
    """COPY: a directory's contents go into the destination, a file under its own name."""
    *sources, destination = instruction.words
    print("COPY", *sources, flush=True)
    for source in sources:
        chosen = [path for path in context if path.match(source) or Path(source) in path.parents]
        if not chosen and "*" not in source:
            sys.exit(f"COPY {source}: not in the build context; check the name and .dockerignore")
        for path in chosen:
            inside = path.relative_to(source) if Path(source) in path.parents else Path(path.name)
            place = workdir / destination / inside
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, place)


def run(instruction: Instruction, directory: Path, workdir: Path) -> None:
    if "useradd" in instruction.value:
        print("skipped, needs root:", instruction.value[:60], "...", flush=True)
        return
    command = moved(instruction.value, directory)
    print("RUN", command, flush=True)
    subprocess.run(["sh", "-ec", command], cwd=workdir, check=True)


def moved(text: str, directory: Path) -> str:
    return PATHS.sub(lambda match: f"{directory}{match[0]}", text)


def try_out(directory: Path, target: str) -> None:
    stages = read_stages((ROOT / "Dockerfile").read_text())
    health = final(stages, target, "HEALTHCHECK").words
    entrypoint = final(stages, target, "ENTRYPOINT").words
    command = final(stages, target, "CMD").words
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    settings = {name: moved(value, directory) for name, value in environment(stages, target).items()}
    env = {**os.environ, **settings, "KREMOTE_PORT": port, "KREMOTE_HOST": "127.0.0.1"}
    env["PATH"] = settings["PATH"].replace("$PATH", os.environ["PATH"])
    for place in ("KREMOTE_STATE_DIR", "KREMOTE_TOKENS"):
        path = Path(env[place])
        (path if place == "KREMOTE_STATE_DIR" else path.parent).mkdir(parents=True, exist_ok=True)

    subprocess.run([*entrypoint, "--help"], env=env, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(
        [*entrypoint, "token", "create", "check", "--tokens", env["KREMOTE_TOKENS"]],
        env=env, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    print("start:", *entrypoint, *command, flush=True)
    server = subprocess.Popen([*entrypoint, *command], env=env)
    try:
        wait_until_ready(server, port)
        subprocess.run(health, env=env, check=True)
        server.send_signal(signal.SIGTERM)
        code = server.wait(STOP_SECONDS)
        if code not in (0, -signal.SIGTERM, 128 + signal.SIGTERM):
            sys.exit(f"SIGTERM: expected a clean exit, got {code}")
    finally:
        server.kill()
    print(f"{target}: installed, started, healthy, stopped", flush=True)


def wait_until_ready(server: subprocess.Popen[bytes], port: str) -> None:
    probe = f"import urllib.request as u; u.urlopen('http://127.0.0.1:{port}/readyz', timeout=2)"
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            sys.exit(f"the server ended with {server.returncode} before it was ready")
        if subprocess.run([sys.executable, "-c", probe], check=False, stderr=subprocess.DEVNULL).returncode == 0:
            return
        time.sleep(0.5)
    sys.exit(f"not ready after {READY_SECONDS} s")


if __name__ == "__main__":
    main()
