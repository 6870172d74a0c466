"""Files and images as what a signature is about."""

from __future__ import annotations

import hashlib

import pytest

from assaymark.attest.sigstore.artifact import Blob, blob_of_data, blob_of_digest, raw_digests
from assaymark.attest.statement import Subject
from assaymark.attest.subject import ImageDigests
from assaymark.errors import UsageError

HEX = {name: hashlib.new(name, b"x").hexdigest() for name in ("sha256", "sha384", "sha512")}


def test_a_file_has_every_digest() -> None:
    assert blob_of_data(b"x") == Blob(digests=tuple(HEX.items()), data=b"x")


@pytest.mark.parametrize("algorithm", HEX)
def test_a_digest_is_read_in_either_case(algorithm: str) -> None:
    wanted = Blob(digests=((algorithm, HEX[algorithm]),))
    assert [blob_of_digest(f"{algorithm}:{text}") for text in (HEX[algorithm], HEX[algorithm].upper())] == [wanted] * 2


@pytest.mark.parametrize(
    "text", ["", HEX["sha256"], "sha256:", f"sha512:{HEX['sha256']}", "md5:" + "0" * 32, "sha256:" + "x" * 64]
)
def test_what_is_no_digest_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        blob_of_digest(text)


@pytest.mark.parametrize(
    ("digests", "meant"),
    [
        ({"sha256": HEX["sha256"]}, True),
        ({"sha512": HEX["sha512"]}, True),
        ({"sha256": HEX["sha256"].upper()}, True),
        ({"sha256": HEX["sha256"], "gitCommit": "0" * 40}, True),
        ({"sha256": HEX["sha256"], "sha512": "0" * 128}, False),
        ({"sha256": "0" * 64, "sha512": HEX["sha512"]}, False),
        ({"gitCommit": HEX["sha256"]}, False),
        ({"sha256": f"sha256:{HEX['sha256']}"}, False),
    ],
    ids=[
        "its digest", "another of its digests", "in upper case", "beside one that nobody knows", "beside a wrong one",
        "a wrong one first", "under another name", "with its name in front",
    ],
)  # fmt: skip
def test_a_subject_is_the_file_or_not(digests: dict[str, str], meant: bool) -> None:
    assert blob_of_data(b"x").are_meant_by(Subject(digests=tuple(digests.items()))) is meant


def test_digests_are_told_as_bytes() -> None:
    image = ImageDigests(digests=(("sha256", HEX["sha256"]),))
    assert raw_digests(image) == {"sha256": hashlib.sha256(b"x").digest()}
