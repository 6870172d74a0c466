"""Configuration files: what they set, what wins over them, and where a mistake in one is said to be."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.commands import run

from assaymark.cli.command import Command
from assaymark.cli.config_file import Configuration, Setting, parse_configuration, take_settings
from assaymark.cli.flags import FlagParser
from assaymark.cli.global_flags import add_global_flags
from assaymark.cli.trusted_signers import Said, Signer, TrustedSigners
from assaymark.errors import UsageError
from assaymark.extensions import find
from assaymark.safeio.redaction import Redaction

NAME = "assaymark.yaml"
MIRRORS = "docker.io=mirror.test,docker.io=other.test"
LAUGHS = "a: &a0 [x]\n" + "".join(f"b{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def parse(text: str, name: str = NAME) -> Configuration:
    return parse_configuration(text.encode(), name)


def parser_of(command: str) -> FlagParser:
    found = find("assaymark.cli.commands", command, "COMMAND", Command)
    assert found is not None
    parser = FlagParser(prog=command)
    found.configure(parser)
    add_global_flags(parser, group_name=found.group)
    return parser


def test_settings_are_the_flags_of_their_keys() -> None:
    text = """\
severity: [HIGH, CRITICAL]
Vulnerability:
  ignore-unfixed: true
scan:
  skip-dirs:
    - usr/lib
registry:
  mirrors:
    docker.io: [mirror.test, other.test]
exit-code: 3
"""
    assert parse(text) == Configuration(
        NAME,
        (
            Setting("severity", "severity", "HIGH,CRITICAL", f"{NAME}:1:11"),
            Setting("Vulnerability.ignore-unfixed", "ignore-unfixed", "true", f"{NAME}:3:19"),
            Setting("scan.skip-dirs", "skip-dirs", "usr/lib", f"{NAME}:6:5"),
            Setting("registry.mirrors", "registry-mirror", MIRRORS, f"{NAME}:9:5"),
            Setting("exit-code", "exit-code", "3", f"{NAME}:10:12"),
        ),
        None,
    )


def test_mirrors_of_maven_are_pairs() -> None:
    text = "scan:\n  maven:\n    mirrors:\n      - source: https://a\n        targets: [https://b, https://c]\n"
    pairs = "https://a=https://b,https://a=https://c"
    assert parse(text).settings == (Setting("scan.maven.mirrors", "maven-mirror", pairs, f"{NAME}:4:7"),)


@pytest.mark.parametrize("text", ["", "# nothing\n", "null\n", "severity: []\nscan:\nformat: ''\ndb: {}\n"])
def test_what_is_empty_sets_nothing(text: str) -> None:
    assert parse(text) == Configuration(NAME, (), None)


def test_who_may_have_signed() -> None:
    text = """\
verify:
  keys: [cosign.pub, 'env://KEY', /etc/key.pub, 'https://keys.test/k.pub']
  identities:
    - identity: alice@example.com
      issuer: https://accounts.google.com
      claims: {github-workflow-ref: refs/heads/main}
    - identity-regexp: '.*@example\\.com'
      issuer-regexp: https://.*
