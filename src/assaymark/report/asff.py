"""Findings for AWS Security Hub ("AWS Security Finding Format", 2018-10-08).

As the reference's template writes them, account and region from `AWS_ACCOUNT_ID` and `AWS_REGION`: a description has at
most 512 bytes and a mark where it was cut, in HTML's escapes; an image's name is cut at its beginning; scores are the
NVD's. Where the service's documentation wants something else, the documentation decides:

1. The product is the account's own (`product/ACCOUNT/default`), which takes findings of every program; the reference
   names its vendor's product, which an account has to enable and which is not ours.
2. No text is empty: facts that are not known are left out, and a missing description is the title, or the identifier.
3. A title is cut at 256 characters, an identifier at 512, other facts at 1,024.
4. A finding's identifier is the target and the vulnerability, as the reference's is, so that what an account knows of a
   vulnerability stays; of several packages with one vulnerability in one target Security Hub keeps the last.
5. Times are those of the scan, so the same scan written again is the same finding.
"""

from __future__ import annotations

from typing import Any, BinaryIO, Final

from assaymark.model.advisory import Cvss
from assaymark.model.finding import Finding
from assaymark.model.report import Scan
from assaymark.report.format import Format, Rendering
from assaymark.report.gojson import encode_go
from assaymark.report.inert import line, paragraphs, web_address
from assaymark.report.wording import utc_seconds

_ACCOUNT: Final = "AWS_ACCOUNT_ID"
_REGION: Final = "AWS_REGION"
_SEVERITIES: Final = frozenset({"LOW", "MEDIUM", "HIGH", "CRITICAL"})
_ESCAPES: Final = str.maketrans({"&": "&amp;", "'": "&#39;", "<": "&lt;", ">": "&gt;", '"': "&#34;"})  # as Go escapes
_DESCRIPTION_BYTES: Final = 512
_IMAGE_BYTES: Final = 127
_TITLE_CHARS: Final = 256
_ID_CHARS: Final = 512
_FACT_CHARS: Final = 1_024


def write(scan: Scan, rendering: Rendering, stream: BinaryIO) -> None:
    """The input of `batch-import-findings`, which takes a hundred findings at a time."""
    environment = {name: line(value) for name, value in rendering.environment.items()}
    account, region = environment.get(_ACCOUNT, ""), environment.get(_REGION, "")
    name, moment = scan.report.scanner.name, f"{utc_seconds(scan.finished)}Z"
    origin: dict[str, Any] = {
        "ProductArn": f"arn:aws:securityhub:{region}:{account}:product/{account}/default",
        "AwsAccountId": account,
        "Types": ["Software and Configuration Checks/Vulnerabilities/CVE"],
        "CreatedAt": moment,
        "UpdatedAt": moment,
        "ProductFields": {"Product Name": name},
        "RecordState": "ACTIVE",
    }
    findings = [
        {"SchemaVersion": "2018-10-08", **_finding(finding, line(result.target), name, region), **origin}
        for result in scan.report.results
        for finding in result.vulnerabilities
    ]
    stream.write(encode_go({"Findings": findings}) + b"\n")


def _finding(finding: Finding, target: str, name: str, region: str) -> dict[str, Any]:
    identifier, package = line(finding.vulnerability_id), line(finding.pkg_name)
    title = f"{name} found a vulnerability to {identifier} in container {target}, related to {package}"
    severity = finding.severity if finding.severity in _SEVERITIES else "INFORMATIONAL"
    found: dict[str, Any] = {
        "Id": f"{target}/{identifier}"[-_ID_CHARS:],
        "GeneratorId": f"{name}/{identifier}"[:_ID_CHARS],
        "Severity": {"Label": severity},
        "Title": title[:_TITLE_CHARS],
        "Description": _description(finding),
    }
    if address := web_address(finding.primary_url):
        text = "More information on this vulnerability is provided in the hyperlink"
        found["Remediation"] = {"Recommendation": {"Text": text, "Url": address}}
    found["Resources"] = [_resource(finding, target, region)]
    return found


def _description(finding: Finding) -> str:
    text = paragraphs(finding.description) or line(finding.title) or line(finding.vulnerability_id)
    data = text.encode()
    if len(data) > _DESCRIPTION_BYTES:
        text = data[:_DESCRIPTION_BYTES].decode(errors="ignore") + " .."
    return text.translate(_ESCAPES)


def _resource(finding: Finding, target: str, region: str) -> dict[str, Any]:
    nvd = finding.cvss.get("nvd", Cvss())
    facts = {
        "CVE ID": finding.vulnerability_id,
        "CVE Title": finding.title,
        "PkgName": finding.pkg_name,
        "Installed Package": finding.installed_version,
        "Patched Package": finding.fixed_version,
        "NvdCvssScoreV3": f"{nvd.v3_score:g}",
        "NvdCvssVectorV3": nvd.v3_vector,
        "NvdCvssScoreV2": f"{nvd.v2_score:g}",
        "NvdCvssVectorV2": nvd.v2_vector,
    }
    known = {key: line(value)[:_FACT_CHARS] for key, value in facts.items() if value.strip()}
    image = target if len(target.encode()) <= _IMAGE_BYTES else f"...{target[-124:]}"
    return {
        "Type": "Container",
        "Id": target[-_ID_CHARS:],
        "Partition": "aws",
        "Region": region,
        "Details": {"Container": {"ImageName": image}, "Other": known},
    }


FORMAT: Final = Format(
    name="asff",
    media_type="application/json",
    summary="findings for AWS Security Hub",
    write=write,
    variables=(_ACCOUNT, _REGION),
)
