"""Repositories as targets: paths, addresses, revisions, and what a hostile repository must not do."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.git_servers import LOCK, Origin, git, needs_git, origin_with_history

from assaymark.artifact import repository
from assaymark.artifact.repository import RepositoryRequest, open_repository
from assaymark.errors import ArtifactError, Error, LimitError, LocalError, NetworkError, OfflineError, UsageError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.artifact import GitFacts

pytestmark = needs_git
VARIABLES = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_GLOBAL": "/dev/null"}


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Origin:
    """Read-only: every clone is made elsewhere."""
    return origin_with_history(tmp_path_factory.mktemp("origin"))


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """Where clones are made."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def request(target: object, scratch: Path, **fields: Any) -> RepositoryRequest:
    return RepositoryRequest(target=str(target), scratch=scratch, **{"environ": VARIABLES, **fields})


def opened(asked: RepositoryRequest) -> tuple[str, str, GitFacts | None]:
    """Name, content of the lockfile, and facts; nothing is left in the scratch folder."""
    with open_repository(asked) as directory:
        lock = (directory.root / "requirements.txt").read_text()
    assert asked.scratch is not None
    assert list(asked.scratch.iterdir()) == []
    return directory.name, lock, directory.git


SECOND = LOCK + "django==2.0\n"


@pytest.mark.parametrize(
    ("asked", "lock", "branch", "tags"),
    [
        pytest.param({}, SECOND, "main", ("v2",), id="the branch that HEAD names"),
        pytest.param({"branch": "dev"}, "requests==2.0.0\n", "dev", ("main",), id="another branch"),
        pytest.param({"branch": "main"}, SECOND, "main", ("v2",), id="a branch that is called as a tag is"),
        pytest.param({"tag": "main"}, "requests==2.0.0\n", "", ("main",), id="a tag that is called as a branch is"),
        pytest.param({"tag": "v1"}, LOCK, "", ("v1",), id="a tag"),
        pytest.param({"tag": "noted"}, LOCK, "", ("v1",), id="an annotated tag: the commit has the other one"),
        pytest.param({"branch": "dev", "tag": "v1"}, LOCK, "", ("v1",), id="a tag wins over a branch"),
        pytest.param({"commit": "v1"}, LOCK, "", ("v1",), id="a commit of the past"),
        pytest.param({"commit": "refs/heads/dev"}, "requests==2.0.0\n", "", ("main",), id="a commit of another branch"),
    ],
)
def test_revisions(
    origin: Origin, scratch: Path, asked: dict[str, str], lock: str, branch: str, tags: tuple[str, ...]
) -> None:
    if "commit" in asked:
        asked = {"commit": git(origin.work, "rev-parse", asked["commit"])}

    name, found, facts = opened(request(f"file://{origin.bare}", scratch, **asked))

    assert (name, found) == (f"file://{origin.bare}", lock)
    assert facts is not None
    assert (facts.repo_url, facts.branch, facts.tags) == (f"file://{origin.bare}", branch, tags)


def test_a_path_is_scanned_as_it_lies_there(origin: Origin, scratch: Path) -> None:
    found = opened(request(origin.work, scratch, branch="dev"))

    assert found[:2] == (str(origin.work), SECOND)


def test_a_folder_without_git_is_a_tree(tmp_path: Path, scratch: Path) -> None:
    (tmp_path / "requirements.txt").write_text(LOCK)

    assert opened(request(tmp_path, scratch)) == (str(tmp_path), LOCK, None)


def test_a_bare_repository_gets_a_work_tree(origin: Origin, scratch: Path) -> None:
    assert opened(request(f"{origin.bare}/", scratch))[:2] == (str(origin.bare), SECOND)


def test_the_host_name_in_a_clone_is_the_reports(tmp_path: Path, scratch: Path) -> None:
    origin = Origin(tmp_path)
    origin.commit({"requirements.txt": LOCK, "etc/hostname": "web-1\n"})

    assert opened(request(f"file://{origin.publish()}", scratch))[0] == "web-1"


