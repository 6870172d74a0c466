"""The Dockerfile that Red Hat's build system leaves in an image: which build the image is.

`root/buildinfo/Dockerfile-<name>-<version>-<release>` has the labels `com.redhat.component` (or `BZComponent`) and
`architecture`. With version and release from its own name they identify the build, by which Red Hat's advisories know
the products in it. A Dockerfile without one of the labels tells nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.dockerfile import read_labels
from assaymark.model.inventory import BuildInformation, Found
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.package import BuildInfo
from assaymark.safeio.text import decode_utf8

_COMPONENT: Final = frozenset({"com.redhat.component", "bzcomponent"})
_ARCHITECTURE: Final = "architecture"


def _parse(source: Input) -> Iterator[Found]:
    limit = source.limits.field_bytes
    component = arch = ""
    for key, value in read_labels(decode_utf8(source.file.read(limit)), limit=limit):
        name = key.lower()
        if name in _COMPONENT:
            component = value
        elif name == _ARCHITECTURE:
            arch = value
    if component and arch:
        build = BuildInfo(nvr=f"{component}-{_version(source.path)}", arch=arch)
        yield BuildInformation(path=source.path, build_info=build)
    else:
        message = "a Dockerfile that does not label its component and its architecture"
        source.report(Issue(code=IssueCode.ENTRY_IGNORED, message=message, path=source.path, blocking=False))


def _version(path: str) -> str:
    """Version and release: the last two parts of the name."""
    before, hyphen, release = path.rpartition("-")
    return f"{before.rpartition('-')[2]}-{release}" if hyphen else ""


ANALYZER: Final = Analyzer(
    name="redhat-dockerfile", version=1, kind="os", paths=("root/buildinfo/Dockerfile*",), parse=_parse
)
