"""Checksums of the files that packages are: for bills of materials, and for nothing else."""

from __future__ import annotations

import hashlib
import io
import json
from contextlib import nullcontext

import pytest
from tests.support.jars import MemoryArchives, jar, maven_members
from tests.support.memory_tree import tree

from assaymark.inventory.analyse import analyse_layer
from assaymark.inventory.analyzer import Options
from assaymark.inventory.checksums import sha1_of
from assaymark.inventory.java.resolve import resolve_archives
from assaymark.inventory.select import analyser_set, index_for
from assaymark.model.inventory import Application

INNER = jar(maven_members("org.example", "inner", "2.0"))
NAMED = jar({**maven_members("org.example", "outer", "1.0"), "lib/inner-2.0.jar": INNER})
UNNAMED = jar({"a.class": b"\xca\xfe"})
PACKAGE_JSON = json.dumps({"name": "a", "version": "1.0"})
METADATA = "Metadata-Version: 2.1\nName: b\nVersion: 1.0\n"
LOCKFILE = "flask==1.0\n"
FILES: dict[str, bytes | str] = {
    "app/outer-1.0.jar": NAMED,
    "app/unnamed.jar": UNNAMED,
    "app/node_modules/a/package.json": PACKAGE_JSON,
    "usr/lib/b-1.0.dist-info/METADATA": METADATA,
}


def sha1(content: bytes | str) -> str:
    data = content.encode() if isinstance(content, str) else content
    return "sha1:" + hashlib.sha1(data, usedforsecurity=False).hexdigest()


def digests(files: dict[str, bytes | str], *, checksums: bool, target: str = "image") -> dict[str, str]:
    options = Options(checksums=checksums)
    layer = analyse_layer(tree(files), index=index_for(target, options=options), options=options)
    index = MemoryArchives({("org.example", "unnamed", "3.0"): UNNAMED})
    (resolved,) = resolve_archives([layer], lambda: nullcontext(index))
    return {
        package.name: package.digest
        for item in resolved.found
        if isinstance(item, Application)
        for package in item.packages
    }


def test_every_package_that_is_a_file_has_its_checksum() -> None:
    assert digests(FILES, checksums=True) == {
        "org.example:outer": sha1(NAMED),
        "org.example:inner": sha1(INNER),
        "org.example:unnamed": sha1(UNNAMED),
        "a": sha1(PACKAGE_JSON),
        "b": sha1(METADATA),
    }


def test_without_the_option_there_are_none() -> None:
    assert set(digests(FILES, checksums=False).values()) == {""}


def test_packages_of_a_lockfile_are_no_files() -> None:
    assert digests({"requirements.txt": LOCKFILE}, checksums=True, target="fs") == {"flask": ""}


def test_layers_are_remembered_with_and_without_checksums() -> None:
    analyzers = index_for("image").analyzers
    plain, with_checksums = (analyser_set(analyzers, options=Options(checksums=each)) for each in (False, True))
    assert plain != with_checksums


@pytest.mark.parametrize("content", [b"", b"a", b"a" * (3 << 20)], ids=["nothing", "one byte", "several reads"])
def test_a_stream_is_read_from_its_beginning(content: bytes) -> None:
    stream = io.BytesIO(content)
    stream.seek(len(content))
    assert sha1_of(stream) == sha1(content)
