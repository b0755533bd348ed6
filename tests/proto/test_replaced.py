"""Files that take their place whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from kremote_proto.errors import ConnectionFailed
from kremote_proto.tensor_files import replaced


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "weights.npz"


def write(path: Path, content: bytes = b"new", failure: BaseException | None = None) -> None:
    with replaced(str(path)) as file:
        file.write(content)
        if failure is not None:
            raise failure


def alone(path: Path) -> bool:
    """Whether nothing else was left in the folder."""
    return [one.name for one in path.parent.iterdir()] in ([path.name], [])


def test_a_file_is_made_and_replaced(path: Path) -> None:
    write(path)
    write(path, b"newer")
    assert path.read_bytes() == b"newer"
    assert alone(path)


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), ValueError("no"), ConnectionFailed("gone")])
def test_what_was_there_stays_where_writing_fails(path: Path, failure: BaseException) -> None:
    path.write_bytes(b"old")
    with pytest.raises(type(failure)) as raised:
        write(path, failure=failure)
    assert raised.value is failure
    assert path.read_bytes() == b"old"
    assert alone(path)


def test_a_full_disk_is_told_with_the_path(path: Path) -> None:
    path.write_bytes(b"old")
    with pytest.raises(OSError, match="nothing was saved, and a file that was there is as it was") as raised:
        write(path, failure=OSError(errno.ENOSPC, "No space left on device"))
    assert raised.value.errno == errno.ENOSPC
    assert raised.value.filename == str(path)
    assert path.read_bytes() == b"old"
    assert alone(path)


def test_a_missing_folder_is_told_before_anything_is_done(path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="expected a folder that is there; make it first"):
        write(path / "in" / "weights.npz")


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_is_no_file_is_not_replaced(path: Path, kind: str) -> None:
    path.mkdir() if kind == "folder" else os.mkfifo(path)
    with pytest.raises(OSError, match=f"expected the path of a file; a .*{kind} is there"):
        write(path)
    assert not path.is_file()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_what_may_not_be_changed_is_not_replaced(path: Path) -> None:
    path.write_bytes(b"old")
    path.chmod(0o444)
    with pytest.raises(PermissionError, match="save under another name"):
        write(path)
    path.unlink()
    path.parent.chmod(0o555)
    with pytest.raises(PermissionError, match="nothing was saved"):
        write(path)
    path.parent.chmod(0o755)


def test_permissions_stay_and_a_link_stays_one(path: Path) -> None:
    path.write_bytes(b"old")
    path.chmod(0o640)
    link = path.with_name("link.npz")
    link.symlink_to(path.name)
    write(link)
    assert link.is_symlink()
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
