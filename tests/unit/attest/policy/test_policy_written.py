"""Policies in files: what they say, and mistakes with line and column."""

from __future__ import annotations

from datetime import date

import pytest

from assaymark.attest.policy.rules import Allowance, Denial, Policy, SeverityLimit, parse_age
from assaymark.attest.policy.written import parse_policy
from assaymark.errors import UsageError
from assaymark.model.platform import parse_platform

WHOLE = b"""\
max-severity: medium
unknown-severity: LOW
fixable-only: true
max-age: 7d
trust-signer-time: true
max-db-age: 48h
require-complete: true
require-platforms: [linux/amd64, linux/arm64]
deny:
  - cve-2021-44228
  - {package: "log4j*", reason: not in our images}
allow:
  - CVE-2024-0001
  - id: CVE-2024-0002
    package: openssl*
    expires: 2027-01-31
    reason: the server is not built
"""


def test_everything() -> None:
    assert parse_policy(WHOLE, "p.yaml") == Policy(
        severities=(SeverityLimit(highest="MEDIUM", fixable_only=True, unknown="LOW"),),
        max_age=parse_age("7d"),
        trust_signer_time=True,
        max_database_age=parse_age("48h"),
        require_complete=True,
        platforms=(parse_platform("linux/amd64"), parse_platform("linux/arm64")),
        deny=(Denial(id="CVE-2021-44228"), Denial(package="log4j*", reason="not in our images")),
        allow=(
            Allowance(id="CVE-2024-0001"),
            Allowance(
                id="CVE-2024-0002", package="openssl*", expires=date(2027, 1, 31), reason="the server is not built"
            ),
        ),
    )


def test_exceptions_may_stand_in_a_file_of_their_own() -> None:
    assert parse_policy(b"allow: [CVE-2024-0001]", "p.yaml") == Policy(allow=(Allowance(id="CVE-2024-0001"),))


WRONG: dict[str, tuple[bytes, str, str]] = {
    "nothing": (b"", "`p.yaml`, line 1, column 1: the policy is empty", "it may have allow, deny"),
    "a comment": (b"# max-severity: LOW\n", "`p.yaml`, line 1, column 1: the policy is empty", "it may have"),
    "an empty mapping": (b"{}", "`p.yaml`, line 1, column 1: the policy is empty", "it may have"),
    "all of it is off": (b"require-complete: false", "the policy `p.yaml` asks for nothing", "says `false`"),
    "a list": (b"- max-severity: LOW", "`p.yaml`, line 1, column 1: expected `key: value` pairs", ""),
    "no YAML": (b"max-severity: [", "`p.yaml` is not YAML", ""),
    "an unknown key": (
        b"max-age: 7d\nmax-severty: LOW", "`p.yaml`, line 2, column 1: unknown key `max-severty`",
        "did you mean `max-severity`?",
    ),
    "a key twice": (b"max-age: 7d\nmax-age: 8d", "`p.yaml`, line 2, column 1: the key `max-age` is there twice", ""),
    "no value": (b"max-severity:\n", "`p.yaml`, line 1, column 14: there is no value", "give it one"),
    "no severity": (b"max-severity: BAD", "`p.yaml`, line 1, column 15: `BAD` is not a severity (one of NONE,", ""),
    "no age": (b"max-age: 7", "`p.yaml`, line 1, column 10: `7` is not an age", ""),
    "no switch": (b"require-complete: yes", "`p.yaml`, line 1, column 19: `yes` is neither `true` nor `false`", ""),
    "no platform": (b"require-platforms: [a/b/c/d]", "`p.yaml`, line 1, column 21: `a/b/c/d` is not a platform", "write os"),
    "an empty list": (b"deny: []", "`p.yaml`, line 1, column 7: `deny` names nothing", "name something"),
    "a list that is null": (b"deny:", "`p.yaml`, line 1, column 6: `deny` names nothing", "name something"),
    "no list": (b"deny: CVE-2024-0001", "`p.yaml`, line 1, column 7: expected a list", "write `- `"),
    "no identifier": (b"deny: [log4j]", "`p.yaml`, line 1, column 8: `log4j` is not the identifier", ""),
    "an unknown key of an entry": (
        b"max-severity: LOW\nallow:\n  - {id: CVE-2024-0001, expire: 2027-01-01}",
        "`p.yaml`, line 3, column 25: unknown key `expire` in `allow`", "did you mean `expires`?",
    ),
    "an entry about nothing": (b"deny: [{reason: x}]", "`p.yaml`, line 1, column 8: an entry has an `id`, a `package`", ""),
    "no day": (
        b"max-severity: LOW\nallow: [{id: CVE-2024-0001, expires: soon}]",
        "`p.yaml`, line 2, column 38: `soon` is not a day", "",
    ),
    "a fix without a limit": (
        b"fixable-only: true\nmax-age: 1d",
        "`p.yaml`, line 1, column 15: `fixable-only` is about `max-severity`, which is not there", "",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("data", "message", "hint"), WRONG.values(), ids=WRONG.keys())
def test_mistakes(data: bytes, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_policy(data, "p.yaml")
    assert str(raised.value).startswith(message)
    assert hint in raised.value.hint