"""
    assert parse(text, "conf/signers.yaml").signers == TrustedSigners(
        keys=("conf/cosign.pub", "env://KEY", "/etc/key.pub", "https://keys.test/k.pub"),
        identities=(
            Signer(
                Said("alice@example.com", "`identity` in `conf/signers.yaml`, line 4,"),
                Said("https://accounts.google.com", "`issuer` in `conf/signers.yaml`, line 5,"),
                (("github-workflow-ref", Said("refs/heads/main", _claim("conf/signers.yaml", 6))),),
            ),
            Signer(
                Said(r".*@example\.com", "`identity-regexp` in `conf/signers.yaml`, line 7,", expression=True),
                Said("https://.*", "`issuer-regexp` in `conf/signers.yaml`, line 8,", expression=True),
            ),
        ),
        source="conf/signers.yaml",
    )


def _claim(name: str, line: int) -> str:
    return f"the claim `github-workflow-ref` in `{name}`, line {line},"


MISTAKES = {
    "a typo": ("severty: HIGH\n", "line 1, column 1: unknown key `severty`", "did you mean `severity`?"),
    "a typo further in": (
        "scan:\n  skip-dir: x\n",
        "line 2, column 3: unknown key `scan.skip-dir`",
        "did you mean `scan.skip-dirs`?",
    ),
    "a flag's name": ("skip-dirs: x\n", "line 1, column 1: unknown key `skip-dirs`", "did you mean `scan.skip-dirs`?"),
    "nothing like it": ("xyzzy: 1\n", "line 1, column 1: unknown key `xyzzy`", ""),
    "twice": ("debug: true\nDebug: false\n", "line 2, column 1: the key `debug` is there twice", ""),
    "a text for a section": ("scan: x\n", "line 1, column 7: expected `key: value` pairs", ""),
    "a list of keys": ("- severity\n", "line 1, column 1: expected `key: value` pairs", ""),
    "a list in a list": ("severity: [[HIGH]]\n", "line 1, column 12: expected a plain value", ""),
    "half a mirror": (
        "scan: {maven: {mirrors: [{source: x}]}}\n",
        "line 1, column 26: expected `source` and `targets`",
        "",
    ),
    "a merge key": ("<<: {debug: true}\n", "line 1, column 1: unknown key `<<`", ""),
    "nobody": ("verify: {}\n", "line 1, column 9: `verify` names nobody", "name keys or identities, or leave it out"),
    "no verify at all": ("verify:\n", "line 1, column 8: expected `key: value` pairs", ""),
    "no identities": (
        "verify:\n  identities: []\n",
        "line 2, column 15: `verify.identities` names nobody",
        "name somebody, or leave it out",
    ),
    "null keys": (
        "verify:\n  keys:\n",
        "line 2, column 8: `verify.keys` names nobody",
        "name somebody, or leave it out",
    ),
    "keys as a text": (
        "verify:\n  keys: a.pub\n",
        "line 2, column 9: expected a list",
        "write `- ` before each item",
    ),
    "an empty key": ("verify:\n  keys: ['']\n", "line 2, column 10: a key is empty", ""),
    "a key too many": (
        "verify:\n  key: a.pub\n",
        "line 2, column 3: unknown key `key` in `verify`",
        "did you mean `keys`?",
    ),
    "no issuer": (
        "verify:\n  identities:\n    - identity: a\n",
        "line 3, column 7: an identity has one `issuer` or one `issuer-regexp`",
        "",
    ),
    "two names": (
        "verify:\n  identities:\n    - {identity: a, identity-regexp: b, issuer: c}\n",
        "line 3, column 7: an identity has one `identity` or one `identity-regexp`",
        "",
    ),
    "an empty issuer": (
        "verify:\n  identities:\n    - {identity: a, issuer: }\n",
        "line 3, column 29: `issuer` is empty",
        "",
    ),
    "another member": (
        "verify:\n  identities:\n    - {identity: a, issuer: b, x: 1}\n",
        "line 3, column 32: unknown key `x` in `verify.identities`",
        "`verify.identities` has identity, identity-regexp, issuer, issuer-regexp, claims",
    ),
}


@pytest.mark.parametrize(("text", "told", "hint"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_told_with_its_place(text: str, told: str, hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse(text)
    assert (str(raised.value), raised.value.hint) == (f"`{NAME}`, {told}", hint)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a: [\n", id="no YAML"),
        pytest.param("a: &a [*a]\n", id="an alias inside its anchor"),
        pytest.param("a: " + "[" * 100_000, id="too deep"),
        pytest.param(LAUGHS, id="a billion laughs"),
        pytest.param("!!python/object/apply:os.system [x]\n", id="an object of another language"),
        pytest.param("a: 1\n---\nb: 2\n", id="two documents"),
    ],
)
def test_hostile_documents(text: str) -> None:
    with pytest.raises(UsageError):
        parse(text)


class TestPrecedence:
    def test_flag_variable_file_default(self, here: Path) -> None:
        (here / NAME).write_text("severity: LOW\nformat: json\n")
        parser, configuration = parser_of("image"), parse("severity: LOW\nformat: json\nexit-code: 4\n")
        parser.set_defaults(format="sarif")
        take_settings(parser, configuration, settled=frozenset({"format"}), scans=True, redaction=Redaction())
        values = parser.parse(["--severity=HIGH", "x"])
        assert (values.severity, values.format, values.exit_code) == (("HIGH",), "sarif", 4)

    def test_a_flag_that_says_the_default_wins(self, here: Path) -> None:
        parser = parser_of("image")
        default = parser.get_default("format")
        take_settings(parser, parse("format: json\n"), settled=frozenset(), scans=True, redaction=Redaction())
        assert parser.parse([f"--format={default}", "x"]).format == default

    def test_other_commands_take_what_all_share(self) -> None:
        parser = parser_of("verify-attestation")
        text = "output: report.json\nformat: json\nquiet: true\ninsecure: true\ncache: {dir: c}\nseverity: LOW\n"
        take_settings(parser, parse(text), settled=frozenset(), scans=False, redaction=Redaction())
        values = parser.parse(["x"])
        assert (values.output, values.quiet, values.insecure, values.cache_dir) == ("json", True, True, "c")

    def test_credentials_are_learnt(self) -> None:
        redaction = Redaction()
        text = "registry: {password: [correct-horse]}\n"
        take_settings(parser_of("image"), parse(text), settled=frozenset(), scans=True, redaction=redaction)
        assert "correct-horse" not in redaction.clean("it is correct-horse")

    def test_a_value_that_the_flag_would_not_take(self) -> None:
        with pytest.raises(UsageError) as raised:
            take_settings(
                parser_of("image"), parse("severity: [HUGE]\n"), settled=frozenset(), scans=True, redaction=Redaction()
            )
        assert f"severity ({NAME}:1:11)" in str(raised.value)


class TestPlaces:
    def test_the_working_directory_or_the_flag_and_nowhere_else(self, here: Path) -> None:
        tree = here / "tree"
        tree.mkdir()
        (tree / NAME).write_text("typo: 1\n")
        assert run("tree", "--local-image", "nothing").code != 2
        (here / "trivy.yaml").write_text("typo2: 1\n")
        assert "unknown key `typo2`" in run("tree", "--local-image", "tree").first
        (here / NAME).write_text("debug: false\n")
        assert "unknown key" not in run("tree", "--local-image", "tree").err
        assert "unknown key `typo`" in run("tree", "--config", "tree/assaymark.yaml", "--local-image", "tree").first
        assert "unknown key `typo`" in run("--config=tree/assaymark.yaml", "tree", "--local-image", "tree").first
        environ = {"ASSAYMARK_CONFIG": "tree/assaymark.yaml"}
        assert "unknown key `typo`" in run("tree", "--local-image", "tree", environ=environ).first

    def test_a_file_that_is_not_there(self) -> None:
        assert run("tree", "--config=missing.yaml", "x").code == 9

    def test_a_file_without_end(self, here: Path) -> None:
        (here / NAME).write_bytes(b"#" * (1 << 20) + b"\n")
        assert run("tree", "--local-image", "x").code == 8

    def test_its_name_is_told(self, here: Path) -> None:
        (here / NAME).write_text("insecure: true\n")
        assert run("tree", "--local-image", "x").first == f"settings come from `{NAME}`, too"
