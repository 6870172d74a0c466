"""Run every recorded case and print the totals of each group, then compare the other formats, one by one.

The cases and the program that compares lie beside the checkout (`--shared`); without them it says so and ends well.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from format_parity import compare_formats

GROUPS = ("apk-", "dpkg-", "rpm-", "img-", "lock-", "parse-", "repo-", "sbom-")
"""What the names of the cases begin with."""


def main() -> int:
    """Compare every group; 1 when a case differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--formats", action="store_true", help="compare the formats alone")
    arguments = parser.parse_args()
    shared: Path = arguments.shared
    archives = {
        "cases": shared / "parity" / "cases.tar.xz",
        "formats": shared / "parity" / "formats.tar.xz",
        "db": shared / "data" / "db" / "full.tar.gz",
        "java-db": shared / "data" / "db" / "java.tar.gz",
    }
    if not all(archive.exists() for archive in archives.values()):
        print(f"skipped: no recorded cases at {shared}/parity")
        return 0
    with tempfile.TemporaryDirectory(prefix="parity-") as scratch:
        folders = {name: unpacked(archive, Path(scratch) / name) for name, archive in archives.items()}
        groups = () if arguments.formats else GROUPS
        differing = [group for group in groups if not equal(shared / "parity" / "run.py", folders, group)]
        explained = formats_explained(folders, Path(scratch))
    return 1 if differing or not explained else 0


def unpacked(archive: Path, folder: Path) -> Path:
    """The folder that holds what `archive` holds; the runner would unpack it again for every group."""
    folder.mkdir()
    subprocess.run(["tar", "-xf", archive, "-C", folder], check=True)
    return next((folder / name for name in ("cases", "formats") if (folder / name).is_dir()), folder)


def equal(runner: Path, folders: dict[str, Path], group: str) -> bool:
    """Run one group and print its totals; the differing cases come first."""
    program = Path(sys.executable).with_name("assaymark")
    call = [sys.executable, runner, folders["cases"], "--db", folders["db"], "--java-db", folders["java-db"]]
    call += ["--command", str(program), "--only", group, "--quiet"]
    ended = subprocess.run(call, capture_output=True, text=True, check=False)
    print(f"{group:<8} {ended.stdout.strip()}{ended.stderr.strip()}", flush=True)
    return ended.returncode == 0


def formats_explained(folders: dict[str, Path], scratch: Path) -> bool:
    """Compare the formats; the program finds both databases in one cache."""
    cache = scratch / "cache"
    cache.mkdir()
    for name in ("db", "java-db"):
        (cache / name).symlink_to(folders[name], target_is_directory=True)
    program = Path(sys.executable).with_name("assaymark")
    return compare_formats(folders["formats"], folders["cases"], cache, program, scratch)


if __name__ == "__main__":
    sys.exit(main())
