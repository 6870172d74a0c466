"""Where databases are kept: the reference's layout, so that one cache serves both programs.

`<cache>/db/{trivy.db,metadata.json}` and `<cache>/java-db/` are the reference's; a folder, a link to a folder, or links
to files, also when placed by hand. Everything of ours is under `<cache>/assaymark/`.
Where the cache is, `assaymark.safeio.user_cache` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from assaymark.safeio.user_cache import cache_root, own_folder

DATABASE_FILE: Final = "trivy.db"
JAVA_DATABASE_FILE: Final = "trivy-java.db"
METADATA_FILE: Final = "metadata.json"


class CacheFolder:
    """The paths in one cache folder."""

    def __init__(self, root: Path, *, folder: str = "db", file: str = DATABASE_FILE) -> None:
        self.root: Final = root
        self.database: Final = root / folder
        self.own: Final = own_folder(root)
        self.file: Final = self.database / file

    @property
    def java(self) -> CacheFolder:
        """The same cache, with the Java database for the database."""
        return CacheFolder(self.root, folder="java-db", file=JAVA_DATABASE_FILE)

    @property
    def metadata(self) -> Path:
        """What it says of itself."""
        return self.database / METADATA_FILE

    @property
    def lock(self) -> Path:
        """Held by the one process that updates the database."""
        return self.own / f"{self.database.name}.lock"

    @property
    def origins(self) -> Path:
        """What is known of databases that were downloaded here."""
        return self.own / self.database.name

    @property
    def kept(self) -> Path:
        """Databases that are kept by their digest."""
        return self.own / "databases"

    @property
    def samples(self) -> Path:
        """The compiled sample database."""
        return self.own / "sample"


def cache_folder(flag: str, environ: Mapping[str, str]) -> CacheFolder:
    """The cache that the user wants; `flag` is the value of `--cache-dir`, empty where it was not given."""
    return CacheFolder(cache_root(flag, environ))
