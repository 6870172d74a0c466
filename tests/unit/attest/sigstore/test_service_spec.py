"""Services as flags name them: what is a service, and every way not to be one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from assaymark.attest.sigstore.service_spec import parse_selection, parse_service, parse_spec
from assaymark.attest.sigstore.signing_config import Selection, Selector, Service
from assaymark.attest.sigstore.trusted_root import Window
from assaymark.errors import UsageError

GOOD = "url=https://log.test,api-version=2,start-time=2026-01-02T03:04:05Z,operator=us"
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_service_is_its_pairs_with_white_space_around_them() -> None:
    expected = Service(url="https://log.test", version=2, operator="us", start=START)
    assert expected == parse_service("--rekor", GOOD)
    assert expected == parse_service("--rekor", GOOD.replace(",", " , ").replace("operator=", "operator = "))


def test_a_service_may_end() -> None:
    ends = parse_service("--rekor", f"{GOOD},end-time=2026-01-02T05:04:05.5+01:00").end
    assert datetime(2026, 1, 2, 4, 4, 5, 500_000, tzinfo=UTC) == ends


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "`--rekor`: `` is no pair", id="nothing"),
        pytest.param("https://log.test", "`--rekor`: `https://log.test` is no pair", id="no equals sign"),
        pytest.param(f"{GOOD},", "`--rekor`: `` is no pair", id="a comma at the end"),
        pytest.param(f"{GOOD},end_time=x", "`--rekor`: `end_time` is unknown", id="a misspelled name"),
        pytest.param(f"{GOOD},operator=x", "`--rekor`: `operator` is given twice", id="a name twice"),
        pytest.param(GOOD.replace("operator=us", "operator="), "`--rekor`: `operator` is missing", id="an empty value"),
        pytest.param(
            GOOD.replace("version=2", "version=2.0"), "`--rekor`: `api-version` is `2.0`, not a whole number", id="2.0"
        ),
        pytest.param(
            GOOD.replace("version=2", "version=4294967296"),
            "`--rekor`: `api-version` is `4294967296`, not a whole number",
            id="a version beyond 32 bits",
        ),
        pytest.param(
            f"{GOOD},end-time=2026-01-01",
            "`--rekor`: `end-time`: `2026-01-01` is not a time as RFC 3339 writes it",
            id="a day alone",
        ),
        pytest.param(
            f"{GOOD},end-time=0001-01-01T00:00:00+14:00",
            "`--rekor`: `end-time`: `0001-01-01T00:00:00+14:00` is no time of this calendar",
            id="before the calendar",
        ),
        pytest.param(
            f"{GOOD},end-time=2026-01-01T00:00:00Z", "`--rekor`: it ends before it begins", id="an end before its start"
        ),
    ],
)
def test_anything_else_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_service("--rekor", text)
    assert message == str(caught.value)


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="`--rekor`: "):
        parse_service("--rekor", GOOD.replace("https", "gopher"))


def test_a_window_without_times_is_open() -> None:
    spec = parse_spec("--fulcio", "url=https://ca.test", required=("url",), optional=("start-time",))
    assert (Window(), "") == (spec.window, spec.text("start-time"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ANY", Selection(selector=Selector.ANY)),
        ("all", Selection(selector=Selector.ALL)),
        ("Exact:2", Selection(selector=Selector.EXACT, count=2)),
    ],
)
def test_a_selection_is_a_word_and_a_number(text: str, expected: Selection) -> None:
    assert expected == parse_selection("--rekor-config", text)


@pytest.mark.parametrize("text", ["", "SOME", "ANY:1", "ALL:", "EXACT", "EXACT:", "EXACT:0", "EXACT:-1", "EXACT:x"])
def test_no_other_selection_is_known(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_selection("--rekor-config", text)
    assert f"`--rekor-config`: `{text}` is no selection" == str(caught.value)
