"""A trivy-db (schema 2), asked in place: `db/trivy.db` with `db/metadata.json` beside it.

Layout: root bucket `<source>` → bucket `<package>` → vulnerability id → advisory; root bucket `data-source` → source →
its record; root bucket `vulnerability` → id → what is known of the vulnerability; root bucket `Red Hat CPE` → bucket
`repository` or `nvr` → content set or build → indices of products.

1. A source that holds `::` is a prefix: every root bucket that begins with it is read, in byte order; any other is
   exact.
2. A value without a byte is passed over. Of several values with one id the last bucket's counts, with its data source.
3. A bucket that does not exist has no advisories. A page or value that does not read is a `DatabaseError`, never a
   miss.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from assaymark.advisories.bolt import BoltFile, Bucket
from assaymark.advisories.records import parse_advisory, parse_cpe_indices, parse_data_source, parse_vulnerability
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.advisory import Advisory, CpeKey, DatabaseInfo, DataSource, Vulnerability

SCHEMA: Final = 2
_CACHED: Final = 512  # sources and details that are remembered; an image asks for some hundreds

_Source = tuple[str, Bucket, DataSource | None]


class TrivyDatabase:
    """An open database; implements `assaymark.model.advisory.AdvisorySource`. One thread at a time."""

    def __init__(self, file: BoltFile, info: DatabaseInfo, *, limits: Limits = DEFAULT_LIMITS) -> None:
        self.info = msgspec.structs.replace(info, file=file.file)
        self._limits = limits
        self._root = file.root
        self._details = file.root.bucket(b"vulnerability")
        self._data_sources = file.root.bucket(b"data-source")
        self._sources: dict[str, tuple[_Source, ...]] = {}
        self._known: dict[str, Vulnerability | None] = {}

    def advisories(self, source: str, package: str) -> list[Advisory]:
        """The advisories on `package` in bucket `source`, or in every bucket that begins with it when it holds `::`.

        Raises:
            DatabaseError: the database is damaged.
        """
        name = package.encode("utf-8", "replace")
        found: dict[str, Advisory] = {}
        for _, bucket, data_source in self._buckets(source):
            entries = bucket.bucket(name)
            if entries is not None:
                for key, value in entries.items():
                    if value:
                        identity = key.decode("utf-8", "replace")
                        found[identity] = parse_advisory(value, identity, data_source, limits=self._limits)
        return list(found.values())

    def has_source(self, source: str) -> bool:
        """Whether the database has a bucket of that name (or prefix, when it holds `::`).

        Raises:
            DatabaseError: the database is damaged.
        """
        return bool(self._buckets(source))

    def bucket_names(self, source: str) -> tuple[str, ...]:
        """The bucket of that name, or those that begin with it when it holds `::`; what exists of them.

        Raises:
            DatabaseError: the database is damaged.
        """
        return tuple(name for name, _, _ in self._buckets(source))

    def cpe_indices(self, key: CpeKey, name: str) -> tuple[int, ...]:
        """The indices of the Red Hat products that a content set or a build belongs to; none where it is not known.

        Raises:
            DatabaseError: the database is damaged.
        """
        products = self._root.bucket(b"Red Hat CPE")
        indices = products.bucket(key.encode("ascii")) if products is not None else None
        value = indices.get(name.encode("utf-8", "replace")) if indices is not None else None
        return parse_cpe_indices(value, name) if value else ()

    def detail(self, vulnerability_id: str) -> Vulnerability | None:
        """What is known of the vulnerability; None where the database has no record.

        Raises:
            DatabaseError: the database is damaged.
        """
        if vulnerability_id not in self._known:
            if len(self._known) >= _CACHED:
                self._known.clear()
            self._known[vulnerability_id] = self._read_detail(vulnerability_id)
        return self._known[vulnerability_id]

    def _read_detail(self, vulnerability_id: str) -> Vulnerability | None:
        if self._details is None:
            return None
        value = self._details.get(vulnerability_id.encode("utf-8", "replace"))
        return parse_vulnerability(value, vulnerability_id, limits=self._limits) if value else None

    def _buckets(self, source: str) -> tuple[_Source, ...]:
        known = self._sources.get(source)
        if known is None:
            if len(self._sources) >= _CACHED:
                self._sources.clear()
            known = self._sources[source] = tuple(self._find(source))
        return known

    def _find(self, source: str) -> Iterator[_Source]:
        name = source.encode("utf-8", "replace")
        if "::" in source:
            for full_name, bucket in self._root.buckets(prefix=name):
                yield full_name.decode("utf-8", "replace"), bucket, self._data_source(full_name)
        elif (exact := self._root.bucket(name)) is not None:
            yield source, exact, self._data_source(name)

    def _data_source(self, bucket: bytes) -> DataSource | None:
        value = self._data_sources.get(bucket) if self._data_sources is not None else None
        name = bucket.decode("utf-8", "replace")
        return parse_data_source(value, name, limits=self._limits) if value else None
