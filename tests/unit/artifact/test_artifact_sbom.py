"""SBOM files: what they are called, and what can be read."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Thread

import pytest

from assaymark.artifact.sbom import open_sbom
from assaymark.errors import LimitError, LocalError
from assaymark.limits import Limits
from assaymark.model.artifact import SbomFile


def test_a_file_is_called_as_it_was_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bom.json").write_bytes(b"{}")
    monkeypatch.chdir(tmp_path)

    assert open_sbom("./x/..//bom.json") == SbomFile(name="bom.json", data=b"{}")


def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=pipe.write_bytes, args=(b"{}",))
    writer.start()

    assert open_sbom(str(pipe)).data == b"{}"
    writer.join()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param("nothing", "there is no file `.*nothing`", id="nothing there"),
        pytest.param("", "is a folder", id="a folder"),
        pytest.param("a\0b", "cannot read", id="no name at all"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(LocalError, match=message):
        open_sbom(f"{tmp_path}/{name}")


def test_a_long_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bom.json").write_bytes(b"{" * 11)

    with pytest.raises(LimitError, match=r"bom\.json"):
        open_sbom(str(tmp_path / "bom.json"), limits=Limits(json_bytes=10))
