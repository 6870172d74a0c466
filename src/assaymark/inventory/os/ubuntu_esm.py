"""Ubuntu Pro's `status.json`: whether Expanded Security Maintenance (`esm-infra`) is enabled.

The release itself is in another file; the merge joins the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.model.inventory import Found, OperatingSystem, OsRelease
from assaymark.safeio.json import decode_go, fold


def _parse(source: Input) -> Iterator[Found]:
    content = source.file.read(source.limits.json_bytes)
    document = decode_go(content, limits=source.limits, what=source.path)
    if not isinstance(document, dict):
        raise ValueError("not an object")
    services = fold(document, ("services",)).get("services") or []
    if not isinstance(services, list):
        raise ValueError("`services` is not a list")
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
