from __future__ import annotations

from datetime import UTC, datetime

from assaymark.model.uuids import uuid7, uuid8


def test_a_moment_stands_in_front() -> None:
    moment = datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)  # RFC 9562, appendix A.6, in another zone
    assert uuid7(moment, bytes.fromhex("0cc318c4dc0c0c07398f")) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


def test_contents_give_the_same_each_time() -> None:
    assert uuid8(b"a") == uuid8(b"a") == "ca978112-ca1b-8dca-bac2-31b39a23dc4d"
    assert uuid8(b"b") != uuid8(b"a")
