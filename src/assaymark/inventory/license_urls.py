"""Licences by the address of their text, as the SPDX License List names it (`data/spdx-urls.txt`).

Addresses are compared without what servers do not tell apart: the scheme, a `www.`, one trailing slash, the ending of
a document; a page that the Wayback Machine kept stands for itself. The host is lower case, and opensource.org has every
licence under `licenses/` and `license/`.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

_SCHEME: Final = re.compile(r"https?://", re.IGNORECASE)
_SNAPSHOT: Final = re.compile(r"(?i:web\.archive\.org|wayback\.archive\.org)/web/[0-9][^/]*/(.+)", re.DOTALL)
_HOST: Final = re.compile(r"[^/?#]*")
_ENDINGS: Final = (".txt", ".html", ".htm", ".php", ".md")
_LONGEST: Final = 2_048


def find_license_by_url(url: str) -> str:
    """The SPDX identifier of the licence at `url`; empty where the list names none."""
    return _licenses().get(_normalised(url), "") if url and len(url) <= _LONGEST else ""


def _normalised(url: str) -> str:
    text = _without_scheme(url.strip())
    snapshot = _SNAPSHOT.fullmatch(text)
    if snapshot:
        text = _without_scheme(snapshot[1])
    text = _HOST.sub(lambda host: host[0].lower(), text, count=1).removeprefix("www.")
    text = text.replace("opensource.org/licenses/", "opensource.org/license/", 1).removesuffix("/")
    ending = next((each for each in _ENDINGS if text.endswith(each)), "")
    return text.removesuffix(ending)


def _without_scheme(text: str) -> str:
    return _SCHEME.sub("", text, count=1) if _SCHEME.match(text) else text


@cache
def _licenses() -> dict[str, str]:
    text = (Path(__file__).parent / "data" / "spdx-urls.txt").read_text(encoding="utf-8")
    rows = (line.partition(": ") for line in text.splitlines() if not line.startswith("#"))
    return {url: identifier for identifier, _, urls in rows for url in urls.split()}