@pytest.mark.parametrize(
    ("target", "fields", "kind", "message"),
    [
        pytest.param("./none", {}, LocalError, "no file or folder `./none`", id="a missing path"),
        pytest.param("none", {}, LocalError, "no file or folder `none`", id="a missing name"),
        pytest.param("ext::sh -c id", {}, UsageError, "is no address", id="a transport that runs commands"),
        pytest.param("ext::sh/x", {}, UsageError, "is no address", id="the same with a slash"),
        pytest.param("-upload-pack=id/x", {}, UsageError, "is no address", id="a flag"),
        pytest.param("ftp://host/o/r", {}, UsageError, "not read over `ftp`", id="a transport that git has dropped"),
        pytest.param("https://host/o\n/r", {}, UsageError, "control characters", id="a line break"),
        pytest.param("https://host/o/r", {"offline": True}, OfflineError, "--offline", id="no network"),
        pytest.param("host/o/r", {"offline": True}, OfflineError, "--offline", id="no network without a scheme"),
        pytest.param("git@host:o/r", {"offline": True}, OfflineError, "--offline", id="no network over ssh"),
        pytest.param("{bare}", {"branch": "none"}, NetworkError, "branch none not found", id="no such branch"),
        pytest.param("{bare}", {"tag": "none"}, NetworkError, "none not found", id="no such tag"),
        pytest.param("{bare}", {"tag": "dev"}, NetworkError, "no tag `dev`", id="a branch for a tag"),
        pytest.param("{bare}", {"branch": "v1"}, ArtifactError, "no branch `v1`", id="a tag for a branch"),
        pytest.param("{bare}", {"commit": "1" * 40}, ArtifactError, "no commit `1111", id="no such commit"),
        pytest.param("{bare}", {"commit": "main"}, UsageError, "not the name of a commit", id="a name for a commit"),
        pytest.param("{bare}/none", {}, NetworkError, "cannot clone", id="no such repository"),
        pytest.param("{bare}", {"environ": {"PATH": "/none"}}, LocalError, "`git` is not installed", id="no git"),
    ],
)
def test_what_cannot_be_had(
    origin: Origin, scratch: Path, target: str, fields: dict[str, Any], kind: type[Error], message: str
) -> None:
    asked = request(target.replace("{bare}", f"file://{origin.bare}"), scratch, **fields)

    with pytest.raises(kind, match=message), open_repository(asked):
        pass

    assert list(scratch.iterdir()) == []


def test_an_empty_repository(tmp_path: Path, scratch: Path) -> None:
    with (
        pytest.raises(ArtifactError, match="has no commit"),
        open_repository(request(f"file://{Origin(tmp_path).publish()}", scratch)),
    ):
        pass


@pytest.mark.parametrize(
    ("target", "address"),
    [
        ("github.com/o/r", "https://github.com/o/r"),
        ("host:8443/o/r", "https://host:8443/o/r"),
        ("HTTPS://host/o/r", "HTTPS://host/o/r"),
        ("git@host:o/r.git", "git@host:o/r.git"),
        ("host:o/r.git", "host:o/r.git"),
        ("ssh://git@host:22/o/r", "ssh://git@host:22/o/r"),
    ],
)
def test_addresses(target: str, address: str) -> None:
    assert repository._address(target) == address


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("https://robin:secret@host/o/r", "https://host/o/r"),
        ("https://token@host/o/r", "https://host/o/r"),
        ("ssh://git@host/o/r", "ssh://git@host/o/r"),
        ("ssh://git:secret@host/o/r", "ssh://host/o/r"),
        ("git@host:o/r", "git@host:o/r"),
        ("github.com/o/r", "github.com/o/r"),
    ],
)
def test_passwords_are_not_part_of_the_name(target: str, name: str) -> None:
    assert repository._name(target) == name


# hostile repositories


def test_files_are_as_the_commit_has_them(tmp_path: Path, scratch: Path) -> None:
    canary = tmp_path / "canary"
    config = tmp_path / "config"
    config.write_text(f'[filter "evil"]\n\tsmudge = touch {canary}\n[core]\n\tautocrlf = true\n')
    origin = Origin(tmp_path)
    origin.commit({"requirements.txt": b"flask==0.12\r\nx==1\n", "a.md": "$Id$\n"})
    rules = "*.txt text eol=crlf filter=evil\n*.md ident\n"
    origin.commit({".gitattributes": rules})

    with open_repository(
        request(f"file://{origin.publish()}", scratch, environ={**VARIABLES, "GIT_CONFIG_GLOBAL": str(config)})
    ) as directory:
        assert (directory.root / "requirements.txt").read_bytes() == b"flask==0.12\nx==1\n"
        assert (directory.root / "a.md").read_bytes() == b"$Id$\n"

    assert not canary.exists()


def test_hooks_and_submodules_are_left_alone(tmp_path: Path, scratch: Path) -> None:
    canary, templates = tmp_path / "canary", tmp_path / "templates"
    (templates / "hooks").mkdir(parents=True)
    for name in ("post-checkout", "reference-transaction", "post-index-change"):
        hook = templates / "hooks" / name
        hook.write_text(f"#!/bin/sh\ntouch {canary}\n")
        hook.chmod(0o755)
    config = tmp_path / "config"
    config.write_text(f"[init]\n\ttemplateDir = {templates}\n[core]\n\thooksPath = {templates}/hooks\n")
    config.write_text(config.read_text() + f"\tfsmonitor = touch {canary}\n[submodule]\n\trecurse = true\n")
    inner, outer = origin_with_history(tmp_path / "inner"), Origin(tmp_path / "outer")
    outer.commit({"requirements.txt": LOCK})
    git(outer.work, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.bare), "inner")
    outer.commit({})

    with open_repository(
        request(f"file://{outer.publish()}", scratch, environ={**VARIABLES, "GIT_CONFIG_GLOBAL": str(config)})
    ) as directory:
        assert sorted(path.name for path in directory.root.iterdir()) == [
            ".git", ".gitmodules", "inner", "requirements.txt",
        ]  # fmt: skip
        assert list((directory.root / "inner").iterdir()) == []

    assert not canary.exists()


