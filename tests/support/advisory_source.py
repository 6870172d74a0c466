"""Advisories in memory, asked as a database is asked."""

from __future__ import annotations

from collections.abc import Mapping

from assaymark.model.advisory import Advisory, CpeKey, DatabaseInfo, Vulnerability


class MemoryAdvisories:
    """Implements `assaymark.model.advisory.AdvisorySource`.

    Args:
        sources: bucket → package → advisories.
        details: what is known of vulnerabilities.
        products: content sets and builds of Red Hat, and the indices of their products.
    """

    def __init__(
        self,
        sources: Mapping[str, Mapping[str, list[Advisory]]],
        details: Mapping[str, Vulnerability] | None = None,
        *,
        described: bool = True,
        products: Mapping[tuple[CpeKey, str], tuple[int, ...]] | None = None,
    ) -> None:
        self.info = DatabaseInfo()
        self.asked: list[tuple[str, str]] = []
        self._sources = {**sources, **({"vulnerability": {}} if described else {})}
        self._details = details or {}
        self._products = products or {}

    def advisories(self, source: str, package: str) -> list[Advisory]:
        """As the database answers: the last bucket's advisory of an id counts."""
        self.asked.append((source, package))
        found: dict[str, Advisory] = {}
        for name in self._names(source):
            found.update({each.vulnerability_id: each for each in self._sources[name].get(package, [])})
        return list(found.values())

    def has_source(self, source: str) -> bool:
        """Whether there is such a bucket."""
        return bool(self._names(source))

    def bucket_names(self, source: str) -> tuple[str, ...]:
        """The buckets that are asked."""
        return tuple(self._names(source))

    def cpe_indices(self, key: CpeKey, name: str) -> tuple[int, ...]:
        """What was given for it."""
        return self._products.get((key, name), ())

    def detail(self, vulnerability_id: str) -> Vulnerability | None:
        """What was given for it."""
        return self._details.get(vulnerability_id)

    def _names(self, source: str) -> list[str]:
        if "::" in source:
            return sorted(name for name in self._sources if name.startswith(source))
        return [source] if source in self._sources else []
