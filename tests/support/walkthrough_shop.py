"""The shop of `docs/walkthroughs/`: a registry with images to scan and a vulnerability database to scan them with.

What a page finds in its environment:

| variable | what it is |
|---|---|
| `REGISTRY` | `host:port` of a registry on loopback that allows deletes and lacks the referrers API |
| `IMAGE` | an image of Alpine with findings, `$REGISTRY/PAGE/app:1.0` |
| `PATCHED` | a folder with an OCI layout of that image in which the packages with findings are up to date |
| `INDEX` | an image for linux/amd64, linux/arm64 and linux/s390x on one base layer; only arm64 has findings |
| `ASSAYMARK_DB_REPOSITORY` | `$REGISTRY/PAGE/shop/trivy-db:2`, where databases are downloaded from |
| `NEWER_DB` | `$REGISTRY/PAGE/shop/trivy-db:newer`, in which the advisories of the image's packages are withdrawn |
| `COSIGN_PASSWORD` | of keys that are made |

A page that needs `sigstore` finds `TRUSTED_ROOT`, `SIGNING_CONFIG` (one log, one timestamp authority), `IDENTITY_TOKEN`,
`IDENTITY` and `ISSUER` too; one that needs `go` finds `REFERRERS`, a second registry, which has the referrers API.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from tests.support.database import Facts, database_archive, publish, trivy_db
from tests.support.images import BuiltImage, build_image, build_index
from tests.support.sigstore.accounts import GOOGLE, google
from tests.support.sigstore.fake import FakeSigstore

from assaymark.model.reference import parse_reference
from assaymark.net.http import Http
from assaymark.oci.content import ContentStore
from assaymark.oci.registry import Registry

EMAIL: Final = "alice@shop.test"
RELEASE: Final = 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.22.1\nPRETTY_NAME="Alpine Linux v3.22"\n'
BASE: Final = {"etc/alpine-release": "3.22.1\n", "etc/os-release": RELEASE}
PACKAGES: Final = {
    "alpine-baselayout": ("3.7.0-r0", "alpine-baselayout"),
    "apk-tools": ("2.14.9-r2", "apk-tools"),
    "busybox": ("1.37.0-r18", "busybox"),
    "libcrypto3": ("3.5.1-r0", "openssl"),
    "libssl3": ("3.5.1-r0", "openssl"),
    "libxml2": ("2.13.8-r0", "libxml2"),
    "musl": ("1.2.5-r10", "musl"),
}
"""Name → version, source package."""

UPDATED: Final = {"busybox": "1.37.0-r20", "libcrypto3": "3.5.4-r0", "libssl3": "3.5.4-r0"}
REMOVED: Final = frozenset({"libxml2"})
FACTS: Final[Facts] = {
    "alpine 3.22": {
        "busybox": {"CVE-2025-46394": {"FixedVersion": "1.37.0-r20"}},
        "libxml2": {"CVE-2025-8732": {}},
        "openssl": {"CVE-2025-9230": {"FixedVersion": "3.5.4-r0"}, "CVE-2025-9231": {"FixedVersion": "3.5.4-r0"}},
    }
}
WITHDRAWN: Final[Facts] = {"alpine 3.22": {"busybox": FACTS["alpine 3.22"]["busybox"]}}
DETAILS: Final = {
    "CVE-2025-46394": {"Title": "busybox: file names hide in tar listings", "Severity": "LOW"},
    "CVE-2025-8732": {"Title": "libxml2: endless recursion in catalogs", "Severity": "MEDIUM"},
    "CVE-2025-9230": {"Title": "openssl: reads and writes out of bounds", "Severity": "HIGH"},
    "CVE-2025-9231": {"Title": "openssl: timing of SM2 signatures", "Severity": "MEDIUM"},
}
SOURCES: Final = {"alpine 3.22": {"ID": "alpine", "Name": "Alpine Secdb", "URL": "https://secdb.alpinelinux.org/"}}


def open_shop(
    registry: str, page: str, folder: Path, *, now: datetime, sigstore: FakeSigstore | None
) -> Mapping[str, str]:
    """Fill the registry and the folder for one page; the variables of that page.

    Args:
        registry: `host:port`.
        page: its name, which is a namespace on the registry.
        folder: where files that variables name are written.
        now: the database was built six hours before.
        sigstore: the services, for a page that needs them.
    """
    affected, patched = image_of("linux/amd64", PACKAGES), image_of("linux/amd64", patched_packages())
    affected.push(_store(f"{registry}/{page}/app:1.0"), tag="1.0")
    patched.save_layout(folder / "patched", ref="1.1")
    index = build_index(
        [patched, image_of("linux/arm64", PACKAGES), image_of("linux/s390x", patched_packages())],
    )
    index.push(_store(f"{registry}/{page}/index:1.0"), tag="1.0")
    database = _store(f"{registry}/{page}/shop/trivy-db:2")
    if database.resolve("newer") is None:  # one registry serves all pages
        publish(database, _database(FACTS, now - timedelta(hours=6)), tag="2", title="db.tar.gz")
        publish(database, _database(WITHDRAWN, now - timedelta(hours=1)), tag="newer", title="db.tar.gz")
    variables = {
        "REGISTRY": registry,
        "IMAGE": f"{registry}/{page}/app:1.0",
        "INDEX": f"{registry}/{page}/index:1.0",
        "PATCHED": str(folder / "patched"),
        "ASSAYMARK_DB_REPOSITORY": f"{registry}/{page}/shop/trivy-db:2",
        "NEWER_DB": f"{registry}/{page}/shop/trivy-db:newer",
        "COSIGN_PASSWORD": "correct horse battery staple",
    }
    if sigstore is None:
        return variables
    files = sigstore.write(folder, timestamps=True)
    return variables | {
        "TRUSTED_ROOT": str(files.trusted_root),
        "SIGNING_CONFIG": str(files.signing_config),
        "IDENTITY": EMAIL,
        "ISSUER": GOOGLE,
        "IDENTITY_TOKEN": sigstore.instance.token(google(EMAIL)),
    }


def image_of(platform: str, packages: Mapping[str, tuple[str, str]]) -> BuiltImage:
    """Alpine's release below, which all images share, and its package database above."""
    architecture = {"linux/amd64": "x86_64", "linux/arm64": "aarch64", "linux/s390x": "s390x"}[platform]
    installed = "".join(
        f"P:{name}\nV:{version}\nA:{architecture}\no:{source}\n\n" for name, (version, source) in packages.items()
    )
    return build_image([BASE, {"lib/apk/db/installed": installed}], platform=platform)


def patched_packages() -> Mapping[str, tuple[str, str]]:
    """The packages after an upgrade: nothing is known of them."""
    return {
        name: (UPDATED.get(name, version), source)
        for name, (version, source) in PACKAGES.items()
        if name not in REMOVED
    }


def _database(facts: Facts, built: datetime) -> bytes:
    metadata = {
        "Version": 2,
        "UpdatedAt": f"{built:%Y-%m-%dT%H:%M:%SZ}",
        "NextUpdate": f"{built + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}",
    }
    return database_archive(trivy_db(facts, details=DETAILS, sources=SOURCES), metadata)


def _store(reference: str) -> ContentStore:
    return Registry(Http()).repository(parse_reference(reference))
