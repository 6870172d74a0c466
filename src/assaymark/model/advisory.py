"""Advisories and vulnerability details as a vulnerability database states them (trivy-db schema 2)."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Literal, Protocol

import msgspec


class Severity(IntEnum):
    """The database's numbers; the names are what reports print."""

    UNKNOWN = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


class Status(IntEnum):
    """The database's numbers; reports print the lower-case names."""

    UNKNOWN = 0
    NOT_AFFECTED = 1
    AFFECTED = 2
    FIXED = 3
    UNDER_INVESTIGATION = 4
    WILL_NOT_FIX = 5
    FIX_DEFERRED = 6
    END_OF_LIFE = 7

    @property
    def text(self) -> str:
        """The name in a report, such as `will_not_fix`."""
        return self.name.lower()


class DataSource(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where an advisory comes from."""

    id: str = msgspec.field(name="ID", default="")
    name: str = msgspec.field(name="Name", default="")
    url: str = msgspec.field(name="URL", default="")
    base_id: str = msgspec.field(name="BaseID", default="")


class RatedCve(msgspec.Struct, frozen=True, kw_only=True):
    """A vulnerability that a Red Hat erratum repairs, and how bad it is for the package."""

    id: str
    severity: Severity = Severity.UNKNOWN


class AdvisoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One of the statements that Red Hat, Rocky Linux and Oracle Linux keep together under one name.

    Attributes:
        arches: the architectures it is about.
        affected: the products it is about, as indices of CPEs; Red Hat only.
        cves: what it is about, where the advisory's name is an erratum's; Red Hat only.
    """

    fixed_version: str = ""
    arches: tuple[str, ...] = ()
    status: Status = Status.UNKNOWN
    affected: tuple[int, ...] = ()
    cves: tuple[RatedCve, ...] = ()
    custom: Any = None


class Advisory(msgspec.Struct, frozen=True, kw_only=True):
    """One statement that versions of one package are vulnerable.

    Attributes:
        data_source: the record of the bucket it was read from; None where the bucket has none.
        entries: the statements of Red Hat, Rocky Linux and Oracle Linux, which the advisory only holds together.
        custom: whatever the publisher added.
    """

    vulnerability_id: str
    vendor_ids: tuple[str, ...] = ()
    arches: tuple[str, ...] = ()
    status: Status = Status.UNKNOWN
    severity: Severity = Severity.UNKNOWN
    fixed_version: str = ""
    affected_version: str = ""
    vulnerable_versions: tuple[str, ...] = ()
    patched_versions: tuple[str, ...] = ()
    unaffected_versions: tuple[str, ...] = ()
    data_source: DataSource | None = None
    entries: tuple[AdvisoryEntry, ...] = ()
    custom: Any = None


class Cvss(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Scores and vectors of one source. Integral scores are `int`, so that 5.0 prints as 5."""

    v2_vector: str = msgspec.field(name="V2Vector", default="")
    v3_vector: str = msgspec.field(name="V3Vector", default="")
    v40_vector: str = msgspec.field(name="V40Vector", default="")
    v2_score: int | float = msgspec.field(name="V2Score", default=0)
    v3_score: int | float = msgspec.field(name="V3Score", default=0)
    v40_score: int | float = msgspec.field(name="V40Score", default=0)


class Vulnerability(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about a vulnerability itself, whoever is affected.

    Mappings are dicts with their keys in byte order, ready to be printed; dates are RFC 3339 text as the reference
    prints it.
    """

    title: str = ""
    description: str = ""
    severity: str = ""
    cwe_ids: tuple[str, ...] = ()
    vendor_severity: dict[str, int] = {}
    cvss: dict[str, Cvss] = {}
    references: tuple[str, ...] = ()
    published_date: str = ""
    last_modified_date: str = ""


class DatabaseInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Which database answered.

    Attributes:
        uri: an OCI reference with digest where it is known, else empty.
        version: what the record's `scanner.db.version` states: the schema and the day it was built.
        updated_at: when it was built; RFC 3339.
        next_update: when its publisher promises the next; RFC 3339.
        sample: the small database that ships with the program.
        file: names the very file that answered, as long as nobody touches it; empty where it is no file.
    """

    uri: str = ""
    version: str = ""
    updated_at: str = ""
    next_update: str = ""
    downloaded_at: str = ""
    schema: int = 2
    sample: bool = False
    file: str = ""


CpeKey = Literal["repository", "nvr"]
"""What leads to Red Hat's products: a content set, or a build's name, version, release and architecture."""


class AdvisorySource(Protocol):
    """What matching asks of a database."""

    info: DatabaseInfo

    def advisories(self, source: str, package: str) -> list[Advisory]:
        """The advisories on `package` in bucket `source`, or in every bucket that begins with it when it holds `::`."""
        ...

    def has_source(self, source: str) -> bool:
        """Whether the database has a bucket of that name (or prefix, when it holds `::`)."""
        ...

    def bucket_names(self, source: str) -> tuple[str, ...]:
        """The bucket of that name, or those that begin with it when it holds `::`; what exists of them."""
        ...

    def cpe_indices(self, key: CpeKey, name: str) -> tuple[int, ...]:
        """The indices of the Red Hat products that a content set or a build belongs to; none where it is not known."""
        ...

    def detail(self, vulnerability_id: str) -> Vulnerability | None:
        """What is known of the vulnerability; None where the database has no record."""
        ...
