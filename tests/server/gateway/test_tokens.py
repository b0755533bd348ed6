"""Tokens: made once, kept as hashes, revoked at once."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kremote_server import tokens
from kremote_server.__main__ import main
from kremote_server.token_line import BadTokens, Token, digest, duration, end_of, moment
from kremote_server.tokens import Tokens, create_token, make_token, read_tokens, revoke_token, rotate_token

#: The end of every hour is far away enough for a test.
HOUR = 3600


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["token", *arguments], env={"KREMOTE_TOKENS": None})


def names(path: Path | str) -> list[str]:
    """The first column of a list."""
    heading, *rows = run("list", "--tokens", str(path)).stdout.splitlines()
    assert heading.split() == ["NAME", "SCOPE", "ID", "MADE", "EXPIRES"]
    return [row.split()[0] for row in rows]


def test_a_token_is_printed_once_and_kept_as_a_hash(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "tokens"
    result = run("create", "alice", "--tokens", str(path))
    token = result.stdout.strip()
    assert result.exit_code == 0
    assert len(token) >= 40
    assert token not in path.read_text() + result.stderr
    [kept] = read_tokens(path)
    assert path.read_text() == f"alice sha256:{digest(token)} made={moment(kept.made or 0)}\n"
    assert abs((kept.made or 0) - time.time()) < 60
    assert path.stat().st_mode & 0o777 == 0o600
    assert Tokens(path).find(token) == kept == Token("alice", digest(token), "user", kept.made)
    assert [entry.name for entry in path.parent.iterdir()] == ["tokens"]


def test_names_are_listed_and_revoked(tmp_path: Path) -> None:
    path = str(tmp_path / "tokens")
    for name in ("alice", "bob@lab"):
        run("create", name, "--tokens", path)
    assert names(path) == ["alice", "bob@lab"]
    assert run("revoke", "alice", "--tokens", path).exit_code == 0
    assert names(path) == ["bob@lab"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["create", "alice"], "alice has a token in"),
        (["create", "a b"], "expected a name"),
        (["create", ""], "expected a name"),
        (["create", "bob", "--expires", "soon"], "expected a time such as 12h or 30d"),
        (["create", "bob", "--expires", "2001-01-01"], "expected a moment to come"),
        (["create", "bob", "--expires", "2026-02-31"], "expected a time such as"),
        (["revoke", "nobody"], "one of alice; got 'nobody'"),
        (["revoke", "alice", "--id", "0"], "expected the id of one of alice's tokens"),
        (["rotate", "nobody"], "one of alice; got 'nobody'"),
        (["rotate", "alice", "--scope", "admin"], "alice has none that is valid"),
        (["rotate", "alice", "--grace", "1y"], "expected a time such as 45s"),
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
    assert read_tokens(path) == [Token("alice", digest("x"))]


#: What a line may say that this version does not know, and so must not allow.
UNKNOWN = ("scope=root", "only=GET", "expires=soon", "expires=2026-02-31T00:00:00Z", "made", "scope=user x")


@pytest.mark.parametrize(
    "line",
    [
        "alice secret-token",
        "alice sha256:12",
        f"alice md5:{'0' * 64}",
        f"sha256:{'0' * 64}",
        *(f"alice sha256:{'0' * 64} {more}" for more in UNKNOWN),
    ],
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
    assert Tokens(tmp_path / "tokens").find(presented) is None


def name(kept: Tokens, token: str) -> str | None:
    found = kept.find(token)
    return None if found is None else found.name


def test_a_running_server_follows_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_RELOAD_SECONDS", -1.0)
    path = tmp_path / "tokens"
    first = create_token(path, "alice")
    kept = Tokens(path)
    second = create_token(path, "bob")
    assert name(kept, second) == "bob"
    revoke_token(path, "alice")
    assert kept.find(first) is None
    path.write_text("half a line")
    assert kept.find(second) is None, "what cannot be read lets nobody in"
    path.unlink()
    assert kept.find(second) is None
    third = create_token(path, "bob")
    assert name(kept, third) == "bob"


def test_a_file_of_before_there_were_scopes_is_read_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"alice sha256:{digest('x')}\n")
    assert Tokens(path).find("x") == Token("alice", digest("x"), "user", None, None)
    create_token(path, "bob")
    assert path.read_text().startswith(f"alice sha256:{digest('x')}\nbob sha256:")
    assert names(path) == ["alice", "bob"]


def test_a_line_says_what_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    result = run("create", "ann", "--scope", "read-only", "--expires", "30d", "--tokens", str(path))
    [kept] = read_tokens(path)
    assert (kept.name, kept.scope) == ("ann", "read-only")
    assert kept.expires is not None
    assert abs(kept.expires - time.time() - 30 * 24 * HOUR) < 60
    assert f"ann may now read from the server until {moment(kept.expires)}" in result.stderr
    shown = run("list", "--tokens", str(path)).stdout
    assert kept.id in shown
    assert kept.digest not in shown
    assert shown.splitlines()[1].split() == ["ann", "read-only", kept.id, moment(kept.made or 0), moment(kept.expires)]


def test_a_token_ends_when_it_was_said_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tokens"
    made = make_token(path, "alice", expires=int(time.time()) + HOUR)
    kept = Tokens(path)
    assert kept.find(made.token) == made.kept
    assert made.kept.valid(HOUR - 60)
    assert not made.kept.valid(HOUR + 60)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + HOUR + 1)
    assert kept.find(made.token) is None
    assert "(over)" in run("list", "--tokens", str(path)).stdout
    assert run("create", "alice", "--tokens", str(path)).exit_code == 0, "one that is over is in nobody's way"


def test_a_name_may_have_a_token_of_each_scope(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    made = {scope: run("create", "alice", "--scope", scope, "--tokens", str(path)) for scope in ("user", "read-only")}
    kept = Tokens(path)
    found = {scope: kept.find(result.stdout.strip()) for scope, result in made.items()}
    assert {scope: token and token.scope for scope, token in found.items()} == {
        "user": "user",
        "read-only": "read-only",
    }
    assert "expected the scope of the token to rotate" in run("rotate", "alice", "--tokens", str(path)).stderr
    assert run("rotate", "alice", "--scope", "user", "--tokens", str(path)).exit_code == 0
    only = found["read-only"]
    assert only is not None
    assert run("revoke", "alice", "--id", only.id, "--tokens", str(path)).stderr == "alice has one token less.\n"
    assert {token.scope for token in read_tokens(path)} == {"user"}


def test_a_rotation_leaves_the_old_token_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_RELOAD_SECONDS", -1.0)
    path = tmp_path / "tokens"
    first = make_token(path, "alice", "admin", int(time.time()) + 30 * HOUR)
    kept = Tokens(path)
    result = run("rotate", "alice", "--grace", "1h", "--tokens", str(path))
    second = kept.find(result.stdout.strip())
    old = kept.find(first.token)
    assert second is not None
    assert old is not None
    assert (second.name, second.scope) == ("alice", "admin")
    assert abs((second.expires or 0) - time.time() - 30 * HOUR) < 60, "it lives as long as the one before"
    assert abs((old.expires or 0) - time.time() - HOUR) < 60
    rotate_token(path, "alice", 0)
    assert kept.find(first.token) is None
    assert kept.find(result.stdout.strip()) is None
    assert [token.name for token in read_tokens(path)] == ["alice"], "what is over leaves the file"


def test_a_rotation_makes_no_end_later(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    first = make_token(path, "alice", expires=int(time.time()) + 60)
    rotate_token(path, "alice", HOUR, expires=int(time.time()) + HOUR)
    assert read_tokens(path)[0].expires == first.kept.expires


@pytest.mark.parametrize(("text", "seconds"), [("0", 0), ("45s", 45), ("90min", 5400), ("2h", 7200), ("1w", 604800)])
def test_a_time_is_a_number_and_its_unit(text: str, seconds: int) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "1", "-1h", "1 h", "1.5h", "1000000000000s", "1y"])
def test_no_other_time_is_one(text: str) -> None:
    with pytest.raises(BadTokens, match="expected a time such as"):
        duration(text)


def test_an_end_is_a_time_or_a_moment() -> None:
    assert abs(end_of("2h") - time.time() - 7200) < 60
    assert end_of("2100-01-02") == 4102531200
    assert end_of("2100-01-02T03:04:05Z") == 4102531200 + 3 * HOUR + 4 * 60 + 5
    with pytest.raises(BadTokens, match="expected a moment to come"):
        end_of("0s")


def test_two_changes_at_once_both_count(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    threads = [threading.Thread(target=create_token, args=(path, f"user{number}")) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {token.name for token in read_tokens(path)} == {f"user{number}" for number in range(16)}
