"""Which services sign: the signing configuration v0.2 (sigstore/protobuf-specs, `sigstore_trustroot.proto`).

Rules for reading: strict JSON with the ProtoJSON rules of `assaymark.attest.protojson`; every service has an http or
https URL and a version of its interface.

Rules for choosing, in order: the service is valid now (both ends of a window belong to it, an open end never closes);
of those only the highest version that we speak (Fulcio 1, OpenID Connect 1, Rekor 1 and 2, timestamps 1); of those the
newest of each operator; of those as the selector says: `ALL`, `ANY` (one at random) or `EXACT` (so many at random). A
section without services means that the service is not used. Services that are listed but none of which can be used now
are an error, never the same as none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final

import msgspec

from assaymark.attest.protojson import Message
from assaymark.errors import ArtifactError, NetworkError, UsageError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.net.url import parse_url
from assaymark.safeio.json import decode_strict
from assaymark.safeio.text import printable

SIGNING_CONFIG: Final = "application/vnd.dev.sigstore.signingconfig.v0.2+json"

_MEMBERS: Final = (
    "mediaType",
    "caUrls",
    "oidcUrls",
    "rekorTlogUrls",
    "rekorTlogConfig",
    "tsaUrls",
    "tsaConfig",
)
_SERVICE: Final = ("url", "majorApiVersion", "validFor", "operator")
_SERVICES: Final = 100
_FULCIO, _OIDC, _REKOR, _TSA = (1,), (1,), (1, 2), (1,)

Choose = Callable[[Sequence["Service"], int], Sequence["Service"]]
"""So many of the services at random; `random.sample` is one."""


class Selector(Enum):
    """How many of the usable services are used."""

    UNDEFINED = "SERVICE_SELECTOR_UNDEFINED"
    ALL = "ALL"
    ANY = "ANY"
    EXACT = "EXACT"


_SELECTORS: Final = tuple(Selector)  # in the order of their numbers


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """One service.

    Attributes:
        version: of its interface.
        start, end: when it may be used; None is open.
    """

    url: str
    version: int
    operator: str = ""
    start: datetime | None = None
    end: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Whether it may be used at `now`."""
        return (self.start is None or self.start <= now) and (self.end is None or now <= self.end)


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """The rule for a kind of service of which several may be used."""

    selector: Selector = Selector.UNDEFINED
    count: int = 0


class SigningConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A signing configuration as it was read."""

    authorities: tuple[Service, ...] = ()
    issuers: tuple[Service, ...] = ()
    logs: tuple[Service, ...] = ()
    log_selection: Selection = Selection()
    timestamps: tuple[Service, ...] = ()
    timestamp_selection: Selection = Selection()


class Log(msgspec.Struct, frozen=True, kw_only=True):
    """A transparency log to write to: Rekor's first or second interface."""

    url: str
    version: int = 1


class Services(msgspec.Struct, frozen=True, kw_only=True):
    """The services of one signing.

    Attributes:
        authority: Fulcio; empty where no certificate is asked for.
        issuer: whom the signer signs in at; empty where there is none.
        timestamps: full URLs of timestamp authorities.
    """

    authority: str = ""
    issuer: str = ""
    logs: tuple[Log, ...] = ()
    timestamps: tuple[str, ...] = ()


def parse_signing_config(data: bytes, *, limits: Limits = DEFAULT_LIMITS, what: str = "") -> SigningConfig:
    """The configuration that `data` spells.

    Raises:
        UsageError: it is malformed or has another version.
    """
    name = what or "the signing configuration"
    try:
        return _read_config(Message(decode_strict(data, limits=limits, what=name), "signing config", _MEMBERS))
    except (ValueError, ArtifactError) as exc:
        raise UsageError(
            f"{name} cannot be used: {exc}", hint=f"give a JSON document with the media type `{SIGNING_CONFIG}`"
        ) from exc


def encode_signing_config(config: SigningConfig) -> bytes:
    """The configuration as JSON for people and programs."""
    document = {
        "mediaType": SIGNING_CONFIG,
        "caUrls": [_spell_service(service) for service in config.authorities],
        "oidcUrls": [_spell_service(service) for service in config.issuers],
        "rekorTlogUrls": [_spell_service(service) for service in config.logs],
        "tsaUrls": [_spell_service(service) for service in config.timestamps],
        "rekorTlogConfig": _spell_selection(config.log_selection),
        "tsaConfig": _spell_selection(config.timestamp_selection),
    }
    return msgspec.json.format(msgspec.json.encode({name: value for name, value in document.items() if value})) + b"\n"


