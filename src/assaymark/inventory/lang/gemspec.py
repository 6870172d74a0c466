"""Installed Ruby gems: the `*.gemspec` files that RubyGems writes below a folder `specifications`.

Specification: https://guides.rubygems.org/specification-reference. A gemspec is a program in Ruby; what RubyGems itself
writes are assignments, one a line, and these are read without running it:

1. `Gem::Specification.new do |s|` gives the variable; lines in front of it do not count.
2. `s.name`, `s.version`, `s.license` and `s.licenses` are the first word behind the equals sign, without quotes and
   `.freeze`; `licenses` is the list in brackets. A later assignment replaces an earlier one.
3. Reading ends when all three are known. Without a name or a version there is no package.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from assaymark.inventory import licenses
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.lines import file_lines
from assaymark.model.inventory import Application, Found
from assaymark.model.package import Package
from assaymark.safeio.text import decode_utf8

_NEW: Final = "Gem::Specification.new"
_ASSIGNED: Final = {
    member: re.compile(rf"\.{member}[\t\n\f\r ]*=[\t\n\f\r ]*([^\t\n\f\r ]+)")
    for member in ("name", "version", "license")
}
_LIST: Final = re.compile(r"\.licenses[\t\n\f\r ]*=[\t\n\f\r ]*\[")


def _parse(source: Input) -> Iterator[Found]:
    stated = _stated(source)
    if not stated["name"] or not stated["version"]:
        raise ValueError("no name or no version")
    package = Package(
        name=stated["name"],
        version=stated["version"],
        licenses=tuple(licenses.split(stated["license"])),
        file_path=source.path,
    )
    yield Application(path=source.path, type="gemspec", packages=(package,))


def _stated(source: Input) -> dict[str, str]:
    stated = dict.fromkeys(_ASSIGNED, "")
    variable = ""
    for content in file_lines(source):
        line = decode_utf8(content).strip()
        if _NEW in line:
            variable = _variable(line)
        if variable:
            stated |= _assignment(line, variable)
        if all(stated.values()):
            break
    return stated


def _variable(line: str) -> str:
    """What stands between the first bar and the last."""
    _, _, behind = line.partition("|")
    return behind.rpartition("|")[0]


def _assignment(line: str, variable: str) -> dict[str, str]:
    """The member that the line assigns; its text is empty where nothing is assigned."""
    behind = line[len(variable) :] if line.startswith(variable) else ""
    if behind.startswith(".licenses"):
        return {"license": ", ".join(map(_unquoted, _listed(line).split(",")))}
    for member, pattern in _ASSIGNED.items():
        if behind.startswith(f".{member}"):
            match = pattern.search(line)
            return {member: _unquoted(match[1]) if match else ""}
    return {}


def _listed(line: str) -> str:
    """What stands between the opening bracket and the last closing one, when that is anything."""
    end = line.rfind("]")
    starts = (match.end() for match in _LIST.finditer(line))
    return next((line[start:end] for start in starts if start < end), "")


def _unquoted(text: str) -> str:
    return text.strip().removesuffix(".freeze").strip("'\"")


ANALYZER: Final = Analyzer(
    name="gemspec",
    version=1,
    kind="lang",
    paths=("*/**/specifications/**/*.gemspec",),
    targets=("image", "rootfs"),
    is_file=True,
    parse=_parse,
)
