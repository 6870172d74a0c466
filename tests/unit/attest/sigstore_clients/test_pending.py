"""Attestations that are signed and not finished: kept, bounded, private, and honest about their end."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from assaymark.attest.dsse import Envelope, Signature, sign_payload
from assaymark.attest.keys.private import generate_key
from assaymark.attest.sigstore.pending import Pending, PendingStore
from assaymark.attest.sigstore.signing_config import Log
from assaymark.attest.sigstore.write import Gathered
from assaymark.errors import LocalError, SigningError
from assaymark.limits import DEFAULT_LIMITS

KEY = generate_key()
V1, V2 = Log(url="https://log.test"), Log(url="https://log.test", version=2)
PENDING = Pending(
    envelope=sign_payload(b"{}", KEY),
    subject="registry.test/app@sha256:00",
    predicate_type="https://example.test/p",
    spki=KEY.public.spki,
    certificate=b"leaf",
    chain=(b"root",),
    expires=1000.0,
    timestamps=(b"stamp",),
    logs=(V1,),
)


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    store = PendingStore(tmp_path / "a" / "b")
    path = store.save(PENDING)
    assert store.load(path) == PENDING
    assert [*store.listed()] == [path]
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_the_same_signature_has_one_file(tmp_path: Path) -> None:
    store = PendingStore(tmp_path)
    assert store.save(PENDING) == store.save(msgspec.structs.replace(PENDING, logs=()))
    store.remove(PENDING)
    store.remove(PENDING)
    assert [*store.listed()] == []


def test_the_oldest_comes_first(tmp_path: Path) -> None:
    store = PendingStore(tmp_path)
    paths = [store.save(msgspec.structs.replace(PENDING, envelope=sign_payload(b"%d" % i, KEY))) for i in range(3)]
    for age, path in enumerate(reversed(paths)):
        os.utime(path, (age, age))
    (tmp_path / "gone.pending.json").symlink_to(tmp_path / "nowhere")
    assert [*store.listed()] == paths[::-1]


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert [*PendingStore(tmp_path / "none").listed()] == []


def test_what_was_gathered() -> None:
    expected = Gathered(public=KEY.public, certificate=b"leaf", chain=(b"root",), timestamps=(b"stamp",))
    assert expected == PENDING.gathered
    assert not PENDING.finished
    assert msgspec.structs.replace(PENDING, logs=()).finished


@pytest.mark.parametrize(
    ("changes", "now", "possible"),
    [
        pytest.param({}, 1000.0, True, id="the certificate lives"),
        pytest.param({}, 1001.0, False, id="the log would state a time after the certificate's end"),
        pytest.param({"logs": (V2,)}, 1e9, True, id="a timestamp is there, and the log states no time"),
        pytest.param(
            {"logs": (V2,), "authorities": ("https://tsa.test",)}, 1001.0, False, id="the timestamp is what lacks"
        ),
        pytest.param({"certificate": b"", "expires": 0.0}, 1e9, True, id="a key has no end"),
        pytest.param({"logs": ()}, 1e9, True, id="nothing lacks"),
    ],
)
def test_whether_it_can_still_be_finished(changes: dict[str, object], now: float, *, possible: bool) -> None:
    pending = msgspec.structs.replace(PENDING, **changes)
    if possible:
        pending.check_time(now)
        return
    with pytest.raises(SigningError, match="1970-01-01 00:16:40 UTC") as caught:
        pending.check_time(now)
    assert caught.value.reason == "CERTIFICATE_EXPIRED"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{}", id="no members"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b"\xff", id="no text"),
        pytest.param(msgspec.json.encode(PENDING)[:-10], id="cut off"),
        pytest.param(msgspec.json.encode(msgspec.structs.replace(PENDING, spki=b"x")), id="no key"),
        pytest.param(msgspec.json.encode(msgspec.structs.replace(PENDING, format=2)), id="of the future"),
        pytest.param(
            msgspec.json.encode(
                msgspec.structs.replace(PENDING, envelope=Envelope(payload=b"", signatures=(Signature(sig=b""),) * 2))
            ),
            id="two signatures",
        ),
    ],
)
def test_other_files_are_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.pending.json"
    path.write_bytes(data)
    with pytest.raises(LocalError, match="no pending attestation"):
        PendingStore(tmp_path).load(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="cannot read"):
        PendingStore(tmp_path).load(tmp_path / "x")


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    from assaymark.errors import LimitError

    path = PendingStore(tmp_path).save(PENDING)
    limits = msgspec.structs.replace(DEFAULT_LIMITS, pending_bytes=10)
    with pytest.raises(LimitError):
        PendingStore(tmp_path, limits=limits).load(path)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LocalError, match="cannot create"):
        PendingStore(tmp_path / "file" / "folder").save(PENDING)
