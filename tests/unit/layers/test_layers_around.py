"""Files around what is scanned: folders made here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assaymark.errors import LimitError
from assaymark.layers.around import surroundings


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of two modules, and what lies around it."""
    project = tmp_path / "home" / "project"
    for name in ("a/sub", "b"):
        (project / name).mkdir(parents=True)
    for name in ("pom.xml", "a/pom.xml", "a/sub/pom.xml", "b/pom.xml", "../pom.xml"):
        (project / name).write_text(str(name))
    (project / "a" / "link").symlink_to(project / "b")
    (project / "link.xml").symlink_to(project / "pom.xml")
    os.mkfifo(project / "pipe.xml")
    return project


@pytest.mark.parametrize(
    ("path", "above", "around"),
    [
        pytest.param("../pom.xml", b"pom.xml", b"pom.xml", id="above"),
        pytest.param("../b/pom.xml", b"b/pom.xml", b"b/pom.xml", id="beside"),
        pytest.param("../../pom.xml", b"../pom.xml", b"../pom.xml", id="two above"),
        pytest.param("sub/pom.xml", None, b"a/sub/pom.xml", id="below"),
        pytest.param("pom.xml", None, b"a/pom.xml", id="in the folder"),
        pytest.param("link/pom.xml", None, None, id="behind a link to a folder"),
        pytest.param("../link.xml", None, None, id="a link"),
        pytest.param("../pipe.xml", None, None, id="a pipe"),
        pytest.param("../b", None, None, id="a folder"),
        pytest.param("..", None, None, id="the folder above"),
        pytest.param("sub/../../pom.xml", None, None, id="up again"),
        pytest.param("/etc/passwd", None, None, id="an absolute path"),
        pytest.param("../none.xml", None, None, id="no file"),
        pytest.param("../a\0b", None, None, id="a path that is none"),
        pytest.param("../" * 99 + "etc/passwd", None, None, id="above all"),
    ],
)
def test_what_is_read(path: str, above: bytes | None, around: bytes | None, project: Path) -> None:
    folder = project / "a"
    assert surroundings(folder, single=False)(path, 99) == above
    assert surroundings(folder, single=True)(path, 99) == around


def test_a_work_tree_is_the_end(project: Path) -> None:
    (project / ".git").mkdir()
    read = surroundings(project / "a", single=False)
    assert [read("../pom.xml", 99), read("../../pom.xml", 99)] == [b"pom.xml", None]
    assert surroundings(project, single=True)("../pom.xml", 99) is None


def test_relative_roots(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project / "a")
    assert surroundings(Path(), single=False)("../pom.xml", 99) == b"pom.xml"


def test_files_are_bounded(project: Path) -> None:
    with pytest.raises(LimitError):
        surroundings(project / "a", single=False)("../pom.xml", 3)
