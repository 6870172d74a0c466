r"""Python's `requirements.txt` (https://pip.pypa.io/en/stable/reference/requirements-file-format/).

A line names a package and, in `==`, the version that will be installed. Rules:

1. A byte order mark chooses UTF-8 or UTF-16; without one the text is UTF-8.
2. Blanks and backslashes go; so do extras in brackets and everything behind `#`, `;` and `--`.
3. The name is what stands before the first character other than letters, digits, `.`, `_` and `-`.
4. Of the specifiers between commas the first with `==` gives the version. Comprehensive detection also takes the lower
   bound of `~=` and `>=`, which come first, and reads `.*` as `.0`.
5. Versions are PEP 440's. Requirements without an exact version are counted in one issue.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import Final

from assaymark.errors import LimitError
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.model.inventory import Application, Found
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.package import Location, Package
from assaymark.safeio.text import decode_utf8
from assaymark.versions.pep440 import SCHEME
from assaymark.versions.scheme import VersionError

_EXACT: Final = ("==",)
_LOWEST: Final = ("~=", ">=", "==")
_MARKS: Final = ("#", ";", "--")


def _parse(source: Input) -> Iterator[Found]:
    packages: list[Package] = []
    unpinned: list[str] = []
    for number, line in enumerate(_lines(source), start=1):
        name, specifiers = _requirement(line)
        if not name:
            continue
        version = _version(specifiers, comprehensive=source.options.comprehensive)
        if version is None:
            unpinned += [name] if not name.startswith("-") else []  # an option of pip
            continue
        packages.append(Package(name=name, version=version, locations=(Location(start_line=number, end_line=number),)))
        if len(packages) > source.limits.packages_per_file:
            raise LimitError(f"more than {source.limits.packages_per_file} packages")
    if unpinned:
        source.report(_unpinned_issue(source, unpinned))
    if packages:
        yield Application(path=source.path, type="pip", packages=tuple(packages))


def _lines(source: Input) -> Iterator[str]:
    for line in _text(source.file.read()).split("\n"):
        if len(line) > source.limits.line_bytes:
            message = f"a line longer than {source.limits.line_bytes} characters was left out"
            source.report(Issue(code=IssueCode.ENTRY_IGNORED, message=message, path=source.path))
            yield ""
        else:
            yield line.removesuffix("\r")


def _text(data: bytes) -> str:
    if data.startswith(codecs.BOM_UTF8):
        return decode_utf8(data.removeprefix(codecs.BOM_UTF8))
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    return decode_utf8(data)


def _requirement(line: str) -> tuple[str, str]:
    """The name and the specifiers of a line; the name is empty where there is no requirement."""
    text = line.replace(" ", "").replace("\\", "")
    start, end = text.find("["), text.find("]") + 1
    if start >= 0:
        text = text[:start] + text[end:]
    for mark in _MARKS:
        text = text.partition(mark)[0].rstrip() if mark in text else text
    length = next((index for index, char in enumerate(text) if not _is_name_char(char)), len(text))
    return text[:length], text[length:]


def _is_name_char(char: str) -> bool:
    return char in "._-" or char.isalpha() or char.isdecimal()


def _version(specifiers: str, *, comprehensive: bool) -> str | None:
    for operator in _LOWEST if comprehensive else _EXACT:
        for specifier in specifiers.split(","):
            if specifier.startswith(operator):
                version = specifier.removeprefix(operator)
                if comprehensive and version.endswith(".*"):
                    version = version.removesuffix("*") + "0"
                return version if _is_version(version) else None
    return None


def _is_version(text: str) -> bool:
    try:
        SCHEME.key(text)
    except VersionError:
        return False
    return True


def _unpinned_issue(source: Input, names: list[str]) -> Issue:
    shown = ", ".join(f"`{name[:40]}`" for name in names[:3])
    more = ", …" if len(names) > 3 else ""
    return Issue(
        code=IssueCode.ENTRY_IGNORED,
        message=f"pip: requirements without an exact version were left out: {len(names)} ({shown}{more})",
        path=source.path,
        blocking=False,
    )


ANALYZER: Final = Analyzer(
    name="pip", version=1, kind="lang", paths=("requirements.txt",), targets=("fs", "repo"), parse=_parse
)
