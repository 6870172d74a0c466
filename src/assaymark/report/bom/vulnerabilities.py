"""Vulnerabilities as CycloneDX has them (https://cyclonedx.org/docs/1.7/json/#vulnerabilities).

1. One entry a vulnerability, whatever it affects; the first finding gives what they share. Entries, and what each one
   affects, are sorted.
2. A rating for each source that rated it: one for each version of CVSS that it gives, else its severity alone. The
   severity of the NVD is that of its CVSS v3, so one for v2 follows from the score.
3. The recommendation has one sentence for each package that has a fixed version.
4. Advisories are web addresses: the primary one, then the references, of each its first word that is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from assaymark.model.advisory import Cvss
from assaymark.model.finding import Finding
from assaymark.report.bom.document import seconds
from assaymark.report.inert import web_address

ZONE: Final = "+00:00"

_SEVERITIES: Final = {1: "low", 2: "medium", 3: "high", 4: "critical"}
_V3: Final = "CVSS:3.1"
_NVD: Final = "nvd"


def vulnerabilities(found: Iterable[tuple[str, Finding]]) -> list[dict[str, Any]]:
    """The entries for findings, each with the reference of the component that has it."""
    entries: dict[str, list[tuple[str, Finding]]] = {}
    for ref, finding in found:
        entries.setdefault(finding.vulnerability_id, []).append((ref, finding))
    return [_entry(entries[identifier]) for identifier in sorted(entries)]


def _entry(found: list[tuple[str, Finding]]) -> dict[str, Any]:
    """One vulnerability; members in the reference's order."""
    first = found[0][1]
    source = first.data_source
    members = {
        "id": first.vulnerability_id,
        "source": _present({"name": source.id, "url": source.url}) if source else None,
        "ratings": sorted(_ratings(first), key=_rating_order),
        "cwes": list(_cwes(first.cwe_ids)),
        "description": first.description,
        "recommendation": "; ".join(sorted({_upgrade(each) for _, each in found if each.fixed_version})),
        "advisories": [{"url": url} for url in dict.fromkeys(_addresses(first))],
        "published": seconds(first.published_date, suffix=ZONE),
        "updated": seconds(first.last_modified_date, suffix=ZONE),
        "affects": [_affected(ref, version) for ref, version in sorted({(r, f.installed_version) for r, f in found})],
    }
    return {name: value for name, value in members.items() if value or name == "ratings"}


def _affected(ref: str, version: str) -> dict[str, Any]:
    return {"ref": ref, "versions": [_present({"version": version, "status": "affected"})]}


def _upgrade(finding: Finding) -> str:
    return f"Upgrade {finding.pkg_name} to version {finding.fixed_version}"


def _present(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value}


def _cwes(identifiers: Iterable[str]) -> Iterator[int]:
    for identifier in identifiers:
        digits = identifier.lower().removeprefix("cwe-")
        if digits.isascii() and digits.isdecimal() and len(digits) < 10:
            yield int(digits)


# rule 2


def _ratings(finding: Finding) -> Iterator[dict[str, Any]]:
    for source, severity in finding.vendor_severity.items():
        cvss = finding.cvss.get(source)
        named = {"source": {"name": source}}
        rated = _SEVERITIES.get(severity, "unknown")
        if cvss is None:
            yield {**named, "severity": rated}
            continue
        for method, score, vector in _scored(cvss):
            of_score = method == "CVSSv2" and source == _NVD
            rating = {**named, "score": score, "severity": _v2_severity(score) if of_score else rated, "method": method}
            yield rating | ({"vector": vector} if vector else {})


def _scored(cvss: Cvss) -> Iterator[tuple[str, int | float, str]]:
    if cvss.v2_score or cvss.v2_vector:
        yield "CVSSv2", cvss.v2_score, cvss.v2_vector
    if cvss.v3_score or cvss.v3_vector:
        yield "CVSSv31" if cvss.v3_vector.startswith(_V3) else "CVSSv3", cvss.v3_score, cvss.v3_vector
    if cvss.v40_score or cvss.v40_vector:
        yield "CVSSv4", cvss.v40_score, cvss.v40_vector


def _v2_severity(score: float) -> str:
    if score < 4:
        return "info"
    return "medium" if score < 7 else "high"


def _rating_order(rating: dict[str, Any]) -> tuple[str, str, float]:
    return rating["source"]["name"], rating.get("method", ""), rating.get("score", 0)


# rule 4


def _addresses(finding: Finding) -> Iterator[str]:
    for text in (finding.primary_url, *finding.references):
        address = next(filter(None, map(web_address, text.split(" "))), "")
        if address:
            yield address
