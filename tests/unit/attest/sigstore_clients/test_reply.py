"""Asking services: what is said of their answers, and when they are asked again."""

from __future__ import annotations

import pytest
from tests.support.registry import Fault
from tests.support.sigstore.fake import FakeSigstore

from assaymark.attest.sigstore.reply import Answer, ask, number_of, object_of, text_of
from assaymark.errors import NetworkError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.net.http import Http
from assaymark.net.network import Headers


def answer(body: bytes, status: int = 400) -> Answer:
    return Answer(service="the service", url="https://x.test/p", status=status, headers=Headers(), body=body)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(b'{"code":3,"message":"no  such\\nthing"}', "no such thing", id="a gateway"),
        pytest.param(b'{"error":"a","error_description":"b"}', "b", id="an authorization server"),
        pytest.param(b'{"error":"a","error_description":""}', "a", id="one that does not explain"),
        pytest.param(b'{"error":{"code":1}}', '{"error":{"code":1}}', id="another shape"),
        pytest.param(b'["x"]', '["x"]', id="a list"),
        pytest.param(b"  not found\n", "not found", id="text"),
        pytest.param(b"x" * 5000, "x" * 300, id="much text"),
        pytest.param(b"", "", id="nothing"),
    ],
)
def test_a_service_s_own_words(body: bytes, expected: str) -> None:
    assert answer(body).explanation == expected


def test_a_failure_names_the_service_and_its_words() -> None:
    assert str(answer(b"gone").failure()) == "the service at `https://x.test/p` answered with status 400: gone"
    assert str(answer(b"").failure()) == "the service at `https://x.test/p` answered with status 400"


def test_what_is_no_object() -> None:
    with pytest.raises(NetworkError, match="it is not a JSON object"):
        answer(b"[]", 200).document(limits=DEFAULT_LIMITS)


def test_a_question_that_must_not_be_asked_twice(fake: FakeSigstore, http: Http) -> None:
    fake.fault(Fault(path="/api", cut_after=1, headers={"Content-Length": "50"}, times=-1))
    with pytest.raises(NetworkError, match="broke off"):
        ask(http, "POST", f"{fake.url}/api", service="it", limit=100, body=b"", repeatable=False)
    assert len(fake.requests) == 1


@pytest.mark.parametrize("value", [None, "", 7])
def test_members_that_must_be_there(value: object) -> None:
    with pytest.raises(ValueError, match="`a` is missing or not a string"):
        text_of({"a": value}, "a")
    with pytest.raises(ValueError, match="`a` is missing or not an object"):
        object_of({"a": value}, "a")


@pytest.mark.parametrize(("value", "expected"), [(0, 0), ("0", 0), ("9223372036854775807", (1 << 63) - 1)])
def test_numbers_are_numbers_or_text(value: object, expected: int) -> None:
    assert number_of({"a": value}, "a") == expected
    assert number_of({}, "a") == 0


@pytest.mark.parametrize("value", ["", "-1", "9223372036854775808", 1.5, True, None, "\uff11"])
def test_other_numbers_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match="`a` is not a number"):
        number_of({"a": value}, "a")
