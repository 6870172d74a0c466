"""Completions: what is offered, and what bash makes of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.support.commands import run
from tests.support.shells import bash_offers, find_shell

from assaymark.cli.command_parser import parser_of
from assaymark.cli.completion.bash import write_bash
from assaymark.cli.completion.fish import write_fish
from assaymark.cli.completion.words import Flag, Takes, all_words, first_words, second_words
from assaymark.cli.completion.zsh import write_zsh
from assaymark.cli.overview import commands

WORDS = {each.name: each for each in all_words()}
_FLAG_LINES = re.compile(r"(?m)^  (-.+?)(?:  |$)")
WRITERS = {"bash": write_bash, "zsh": write_zsh, "fish": write_fish}


def flag(command: str, name: str) -> Flag:
    return next(flag for flag in WORDS[command].flags if name in flag.names)


def test_every_command_and_every_flag_of_its_help_is_there() -> None:
    for words, command in zip(all_words(), commands(), strict=True):
        told = {
            name.split()[0]
            for line in _FLAG_LINES.findall(parser_of(command).format_help())
            for name in line.split(", ")
        }
        assert {name for flag in words.flags for name in flag.names} == told


@pytest.mark.parametrize(
    ("command", "name", "takes", "choices", "many"),
    [
        pytest.param("image", "--quiet", Takes.NOTHING, (), False, id="a switch"),
        pytest.param("image", "--output", Takes.FILE, (), False, id="a file"),
        pytest.param("image", "--cache-dir", Takes.FOLDER, (), False, id="a folder"),
        pytest.param("attest", "--key", Takes.FILE, (), False, id="a key"),
        pytest.param("image", "--platform", Takes.WORD, (), False, id="any word"),
        pytest.param("image", "--pkg-types", Takes.WORD, ("os", "library"), True, id="a list of known words"),
        pytest.param("image", "--cache-backend", Takes.WORD, ("fs", "memory"), False, id="words of the help"),
        pytest.param("tree", "--output", Takes.WORD, ("text", "json"), False, id="choices"),
        pytest.param("diff", "--format", Takes.WORD, ("table", "json", "markdown", "html"), False, id="diff's forms"),
    ],
)
def test_what_stands_behind_a_flag(command: str, name: str, takes: Takes, choices: tuple[str, ...], many: bool) -> None:
    found = flag(command, name)
    assert (found.takes, found.choices, found.many) == (takes, choices, many)


def test_closed_lists_that_no_parser_holds() -> None:
    assert {"table", "json", "cosign-vuln", "sarif"} <= set(flag("image", "--format").choices)
    assert {"vuln", "custom", "spdxjson"} <= set(flag("verify-attestation", "--type").choices)


def test_what_only_pasted_commands_know_is_not_offered() -> None:
    names = {name for flag in WORDS["image"].flags for name in flag.names}
    assert names & {"--compliance", "--server", "--disable-telemetry"} == set()


def test_commands_of_two_words() -> None:
    assert ("attestation", "print what is attached to an image") in second_words(all_words())["download"]
    assert {"download", "image", "help", "version"} <= {word for word, _ in first_words(all_words())}
    assert (WORDS["image"].aliases, WORDS["convert"].argument, WORDS["image"].argument) == (
        ("i",),
        Takes.FILE,
        Takes.WORD,
    )


@pytest.mark.parametrize("shell", WRITERS)
def test_the_command_prints_the_script(shell: str) -> None:
    ran = run("completion", shell)
    assert (ran.code, ran.out, ran.err) == (0, WRITERS[shell](all_words()), "")
    assert ran.out.isascii() or shell != "bash"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param((), "error: no shell\nhint: `assaymark completion bash`, zsh or fish\n", id="none"),
        pytest.param(
            ("powershell",),
            "error: no completions for `powershell`\nhint: there are some for bash, zsh and fish\n",
            id="another",
        ),
    ],
)
def test_shells_without_one(arguments: tuple[str, ...], told: str) -> None:
    ran = run("completion", *arguments)
    assert (ran.code, ran.err) == (2, told)


def test_a_flag_of_the_peers_is_taken() -> None:
    assert run("completion", "zsh", "--no-descriptions").code == 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    if not find_shell("bash"):
        pytest.skip("bash is not on PATH")
    (tmp_path / "script").write_text(write_bash(all_words()))
    (tmp_path / "with space.json").touch()
    (tmp_path / "sub").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        pytest.param("im", ["image", "import-key-pair"], id="commands"),
        pytest.param("image --sev", ["--severity"], id="a flag"),
        pytest.param("image --severity HI", ["HIGH"], id="a value"),
        pytest.param("image --severity HIGH,CR", ["HIGH,CRITICAL"], id="a further one"),
        pytest.param("image --severity = HIGH,CR", ["HIGH,CRITICAL"], id="the same behind ="),
        pytest.param("image --pkg-types =", ["os", "library"], id="nothing behind = yet"),
        pytest.param("image --format cosign-v", ["cosign-vuln"], id="a report's form"),
        pytest.param("i --output w", ["with space.json"], id="a file, and a command's other name"),
        pytest.param("image --cache-dir ", ["sub"], id="a folder"),
        pytest.param("download ", ["attestation", "report"], id="a second word"),
        pytest.param("download attestation --predicate-t", ["--predicate-type"], id="behind two words"),
        pytest.param("-q --config x image --log-form", ["--log-format"], id="behind global flags"),
        pytest.param("--config = x image --log-form", ["--log-format"], id="behind global flags with ="),
        pytest.param("convert -q w", ["with space.json"], id="an argument that is a file, behind a switch"),
        pytest.param("image w", [], id="an argument that is none"),
        pytest.param("image --platform w", [], id="a value that nobody knows"),
        pytest.param("completion ", ["bash", "zsh", "fish"], id="shells"),
        pytest.param("no-such-command --", [], id="no command"),
    ],
)
def test_bash(folder: Path, line: str, offered: list[str]) -> None:
    assert bash_offers(folder, ["assaymark", *line.split(" ")]) == offered
