"""The signing configuration v0.2: reading, and choosing services by its rules."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from assaymark.attest.sigstore.signing_config import (
    Log,
    Selection,
    Selector,
    Service,
    Services,
    SigningConfig,
    encode_signing_config,
    parse_signing_config,
    select_services,
)
from assaymark.errors import UsageError

NOW = datetime(2026, 6, 1, tzinfo=UTC)
MEDIA_TYPE = "application/vnd.dev.sigstore.signingconfig.v0.2+json"
SHARED = Path(__file__).parents[4] / ".." / "shared" / "data" / "sigstore"


def first(services: Sequence[Service], count: int) -> Sequence[Service]:
    """No chance: the first ones."""
    return services[:count]


def last(services: Sequence[Service], count: int) -> Sequence[Service]:
    return services[-count:]


def service(name: str, version: int = 1, *, start: int = 2020, end: int | None = None, operator: str = "") -> Service:
    return Service(
        url=f"https://{name}.test",
        version=version,
        operator=operator or name,
        start=datetime(start, 1, 1, tzinfo=UTC),
        end=datetime(end, 1, 1, tzinfo=UTC) if end else None,
    )


def document(**changes: Any) -> bytes:
    whole = {"mediaType": MEDIA_TYPE, "caUrls": [{"url": "https://ca.test", "majorApiVersion": 1}], **changes}
    return json.dumps(whole).encode()


def chosen(logs: Sequence[Service], selection: Selection, choose: Any = first) -> list[str]:
    config = SigningConfig(logs=tuple(logs), log_selection=selection)
    return [
        log.url.removeprefix("https://").removesuffix(".test")
        for log in select_services(config, now=NOW, choose=choose).logs
    ]


ALL = Selection(selector=Selector.ALL)
ANY = Selection(selector=Selector.ANY)


@pytest.mark.parametrize(
    ("logs", "selection", "expected"),
    [
        pytest.param([service("a"), service("b")], ALL, ["a", "b"], id="all of them"),
        pytest.param([service("a"), service("b")], ANY, ["a"], id="any one"),
        pytest.param(
            [service("a"), service("b"), service("c")],
            Selection(selector=Selector.EXACT, count=2),
            ["a", "b"],
            id="so many",
        ),
        pytest.param([service("old", 1), service("new", 2)], ALL, ["new"], id="the highest version only"),
        pytest.param([service("now", 1), service("future", 2, start=2027)], ALL, ["now"], id="not before its time"),
        pytest.param([service("gone", 2, end=2025), service("here", 1)], ALL, ["here"], id="not after its time"),
        pytest.param(
            [service("unknown", 3), service("known", 2)],
            ALL,
            ["known"],
            id="a version that we do not speak is passed over",
        ),
        pytest.param(
            [service("older", start=2021, operator="x"), service("newer", start=2024, operator="x")],
            ALL,
            ["newer"],
            id="the newest of an operator",
        ),
        pytest.param(
            [service("older", start=2021), service("newer", start=2024)], ANY, ["newer"], id="the newest stands first"
        ),
        pytest.param([], Selection(), [], id="no services means none"),
    ],
)
def test_services_are_chosen(logs: list[Service], selection: Selection, expected: list[str]) -> None:
    assert expected == chosen(logs, selection)


def test_chance_is_injected() -> None:
    assert chosen([service("a", start=2021), service("b", start=2022)], ANY, last) == ["a"]


@pytest.mark.parametrize(
    ("logs", "selection"),
    [
        pytest.param([service("gone", end=2025)], ALL, id="none is valid now"),
        pytest.param([service("unknown", 3)], ALL, id="none speaks a version that we do"),
        pytest.param([service("a")], Selection(selector=Selector.EXACT, count=2), id="more than there are"),
        pytest.param([service("a")], Selection(selector=Selector.EXACT), id="exactly none"),
        pytest.param([service("a")], Selection(), id="no selector"),
    ],
)
def test_services_that_cannot_be_used_are_an_error_and_never_none(logs: list[Service], selection: Selection) -> None:
    with pytest.raises(UsageError):
        chosen(logs, selection)


def test_both_ends_of_a_window_belong_to_it() -> None:
    edge = Service(url="https://a.test", version=1, start=NOW, end=NOW)
    assert select_services(SigningConfig(authorities=(edge,)), now=NOW, choose=first) == Services(
        authority="https://a.test"
    )


def test_the_public_configuration_is_read() -> None:
    if not SHARED.is_dir():
        pytest.skip("the recorded trust data is not here")
    config = parse_signing_config((SHARED / "signing_config.v0.2.json").read_bytes())
    assert select_services(config, now=NOW, choose=first) == Services(
        authority="https://fulcio.sigstore.dev",
        issuer="https://oauth2.sigstore.dev/auth",
        logs=(Log(url="https://rekor.sigstore.dev", version=1),),
        timestamps=("https://timestamp.sigstore.dev/api/v1/timestamp",),
    )
    second = parse_signing_config((SHARED / "signing_config_rekor_v2.v0.2.json").read_bytes())
    logs = select_services(second, now=NOW, choose=first).logs
    assert logs == (Log(url="https://log2025-1.rekor.sigstore.dev", version=2),)


def test_what_is_written_is_read() -> None:
    config = SigningConfig(
        authorities=(service("ca"),),
        issuers=(service("issuer"),),
        logs=(service("log", 2, end=2030),),
        log_selection=Selection(selector=Selector.EXACT, count=1),
        timestamps=(service("tsa"),),
        timestamp_selection=ANY,
    )
    written = encode_signing_config(config)
    assert config == parse_signing_config(written)
    assert encode_signing_config(SigningConfig()) == b'{\n  "mediaType": "' + MEDIA_TYPE.encode() + b'"\n}\n'


def test_a_selector_may_be_its_number() -> None:
    config = parse_signing_config(document(tsaConfig={"selector": 3, "count": 2}))
    assert config.timestamp_selection == Selection(selector=Selector.EXACT, count=2)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(b"", "not acceptable JSON", id="nothing"),
        pytest.param(document(mediaType="application/json"), "media type", id="another media type"),
        pytest.param(document(surprise=1), "unknown member", id="an unknown member"),
        pytest.param(
            document(caUrls=[{"url": "ftp://ca.test"}]), "not an http or https URL", id="a URL of another kind"
        ),
        pytest.param(
            document(caUrls=[{"url": "https://ca.test", "validFor": {"start": "soon"}}]), "soon", id="no time"
        ),
        pytest.param(
            document(caUrls=[{"url": "https://ca.test", "validFor": {"start": "2020-01-01T00:00:00"}}]),
            "time zone",
            id="a time without a zone",
        ),
        pytest.param(document(tsaConfig={"selector": "SOME"}), "selector", id="an unknown selector"),
        pytest.param(document(tsaConfig={"selector": 9}), "9", id="an unknown selector's number"),
        pytest.param(b'{"mediaType":"a","mediaType":"b"}', "twice", id="a key twice"),
    ],
)
def test_other_documents_are_refused(data: bytes, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_signing_config(data)
