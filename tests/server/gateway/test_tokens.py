"""Tokens: made once, kept as hashes, revoked at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kremote_server import tokens
from kremote_server.__main__ import main
from kremote_server.tokens import BadTokens, Tokens, create_token, digest, read_tokens, revoke_token


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["token", *arguments], env={"KREMOTE_TOKENS": None})


def test_a_token_is_printed_once_and_kept_as_a_hash(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "tokens"
    result = run("create", "alice", "--tokens", str(path))
    token = result.stdout.strip()
    assert result.exit_code == 0
    assert len(token) >= 40
    assert token not in path.read_text() + result.stderr
    assert path.read_text() == f"alice sha256:{digest(token)}\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert Tokens(path).user(token) == "alice"
    assert [entry.name for entry in path.parent.iterdir()] == ["tokens"]


def test_names_are_listed_and_revoked(tmp_path: Path) -> None:
    path = str(tmp_path / "tokens")
    for name in ("alice", "bob@lab"):
        run("create", name, "--tokens", path)
    assert run("list", "--tokens", path).stdout == "alice\nbob@lab\n"
    assert run("revoke", "alice", "--tokens", path).exit_code == 0
    assert run("list", "--tokens", path).stdout == "bob@lab\n"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["create", "alice"], "alice has a token in"),
        (["create", "a b"], "expected a name"),
        (["create", ""], "expected a name"),
        (["revoke", "nobody"], "one of alice; got 'nobody'"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path: Path, arguments: list[str], expected: str) -> None:
    path = tmp_path / "tokens"
    create_token(path, "alice")
    before = path.read_text()
    result = run(*arguments, "--tokens", str(path))
    assert result.exit_code == 1
    assert expected in result.stderr
    assert path.read_text() == before


def test_a_file_is_asked_for() -> None:
    result = run("list")
    assert result.exit_code == 2
    assert "KREMOTE_TOKENS" in result.stderr


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    assert "expected a tokens file at" in run("list", "--tokens", str(tmp_path / "none")).stderr


def test_comments_and_blank_lines_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"# the lab\n\n  alice sha256:{digest('x')}  \n")
    assert read_tokens(path) == {"alice": digest("x")}


@pytest.mark.parametrize(
    "line", ["alice secret-token", "alice sha256:12", f"alice md5:{'0' * 64}", f"sha256:{'0' * 64}"]
)
def test_a_wrong_line_is_named_and_not_shown(tmp_path: Path, line: str) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"\n{line}\n")
    with pytest.raises(BadTokens, match="in line 2") as caught:
        read_tokens(path)
    assert line not in str(caught.value)
    assert "secret-token" not in str(caught.value)


@pytest.mark.parametrize("presented", ["", "x", "é\udc80", "a" * 10_000])
def test_nobodys_token_is_nobodys(tmp_path: Path, presented: str) -> None:
    create_token(tmp_path / "tokens", "alice")
    assert Tokens(tmp_path / "tokens").user(presented) is None


def test_a_running_server_follows_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_RELOAD_SECONDS", -1.0)
    path = tmp_path / "tokens"
    first = create_token(path, "alice")
    kept = Tokens(path)
    second = create_token(path, "bob")
    assert kept.user(second) == "bob"
    revoke_token(path, "alice")
    assert kept.user(first) is None
    path.write_text("half a line")
    assert kept.user(second) is None, "what cannot be read lets nobody in"
    path.unlink()
    assert kept.user(second) is None
    third = create_token(path, "bob")
    assert kept.user(third) == "bob"