def select_services(config: SigningConfig, *, now: datetime, choose: Choose) -> Services:
    """The services to sign with at `now`.

    Raises:
        UsageError: services are listed, but none can be used, or too few.
    """
    logs = _select(config.logs, _REKOR, config.log_selection, kind="transparency log", now=now, choose=choose)
    stamps = _select(
        config.timestamps, _TSA, config.timestamp_selection, kind="timestamp authority", now=now, choose=choose
    )
    one = Selection(selector=Selector.ALL)
    authorities = _select(config.authorities, _FULCIO, one, kind="certificate authority", now=now, choose=choose)
    issuers = _select(config.issuers, _OIDC, one, kind="identity provider", now=now, choose=choose)
    return Services(
        authority=authorities[0].url if authorities else "",
        issuer=issuers[0].url if issuers else "",
        logs=tuple(Log(url=service.url, version=service.version) for service in logs),
        timestamps=tuple(service.url for service in stamps),
    )


def check_url(text: str) -> str:
    """`text`, where it is the URL of a service.

    Raises:
        ValueError: it is not.
    """
    try:
        parse_url(text)
    except NetworkError as exc:
        raise ValueError(str(exc)) from exc
    return text


def spell_time(moment: datetime) -> str:
    """A moment as documents of Sigstore spell it: with no digits of a second, three or six (ProtoJSON)."""
    digits = "auto" if moment.microsecond % 1000 else "milliseconds" if moment.microsecond else "seconds"
    return moment.astimezone(UTC).isoformat(timespec=digits).replace("+00:00", "Z")


def _select(
    services: Sequence[Service],
    versions: tuple[int, ...],
    selection: Selection,
    *,
    kind: str,
    now: datetime,
    choose: Choose,
) -> Sequence[Service]:
    if not services:
        return ()
    usable = _newest(services, versions, now)
    if not usable:
        raise UsageError(
            f"the signing configuration lists no {kind} that can be used at {now:%Y-%m-%d %H:%M:%S} UTC",
            hint="refresh the trust data, check the clock, or give another `--signing-config`",
        )
    if selection.selector is Selector.ALL:
        return usable
    if selection.selector is Selector.ANY:
        return choose(usable, 1)
    if selection.selector is Selector.EXACT and 0 < selection.count <= len(usable):
        return choose(usable, selection.count)
    wanted = f"{selection.selector.name} {selection.count}".removesuffix(" 0")
    raise UsageError(f"the signing configuration asks for `{wanted}` of {len(usable)} services of the kind {kind}")


def _newest(services: Sequence[Service], versions: tuple[int, ...], now: datetime) -> list[Service]:
    """The newest valid service of each operator, of the highest version only; the newest of all stands first."""
    valid = [service for service in services if service.version in versions and service.is_valid(now)]
    highest = max((service.version for service in valid), default=0)
    earliest = datetime.min.replace(tzinfo=UTC)
    newest: dict[str, Service] = {}
    for service in sorted(valid, key=lambda service: service.start or earliest, reverse=True):
        if service.version == highest:
            newest.setdefault(service.operator, service)
    return list(newest.values())


def _read_config(message: Message) -> SigningConfig:
    if message.text("mediaType") != SIGNING_CONFIG:
        raise ValueError(f"its media type is `{printable(message.text('mediaType')[:100])}`")
    return SigningConfig(
        authorities=_read_services(message, "caUrls"),
        issuers=_read_services(message, "oidcUrls"),
        logs=_read_services(message, "rekorTlogUrls"),
        log_selection=_read_selection(message, "rekorTlogConfig"),
        timestamps=_read_services(message, "tsaUrls"),
        timestamp_selection=_read_selection(message, "tsaConfig"),
    )


def _read_services(message: Message, field: str) -> tuple[Service, ...]:
    listed = message.items(field, limit=_SERVICES)
    return tuple(_read_service(Message(item, field, _SERVICE)) for item in listed)


def _read_service(message: Message) -> Service:
    window = message.message("validFor", ("start", "end"))
    return Service(
        url=check_url(message.text("url")),
        version=message.count("majorApiVersion"),
        operator=message.text("operator"),
        start=_read_time(window, "start"),
        end=_read_time(window, "end"),
    )


def _read_time(window: Message | None, field: str) -> datetime | None:
    text = window.text(field) if window else ""
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"`{field}` has no time zone")
    return moment


def _read_selection(message: Message, field: str) -> Selection:
    # an enumeration is its name or its number
    listed = message.message(field, ("selector", "count"))
    if listed is None:
        return Selection()
    try:
        selector = Selector(listed.text("selector") or Selector.UNDEFINED.value)
    except ValueError:
        number = listed.count("selector")
        if number >= len(_SELECTORS):
            raise ValueError(f"`{field}.selector` is {number}") from None
        selector = _SELECTORS[number]
    return Selection(selector=selector, count=listed.count("count"))


def _spell_service(service: Service) -> dict[str, Any]:
    window = {name: spell_time(moment) for name, moment in (("start", service.start), ("end", service.end)) if moment}
    spelled: dict[str, Any] = {"url": service.url, "majorApiVersion": service.version, "validFor": window}
    return spelled | ({"operator": service.operator} if service.operator else {})


def _spell_selection(selection: Selection) -> dict[str, Any]:
    if selection.selector is Selector.UNDEFINED:
        return {}
    counted = {"count": selection.count} if selection.count else {}
    return {"selector": selection.selector.value, **counted}
