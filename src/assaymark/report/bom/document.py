r"""Bills of materials as JSON: names exactly as they are, and nothing in them that a terminal or a build log obeys.

A name is an identity here, so nothing in it is replaced. What could be obeyed by whoever prints the document is written
as an escape (`\u202e`), which every reader of JSON undoes: DEL, the C1 controls, marks that change the direction of
writing, and the second of two number signs, with which build logs begin their commands.
"""

from __future__ import annotations

import re
from datetime import UTC
from typing import Any, Final

import msgspec

from assaymark.model.moment import parse_time
from assaymark.model.report import Report
from assaymark.model.uuids import uuid8
from assaymark.report.gojson import encode_go

_OBEYED: Final = re.compile(
    rb"\x7f|\xc2[\x80-\x9f]|\xd8\x9c|\xe2\x80[\x8e\x8f\xaa-\xae]|\xe2\x81[\xa6-\xa9]|\xef\xbb\xbf|(?<=#)#"
)


def encode_inert(document: Any, *, escape_html: bool = True) -> bytes:
    """The indented document, with a line feed at its end."""
    return _OBEYED.sub(_escaped, encode_go(document, escape_html=escape_html)) + b"\n"


def _escaped(match: re.Match[bytes]) -> bytes:
    return rb"\u%04x" % ord(match[0].decode())


def seconds(text: str, *, suffix: str) -> str:
    """An RFC 3339 time in UTC and whole seconds, with `suffix` for the zone; empty where it is none."""
    moment = parse_time(text) if text else None
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S") + suffix


def document_uuid(report: Report) -> str:
    """What the document is called: it follows from everything that the report says, its own identifier included."""
    try:
        return uuid8(msgspec.json.encode(report))
    except UnicodeEncodeError:  # half a surrogate pair
        return uuid8(encode_go(report))
