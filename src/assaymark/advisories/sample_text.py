"""The text format of the sample database: advisory facts that a person can read and a diff can show.

A file holds one bucket, or the details of vulnerabilities. `#` begins a comment line, empty lines mean nothing.

    bucket debian 12                                    the database's name of the source
    data-source debian; Debian Security Tracker; https://…
                                                        id; name; URL of where the facts come from
    package openssl
      CVE-2023-0464; fixed 3.0.9-1; vendor DSA-5417-1   an advisory: id, then facts

Facts of an advisory are `fixed`, `affected` (first affected version), `status`, `severity`, and, as often as needed,
`vulnerable` (a range), `patched` and `vendor` (another id). In `details.txt` a line that is not indented is an id, and
below it stand `title`, `severity <source> <name>`, `cvss <source> <score> <v3 vector>`, `cwe`, `published` and
`modified`.

The parsed text is the tree that `assaymark.advisories.bolt_writer` writes, in trivy-db's layout.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from assaymark.model.advisory import Severity, Status

_FIELDS: Final = {"fixed": "FixedVersion", "affected": "AffectedVersion"}
_LISTS: Final = {"vulnerable": "VulnerableVersions", "patched": "PatchedVersions", "vendor": "VendorIDs"}
_DETAIL_FIELDS: Final = {"title": "Title", "published": "PublishedDate", "modified": "LastModifiedDate"}

Buckets = dict[bytes, dict[bytes, Any]]


def parse_bucket(text: str, tree: Buckets) -> None:
    """Add the bucket that `text` describes to `tree`.

    Raises:
        ValueError: a line is not of the format; the message has its number.
    """
    bucket, package = b"", b""
    for number, line in _lines(text):
        word, _, rest = line.strip().partition(" ")
        try:
            if line.startswith(" "):
                identity, *facts = (part.strip() for part in line.split(";"))
                tree[bucket][package][identity.encode()] = msgspec.json.encode(_advisory(facts))
            elif word == "package":
                package = rest.encode()
                tree[bucket].setdefault(package, {})
            elif word == "data-source":
                tree.setdefault(b"data-source", {})[bucket] = _data_source(rest)
            else:
                bucket = {"bucket": rest}[word].encode()
                tree.setdefault(bucket, {})
        except (KeyError, ValueError) as exc:
            raise ValueError(f"line {number}: {exc}") from exc


def parse_details(text: str, tree: Buckets) -> None:
    """Add the vulnerabilities that `text` describes to `tree`.

    Raises:
        ValueError: a line is not of the format; the message has its number.
    """
    details: dict[str, dict[str, Any]] = {}
    record: dict[str, Any] = {}
    for number, line in _lines(text):
        try:
            if line.startswith(" "):
                _add_detail(record, *line.strip().split(" ", 1))
            else:
                record = details[line] = {"References": [_reference(line)]}
        except (KeyError, TypeError, ValueError) as exc:
            raise ValueError(f"line {number}: {exc}") from exc
    bucket = tree.setdefault(b"vulnerability", {})
    for identity, found in details.items():
        bucket[identity.encode()] = msgspec.json.encode({**found, "Description": _description(found)})


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            yield number, line.rstrip()


def _data_source(text: str) -> bytes:
    identity, name, url = (part.strip() for part in text.split(";"))
    return msgspec.json.encode({"ID": identity, "Name": name, "URL": url})


def _advisory(facts: Iterable[str]) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for fact in facts:
        word, _, value = fact.partition(" ")
        if word in _FIELDS:
            record[_FIELDS[word]] = value
        elif word in _LISTS:
            record.setdefault(_LISTS[word], []).append(value)
        elif word == "status":
            record["Status"] = int(Status[value.upper()])
        elif word == "severity":
            record["Severity"] = int(Severity[value.upper()])
        else:
            raise ValueError(f"`{word}` is not known")
    return record


def _add_detail(record: dict[str, Any], word: str, value: str) -> None:
    if word in _DETAIL_FIELDS:
        record[_DETAIL_FIELDS[word]] = value
    elif word == "cwe":
        record.setdefault("CweIDs", []).append(value)
    elif word == "severity":
        source, name = value.split(" ")
        record.setdefault("VendorSeverity", {})[source] = int(Severity[name.upper()])
        record.setdefault("Severity", name.upper())
    elif word == "cvss":
        source, score, vector = value.split(" ")
        record.setdefault("CVSS", {})[source] = {"V3Score": float(score), "V3Vector": vector}
    else:
        raise ValueError(f"`{word}` is not known")


def _reference(identity: str) -> str:
    if identity.startswith("GHSA-"):
        return f"https://github.com/advisories/{identity}"
    return f"https://nvd.nist.gov/vuln/detail/{identity}"


def _description(record: dict[str, Any]) -> str:
    """One sentence; the full text is where the reference leads."""
    package, _, weakness = record.get("Title", "").partition(": ")
    classes = f" ({', '.join(record['CweIDs'])})" if "CweIDs" in record else ""
    return f"In {package}, {weakness}{classes}. From the sample database of assaymark; the reference has the full text."