def test_variables_of_a_hook_do_not_lead_elsewhere(origin: Origin, scratch: Path, tmp_path: Path) -> None:
    environ = {**VARIABLES, "GIT_DIR": str(tmp_path / "x"), "GIT_WORK_TREE": "/", "GIT_TRACE": str(tmp_path / "trace")}

    assert opened(request(f"file://{origin.bare}", scratch, environ=environ))[1] == SECOND
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize(
    ("limits", "kind", "message"),
    [
        pytest.param({"clone_bytes": 1_000}, LimitError, "larger than 1000 bytes", id="bytes"),
        pytest.param({"clone_files": 20}, LimitError, "or 20 files", id="files"),
        pytest.param({"clone_seconds": 0.0}, LocalError, "did not end within 0 seconds", id="time"),
        pytest.param({"git_memory_bytes": 1024 * 1024}, NetworkError, "cannot clone", id="memory"),
    ],
)
def test_a_clone_is_bounded(
    origin: Origin, scratch: Path, limits: dict[str, Any], kind: type[Error], message: str
) -> None:
    bounded: Limits = msgspec.structs.replace(DEFAULT_LIMITS, **limits)

    with (
        pytest.raises(kind, match=message),
        open_repository(request(f"file://{origin.bare}", scratch, limits=bounded)),
    ):
        pass

    assert list(scratch.iterdir()) == []


def test_trees_of_trees_end_within_bounds(tmp_path: Path, scratch: Path) -> None:
    """A git bomb: forty objects that are ten thousand million files."""
    origin = Origin(tmp_path)
    commit = origin.commit({f"{letter}/f": "" for letter in "0123456789"})
    tree = git(origin.work, "rev-parse", f"{commit}^{{tree}}")
    for _ in range(8):
        entries = "".join(f"040000 tree {tree}\t{number}\n" for number in range(10))
        tree = git(origin.work, "mktree", stdin=entries)
    git(origin.work, "update-ref", "HEAD", git(origin.work, "commit-tree", "-m", "bomb", tree))
    bounded = msgspec.structs.replace(DEFAULT_LIMITS, git_memory_bytes=512 * 1024 * 1024)

    with (
        pytest.raises(ArtifactError, match="cannot write the work tree"),
        open_repository(request(f"file://{origin.publish()}", scratch, limits=bounded)),
    ):
        pass


# what is left behind


def test_what_a_killed_process_left_is_removed(origin: Origin, scratch: Path) -> None:
    abandoned, young, other = (scratch / name for name in ("assaymark-git-old", "assaymark-git-new", "other"))
    for folder in (abandoned, young, other):
        (folder / "tree").mkdir(parents=True)
    os.utime(abandoned, (0, 0))
    os.utime(other, (0, 0))

    with open_repository(request(f"file://{origin.bare}", scratch)):
        assert not abandoned.exists()

    assert sorted(scratch.iterdir()) == [young, other]


def test_a_folder_in_use_is_left_alone(origin: Origin, scratch: Path) -> None:
    with open_repository(request(f"file://{origin.bare}", scratch)) as first:
        os.utime(first.root.parent, (0, 0))
        with open_repository(request(f"file://{origin.bare}", scratch)):
            assert (first.root / "requirements.txt").exists()


def test_nothing_is_left_after_sigterm(tmp_path: Path, scratch: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    slow = programs / "git"
    slow.write_text(f"#!/bin/sh\ntouch {tmp_path}/begun\nsleep 60\n")
    slow.chmod(0o755)
    child = subprocess.Popen(
        [sys.executable, "-m", "assaymark", "repo", "https://127.0.0.1:9/o/r", "--skip-db-update"],
        env={
            "PATH": f"{programs}:/usr/bin:/bin",
            "HOME": str(tmp_path),
            "TMPDIR": str(scratch),
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        },
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    )
    end = time.monotonic() + 20
    while not (tmp_path / "begun").exists() and time.monotonic() < end:
        time.sleep(0.02)

    child.terminate()
    _, stderr = child.communicate(timeout=10)

    assert (child.returncode, stderr) == (143, b"terminated\n")
    assert list(scratch.iterdir()) == []
