from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from assaymark.errors import ArtifactError, LimitError, LocalError
from assaymark.layers.skip import SkipRules
from assaymark.layers.tree import Harvest
from assaymark.layers.walk import walk_directory
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.issue import Issue, IssueCode


def wanted(path: str, mode: int, size: int) -> bool:
    return path.endswith("lock") or bool(mode & 0o111)


def plant(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return root


def run(
    root: Path, *, issues: list[Issue] | None = None, limits: Limits = DEFAULT_LIMITS, **options: object
) -> Harvest:
    take = (issues if issues is not None else []).append
    return walk_directory(root, wants=wanted, limits=limits, on_issue=take, **options)  # type: ignore[arg-type]  # a table's options


def paths(harvest: Harvest) -> list[str]:
    return [file.path for file in harvest.tree.under("")]


def test_wanted_files_with_their_facts(tmp_path: Path) -> None:
    plant(tmp_path, "b.lock", "a/c.lock", "a/readme", "bin/tool")
    (tmp_path / "bin/tool").chmod(0o4755)
    with run(tmp_path) as harvest:
        file = harvest.tree.find("a/c.lock")
        assert file is not None
        with file.open() as stream:
            assert (stream.seek(2), stream.read()) == (2, b"c.lock")
        assert (file.path, file.mode, file.size, file.read(), file.read(8)) == (
            "a/c.lock",
            0o644,
            8,
            b"a/c.lock",
            b"a/c.lock",
        )
        assert [(file.path, file.mode) for file in harvest.tree.under("bin")] == [("bin/tool", 0o4755)]
        assert paths(harvest) == ["a/c.lock", "b.lock", "bin/tool"]
        assert (harvest.whiteouts, harvest.opaque, harvest.size, harvest.diff_id) == ((), (), 0, "")
        with pytest.raises(LimitError, match=r"`a/c.lock` is longer than 7 bytes"):
            file.read(7)
        assert harvest.tree.find("a/nothing") is None


def test_wants_is_asked_in_order_of_names(tmp_path: Path) -> None:
    plant(tmp_path, "b/1", "a/2", "c", "a-b/3")
    asked: list[str] = []

    def wants(path: str, mode: int, size: int) -> bool:
        asked.append(path)
        return False

    walk_directory(tmp_path, wants=wants, limits=DEFAULT_LIMITS, on_issue=lambda _: None).close()

    assert asked == ["c", "a/2", "a-b/3", "b/1"]


def test_skipped_directories_and_files(tmp_path: Path) -> None:
    plant(tmp_path, ".git/a.lock", "x/.git/a.lock", "proc/a.lock", "sys/a.lock", "dev/a.lock", "x/proc/a.lock")
    plant(tmp_path, "vendor/a.lock", "x/vendor/a.lock", "x/b.lock", "x/c.lock")

    harvest = run(tmp_path, skip_dirs=SkipRules(["vendor"]), skip_files=SkipRules(["**/b.lock"]))

    assert paths(harvest) == ["x/c.lock", "x/proc/a.lock", "x/vendor/a.lock"]


def test_one_file_alone(tmp_path: Path) -> None:
    plant(tmp_path, "a.lock", "b.lock")

    assert paths(run(tmp_path, single="b.lock")) == ["b.lock"]
    with pytest.raises(LocalError, match=r"cannot read `c.lock`: no such file"):
        run(tmp_path, single="c.lock")


def test_links_and_special_files_are_never_opened(tmp_path: Path) -> None:
    outside = plant(tmp_path / "outside", "secret.lock")
    root = plant(tmp_path / "root", "a.lock")
    (root / "link.lock").symlink_to(outside / "secret.lock")
    (root / "folder").symlink_to(outside)
    (root / "loop").symlink_to(root)
    os.mkfifo(root / "pipe.lock")
    issues: list[Issue] = []

    harvest = run(root, issues=issues)

    assert paths(harvest) == ["a.lock"]
    assert [(issue.code, issue.path, issue.blocking) for issue in issues] == [
        (IssueCode.ENTRY_IGNORED, "link.lock", False),
        (IssueCode.ENTRY_IGNORED, "pipe.lock", False),
    ]


def test_a_root_that_is_a_link_is_the_user_s_choice(tmp_path: Path) -> None:
    plant(tmp_path / "real", "a.lock")
    (tmp_path / "link").symlink_to(tmp_path / "real")

    assert paths(run(tmp_path / "link")) == ["a.lock"]


SWAPS = ["a link", "a directory link", "a pipe", "nothing"]


@pytest.mark.parametrize("swap", SWAPS)
def test_what_changes_between_finding_and_reading_cannot_lead_outside(tmp_path: Path, swap: str) -> None:
    outside = plant(tmp_path / "outside", "c.lock")
    root = plant(tmp_path / "root", "a/b/c.lock")
    harvest = run(root)
    file = harvest.tree.find("a/b/c.lock")
    assert file is not None
    (root / "a/b/c.lock").unlink()
    if swap == "a link":
        (root / "a/b/c.lock").symlink_to(outside / "c.lock")
    elif swap == "a directory link":
        (root / "a/b").rmdir()
        (root / "a/b").symlink_to(outside)
    elif swap == "a pipe":
        os.mkfifo(root / "a/b/c.lock")

    with pytest.raises(ArtifactError, match=r"`a/b/c.lock` (cannot be read|is no regular file any more)"):
        file.read()


def test_names_that_are_not_text_are_read(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.lock")).write_bytes(b"data")
    harvest = run(tmp_path)

    assert [(file.path, file.read()) for file in harvest.tree.under("")] == [("\ufffd.lock", b"data")]


def test_deep_directories_are_an_issue(tmp_path: Path) -> None:
    plant(tmp_path, "1/2/3/a.lock", "1/2/b.lock")
    issues: list[Issue] = []

    assert paths(run(tmp_path, issues=issues, limits=Limits(path_depth=3))) == ["1/2/b.lock"]
    assert [(issue.path, issue.blocking) for issue in issues] == [("1/2/3", True)]


@pytest.mark.parametrize(
    ("bound", "message"), [({"tar_entries": 2}, "more than 2 files"), ({"wanted_files": 1}, "more than 1 files to")]
)
def test_bounds(tmp_path: Path, bound: dict[str, int], message: str) -> None:
    plant(tmp_path, "a.lock", "b.lock", "c.lock")

    with pytest.raises(LimitError, match=message):
        run(tmp_path, limits=Limits(**bound))


def test_a_root_that_is_no_directory(tmp_path: Path) -> None:
    plant(tmp_path, "file")

    with pytest.raises(LocalError, match=r"cannot read `.*file`: not a directory"):
        run(tmp_path / "file")


REAL_OPEN, REAL_STAT, REAL_LISTDIR = os.open, os.stat, os.listdir


@pytest.mark.parametrize("refused", ["open", "listdir", "stat", "gone"])
def test_what_may_not_be_read_is_an_issue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: str) -> None:
    """Permissions are played, because the suite may run as root, whom no mode stops."""
    plant(tmp_path, "a.lock", "locked/b.lock")
    error: OSError = FileNotFoundError(2, os.strerror(2)) if refused == "gone" else PermissionError(13, os.strerror(13))
    inode = REAL_STAT(tmp_path / "locked").st_ino

    def fake_open(path: str | Path, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if path == "locked" and refused in {"open", "gone"}:
            raise error
        return REAL_OPEN(path, flags, mode, dir_fd=dir_fd)

    def fake_stat(path: str, *, dir_fd: int | None = None, follow_symlinks: bool = True) -> os.stat_result:
        if path == "locked" and refused == "stat":
            raise error
        return REAL_STAT(path, dir_fd=dir_fd, follow_symlinks=follow_symlinks)

    def fake_listdir(folder: int) -> list[str]:
        if refused == "listdir" and os.fstat(folder).st_ino == inode:
            raise error
        return REAL_LISTDIR(folder)

    monkeypatch.setattr(os, "open", fake_open)
    monkeypatch.setattr(os, "stat", fake_stat)
    monkeypatch.setattr(os, "listdir", fake_listdir)
    issues: list[Issue] = []
    harvest = run(tmp_path, issues=issues)
    monkeypatch.undo()

    expected = Issue(code=IssueCode.FILE_UNREADABLE, message="permission denied", path="locked", blocking=True)
    assert (paths(harvest), issues) == (["a.lock"], [] if refused == "gone" else [expected])


def test_no_descriptor_stays_open(tmp_path: Path) -> None:
    plant(tmp_path, "a/b/c/d.lock", "e/f.lock")

    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd")) if stat.S_ISDIR(os.stat("/proc/self/fd").st_mode) else 0

    before = descriptors()
    with run(tmp_path) as harvest:
        assert [len(file.read()) for file in harvest.tree.under("")] == [12, 8]
    with pytest.raises(LimitError):
        run(tmp_path, limits=Limits(tar_entries=2))
    assert descriptors() == before
