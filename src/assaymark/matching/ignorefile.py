"""Ignore files: findings that the user decided not to see, until when, and why.

Two formats, told apart by the name:

- Plain (`.trivyignore`): a vulnerability's name on each line, `#` before comments, and optionally `exp:2030-01-31`.
  A line with a date that is none is passed over.
- YAML (`*.yaml`, `*.yml`): a list `vulnerabilities` of entries with `id`, and optionally `paths` (doublestar patterns),
  `purls`, `expired_at` and `statement`. Other lists speak of findings that are not vulnerabilities.

The rules:

1. A name is compared exactly. An entry is over as soon as its date begins (00:00 UTC).
2. All entries are tried with the result's target as path, then with the package's own path; the first that fits wins.
3. No patterns fit every path. No purls fit every package, and a package without a purl fits every list of purls.
4. Keys that nobody knows do not count, as with the reference; but they are told: an entry whose `path` was meant to be
   `paths` leaves out more than its author wanted.
5. A purl fits when type, namespace and name are equal, and also the version, subpath and qualifiers that it has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from pathlib import PurePath
from posixpath import normpath
from typing import Any, Final

import msgspec

from assaymark.errors import ArtifactError, UsageError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.digest import Digest, sha256_digest
from assaymark.model.purl import Purl, find_purl, parse_purl
from assaymark.safeio.doublestar import Pattern, compile_pattern

DEFAULT_IGNORE_FILE: Final = ".trivyignore"
_DAY = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(.*)", re.DOTALL)
_LISTS: Final = ("vulnerabilities", "misconfigurations", "secrets", "licenses")
_MEMBERS: Final = ("id", "paths", "purls", "expired_at", "statement")
_KEYS_TOLD: Final = 20
_PLAIN_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


class IgnoreEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One decision."""

    id: str
    paths: tuple[Pattern, ...] = ()
    purls: tuple[Purl, ...] = ()
    statement: str = ""
    expires: datetime | None = None

    def fits(self, path: str, purl: Purl | None) -> bool:
        """Rules 3 and 5."""
        if self.paths and not any(pattern.matches(path) for pattern in self.paths):
            return False
        return purl is None or not self.purls or any(wanted.covers(purl) for wanted in self.purls)


