"""Where reports go: one to stdout or `--output`, and one more for each `--also FORMAT=FILE`, all of the same scan.

Every place is known and checked before anything is scanned. No file appears, and stdout gets nothing, unless every
report could be written: the files are begun first, filled, and put in place together at the end.

`{platform}` in the name of a file stands for the platform of the image, `linux-arm64-v8`, so that the platforms of an
index do not overwrite each other's reports.
"""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

from assaymark.cli.files import is_stream, open_output
from assaymark.cli.scan_flags import DEFAULT_FORMAT
from assaymark.cli.template_flags import format_name
from assaymark.errors import LocalError, UsageError
from assaymark.safeio.files import local_error

if TYPE_CHECKING:
    from assaymark.cli.console import Console
    from assaymark.model.report import Scan
    from assaymark.report.format import Format, Rendering

PLATFORM: Final = "{platform}"
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9._-]+")
_NAME_LENGTH: Final = 100
_HINT: Final = "write FORMAT=FILE, such as `--also sarif=report.sarif`"


class Destination(NamedTuple):
    """One report and its place; no file means stdout."""

    format: Format
    file: str

    def of_platform(self, platform: str) -> Destination:
        """The same for an image of `platform`; what indexes say of platforms is not trusted to be part of a path."""
        return self._replace(file=self.file.replace(PLATFORM, _NOT_IN_NAMES.sub("-", platform)[:_NAME_LENGTH]))

    @property
    def is_read(self) -> bool:
        """Whether people read it as it comes: one such report may follow another."""
        return self.format.name == DEFAULT_FORMAT and (not self.file or is_stream(Path(self.file)))


def destinations_from(args: Namespace) -> tuple[Destination, ...]:
    """What the flags ask for; the report itself comes first.

    Raises:
        UsageError: there is no such format, a file is missing, or two reports would go to one place.
        LocalError: a file's folder is not there.
    """
    chosen = Destination(find_report_format(format_name(args, DEFAULT_FORMAT)), args.output)
    found = (chosen, *map(_parse_also, args.also))
    _check_places([each.file for each in found])
    return found


def check_platforms(destinations: tuple[Destination, ...], platforms: Sequence[str]) -> None:
    """Refuse places that the reports of several platforms would share.

    Raises:
        UsageError: there is one.
    """
    hint = f"`--output 'report-{PLATFORM}.json'` writes a file for each, and `--platform {platforms[0]}` takes one"
    for each in destinations if len(platforms) > 1 else ():
        if not each.is_read and PLATFORM not in each.file:
            place = f"`{each.file}`" if each.file else "standard output"
            raise UsageError(
                f"{place} takes one report as `{each.format.name}`, and there are {len(platforms)} platforms", hint=hint
            )
        if PLATFORM in each.file:
            _check_places([each.of_platform(platform).file for platform in platforms])


def _parse_also(text: str) -> Destination:
    name, equals, file = text.partition("=")
    if not (name and equals and file):
        raise UsageError(f"`--also {text}` names no format and file", hint=_HINT)
    if file == "-":
        raise UsageError(f"`--also {text}` goes to a file", hint="the report of `--format` goes to stdout")
    return Destination(find_report_format(name, flag="--also"), file)


def _check_places(files: list[str]) -> None:
    places: set[Path] = set()
    for path in map(Path, filter(None, files)):
        if path.is_dir():
            raise LocalError(f"cannot write `{path}`: is a directory")
        if is_stream(path):
            continue
        if not path.parent.is_dir():
            raise LocalError(f"cannot write `{path}`: no such file or directory")
        if path.resolve() in places:
            raise UsageError(f"two reports would go to `{path}`", hint="give each a file of its own")
        places.add(path.resolve())


def write_reports(
    scan: Scan,
    destinations: tuple[Destination, ...],
    rendering_for: Callable[[Destination], Rendering],
    console: Console,
) -> None:
    """All of them or none.

    Raises:
        LocalError: one cannot be written.
    """
    with ExitStack() as stack:
        streams = [stack.enter_context(open_output(each.file, console)) for each in destinations]
        begun = list(zip(destinations, streams, strict=True))
        for destination, stream in sorted(begun, key=lambda pair: not pair[0].file):  # stdout cannot be taken back
            _write(scan, destination, rendering_for(destination), stream)


def _write(scan: Scan, destination: Destination, rendering: Rendering, stream: BinaryIO) -> None:
    """One report, to the end: what fails later would be taken for another file's failure."""
    try:
        destination.format.write(scan, rendering, stream)
        stream.flush()  # remarks come behind the report, also where both go to one terminal
    except OSError as exc:
        raise local_error("write", Path(destination.file or "standard output"), exc) from exc


def find_report_format(name: str, *, flag: str = "--format") -> Format:
    """The format called `name`.

    Raises:
        UsageError: there is none.
    """
    from assaymark.report.format import find_format, formats

    chosen = find_format(name)
    if chosen is None:
        known = ", ".join(each.name for each in formats())
        raise UsageError(f"invalid argument `{name}` for `{flag}`", hint=f"one of {known}")
    return chosen
