"""Services as flags name them: `url=https://…,start-time=2026-01-01T00:00:00Z` (cosign, `trusted-root create --help`).

Rules, which are cosign's: pairs are separated by commas, a name from its value by the first equals sign, and white
space around either counts for nothing; so no value has a comma in it. Stricter than there: a name that the service does
not have, or has twice, is an error, because a misspelled `end-time` would leave a key trusted for ever.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from assaymark.attest.sigstore.signing_config import Selection, Selector, Service, check_url
from assaymark.attest.sigstore.trusted_root import Window, parse_time
from assaymark.errors import UsageError

_MAX_NUMBER: Final = 1 << 32
_SERVICE: Final = ("url", "api-version", "start-time", "operator")


class ServiceSpec(msgspec.Struct, frozen=True, kw_only=True):
    """The pairs of one flag.

    Attributes:
        flag: where they were given, such as `--rekor`; for messages.
    """

    flag: str
    pairs: tuple[tuple[str, str], ...]

    def text(self, name: str) -> str:
        """A value; empty where it is absent."""
        return dict(self.pairs).get(name, "")

    @property
    def url(self) -> str:
        """The service's address.

        Raises:
            UsageError: it is none.
        """
        try:
            return check_url(self.text("url"))
        except ValueError as exc:
            raise UsageError(f"`{self.flag}`: {exc}") from exc

    @property
    def window(self) -> Window:
        """From `start-time` to `end-time`; an end that is absent is open.

        Raises:
            UsageError: a time is none, or the window ends before it begins.
        """
        window = Window(start=self._time("start-time"), end=self._time("end-time"))
        if window.start is not None and window.end is not None and window.end < window.start:
            raise UsageError(f"`{self.flag}`: it ends before it begins")
        return window

    def _time(self, name: str) -> datetime | None:
        text = self.text(name)
        try:
            return parse_time(text) if text else None
        except ValueError as exc:
            raise UsageError(f"`{self.flag}`: `{name}`: {exc}", hint="write 2026-01-31T00:00:00Z") from exc


def parse_spec(flag: str, text: str, *, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> ServiceSpec:
    """The pairs that `text`, the value of `flag`, spells.

    Raises:
        UsageError: it is no list of pairs, or names are missing, unknown or there twice.
    """
    pairs: dict[str, str] = {}
    known = ", ".join(f"`{name}`" for name in (*required, *optional))
    for pair in text.split(","):
        name, equals, value = (part.strip() for part in pair.partition("="))
        if not equals:
            raise UsageError(f"`{flag}`: `{pair[:100]}` is no pair", hint="write NAME=VALUE, separated by commas")
        if name not in (*required, *optional):
            raise UsageError(f"`{flag}`: `{name[:100]}` is unknown", hint=f"it takes {known}")
        if name in pairs:
            raise UsageError(f"`{flag}`: `{name}` is given twice")
        pairs[name] = value
    missing = [name for name in required if not pairs.get(name)]
    if missing:
        raise UsageError(f"`{flag}`: `{missing[0]}` is missing", hint=f"it takes {known}")
    return ServiceSpec(flag=flag, pairs=tuple(pairs.items()))


def parse_service(flag: str, text: str) -> Service:
    """A service of a signing configuration.

    Raises:
        UsageError: `text` does not name one.
    """
    spec = parse_spec(flag, text, required=_SERVICE, optional=("end-time",))
    version, window = spec.text("api-version"), spec.window
    if not _is_number(version):
        raise UsageError(f"`{flag}`: `api-version` is `{version[:40]}`, not a whole number")
    return Service(
        url=spec.url, version=int(version), operator=spec.text("operator"), start=window.start, end=window.end
    )


def parse_selection(flag: str, text: str) -> Selection:
    """How many of several services are used: `ANY`, `ALL` or `EXACT:2`, in any letter case.

    Raises:
        UsageError: it is something else.
    """
    mode, colon, count = text.partition(":")
    known = {selector.name: selector for selector in (Selector.ANY, Selector.ALL, Selector.EXACT)}
    selector = known.get(mode.upper())
    counted = selector is Selector.EXACT
    if selector is None or counted != bool(colon) or (counted and (not _is_number(count) or not int(count))):
        raise UsageError(f"`{flag}`: `{text[:100]}` is no selection", hint="write ANY, ALL or EXACT:2")
    return Selection(selector=selector, count=int(count) if counted else 0)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= len(str(_MAX_NUMBER)) and int(text) < _MAX_NUMBER
