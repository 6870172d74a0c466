"""A report as templates see it: the reference's `types.Results`, field by field under its Go names.

The fields of every type, their order and their Go types come from the reference's sources (`pkg/types`,
`pkg/fanal/types`, trivy-db's `pkg/types`, packageurl-go). What only other scanners fill is there and empty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, ClassVar, Final

import msgspec

from assaymark.model import advisory
from assaymark.model.package import Relationship
from assaymark.model.purl import Purl, find_purl
from assaymark.model.report import Report
from assaymark.report.gotemplate.times import GoTime, parse_rfc3339
from assaymark.report.gotemplate.values import (
    Enum,
    Function,
    GoList,
    GoMap,
    Named,
    Nil,
    Spelled,
    Struct,
    StructType,
    whole,
)

Getter = Callable[[Any], Any]


class Status(Enum):
    """trivy-db's Status, whose name only a pointer to it knows."""

    __slots__ = ()
    go_type: ClassVar[str] = "types.Status"
    by_value: ClassVar[bool] = False
    names: ClassVar[tuple[str, ...]] = tuple(each.text for each in advisory.Status)


class Severity(Enum):
    """trivy-db's Severity."""

    __slots__ = ()
    go_type: ClassVar[str] = "types.Severity"
    names: ClassVar[tuple[str, ...]] = tuple(each.name for each in advisory.Severity)


class Hanging(Enum):
    """The reference's Relationship."""

    __slots__ = ()
    go_type: ClassVar[str] = "types.Relationship"
    names: ClassVar[tuple[str, ...]] = tuple(each.value for each in Relationship)


def results_of(report: Report) -> GoList:
    """What `.` is at the beginning of a template."""
    results = (Struct(_RESULT, each) for each in report.results)
    failed = any(each.vulnerabilities for each in report.results)
    return Spelled(results, go_type="types.Results", methods={"Failed": Function("", lambda _: failed)})


def plain(value: Struct) -> Any:
    """What `toJson` writes of a struct: the keys of the JSON report, as far as they are the type's own."""
    tree = msgspec.to_builtins(value.source, enc_hook=str)
    if value.type is not _VULNERABILITY or not isinstance(tree, dict):
        return tree
    return {key: each for key, each in tree.items() if key in value.type.fields}


def source_id(text: str) -> Named:
    """`sourceID`: the key of a database in `.CVSS` and `.VendorSeverity`."""
    return Named(text, "types.SourceID")


def _named(attribute: str, go_type: str) -> Getter:
    get = attrgetter(attribute)
    return lambda source: Named(whole(get(source)), go_type)


def _texts(attribute: str) -> Getter:
    get = attrgetter(attribute)
    return lambda source: GoList(map(whole, get(source)), nil=True)


def _structs(attribute: str, kind: StructType, go_type: str) -> Getter:
    get = attrgetter(attribute)
    return lambda source: GoList((Struct(kind, each) for each in get(source)), go_type=go_type, nil=True)


def _struct(attribute: str, kind: StructType) -> Getter:
    get = attrgetter(attribute)
    return lambda source: Struct(kind, get(source))


def _pointer(attribute: str, kind: StructType) -> Getter:
    get = attrgetter(attribute)

    def pointed(source: Any) -> Any:
        value = get(source)
        return Nil(f"*{kind.name}") if value is None else Struct(kind, value, pointer=True)

    return pointed


def _time(attribute: str) -> Getter:
    get = attrgetter(attribute)

    def moment(source: Any) -> Any:
        text = get(source)
        if not text:
            return Nil("*time.Time")
        time = parse_rfc3339(text)
        return GoTime(time.moment, time.nanoseconds, time.zone, pointer=True)

    return moment


def _enum(attribute: str, kind: type[Enum]) -> Getter:
    get = attrgetter(attribute)
    numbers = {name: number for number, name in enumerate(kind.names)}

    def number(source: Any) -> Enum:
        value = get(source)
        return kind(numbers.get(value.value if isinstance(value, Relationship) else value, 0))

    return number


