"""The corner of DER, and PEM."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assaymark.attest.keys.der import BIT_STRING, INTEGER, SEQUENCE, DerReader, encode
from assaymark.attest.keys.pem import Pem, encode_pem, parse_pem

MALFORMED: dict[str, tuple[Callable[[DerReader], object], str]] = {
    "nothing": (lambda reader: reader.take(INTEGER), ""),
    "no length": (lambda reader: reader.take(INTEGER), "02"),
    "another tag": (lambda reader: reader.take(INTEGER), "0301ff"),
    "a value longer than the document": (lambda reader: reader.take(INTEGER), "020201"),
    "an indefinite length": (lambda reader: reader.sequence(), "30800000"),
    "a length of five bytes": (lambda reader: reader.sequence(), "30850000000001ff"),
    "a long length for a short value": (lambda reader: reader.take(INTEGER), "02810101"),
    "a length with a zero in front": (lambda reader: reader.take(INTEGER), "02820081" + "01" * 129),
    "an empty integer": (lambda reader: reader.integer(), "0200"),
    "a negative integer": (lambda reader: reader.integer(), "020180"),
    "an integer with a zero too many": (lambda reader: reader.integer(), "02020001"),
    "an empty bit string": (lambda reader: reader.bits(), "0300"),
    "a bit string of seven bits": (lambda reader: reader.bits(), "030201fe"),
    "bytes behind the last value": (lambda reader: reader.integer() or _finished(reader), "02010000"),
}


def _finished(reader: DerReader) -> DerReader:
    reader.finish()
    return reader


@pytest.mark.parametrize(("read", "text"), MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_not_der_is_refused(read: Callable[[DerReader], object], text: str) -> None:
    with pytest.raises(ValueError):
        read(DerReader(bytes.fromhex(text)))


@pytest.mark.parametrize("number", [0, 1, 127, 128, 255, 256, 2**2048 - 1])
def test_integers_come_back(number: int) -> None:
    reader = DerReader(encode(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big")))
    assert (number, False) == (reader.integer(), reader.rest)


@pytest.mark.parametrize("size", [0, 127, 128, 255, 256, 70_000])
def test_what_is_encoded_can_be_read(size: int) -> None:
    inner = DerReader(encode(SEQUENCE, encode(BIT_STRING, b"\0" + bytes(size)))).sequence()
    assert bytes(size) == inner.bits()
    inner.finish()


def test_a_value_can_be_taken_whole_and_told_before() -> None:
    values = [encode(INTEGER, b"\1"), encode(SEQUENCE, b"")]
    reader = DerReader(b"".join(values))
    assert [(reader.next_tag, reader.take_whole()) for _ in values] == [(INTEGER, values[0]), (SEQUENCE, values[1])]
    assert reader.next_tag == -1
    with pytest.raises(ValueError):
        reader.take_whole()


def test_pem_comes_back_and_is_64_columns_wide() -> None:
    text = encode_pem("PUBLIC KEY", bytes(100))
    assert Pem(label="PUBLIC KEY", body=bytes(100)) == parse_pem(text)
    assert {64} >= {len(line) for line in text.splitlines()[1:-2]}


def test_text_around_the_first_block_is_ignored() -> None:
    text = b"hello\n" + encode_pem("A", b"1").replace(b"\n", b"\r\n") + encode_pem("B", b"2")
    assert Pem(label="A", body=b"1") == parse_pem(text)


def test_a_block_with_headers_says_so() -> None:
    text = b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"
    assert Pem(label="RSA PRIVATE KEY", body=b"", headers=True) == parse_pem(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"-----BEGIN A-----\nAAAA\n", id="no end"),
        pytest.param(b"-----BEGIN A-----\nAAAA\n-----END B-----\n", id="another end"),
        pytest.param(b"-----BEGIN A-----\nAA!A\n-----END A-----\n", id="no base64"),
        pytest.param(b"x -----BEGIN A-----\nAAAA\n-----END A-----\n", id="not at the start of a line"),
    ],
)
def test_what_is_not_pem_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):
        parse_pem(text)
