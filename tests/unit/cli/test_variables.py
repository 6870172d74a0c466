"""Flags from the environment."""

from __future__ import annotations

from argparse import Action
from collections.abc import Mapping
from typing import Any

import pytest

from assaymark.cli.attestation_flags import add_signing_flags
from assaymark.cli.command import Command
from assaymark.cli.command_parser import parser_of
from assaymark.cli.flags import FlagParser, Values, add_switch, add_values
from assaymark.cli.global_flags import SCANNING, add_global_flags
from assaymark.cli.network_flags import add_network_flags
from assaymark.cli.overview import command_names, commands
from assaymark.cli.variables import OWN, set_default, take_variables
from assaymark.errors import UsageError
from assaymark.safeio.redaction import Redaction


def taken(
    environ: Mapping[str, str], *arguments: str, scans: bool = True, redaction: Redaction | None = None
) -> dict[str, Any]:
    """What came of flags and variables, defaults left out."""
    parser = FlagParser(prog="assaymark image")
    add_switch(parser, "--skip-db-update", "--skip-update", about="")
    add_values(parser, "--severity", "-s", default=("LOW", "HIGH"), allowed=("LOW", "HIGH"), about="")
    parser.add_argument("--parallel", type=int, default=0)
    parser.add_argument("--detection-priority", choices=("precise", "comprehensive"), default="precise")
    parser.add_argument("--output", "-o", default="")
    add_signing_flags(parser)
    add_network_flags(parser)
    add_global_flags(parser, group_name="Scanning")
    defaults = vars(parser.parse([]))
    take_variables(parser, environ, scans=scans, redaction=redaction or Redaction())
    values = vars(parser.parse(arguments))
    return {
        name: value for name, value in values.items() if not name.startswith("_") and value != defaults.get(name, "")
    }


