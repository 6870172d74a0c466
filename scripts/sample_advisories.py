"""Writes the text files of the sample database from a full one: facts are taken over, titles are ours.

    PYTHONPATH=src python scripts/sample_advisories.py <folder with trivy.db and metadata.json>

Which packages and years are taken is `SELECTION`; the words of the titles are `WEAKNESSES` (our names for the classes
of weaknesses of cwe.mitre.org) and `TITLES` (what the demo shows). The format is described in
`src/assaymark/advisories/sample_text.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from assaymark.advisories.trivy_db import TrivyDatabase, open_trivy_db
from assaymark.model.advisory import Advisory, DatabaseInfo, Severity, Vulnerability

TARGET: Final = Path(__file__).parent.parent / "src" / "assaymark" / "advisories" / "sample"
DEBIAN: Final = (
    "apt bash curl dpkg e2fsprogs expat glibc gnutls28 libgcrypt20 libtasn1-6 ncurses openssl perl shadow systemd tar "
    "util-linux zlib"
)
ALPINE: Final = "apk-tools busybox musl openssl zlib"
PIP: Final = (
    "certifi django flask gunicorn idna jinja2 paramiko pip pyyaml requests setuptools sqlparse urllib3 werkzeug wheel"
)

SELECTION: Final[dict[str, tuple[str, str, int]]] = {
    "alpine-3.10.txt": ("alpine 3.10", f"{ALPINE} expat nghttp2 sqlite", 0),
    "alpine-3.18.txt": ("alpine 3.18", ALPINE, 2022),
    "alpine-3.21.txt": ("alpine 3.21", ALPINE, 2023),
    "debian-11.txt": ("debian 11", DEBIAN, 2023),
    "debian-12.txt": ("debian 12", DEBIAN, 2023),
    "pip.txt": ("pip::GitHub Security Advisory pip", PIP, 2018),
}
"""File → bucket, packages, and the first year of CVE ids to take."""

WEAKNESSES: Final[dict[str, str]] = {
    "CWE-20": "input is not validated",
    "CWE-22": "paths lead outside the intended folder",
    "CWE-61": "symbolic links are followed",
    "CWE-74": "input reaches another interpreter",
    "CWE-77": "commands can be injected",
    "CWE-78": "commands can be injected",
    "CWE-79": "script can be injected into pages",
    "CWE-89": "SQL can be injected",
    "CWE-90": "LDAP queries can be injected",
    "CWE-93": "line breaks can be injected",
    "CWE-94": "code can be injected",
    "CWE-113": "header lines can be injected",
    "CWE-116": "output is not encoded properly",
    "CWE-119": "memory is accessed outside a buffer",
    "CWE-120": "a buffer is filled without a check of its size",
    "CWE-121": "a buffer on the stack overflows",
    "CWE-122": "a buffer on the heap overflows",
    "CWE-125": "memory behind a buffer is read",
    "CWE-130": "a length field is believed",
    "CWE-131": "a buffer's size is miscalculated",
    "CWE-150": "control sequences are passed on",
    "CWE-185": "a regular expression is wrong",
    "CWE-190": "an integer overflows",
    "CWE-191": "an integer falls below its range",
    "CWE-200": "information is exposed",
    "CWE-203": "behaviour reveals secrets",
    "CWE-208": "timing reveals secrets",
    "CWE-248": "an exception is not caught",
    "CWE-255": "credentials are not kept well",
    "CWE-264": "permissions are not kept well",
    "CWE-269": "privileges are not kept apart",
    "CWE-276": "default permissions are too wide",
    "CWE-287": "authentication can be passed by",
    "CWE-295": "certificates are not verified properly",
    "CWE-310": "cryptography is misused",
    "CWE-311": "secrets are not encrypted",
    "CWE-319": "secrets travel in clear text",
    "CWE-326": "the encryption is too weak",
    "CWE-327": "a broken algorithm is used",
    "CWE-330": "random values can be predicted",
    "CWE-331": "random values can be guessed",
    "CWE-345": "authenticity is not verified",
    "CWE-347": "a signature is not verified properly",
    "CWE-352": "requests of other sites are obeyed",
    "CWE-354": "integrity is not verified properly",
    "CWE-362": "concurrent work races",
    "CWE-369": "a number is divided by zero",
    "CWE-377": "temporary files are predictable",
    "CWE-399": "resources are not looked after",
    "CWE-400": "resources are used without bounds",
    "CWE-401": "memory is never given back",
    "CWE-404": "resources are not released",
    "CWE-407": "an algorithm is slow on bad input",
    "CWE-415": "memory is freed twice",
    "CWE-416": "memory is used after it was freed",
    "CWE-426": "files are searched in untrusted places",
    "CWE-427": "files are searched in untrusted places",
    "CWE-434": "any kind of file can be uploaded",
    "CWE-444": "requests can be smuggled",
    "CWE-457": "a variable is used before it has a value",
    "CWE-459": "something is left behind",
    "CWE-466": "a pointer leaves its buffer",
    "CWE-476": "a null pointer is followed",
    "CWE-494": "downloaded code is not verified",
    "CWE-502": "untrusted data is deserialised",
    "CWE-522": "credentials are not protected well",
    "CWE-532": "secrets reach a log",
    "CWE-601": "redirects lead anywhere",
    "CWE-606": "a loop's condition is not checked",
    "CWE-611": "external XML entities are read",
    "CWE-617": "an assertion can be reached",
    "CWE-638": "access is not checked every time",
    "CWE-640": "passwords can be reset by others",
    "CWE-665": "something is not initialised properly",
    "CWE-667": "locks are not taken properly",
    "CWE-669": "something reaches the wrong place",
    "CWE-670": "control flow is wrong",
    "CWE-674": "recursion is not bounded",
    "CWE-703": "exceptional conditions are not checked",
    "CWE-704": "a type is converted wrongly",
    "CWE-732": "permissions are too wide",
    "CWE-754": "unusual conditions are not checked",
    "CWE-755": "errors are not treated properly",
    "CWE-763": "the wrong memory is freed",
    "CWE-770": "resources are given out without limits",
    "CWE-772": "resources are not released",
    "CWE-776": "XML entities expand without bounds",
    "CWE-787": "memory behind a buffer is written",
    "CWE-822": "an untrusted pointer is followed",
    "CWE-823": "a pointer is moved outside its buffer",
    "CWE-834": "a loop runs too long",
    "CWE-835": "a loop never ends",
    "CWE-843": "memory is read as another type",
    "CWE-863": "authorisation is not checked properly",
    "CWE-908": "memory is used before it has a value",
    "CWE-909": "something is never initialised",
    "CWE-918": "the server can be made to send requests",
    "CWE-1284": "an amount is not validated",
    "CWE-1321": "prototypes can be polluted",
    "CWE-1325": "memory is given out without limits",
    "CWE-1333": "a regular expression is slow on bad input",
}
UNKNOWN_WEAKNESS: Final = "a weakness of no recorded kind"

TITLES: Final[dict[str, str]] = {
    "CVE-2021-36159": "apk-tools: libfetch reads past the end of numbers in an FTP reply",
    "CVE-2021-30139": "apk-tools: a crafted package makes the reader run past its buffer",
    "CVE-2021-28831": "busybox: a broken gzip stream makes the program free what it never had",
    "CVE-2020-28928": "musl: converting wide characters with a small limit writes past the buffer",
    "CVE-2019-14697": "musl: the x87 stack is left unbalanced on i386, and memory may be overwritten",
    "CVE-2021-3449": "openssl: a renegotiating client can crash the server",
    "CVE-2021-3450": "openssl: strict checking accepts certificates of authorities that are none",
    "CVE-2020-1971": "openssl: comparing EDIPartyName entries follows a null pointer",
    "CVE-2020-1967": "openssl: an unknown signature algorithm crashes either side of a handshake",
    "CVE-2022-37434": "zlib: a long extra field in a gzip header overruns inflate's memory",
    "CVE-2024-3094": "xz-utils: the release contains a back door",
    "CVE-2020-14343": "pyyaml: the full loader runs code that a document names",
    "CVE-2020-26137": "urllib3: a request method with line breaks adds header lines",
    "CVE-2020-28493": "jinja2: urlize takes very long on text full of dots",
    "CVE-2021-33503": "urllib3: an address with many @ signs takes very long to parse",
    "CVE-2023-43804": "urllib3: a Cookie header follows redirects to other hosts",
    "CVE-2023-45803": "urllib3: a request's body follows redirects that turn it into a GET",
    "CVE-2024-22195": "jinja2: keys with blanks add attributes through xmlattr",
    "CVE-2024-34064": "jinja2: keys with separators add attributes through xmlattr",
    "CVE-2024-37891": "urllib3: Proxy-Authorization follows redirects to other hosts",
    "CVE-2024-56326": "jinja2: the sandbox misses indirect calls of str.format",
}
SEVERITY_SOURCES: Final = ("nvd", "ghsa", "redhat", "ubuntu", "debian")
SCORE_SOURCES: Final = ("nvd", "ghsa")


def main(folder: Path) -> None:
    """Write every file of `SELECTION`, and the details of what stands in them."""
    first_packages: dict[str, str] = {}
    with open_trivy_db(folder / "trivy.db", DatabaseInfo()) as database:
        for name, (bucket, packages, year) in SELECTION.items():
            lines = list(advisory_lines(database, bucket, packages.split(), year, first_packages))
            (TARGET / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
        lines = ["# What is known of the vulnerabilities themselves. Facts only; titles in our own words."]
        for identity, package in sorted(first_packages.items()):
            detail = database.detail(identity)
            if detail is not None:
                lines += ["", *detail_lines(identity, package, detail)]
        (TARGET / "details.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def advisory_lines(
    database: TrivyDatabase, bucket: str, packages: list[str], year: int, seen: dict[str, str]
) -> Iterator[str]:
    """The lines of one bucket; notes in `seen` which package a vulnerability was met in first."""
    yield f"bucket {bucket}"
    source = None
    for package in sorted(packages):
        chosen = [found for found in database.advisories(bucket, package) if _is_recent(found.vulnerability_id, year)]
        if chosen and source is None and (source := chosen[0].data_source) is not None:
            yield f"data-source {source.id}; {source.name}; {source.url}"
        if chosen:
            yield ""
            yield f"package {package}"
        for advisory in sorted(chosen, key=lambda found: found.vulnerability_id):
            seen.setdefault(advisory.vulnerability_id, package)
            yield "  " + "; ".join([advisory.vulnerability_id, *_fields(advisory)])


def _is_recent(identity: str, year: int) -> bool:
    return identity.startswith("CVE-") and int(identity.split("-")[1]) >= year


def _fields(advisory: Advisory) -> Iterator[str]:
    if advisory.fixed_version:
        yield f"fixed {advisory.fixed_version}"
    if advisory.affected_version:
        yield f"affected {advisory.affected_version}"
    if advisory.status:
        yield f"status {advisory.status.text}"
    if advisory.severity:
        yield f"severity {advisory.severity.name.lower()}"
    yield from (f"vulnerable {text}" for text in advisory.vulnerable_versions)
    yield from (f"patched {text}" for text in advisory.patched_versions)
    yield from (f"vendor {text}" for text in advisory.vendor_ids)


def detail_lines(identity: str, package: str, detail: Vulnerability) -> Iterator[str]:
    """The block of one vulnerability."""
    known = [WEAKNESSES[cwe] for cwe in detail.cwe_ids if cwe in WEAKNESSES]
    yield identity
    yield f"  title {TITLES.get(identity) or f'{package}: {known[0] if known else UNKNOWN_WEAKNESS}'}"
    for source in SEVERITY_SOURCES:
        if source in detail.vendor_severity:
            yield f"  severity {source} {Severity(detail.vendor_severity[source]).name.lower()}"
    for source in SCORE_SOURCES:
        scores = detail.cvss.get(source)
        if scores is not None and scores.v3_vector:
            yield f"  cvss {source} {scores.v3_score} {scores.v3_vector}"
    yield from (f"  cwe {cwe}" for cwe in detail.cwe_ids)
    if detail.published_date:
        yield f"  published {detail.published_date}"
    if detail.last_modified_date:
        yield f"  modified {detail.last_modified_date}"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
