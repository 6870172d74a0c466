"""Every flag of the peers' commands is known, is a switch where theirs is one, and ends as docs/drop-in.md says."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripts.drop_in import FACTS, STATUSES, PeerFlag, Row, notes, own_flags, page, peer_flags, rows
from tests.support.commands import place_keys, run

from assaymark.cli.overview import command_names
from assaymark.cli.peer_commands import NOT_HERE
from assaymark.cli.unsupported_flags import find_unsupported

COMMANDS = peer_flags()
ARGUMENTS = {
    "image": ["127.0.0.1:9/app"],
    "fs": ["."],
    "rootfs": ["."],
    "repo": ["."],
    "sbom": ["bom.json"],
    "convert": ["report.json"],
    "attest": ["--key=ours.key", "--type=vuln", "--predicate=vuln.json", "127.0.0.1:9/app"],
    "verify-attestation": ["--key=ours.pub", "--type=vuln", "127.0.0.1:9/app"],
    "attest-blob": ["--key=ours.key", "--type=vuln", "--predicate=vuln.json", "--bundle=bundle", "vuln.json"],
    "verify-blob-attestation": ["--key=ours.pub", "--type=vuln", "--bundle=bundle", "vuln.json"],
    "public-key": ["--key=ours.key"],
    "download attestation": ["127.0.0.1:9/app"],
    "tree": ["127.0.0.1:9/app"],
    "copy": ["127.0.0.1:9/app", "127.0.0.1:9/b"],
    "save": ["--dir=d", "127.0.0.1:9/app"],
    "load": ["--dir=d", "127.0.0.1:9/app"],
    "clean": ["127.0.0.1:9/app"],
    "initialize": [],
    "trusted-root create": [],
    "signing-config create": [],
    "bundle create": ["--bundle=bundle", "--key=ours.pub", "--artifact=vuln.json"],
}
REFUSED = [
    pytest.param(command, row, id=f"{command} {row.flag.name}")
    for tool, command in COMMANDS
    for row in rows(tool, command)
    if row.status == "not supported"
]


@pytest.mark.parametrize(("tool", "command"), COMMANDS, ids=map(" ".join, COMMANDS))
def test_every_flag_is_known(tool: str, command: str) -> None:
    own = own_flags(command)
    unknown = [flag.name for flag in COMMANDS[tool, command] if flag.name not in own]
    shorts = [flag.short for flag in COMMANDS[tool, command] if flag.short and flag.short not in own]
    assert (unknown, shorts) == ([], [])


@pytest.mark.parametrize(("tool", "command"), COMMANDS, ids=map(" ".join, COMMANDS))
def test_a_switch_is_a_switch(tool: str, command: str) -> None:
    own = own_flags(command)
    other = [flag.name for flag in COMMANDS[tool, command] if (own[flag.name].nargs == 0) != flag.switch]
    assert other == []


@pytest.mark.parametrize(("command", "row"), REFUSED)
def test_what_is_not_supported_is_told_in_these_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, row: Row
) -> None:
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path)
    flag = row.flag

    ran = run(*command.split(), flag.name if flag.switch else f"{flag.name}=x", *ARGUMENTS[command])

    refusal = find_unsupported(own_flags(command)[flag.name])
    assert refusal is not None
    assert (ran.code, ran.first) == (2, f"error: `{flag.name}`: {refusal.reason}")
    assert row.text == refusal.reason + (f" ({refusal.hint})" if refusal.hint else "")


def test_notes_are_about_flags_that_there_are() -> None:
    known = {(tool, flag.name) for (tool, _), flags in COMMANDS.items() for flag in flags}
    assert sorted(notes().keys() - known) == []
    assert {note.status for note in notes().values()} <= set(STATUSES)
    assert [flag for flag, note in notes().items() if note.status in ("better", "partly") and not note.text] == []


def test_a_flag_has_one_line_in_each_command() -> None:
    for flags in COMMANDS.values():
        assert len({flag.name for flag in flags}) == len(flags)


def test_the_page_names_every_command_and_every_flag() -> None:
    text = page("")
    for tool, command in COMMANDS:
        assert all(f"`{flag.name}`" in text for flag in COMMANDS[tool, command])
    assert [name for name in NOT_HERE if f"| `{name}` |" not in text] == []
    assert not NOT_HERE.keys() & set(command_names())


def test_facts_as_they_stand_in_the_file() -> None:
    lines = (FACTS / "peer_flags.txt").read_text().splitlines()
    assert "--severity value -s" in lines
    assert PeerFlag("--severity", "-s", switch=False) in COMMANDS["trivy", "image"]
    assert PeerFlag("--tlog-upload", "", switch=True, hidden=True) in COMMANDS["cosign", "attest"]
