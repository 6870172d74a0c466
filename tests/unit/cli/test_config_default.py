"""`--generate-default-config`: what is in the file, and that reading it back changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.commands import run

from assaymark.cli.command_parser import parser_of
from assaymark.cli.config_default import DEFAULT_FILE, default_configuration
from assaymark.cli.config_file import parse_configuration, take_settings
from assaymark.cli.config_keys import flags_by_key
from assaymark.cli.global_flags import SCANNING
from assaymark.cli.overview import commands
from assaymark.limits import DEFAULT_LIMITS
from assaymark.safeio.redaction import Redaction
from assaymark.safeio.yaml import locate_yaml

COMMANDS = {command.name: command for command in commands()}
SCANS = [name for name, command in COMMANDS.items() if command.group == SCANNING]
OTHER_FILE = """\
severity: [UNKNOWN, LOW, MEDIUM, HIGH, CRITICAL]
config: trivy.yaml
ignorefile: .trivyignore
image: {source: [docker, containerd, podman, remote], removed-pkgs: false}
cache: {backend: fs, ttl: 0s, redis: {tls: false}}
exit-code: 0
timeout: 5m0s
scan: {rekor-url: "https://rekor.example.com"}
vulnerability: {vex: [], severity-source: [auto]}
"""
"""Typical lines of a file that the reference generates."""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_reading_it_back_changes_nothing(name: str) -> None:
    parser, scans = parser_of(COMMANDS[name]), name in SCANS
    before = {action.dest: action.default for _, action in parser.flags()}

    configuration = parse_configuration(default_configuration(COMMANDS["image"]).encode(), DEFAULT_FILE)
    take_settings(parser, configuration, settled=frozenset(), scans=scans, redaction=Redaction())

    assert {action.dest: action.default for _, action in parser.flags()} == before


def test_the_command_that_writes_it_does_not_matter() -> None:
    written = (default_configuration(COMMANDS[name]).splitlines() for name in SCANS)
    assert len({tuple(line for line in lines if "# " not in line) for lines in written}) == 1


def test_it_has_every_flag_that_has_a_key_and_is_shown() -> None:
    document = default_configuration(COMMANDS["image"])

    told = {line.split(":")[0].removeprefix("# --") for line in document.splitlines() for line in [line.strip()]}
    helps = "".join(parser_of(COMMANDS[name]).format_help() for name in SCANS)
    shown = {word.strip(",[]") for word in helps.split() if word.startswith("--")}
    meant = {flag for flag in flags_by_key().values() if f"--{flag}" in shown} - {"rekor-url", "security-checks"}
    assert sorted(meant - told) == ["vuln-type"]  # another spelling of `--pkg-types`
    locate_yaml(document.encode(), limits=DEFAULT_LIMITS, what=DEFAULT_FILE)


def test_each_key_is_explained_in_the_line_above() -> None:
    lines = default_configuration(COMMANDS["image"]).splitlines()

    place = lines.index("# --severity: severities that are reported")

    assert lines[place + 1] == "severity: [UNKNOWN, LOW, MEDIUM, HIGH, CRITICAL]"
    assert max(map(len, lines)) <= 120


def test_what_is_typed_stands_in_it_but_no_credential() -> None:
    typed = ("--severity=HIGH", "--timeout=1m30s", "--template=a: #b", "--password=correct-horse", "--offline-scan")

    lines = {line.strip() for line in default_configuration(COMMANDS["image"], typed).splitlines()}

    assert {
        "severity: [HIGH]",
        "timeout: 90s",
        'template: "a: #b"',
        "password: []",
        "offline: true",
    } <= lines


def test_variables_and_files_of_this_machine_do_not(here: Path) -> None:
    (here / "assaymark.yaml").write_text("no: such key\n")

    ran = run("fs", "--generate-default-config", environ={"TRIVY_PASSWORD": "correct-horse", "TRIVY_SEVERITY": "LOW"})

    assert (ran.code, ran.out) == (0, "")
    assert ran.first == f"wrote `{DEFAULT_FILE}`; as `assaymark.yaml` it is read without being named"
    assert (here / DEFAULT_FILE).read_text() == default_configuration(COMMANDS["fs"])


@pytest.mark.parametrize("name", SCANS)
def test_no_argument_is_needed(here: Path, name: str) -> None:
    assert run(name, "--generate-default-config").code == 0
    assert (here / DEFAULT_FILE).exists()


def test_a_variable_asks_for_it_too(here: Path) -> None:
    assert run("image", environ={"TRIVY_GENERATE_DEFAULT_CONFIG": "true"}).code == 0
    assert (here / DEFAULT_FILE).exists()


def test_what_is_there_is_never_replaced(here: Path) -> None:
    (here / DEFAULT_FILE).write_text("severity: LOW\n")

    ran = run("image", "--generate-default-config")

    assert (ran.code, ran.err) == (
        9,
        f"error: `{DEFAULT_FILE}` is there already\nhint: move it away, or delete it\n",
    )
    assert (here / DEFAULT_FILE).read_text() == "severity: LOW\n"


def test_nor_is_what_a_link_leads_to(here: Path) -> None:
    (here / DEFAULT_FILE).symlink_to("nowhere")

    assert run("image", "--generate-default-config").code == 9
    assert not (here / "nowhere").exists()


def test_files_of_the_reference_are_taken(here: Path) -> None:
    """Their `.trivyignore` need not exist, and the log that they search for SBOMs is none to publish in."""
    (here / "trivy.yaml").write_text(OTHER_FILE)

    ran = run("image", "--skip-db-update", "--cache-dir=none", "--offline", "app")

    assert ran.err.splitlines()[:2] == [
        "settings come from `trivy.yaml`, too",
        "error [DATABASE_MISSING]: `--skip-db-update` was given, and there is no vulnerability database yet",
    ]
    assert "rekor-url" not in {setting.flag for setting in parse_configuration(OTHER_FILE.encode(), "x").settings}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        pytest.param("scan: {compliance: docker-cis-1.6.0}", "`--compliance`: assaymark finds", id="compliance"),
        pytest.param("scan: {scanners: [vuln, secret]}", "`--scanners secret`: assaymark finds", id="other scanners"),
        pytest.param("image: {removed-pkgs: true}", "`--removed-pkgs`: ", id="guesses about removed packages"),
    ],
)
def test_what_the_reference_can_and_we_cannot_is_told(here: Path, line: str, told: str) -> None:
    (here / "trivy.yaml").write_text(f"{line}\n")

    ran = run("image", "app")

    assert (ran.code, ran.err.splitlines()[1].startswith(f"error: {told}")) == (2, True)
