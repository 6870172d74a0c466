"""Statements: exact bytes in, exact bytes out."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.support.forgery import HEX, statement

from assaymark.attest.statement import Statement, Subject, build_statement, parse_statement
from assaymark.errors import VerificationError

SUBJECT = Subject(name="registry.test/a\u2028b", digests=(("sha256", HEX),))


def test_the_predicate_stays_as_it_is() -> None:
    predicate = b'{ "n": 12345678901234567890, "f": 1.0,\n "s": "\\u003c<" }'
    built = build_statement(subjects=[SUBJECT], predicate_type="urn:t", predicate=b"\n" + predicate + b"\r\n")
    assert parse_statement(built) == Statement(
        type="https://in-toto.io/Statement/v0.1",
        subjects=(SUBJECT,),
        predicate_type="urn:t",
        predicate=predicate,
    )


def test_the_members_come_in_the_order_of_cosign() -> None:
    built = build_statement(subjects=[SUBJECT], predicate_type="urn:t", predicate=b"{}")
    assert list(msgspec.json.decode(built)) == ["_type", "subject", "predicateType", "predicate"]


def test_version_1_is_read_too() -> None:
    assert parse_statement(msgspec.json.encode(statement(_type="https://in-toto.io/Statement/v1"))).extra == ()


def test_a_subject_needs_no_name_and_may_say_more() -> None:
    subject = {"digest": {"sha256": HEX, "gitCommit": "x"}, "uri": "u", "annotations": {}}
    (read,) = parse_statement(msgspec.json.encode(statement(subject=[subject]))).subjects
    assert read == Subject(digests=(("sha256", HEX), ("gitCommit", "x")))


MALFORMED: dict[str, Any] = {
    "a type that is a number": {"_type": 1},
    "a predicate type that is a number": {"predicateType": 1},
    "an empty predicate type": {"predicateType": ""},
    "subjects that are an object": {"subject": {}},
    "a subject that is a string": {"subject": ["x"]},
    "a subject without digests": {"subject": [{"name": "x"}]},
    "a subject with no digest": {"subject": [{"digest": {}}]},
    "a subject with a hundred digests": {"subject": [{"digest": {str(number): "" for number in range(100)}}]},
    "a digest that is a number": {"subject": [{"digest": {"sha256": 1}}]},
    "a name that is a number": {"subject": [{"name": 1, "digest": {"sha256": HEX}}]},
    "a digest in another letter case": {"subject": [{"Digest": {}, "digest": {"sha256": HEX}}]},
}


@pytest.mark.parametrize("changes", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_statements_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(VerificationError) as caught:
        parse_statement(msgspec.json.encode(statement(**changes)))
    assert caught.value.reason == "STATEMENT_MALFORMED"
