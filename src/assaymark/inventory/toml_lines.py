"""On which lines the tables of a TOML lockfile stand: `[[package]]` of Cargo, `[[deps.Name]]` of Julia.

The document has been decoded, and so checked and bounded, before (`assaymark.safeio.toml`). This second reading knows
nothing of the format: it looks at how lines begin, as the reference does, because that is what its locations are.

1. A line whose first character is `[` begins a table; what stands in front of the first one has no place.
2. A table ends on the line before the next empty line or the next table.
3. A property is a line that begins with its name, one blank and `=`; of several the last counts. One with a second `=`
   is empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assaymark.model.package import Location


def table_lines(text: str, names: Sequence[str]) -> Iterator[tuple[tuple[str, ...], Location]]:
    """The lines of every table, with the texts of the properties called `names`, empty where there is none."""
    beginnings = {f"{name} =": number for number, name in enumerate(names)}
    values, start, end = [""] * len(names), 0, 0
    number = 0
    for number, line in enumerate(text.removesuffix("\n").split("\n"), start=1):
        bare = line.strip()
        if bare.startswith("["):
            if start:
                yield tuple(values), Location(start_line=start, end_line=end or number - 1)
            values, start, end = [""] * len(names), number, 0
        elif not bare:
            end = end or number - 1
        else:
            place = next((place for beginning, place in beginnings.items() if bare.startswith(beginning)), None)
            if place is not None:
                values[place] = _value(line)
    if start:
        yield tuple(values), Location(start_line=start, end_line=end or number)


def _value(line: str) -> str:
    _, _, value = line.rstrip("\r").partition("=")
    return "" if "=" in value else value.strip(' "')