class IgnoreFile(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A read ignore file.

    Attributes:
        path: as modified findings print it.
        digest: of the file's bytes, for the record.
        entries: those that are in force.
        expired: the names of those that are over.
        refused: lines that were passed over.
        unknown: sentences about keys that do not count.
    """

    path: str
    digest: Digest
    entries: tuple[IgnoreEntry, ...] = ()
    expired: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What people want to know: entries that do not count any more vanish silently elsewhere."""
        over = tuple(f"`{self.path}`: the entry for `{each}` has expired" for each in self.expired)
        refused = tuple(f"`{self.path}`: no date in `{each}`, so it is not used" for each in self.refused)
        return over + refused + tuple(f"`{self.path}`: {each}" for each in self.unknown)

    @cached_property
    def _by_id(self) -> dict[str, list[IgnoreEntry]]:
        index: dict[str, list[IgnoreEntry]] = {}
        for entry in self.entries:
            index.setdefault(entry.id, []).append(entry)
        return index

    def find(self, vulnerability_id: str, *, paths: tuple[str, ...], purl: str) -> IgnoreEntry | None:
        """The entry that takes a finding out, rules 1 and 2."""
        entries = self._by_id.get(vulnerability_id, ())
        if not entries:
            return None
        package = find_purl(purl)
        return next((entry for path in paths for entry in entries if entry.fits(path, package)), None)


def parse_ignore_file(data: bytes, *, path: str, now: datetime, limits: Limits = DEFAULT_LIMITS) -> IgnoreFile:
    """The ignore file whose bytes are `data`.

    Args:
        data: the whole file.
        path: its name decides about the format and stands in messages and modified findings.
        now: decides which entries are over; with a time zone.
        limits: bounds of YAML documents.

    Raises:
        UsageError: the YAML is none, or an entry has a pattern, a purl or a date that is none.
    """
    refused: list[str] = []
    unknown: list[str] = []
    if PurePath(path).suffix in (".yaml", ".yml"):
        entries = _yaml_entries(data, path, limits, unknown)
    else:
        entries = _plain_entries(data, refused)
    over = [entry for entry in entries if entry.expires and entry.expires < now]
    return IgnoreFile(
        path=normpath(path),
        digest=sha256_digest(data),
        entries=tuple(entry for entry in entries if entry not in over),
        expired=tuple(entry.id for entry in over),
        refused=tuple(refused),
        unknown=tuple(unknown[:_KEYS_TOLD]),
    )


def parse_moment(text: str) -> datetime | None:
    """A YAML time stamp: a day, or a day and a time, in UTC unless it says otherwise; None for an empty text.

    Raises:
        ValueError: it is none.
    """
    if not text:
        return None
    day = _DAY.fullmatch(text)
    if day is None:
        raise ValueError(f"`{text}` is not a date")
    year, month, date, rest = day.groups()
    moment = datetime.fromisoformat(f"{year}-{month:0>2}-{date:0>2}{rest}")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _plain_entries(data: bytes, refused: list[str]) -> list[IgnoreEntry]:
    entries: list[IgnoreEntry] = []
    for line in data.decode("utf-8", "replace").split("\n"):
        fields = line.split()
        if not fields or fields[0].startswith("#"):
            continue
        date = next((field.removeprefix("exp:") for field in fields[1:] if field.startswith("exp:")), None)
        expires = _plain_day(date) if date is not None else None
        if date is not None and expires is None:
            refused.append(line.strip())
            continue
        entries.append(IgnoreEntry(id=fields[0], expires=expires))
    return entries


def _plain_day(text: str) -> datetime | None:
    if not _PLAIN_DAY.match(text):
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None


def _yaml_entries(data: bytes, path: str, limits: Limits, unknown: list[str]) -> list[IgnoreEntry]:
    from assaymark.safeio.yaml import decode_yaml

    try:
        document = decode_yaml(data, limits=limits, what=path)
    except ArtifactError as exc:
        raise UsageError(str(exc), hint=exc.hint) from exc
    listed = _member({} if document is None else document, "vulnerabilities", path)
    if document:
        unknown += _unknown_keys(document, _LISTS, "")
    entries = []
    for entry in _items(listed, path):
        entries.append(_yaml_entry(entry, path))
        unknown += _unknown_keys(entry, _MEMBERS, f" in the entry for `{entries[-1].id}`")
    return entries


def _yaml_entry(entry: Any, path: str) -> IgnoreEntry:
    identity = _text(_member(entry, "id", path), path)
    try:
        return IgnoreEntry(
            id=identity,
            paths=tuple(compile_pattern(_text(each, path)) for each in _items(entry.get("paths"), path)),
            purls=tuple(parse_purl(_text(each, path)) for each in _items(entry.get("purls"), path)),
            statement=_text(entry.get("statement"), path),
            expires=parse_moment(_text(entry.get("expired_at"), path)),
        )
    except ValueError as exc:
        raise UsageError(f"`{path}` has a bad entry for `{identity}`: {exc}") from exc


def _unknown_keys(members: dict[Any, Any], known: tuple[str, ...], place: str) -> Iterator[str]:
    """Rule 4."""
    from difflib import get_close_matches

    for key in (str(each) for each in members if each not in known):
        close = get_close_matches(key[:100], known, n=1)
        hint = f" (did you mean `{close[0]}`?)" if close else ""
        yield f"the key `{key[:100]}`{place} is not known and does not count{hint}"


def _member(document: Any, name: str, path: str) -> Any:
    if not isinstance(document, dict):
        raise UsageError(f"`{path}` is not an ignore file", hint="`vulnerabilities:` and a list of entries with `id:`")
    return document.get(name)


def _items(value: Any, path: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise UsageError(f"`{path}` has `{str(value)[:80]}` where a list belongs")
    return value


def _text(value: Any, path: str) -> str:
    if value is not None and not isinstance(value, str):
        raise UsageError(f"`{path}` has `{str(value)[:80]}` where text belongs")
    return value or ""
