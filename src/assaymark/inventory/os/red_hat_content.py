"""Red Hat's content manifests: the repositories (content sets) that the packages of a layer came from.

Advisories of Red Hat apply to products, and a product is known by its repositories. Manifests of later build systems
list components instead, and have no `content_sets`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.errors import ArtifactError
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.documents import decode_object
from assaymark.model.inventory import BuildInformation, Found
from assaymark.model.package import BuildInfo
from assaymark.safeio.json import fold


def _parse(source: Input) -> Iterator[Found]:
    content = source.file.read(source.limits.json_bytes)
    document = decode_object(content, limits=source.limits, what=source.path)
    names = fold(document, ("content_sets",)).get("content_sets")
    names = [] if names is None else names
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ArtifactError(f"`content_sets` in `{source.path}` is not a list of names")
    if names:
        yield BuildInformation(path=source.path, build_info=BuildInfo(content_sets=tuple(names)))


ANALYZER: Final = Analyzer(
    name="redhat-content-manifest",
    version=1,
    kind="os",
    paths=("root/buildinfo/content_manifests/*.json", "usr/share/buildinfo/*.json"),
    parse=_parse,
)