@pytest.mark.parametrize(
    ("environ", "arguments", "expected"),
    [
        pytest.param({"TRIVY_SKIP_DB_UPDATE": "true"}, (), {"skip_db_update": True}, id="a switch"),
        pytest.param({"TRIVY_SKIP_UPDATE": "1"}, (), {"skip_db_update": True}, id="another spelling of the flag"),
        pytest.param({"TRIVY_SKIP_DB_UPDATE": "t"}, ("--skip-db-update=false",), {}, id="the flag wins"),
        pytest.param({"TRIVY_SEVERITY": "HIGH"}, (), {"severity": ("HIGH",)}, id="a list"),
        pytest.param({"TRIVY_SEVERITY": "HIGH, HIGH"}, (), {"severity": ("HIGH", "HIGH")}, id="a list with commas"),
        pytest.param({"TRIVY_SEVERITY": "HIGH  LOW"}, (), {"severity": ("HIGH", "LOW")}, id="a list with spaces"),
        pytest.param({"TRIVY_SEVERITY": "HIGH"}, ("-s", "LOW"), {"severity": ("LOW",)}, id="a flag replaces a list"),
        pytest.param({"TRIVY_SEVERITY": ""}, (), {}, id="an empty variable is not set"),
        pytest.param(
            {"TRIVY_SEVERITY": "LOW", "ASSAYMARK_SEVERITY": "HIGH"}, (), {"severity": ("HIGH",)}, id="our name wins"
        ),
        pytest.param({"TRIVY_PARALLEL": "3"}, (), {"parallel": 3}, id="a number"),
        pytest.param({"TRIVY_TIMEOUT": "1m30s"}, (), {"timeout": 90.0}, id="a duration"),
        pytest.param({"TRIVY_QUIET": "true"}, (), {"quiet": True}, id="a global flag"),
        pytest.param({"TRIVY_DETECTION_PRIORITY": "precise"}, (), {}, id="a choice"),
        pytest.param({"COSIGN_KEY": "k", "COSIGN_YES": "1"}, (), {"key": "k", "yes": True}, id="cosign's own flags"),
        pytest.param(
            {"COSIGN_OUTPUT": "json", "COSIGN_TIMEOUT": "1s"}, (), {}, id="cosign's other flags are not meant"
        ),
        pytest.param({"TRIVY_KEY": "k"}, (), {}, id="Trivy has no keys"),
        pytest.param({"TRIVY_INSECURE": "1"}, (), {"insecure": True}, id="registries: Trivy's"),
        pytest.param({"COSIGN_ALLOW_HTTP_REGISTRY": "1"}, (), {"allow_http_registry": True}, id="registries: cosign's"),
        pytest.param({"COSIGN_PASSWORD": "secret"}, (), {}, id="a key's password is no registry's"),
        pytest.param({"TRIVY_VERSION": "0.72.0"}, (), {}, id="which version to install"),
        pytest.param({"HOME": "/x", "TRIVY_NO_SUCH_FLAG": "1"}, (), {}, id="other variables"),
    ],
)
def test_scanning(environ: dict[str, str], arguments: tuple[str, ...], expected: dict[str, Any]) -> None:
    assert taken(environ, *arguments) == expected


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        pytest.param({"COSIGN_OUTPUT": "text", "COSIGN_KEY": "k"}, {"output": "text", "key": "k"}, id="cosign's"),
        pytest.param({"TRIVY_OUTPUT": "report.json"}, {}, id="Trivy's are not meant"),
        pytest.param(
            {"TRIVY_USERNAME": "a", "COSIGN_INSECURE": "1"}, {"username": ("a",), "insecure": True}, id="both"
        ),
        pytest.param({"ASSAYMARK_OUTPUT": "text"}, {"output": "text"}, id="ours"),
    ],
)
def test_attesting(environ: dict[str, str], expected: dict[str, Any]) -> None:
    assert taken(environ, scans=False) == expected


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        pytest.param({"TRIVY_QUIET": "maybe"}, "invalid value `maybe` of `TRIVY_QUIET`", id="a switch"),
        pytest.param({"TRIVY_SEVERITY": "high"}, "invalid argument `high` for `TRIVY_SEVERITY`", id="a list"),
        pytest.param({"TRIVY_PARALLEL": "x"}, "invalid value `x` of `TRIVY_PARALLEL`", id="a number"),
        pytest.param({"TRIVY_TIMEOUT": "5"}, "invalid value `5` of `TRIVY_TIMEOUT`", id="a duration"),
        pytest.param(
            {"TRIVY_DETECTION_PRIORITY": "x"}, "invalid argument `x` for `TRIVY_DETECTION_PRIORITY`", id="a choice"
        ),
    ],
)
def test_complaints_name_the_variable(environ: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        taken(environ)


def test_a_required_flag_may_be_a_variable() -> None:
    parser = FlagParser(prog="assaymark public-key")
    parser.add_argument("--key", required=True)

    take_variables(parser, {"COSIGN_KEY": "cosign.key"}, scans=False, redaction=Redaction())

    assert parser.parse([]).key == "cosign.key"


def test_credentials_are_registered() -> None:
    redaction = Redaction()

    taken(
        {"ASSAYMARK_PASSWORD": "password-one,password-two", "COSIGN_REGISTRY_TOKEN": "token-three"}, redaction=redaction
    )

    assert redaction.clean("password-one password-two token-three password-one,password-two four") == (
        "*** *** *** *** four"
    )


@pytest.mark.parametrize("command", commands(), ids=command_names())
def test_every_flag_of_every_command_can_be_set(command: Command) -> None:
    unset = []
    for _, action in parser_of(command).flags():
        long = next((each for each in action.option_strings if each.startswith("--")), "")
        if not long:  # a short spelling of another flag
            continue
        name = OWN + long[2:].upper().replace("-", "_")
        parser = parser_of(command)
        text = next(text for text in (*_words_of(action), "true", "3", "90s", "a=b", "fs") if _is_taken(action, text))

        taken = take_variables(parser, {name: text}, scans=command.group == SCANNING, redaction=Redaction())

        if taken != {action.dest} and name != "ASSAYMARK_VERSION":
            unset.append(name)
    assert unset == []


def _words_of(action: Action) -> tuple[str, ...]:
    return tuple(map(str, action.choices or ())) + (action.allowed if isinstance(action, Values) else ())


def _is_taken(action: Action, text: str) -> bool:
    """Whether the flag itself takes the value."""
    parser = FlagParser(prog="assaymark")
    try:
        set_default(parser, action, text, where="here", redaction=Redaction())
    except UsageError:
        return False
    return True


@pytest.mark.parametrize("command", commands(), ids=command_names())
def test_no_two_flags_share_a_variable(command: Command) -> None:
    parser = parser_of(command)
    names = [option for _, action in parser.flags() for option in action.option_strings if option.startswith("--")]

    assert len(names) == len(set(names))
