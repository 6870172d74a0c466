"""No source or test file over 400 lines: one idea per file.

Exits 1 and names each file that is longer.
"""

from __future__ import annotations

import sys
from pathlib import Path

LIMIT = 400


def main(root: Path) -> int:
    """Print every Python file below src, tests and scripts that is too long."""
    long = []
    for folder in ("src", "tests", "scripts"):
        for path in sorted((root / folder).rglob("*.py")):
            lines = len(path.read_text(encoding="utf-8").splitlines())
            if lines > LIMIT:
                long.append(f"{path.relative_to(root)}: {lines} lines, the limit is {LIMIT}")
    print("\n".join(long) or "every file is within 400 lines")
    return 1 if long else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent))
