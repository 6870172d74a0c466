"""Completions in real shells: zsh at a terminal, and fish."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.shells import find_shell, fish_offers, zsh_completes

from assaymark.cli.completion.fish import write_fish
from assaymark.cli.completion.words import all_words
from assaymark.cli.completion.zsh import write_zsh

pytestmark = pytest.mark.integration

TYPED = {
    "assaymark imag": "assaymark image ",
    "assaymark image --sever": "assaymark image --severity=",
    "assaymark image --severity HI": "assaymark image --severity HIGH,",
    "assaymark image --severity=HIGH,CR": "assaymark image --severity=HIGH,CRITICAL,",
    "assaymark image --format=cosig": "assaymark image --format=cosign-vuln ",
    "assaymark image --ignore-unf": "assaymark image --ignore-unfixed ",
    "assaymark i --output f": "assaymark i --output file.json ",
    "assaymark image --cache-dir s": "assaymark image --cache-dir sub/",
    "assaymark image f": "assaymark image f",
    "assaymark downl": "assaymark download ",
    "assaymark download att": "assaymark download attestation ",
    "assaymark download attestation --predicate-type spdxj": "assaymark download attestation --predicate-type spdxjson ",
    "assaymark -q --config x image --log-form": "assaymark -q --config x image --log-format=",
    "assaymark convert fi": "assaymark convert file.json ",
    "assaymark completion fi": "assaymark completion fish ",
}
OFFERED = {
    "assaymark im": ["image", "import-key-pair"],
    "assaymark image --sever": ["--severity"],
    "assaymark image --severity HIGH,CR": ["HIGH,CRITICAL"],
    "assaymark image --format=cosign": ["--format=cosign-vuln"],
    "assaymark i --output f": ["file.json"],
    "assaymark image --cache-dir s": ["sub/"],
    "assaymark image f": [],
    "assaymark download ": ["attestation", "report"],
    "assaymark --config=x image --log-format ": ["json", "text"],
    "assaymark convert f": ["file.json"],
    "assaymark completion ": ["bash", "fish", "zsh"],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "file.json").touch()
    (tmp_path / "sub").mkdir()
    return tmp_path


@pytest.mark.skipif(not find_shell("zsh"), reason="zsh is not on PATH")
def test_zsh(folder: Path) -> None:
    (folder / "script").write_text(write_zsh(all_words()))
    assert dict(zip(TYPED, zsh_completes(folder, list(TYPED)), strict=True)) == TYPED


@pytest.mark.skipif(not find_shell("fish"), reason="fish is not on PATH")
def test_fish(folder: Path) -> None:
    (folder / "script").write_text(write_fish(all_words()))
    assert {line: fish_offers(folder, line) for line in OFFERED} == OFFERED
