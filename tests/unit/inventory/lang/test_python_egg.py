"""Eggs are zip archives whose metadata is one of their members."""

from __future__ import annotations

import io
import zipfile

import msgspec
import pytest
from tests.support.memory_tree import run

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.analyzer import Options
from assaymark.inventory.index import Index
from assaymark.inventory.lang.python_egg import ANALYZER
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.inventory import Application
from assaymark.model.package import Package

PATH = "usr/lib/python3/site-packages/demo-1.0-py3.9.egg"
INFO = "Metadata-Version: 1.2\r\nName: demo\r\nVersion: 1.0\r\nLicense: MIT\r\n\r\nName: not this\r\n"


def egg(members: dict[str, str]) -> bytes:
    """An archive with these members."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def application(name: str = "demo", version: str = "1.0", licences: tuple[str, ...] = ("MIT",)) -> Application:
    package = Package(name=name, version=version, licenses=licences, file_path=PATH)
    return Application(path=PATH, type="python-pkg", packages=(package,))


@pytest.mark.parametrize(
    "name", ["EGG-INFO/PKG-INFO", "demo.egg-info", "demo.egg-info/PKG-INFO", "src/demo.egg-info/METADATA"]
)
def test_metadata_under_each_name(name: str) -> None:
    content = egg({"demo/__init__.py": "", "EGG-INFO/zip-safe": "", name: INFO})
    assert run(ANALYZER, PATH, {PATH: content}) == ([application()], [])


def test_the_first_metadata_counts() -> None:
    other = INFO.replace("demo", "other")
    found, _ = run(ANALYZER, PATH, {PATH: egg({"a/EGG-INFO/PKG-INFO": other, "EGG-INFO/PKG-INFO": INFO})})
    assert found == [application("other")]


def test_the_text_of_a_licence_file_is_not_classified() -> None:
    info = "Name: demo\nVersion: 1.0\nLicense-File: LICENSE\n"
    found, _ = run(ANALYZER, PATH, {PATH: egg({"EGG-INFO/PKG-INFO": info, "EGG-INFO/LICENSE": "MIT License …"})})
    assert found == [application(licences=())]


def test_an_archive_without_metadata_holds_no_package() -> None:
    assert run(ANALYZER, PATH, {PATH: egg({"demo.egg-info/": "", "METADATA": INFO})}) == ([], [])


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="an empty file"),
        pytest.param(INFO.encode(), id="no archive"),
        pytest.param(egg({"EGG-INFO/PKG-INFO": INFO})[:-30], id="a truncated archive"),
        pytest.param(egg({"EGG-INFO/PKG-INFO": "Name: demo\n"}), id="no version"),
        pytest.param(egg({"EGG-INFO/PKG-INFO": INFO}).replace(b"\x08\x00", b"\x63\x00"), id="an unknown method"),
    ],
)
def test_what_cannot_be_read_is_an_error(content: bytes) -> None:
    with pytest.raises((ArtifactError, ValueError)):
        run(ANALYZER, PATH, {PATH: content})


def test_metadata_longer_than_the_limit_is_refused() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, memory_file_bytes=40)
    with pytest.raises(LimitError, match="more than the 40"):
        run(ANALYZER, PATH, {PATH: egg({"EGG-INFO/PKG-INFO": INFO})}, limits=limits)


@pytest.mark.parametrize(("path", "claimed"), [(PATH, True), ("a.egg-link", False), ("a.eggs", False)])
def test_which_files_it_claims(path: str, *, claimed: bool) -> None:
    assert bool(Index([ANALYZER], Options()).parsers(path, 0o644)) is claimed
