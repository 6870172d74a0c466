"""Policies in files that people write and check in (YAML).

    max-severity: MEDIUM            # the worst that is tolerated: NONE, LOW, MEDIUM, HIGH, CRITICAL
    unknown-severity: LOW           # what UNKNOWN counts as; CRITICAL where it does not stand here
    fixable-only: true              # findings without a fix do not count
    max-age: 7d                     # of the scan, by trusted time
    trust-signer-time: true         # where nobody else tells the time
    max-db-age: 48h
    require-complete: true
    require-platforms: [linux/amd64, linux/arm64]
    deny:
      - CVE-2021-44228
      - {package: "log4j*", reason: not in our images}
    allow:
      - CVE-2024-0001
      - {id: CVE-2024-0002, package: "openssl*", expires: 2027-01-31, reason: the server is not built}

Every key is the flag of that name. A key that nobody knows, that stands there twice, or whose value is empty is an
error with line and column, and so is a file that asks for nothing: each reads as a check and would be none.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final, TypeVar

from assaymark.attest.policy.rules import (
    Allowance,
    Denial,
    Policy,
    SeverityLimit,
    parse_age,
    parse_identifier,
    parse_level,
)
from assaymark.errors import UsageError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.platform import Platform, parse_platform
from assaymark.safeio.written import Misplaced, items_of, located, members_of, read_written, text_of
from assaymark.safeio.yaml import Placed

_KEYS: Final = (
    "allow",
    "deny",
    "fixable-only",
    "max-age",
    "max-db-age",
    "max-severity",
    "require-complete",
    "require-platforms",
    "trust-signer-time",
    "unknown-severity",
)
_WORDS: Final = {"true": True, "false": False}
Value = TypeVar("Value")


def parse_policy(data: bytes, name: str, *, limits: Limits = DEFAULT_LIMITS) -> Policy:
    """The policy that the document `data` of the file `name` is.

    Raises:
        UsageError: it is no YAML, asks for nothing, or for what cannot be.
    """
    root = read_written(data, name, limits=limits)
    with located(name):
        if not root.value:
            raise Misplaced("the policy is empty", root, hint=f"it may have {', '.join(_KEYS)}")
        policy = _policy(members_of(root, _KEYS))
    if policy == Policy():
        raise UsageError(f"the policy `{name}` asks for nothing", hint="every key in it says `false`")
    return policy


def _policy(members: dict[str, Placed]) -> Policy:
    limit = _severity_limit(members)
    return Policy(
        severities=(limit,) if limit is not None else (),
        deny=tuple(_denial(item) for item in _filled(members.get("deny"), "deny")),
        allow=tuple(_allowance(item) for item in _filled(members.get("allow"), "allow")),
        max_age=_parsed(members.get("max-age"), parse_age),
        max_database_age=_parsed(members.get("max-db-age"), parse_age),
        trust_signer_time=_is_on(members.get("trust-signer-time")),
        require_complete=_is_on(members.get("require-complete")),
        platforms=tuple(_platform(item) for item in _filled(members.get("require-platforms"), "require-platforms")),
    )


def _severity_limit(members: dict[str, Placed]) -> SeverityLimit | None:
    highest = _parsed(members.get("max-severity"), parse_level)
    if highest is None:
        for name in ("fixable-only", "unknown-severity"):
            if name in members:
                raise Misplaced(f"`{name}` is about `max-severity`, which is not there", members[name])
        return None
    unknown = _parsed(members.get("unknown-severity"), parse_level)
    return SeverityLimit(
        highest=highest,
        fixable_only=_is_on(members.get("fixable-only")),
        **({"unknown": unknown} if unknown is not None else {}),
    )


def _denial(node: Placed) -> Denial:
    if not isinstance(node.value, tuple):
        return Denial(id=_parsed(node, parse_identifier) or "")
    members = members_of(node, ("id", "package", "reason"), where="deny")
    return Denial(id=_id(node, members), package=_text(members, "package"), reason=_text(members, "reason"))


def _allowance(node: Placed) -> Allowance:
    if not isinstance(node.value, tuple):
        return Allowance(id=_parsed(node, parse_identifier) or "")
    members = members_of(node, ("id", "package", "expires", "reason"), where="allow")
    return Allowance(
        id=_id(node, members),
        package=_text(members, "package"),
        expires=_parsed(members.get("expires"), _parse_day),
        reason=_text(members, "reason"),
    )


def _id(node: Placed, members: dict[str, Placed]) -> str:
    if "id" not in members and "package" not in members:
        raise Misplaced("an entry has an `id`, a `package`, or both", node)
    return _parsed(members.get("id"), parse_identifier) or ""


def _parse_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as exc:
        raise ValueError(f"`{text[:40]}` is not a day (write 2027-01-31)") from exc


def _platform(node: Placed) -> Platform:
    try:
        return parse_platform(_said(node))
    except UsageError as exc:
        raise Misplaced(str(exc), node, hint=exc.hint) from exc


def _parsed(node: Placed | None, parse: Callable[[str], Value]) -> Value | None:
    if node is None:
        return None
    try:
        return parse(_said(node))
    except ValueError as exc:
        raise Misplaced(str(exc), node) from exc


def _is_on(node: Placed | None) -> bool:
    if node is None:
        return False
    text = _said(node)
    if text not in _WORDS:
        raise Misplaced(f"`{text[:40]}` is neither `true` nor `false`", node)
    return _WORDS[text]


def _text(members: dict[str, Placed], name: str) -> str:
    return _said(members[name]) if name in members else ""


def _said(node: Placed) -> str:
    text = text_of(node)
    if not text:
        raise Misplaced("there is no value", node, hint="give it one, or leave the key out")
    return text


def _filled(node: Placed | None, name: str) -> list[Placed]:
    if node is None:
        return []
    items = items_of(node) if node.value is not None else []
    if not items:
        raise Misplaced(f"`{name}` names nothing", node, hint="name something, or leave it out")
    return items
