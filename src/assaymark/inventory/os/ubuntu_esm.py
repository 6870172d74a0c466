"""Ubuntu Pro's `status.json`: whether Expanded Security Maintenance (`esm-infra`) is enabled.

The release itself is in another file; the merge joins the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from assaymark.errors import ArtifactError
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.documents import decode_object
from assaymark.model.inventory import Found, OperatingSystem, OsRelease
from assaymark.safeio.json import fold


def _parse(source: Input) -> Iterator[Found]:
    content = source.file.read(source.limits.json_bytes)
    document = decode_object(content, limits=source.limits, what=source.path)
    services = fold(document, ("services",)).get("services") or []
    if not isinstance(services, list):
        raise ArtifactError(f"`services` in `{source.path}` is not a list")
    if any(_is_enabled(service) for service in services):
        yield OsRelease(path=source.path, os=OperatingSystem(family="ubuntu", name="", extended=True))


def _is_enabled(service: Any) -> bool:
    if not isinstance(service, dict):
        return False
    facts = fold(service, ("name", "status"))
    return facts.get("name") == "esm-infra" and facts.get("status") == "enabled"


ANALYZER: Final = Analyzer(
    name="ubuntu-esm", version=1, kind="os", paths=("var/lib/ubuntu-advantage/status.json",), parse=_parse
)