def _nothing(go_type: str) -> Getter:
    return lambda _: GoList(go_type=go_type, nil=True)


def _constant(value: Any) -> Getter:
    return lambda _: value


def _purl(source: Any) -> Any:
    purl = find_purl(source.purl) if source.purl else None
    return Nil("*packageurl.PackageURL") if purl is None else Struct(_PURL, purl, pointer=True)


def _severities(source: Any) -> GoMap:
    items = {source_id(key): Severity(number) for key, number in source.vendor_severity.items()}
    return GoMap(items, go_type="types.VendorSeverity", zero=Severity(0))


def _scores(source: Any) -> GoMap:
    items = {source_id(key): Struct(_CVSS, cvss) for key, cvss in source.cvss.items()}
    return GoMap(items, go_type="types.VendorCVSS", zero=Struct(_CVSS, _NO_SCORE))


def _score(attribute: str) -> Getter:
    get = attrgetter(attribute)
    return lambda source: float(get(source))


def _qualifiers(source: Purl) -> GoList:
    pairs = (Struct(_QUALIFIER, pair) for pair in source.qualifiers)
    text = str(source).partition("?")[2].partition("#")[0]
    return Spelled(pairs, go_type="packageurl.Qualifiers", text=text)


def _is_empty(source: Any) -> bool:
    return not (source.packages or source.vulnerabilities or source.modified_findings)


def _fields(**getters: Getter | str) -> Mapping[str, Getter]:
    return {name: attrgetter(get) if isinstance(get, str) else get for name, get in getters.items()}


class _Scores(msgspec.Struct, frozen=True):
    """No scores at all."""

    v2_vector: str = ""
    v3_vector: str = ""
    v40_vector: str = ""
    v2_score: float = 0.0
    v3_score: float = 0.0
    v40_score: float = 0.0


