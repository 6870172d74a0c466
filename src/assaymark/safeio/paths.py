"""Names of members and files as paths below a root that exists only in our heads.

Nothing is ever unpacked, so a hostile name cannot write anywhere; what it could do is pretend to be another file. The
rule is that of the reference: Go's `path.Clean`, then the leading `/` removed; on top of it a name that climbs over
the root (CVE-2007-4559, CVE-2024-24579) is no name at all.
"""

from __future__ import annotations


def clean_path(name: str) -> str | None:
    """The path below the root that `name` means: no empty, `.` or `..` parts, no slash in front or at the end.

    `..` at the root of an absolute name stays at the root, as for a file system. None where a relative name escapes
    the root, or where nothing is left (`.`, `/`).
    """
    if name and "//" not in name and "./" not in name and name[0] != "/" and name[-1] not in "./":
        return name
    parts: list[str] = []
    absolute = name.startswith("/")
    for part in name.split("/"):
        if part == "..":
            if parts:
                parts.pop()
            elif not absolute:
                return None
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts) or None
