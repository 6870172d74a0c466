"""CocoaPods' `Podfile.lock` (https://guides.cocoapods.org/using/the-podfile.html), a YAML document.

`PODS` lists every pod as `Name (1.2.3)`, or as a mapping of that to the pods that it needs. Rules:

1. A subspec is a pod of its own (`Firebase/Core`). An entry without exactly one ` (` is no pod; of a name that comes
   twice the last version counts.
2. What a pod needs is named by the first word; its ID has the version that the file locks, or none.
3. A mapping's value other than a list of texts makes the file unreadable.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from assaymark.errors import LimitError
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.places import package_id
from assaymark.model.inventory import Application, Found
from assaymark.model.package import Package
from assaymark.safeio.yaml import decode_yaml


def _parse(source: Input) -> Iterator[Found]:
    limits = source.limits
    document = decode_yaml(source.file.read(limits.json_bytes), limits=limits, what=source.path)
    listed = document.get("PODS", []) if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise ValueError("not a Podfile.lock: it lists no pods")  # noqa: TRY004 - the document's trouble
    pods: dict[str, Package] = {}
    needed: dict[str, list[str]] = {}
    for entry, needs in _entries(listed):
        pod = _find_pod(entry)
        if pod is not None:
            pods[pod.name] = pod
            needed.setdefault(pod.name, []).extend(_names(needs))
    if len(pods) > limits.packages_per_file:
        raise LimitError(f"more than {limits.packages_per_file} packages")
    ids = {name: pod.id for name, pod in pods.items()}
    if pods:
        packages = (
            msgspec.structs.replace(pod, depends_on=tuple(ids.get(each, each) for each in needed[name]))
            for name, pod in pods.items()
        )
        yield Application(path=source.path, type="cocoapods", packages=tuple(packages))


def _entries(listed: list[Any]) -> Iterator[tuple[str, Any]]:
    """The pods and what stands behind their colon; an empty list for those without one."""
    for entry in listed:
        if isinstance(entry, str):
            yield entry, []
        elif isinstance(entry, dict):
            yield from ((key, needs) for key, needs in entry.items() if isinstance(key, str))


def _find_pod(entry: str) -> Package | None:
    """Rule 1."""
    parts = entry.split(" (")
    if len(parts) != 2:
        return None
    name, version = parts[0], parts[1].strip().strip("()")
    return Package(id=package_id(name, version), name=name, version=version)


def _names(needs: Any) -> Iterator[str]:
    """Rules 2 and 3."""
    if not isinstance(needs, list):
        raise ValueError("what a pod needs is no list")  # noqa: TRY004 - the document's trouble, not the caller's
    for need in needs:
        words = need.split(maxsplit=1) if isinstance(need, str) else []
        if not words:
            raise ValueError("what a pod needs has no name")
        yield words[0]


ANALYZER: Final = Analyzer(
    name="cocoapods", version=1, kind="lang", paths=("Podfile.lock",), targets=("fs", "repo"), parse=_parse
)
