from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from assaymark.errors import LimitError, LocalError
from assaymark.safeio.files import PARTIAL, atomic_writer, private_temporary, read_file, write_atomic


@pytest.mark.parametrize("durable", [True, False], ids=["durable", "quick"])
def test_a_file_is_replaced_whole_with_its_mode(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"old and longer")

    write_atomic(path, b"new", mode=0o600, durable=durable)

    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", 0o600)
    assert [entry.name for entry in tmp_path.iterdir()] == ["key"]


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"untouched")
    (tmp_path / "link").symlink_to(other)

    write_atomic(tmp_path / "link", b"new")

    assert (other.read_bytes(), (tmp_path / "link").is_symlink()) == (b"untouched", False)


def test_a_failure_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "db"
    path.write_bytes(b"old")

    def write_half() -> None:
        with atomic_writer(path) as stream:
            stream.write(b"half")
            assert [entry.name for entry in tmp_path.glob(PARTIAL)] != []
            raise KeyError

    with pytest.raises(KeyError):
        write_half()
    assert {entry.name: entry.read_bytes() for entry in tmp_path.iterdir()} == {"db": b"old"}


def test_a_full_disk_is_a_local_error(tmp_path: Path) -> None:
    path = tmp_path / "db"

    with pytest.raises(LocalError, match=r"cannot write `.*db`: no space left on device"), atomic_writer(path):
        raise OSError(28, os.strerror(28))
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_a_local_error(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="no such file or directory"):
        write_atomic(tmp_path / "missing" / "file", b"")
    with pytest.raises(LocalError, match=r"cannot create a temporary file in `.*missing`"):
        private_temporary(tmp_path / "missing")


def test_a_private_temporary_has_no_name(tmp_path: Path) -> None:
    with private_temporary(tmp_path) as stream:
        stream.write(b"secret")
        stream.seek(0)
        assert (stream.read(), list(tmp_path.iterdir())) == (b"secret", [])
    with private_temporary() as stream:
        assert stream.seekable()


def test_a_file_is_read_within_its_bound(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"four")
    assert read_file(tmp_path / "a", limit=4) == b"four"
    with pytest.raises(LimitError):
        read_file(tmp_path / "a", limit=3)
    for missing in (tmp_path / "none", tmp_path):
        with pytest.raises(LocalError, match="cannot read"):
            read_file(missing, limit=4)
