"""Why a vulnerability is in a report, or is not: what was asked of the database, and what became of the answers."""

from __future__ import annotations

from enum import Enum

import msgspec

from assaymark.model.advisory import DataSource
from assaymark.model.finding import Finding
from assaymark.model.package import LayerRef


class Verdict(Enum):
    """What became of one package."""

    LISTED = "listed"
    LEFT_OUT = "left out"
    NOT_AFFECTED = "not affected"
    NOT_COMPARED = "not compared"


class Grounds(msgspec.Struct, frozen=True, kw_only=True):
    """One advisory that was found for a package.

    Attributes:
        bucket: of the database.
        asked: the name that was looked up there.
        advisory: what the publisher calls it there.
        aliases: other names that it has there.
        affected: the versions that it calls vulnerable, in words.
        fixed: the versions that it calls repaired; empty where there is none.
        source: who published it; None where the database does not say.
    """

    bucket: str
    asked: str
    advisory: str
    aliases: tuple[str, ...] = ()
    affected: str
    fixed: str = ""
    source: DataSource | None = None


class ExplainedPackage(msgspec.Struct, frozen=True, kw_only=True):
    """One package that advisories of the vulnerability speak of.

    Attributes:
        compared: the version that was compared with the advisories: a source package's, for some systems.
        target, type: of the result.
        path: the file that brings it in.
        reason: why the verdict is what it is.
        finding: what was found, whether it is listed or not.
    """

    name: str
    version: str
    compared: str
    target: str
    type: str
    path: str = ""
    layer: LayerRef
    verdict: Verdict
    reason: str
    finding: Finding | None = None
    grounds: tuple[Grounds, ...]


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """One vulnerability in one artifact.

    Attributes:
        asked: the name that the user gave.
        names: all names that advisories give it.
        known: whether the database describes it.
        packages: those that its advisories speak of.
        sources: the buckets that were asked about packages of the artifact.
    """

    asked: str
    names: tuple[str, ...] = ()
    known: bool = False
    title: str = ""
    severity: str = ""
    packages: tuple[ExplainedPackage, ...] = ()
    sources: tuple[str, ...] = ()
