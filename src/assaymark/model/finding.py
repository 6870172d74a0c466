"""Findings: one vulnerability in one package, with the reference's field names and order."""

from __future__ import annotations

from typing import Any

import msgspec

from assaymark.model.advisory import Cvss, DataSource
from assaymark.model.package import NO_IDENTIFIER, NO_LAYER, LayerRef, PackageIdentifier


class Finding(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True):
    """A detected vulnerability, its details included."""

    vulnerability_id: str = msgspec.field(name="VulnerabilityID", default="")
    vendor_ids: tuple[str, ...] = msgspec.field(name="VendorIDs", default=())
    pkg_id: str = msgspec.field(name="PkgID", default="")
    pkg_name: str = ""
    pkg_path: str = ""
    pkg_identifier: PackageIdentifier = NO_IDENTIFIER
    installed_version: str = ""
    fixed_version: str = ""
    status: str = ""
    layer: LayerRef = NO_LAYER
    severity_source: str = ""
    primary_url: str = msgspec.field(name="PrimaryURL", default="")
    data_source: DataSource | None = None
    fingerprint: str = ""
    custom: Any = None
    title: str = ""
    description: str = ""
    severity: str = ""
    cwe_ids: tuple[str, ...] = msgspec.field(name="CweIDs", default=())
    vendor_severity: dict[str, int] = {}
    cvss: dict[str, Cvss] = msgspec.field(name="CVSS", default={})
    references: tuple[str, ...] = ()
    published_date: str = ""
    last_modified_date: str = ""


class ModifiedFinding(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A finding that a filter took out, and why."""

    type: str
    status: str
    statement: str
    source: str
    finding: Finding