_NO_SCORE: Final = _Scores()
_CVSS: Final = StructType(
    "types.CVSS",
    _fields(
        V2Vector="v2_vector",
        V3Vector="v3_vector",
        V40Vector="v40_vector",
        V2Score=_score("v2_score"),
        V3Score=_score("v3_score"),
        V40Score=_score("v40_score"),
    ),
)
_QUALIFIER: Final = StructType(
    "packageurl.Qualifier", {"Key": lambda pair: pair[0], "Value": lambda pair: pair[1]}, text="=".join
)
_PURL: Final = StructType(
    "packageurl.PackageURL",
    _fields(
        Type="type",
        Namespace="namespace",
        Name="name",
        Version="version",
        Qualifiers=_qualifiers,
        Subpath="subpath",
    ),
    methods={"String": Function("", str), "ToString": Function("", str)},
    text=str,
)
_IDENTIFIER: Final = StructType(
    "types.PkgIdentifier",
    _fields(UID="uid", PURL=_purl, BOMRef="bom_ref"),
    methods={"Empty": Function("", lambda source: not (source.uid or source.purl or source.bom_ref))},
)
_LAYER: Final = StructType(
    "types.Layer", _fields(Size=_constant(0), Digest="digest", DiffID="diff_id", CreatedBy=_constant(""))
)
_LOCATION: Final = StructType("types.Location", _fields(StartLine="start_line", EndLine="end_line"))
_BUILD_INFO: Final = StructType("types.BuildInfo", _fields(ContentSets=_texts("content_sets"), Nvr="nvr", Arch="arch"))
_REPOSITORY: Final = StructType("types.PackageRepository", _fields(Class=_named("class_", "types.RepositoryClass")))
_DATA_SOURCE: Final = StructType(
    "types.DataSource",
    _fields(ID=_named("id", "types.SourceID"), Name="name", URL="url", BaseID=_named("base_id", "types.SourceID")),
)
_PACKAGE: Final = StructType(
    "types.Package",
    _fields(
        ID="id",
        Name="name",
        Identifier=_struct("identifier", _IDENTIFIER),
        Version="version",
        Release="release",
        Epoch="epoch",
        Arch="arch",
        Dev="dev",
        SrcName="src_name",
        SrcVersion="src_version",
        SrcRelease="src_release",
        SrcEpoch="src_epoch",
        Licenses=_texts("licenses"),
        Maintainer="maintainer",
        ExternalReferences=_nothing("[]types.ExternalRef"),
        Modularitylabel="modularitylabel",
        BuildInfo=_pointer("build_info", _BUILD_INFO),
        Repository=_struct("repository", _REPOSITORY),
        Indirect="indirect",
        Relationship=_enum("relationship", Hanging),
        DependsOn=_texts("depends_on"),
        Layer=_struct("layer", _LAYER),
        FilePath="file_path",
        Digest=_named("digest", "digest.Digest"),
        Locations=_structs("locations", _LOCATION, "types.Locations"),
        InstalledFiles=_texts("installed_files"),
        AnalyzedBy=_named("analyzed_by", "types.AnalyzerType"),
    ),
    methods={"Empty": Function("", lambda source: not (source.name and source.version))},
)
_VULNERABILITY: Final = StructType(
    "types.Vulnerability",
    _fields(
        Title="title",
        Description="description",
        Severity="severity",
        CweIDs=_texts("cwe_ids"),
        VendorSeverity=_severities,
        CVSS=_scores,
        References=_texts("references"),
        PublishedDate=_time("published_date"),
        LastModifiedDate=_time("last_modified_date"),
        Custom=_constant(None),
    ),
)
_FINDING: Final = StructType(
    "types.DetectedVulnerability",
    _fields(
        VulnerabilityID="vulnerability_id",
        VendorIDs=_texts("vendor_ids"),
        PkgID="pkg_id",
        PkgName="pkg_name",
        PkgPath="pkg_path",
        PkgIdentifier=_struct("pkg_identifier", _IDENTIFIER),
        InstalledVersion="installed_version",
        FixedVersion="fixed_version",
        Status=_enum("status", Status),
        Layer=_struct("layer", _LAYER),
        SeveritySource=_named("severity_source", "types.SourceID"),
        PrimaryURL="primary_url",
        DataSource=_pointer("data_source", _DATA_SOURCE),
        Fingerprint="fingerprint",
        Custom="custom",
        Vulnerability=lambda source: Struct(_VULNERABILITY, source),
    ),
    embedded="Vulnerability",
    methods={"FindingType": Function("", lambda _: Named("vulnerability", "types.FindingType"))},
)
_MODIFIED: Final = StructType(
    "types.ModifiedFinding",
    _fields(
        Type=_named("type", "types.FindingType"),
        Status=_named("status", "types.FindingStatus"),
        Statement="statement",
        Source="source",
        Finding=_struct("finding", _FINDING),
    ),
)
_RESULT: Final = StructType(
    "types.Result",
    _fields(
        Target="target",
        Class=_named("class_", "types.ResultClass"),
        Type=_named("type", "types.TargetType"),
        Packages=_structs("packages", _PACKAGE, "[]types.Package"),
        Vulnerabilities=_structs("vulnerabilities", _FINDING, "[]types.DetectedVulnerability"),
        MisconfSummary=_constant(Nil("*types.MisconfSummary")),
        Misconfigurations=_nothing("[]types.DetectedMisconfiguration"),
        Secrets=_nothing("[]types.DetectedSecret"),
        Licenses=_nothing("[]types.DetectedLicense"),
        CustomResources=_nothing("[]types.CustomResource"),
        ModifiedFindings=_structs("modified_findings", _MODIFIED, "[]types.ModifiedFinding"),
    ),
    methods={"IsEmpty": Function("", _is_empty)},
)
