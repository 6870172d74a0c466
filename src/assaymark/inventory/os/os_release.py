"""The `os-release` file (os-release(5)): `ID` and `VERSION_ID`.

Only identifiers of the table count, and only with a version. Debian, Ubuntu and Amazon Linux are not in it: their own
release files say more. Every other identifier is told, because what carries it is a system, and no image of programs
alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.lines import file_lines
from assaymark.model.inventory import NO_SYSTEM, Found, OperatingSystem, OsRelease
from assaymark.safeio.text import decode_utf8

_LONGEST: Final = 80
_FAMILIES: Final = {
    "activestate": "activestate",
    "almalinux": "alma",
    "alpine": "alpine",
    "azurelinux": "azurelinux",
    "bottlerocket": "bottlerocket",
    "centos": "centos",
    "chainguard": "chainguard",
    "coreos": "coreos",
    "echo": "echo",
    "fedora": "fedora",
    "mariner": "cbl-mariner",
    "minimos": "minimos",
    "ol": "oracle",
    "opensuse": "opensuse-leap",
    "opensuse-leap": "opensuse-leap",
    "opensuse-tumbleweed": "opensuse-tumbleweed",
    "photon": "photon",
    "rhel": "redhat",
    "rocky": "rocky",
    "sl-micro": "slem",
    "sle-micro": "slem",
    "sle-micro-rancher": "slem",
    "sles": "sles",
    "wolfi": "wolfi",
}


def _parse(source: Input) -> Iterator[Found]:
    values: dict[str, str] = {}
    for line in file_lines(source):
        key, equals, value = decode_utf8(line).partition("=")
        if equals:
            values[key.strip()] = value.strip().strip("\"'")
    family = _FAMILIES.get(values.get("ID", ""))
    version = values.get("VERSION_ID")
    if family == "centos" and values.get("NAME") == "CentOS Stream":
        family = "centos-stream"
    if family and version:
        yield OsRelease(path=source.path, os=OperatingSystem(family=family, name=version))
    elif values.get("ID"):
        stated = " ".join(filter(None, (values["ID"], version)))
        yield OsRelease(path=source.path, os=NO_SYSTEM, unknown=stated[:_LONGEST])


ANALYZER: Final = Analyzer(
    name="os-release",
    version=2,
    kind="os",
    paths=(
        "etc/os-release",
        "usr/lib/os-release",
        "aarch64-bottlerocket-linux-gnu/sys-root/usr/lib/os-release",
        "x86_64-bottlerocket-linux-gnu/sys-root/usr/lib/os-release",
    ),
    parse=_parse,
)
