"""Damaged executables, module files and Cargo files: two seconds, 256 MiB, and an issue that says what is missing."""

from __future__ import annotations

import random

import pytest
from tests.support.executables import audit, build_info, elf, macho, pe
from tests.support.malformed_go_rust import APP, Files, cases, sized
from tests.support.measured import run_measured
from tests.support.memory_tree import tree
from tests.support.process import MEMORY

from assaymark.inventory.analyse import analyse_layer
from assaymark.inventory.select import index_for
from assaymark.model.inventory import Application
from assaymark.model.issue import IssueCode

SECONDS = 2.0
DAMAGE = {IssueCode.FILE_MALFORMED, IssueCode.FILE_TOO_LARGE, IssueCode.ENTRY_IGNORED, IssueCode.VERSION_UNPARSABLE}
ALL = """
import gc
import time
from itertools import chain
from tests.support.malformed_go_rust import APP, cases, sized
from tests.support.memory_tree import tree
from assaymark.inventory.analyse import analyse_layer
from assaymark.inventory.select import index_for
indices, result = {name: index_for(name) for name in ("rootfs", "fs")}, {}
for sentence, command, files in chain(cases(), [("a hundred thousand versions", "rootfs", {APP: sized(100_000)})]):
    begun = time.perf_counter()
    layer = analyse_layer(tree(files, modes={APP: 0o755}), index=indices[command])
    result[sentence] = time.perf_counter() - begun
    del layer, files
    gc.collect()
"""


@pytest.mark.parametrize(
    ("command", "files"), [pytest.param(command, files, id=sentence) for sentence, command, files in cases()]
)
def test_a_damaged_file_is_an_issue_that_is_a_sentence(command: str, files: Files) -> None:
    layer = analyse_layer(tree(files, modes={APP: 0o755}), index=index_for(command))

    issues = [issue for issue in layer.issues if issue.path in files and issue.code in DAMAGE]
    assert issues
    assert not any("Error: " in issue.message or "error: " in issue.message for issue in issues), issues


def test_every_case_is_short_and_small() -> None:
    took, peak = run_measured(ALL)

    assert len(took) >= 60
    assert {sentence: seconds for sentence, seconds in took.items() if seconds >= SECONDS} == {}
    assert peak < MEMORY


def test_many_versions_are_none() -> None:
    layer = analyse_layer(tree({APP: sized(5_000)}, modes={APP: 0o755}), index=index_for("rootfs"))

    (application,) = layer.found
    assert isinstance(application, Application)
    assert [package.version for package in application.packages if package.name == "m"] == [""]


def test_random_changes_never_end_in_a_defect() -> None:
    chance = random.Random(7)
    index = index_for("rootfs")
    sections = {".go.buildinfo": build_info(), ".dep-v0": audit([{"name": "a", "version": "1.0.0"}])}
    apple = {"__go_buildinfo": build_info(), ".dep-v0": sections[".dep-v0"]}
    for whole in (elf(sections), elf(sections, bits=32, order=">"), pe(sections), macho(apple)):
        for _ in range(300):
            data = bytearray(whole)
            for _ in range(chance.randrange(1, 8)):
                data[chance.randrange(len(data))] = chance.choice([0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)])
            layer = analyse_layer(tree({APP: bytes(data)}, modes={APP: 0o755}), index=index)
            assert not any("Error: " in issue.message for issue in layer.issues), layer.issues
