"""What a mirror may serve: every answer that is not the repository's own is refused."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from securesystemslib.signer import CryptoSigner
from tests.support.mirrors import MirrorNetwork
from tests.support.sigstore.tuf_repository import TufRepository
from tuf.api.metadata import Metadata, Root, Timestamp

from assaymark.attest.sigstore.mirror import Mirror
from assaymark.attest.sigstore.trust_cache import RepositoryState
from assaymark.attest.sigstore.tuf import update_repository
from assaymark.errors import (
    Error,
    LimitError,
    LocalError,
    NetworkError,
    OfflineError,
    VerificationError,
)
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.net.address import Locality
from assaymark.net.network import Network, NoNetwork

MIRROR = "https://tuf.example/repository"
TARGETS = {"trusted_root.json": b'{"root":1}', "signing_config.v0.2.json": b'{"config":1}'}


@pytest.fixture
def repository() -> TufRepository:
    return TufRepository(TARGETS, clock=lambda: datetime.now(UTC))


@pytest.fixture
def network(repository: TufRepository) -> MirrorNetwork:
    return MirrorNetwork(MIRROR, repository.files)


def update(
    repository: TufRepository,
    network: Network,
    *,
    seed: RepositoryState | None = None,
    root: bytes = b"",
    limits: Limits = DEFAULT_LIMITS,
) -> RepositoryState:
    mirror = Mirror(MIRROR, network)
    return update_repository(mirror, root or repository.initial_root, seed=seed, limits=limits)


def edited(data: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    document = json.loads(data)
    change(document)
    return json.dumps(document).encode()


def test_everything_that_a_mirror_serves(repository: TufRepository, network: MirrorNetwork) -> None:
    state = update(repository, network)
    files = repository.files
    expires = json.loads(files["timestamp.json"])["signed"]["expires"]
    expected = RepositoryState(
        roots=(files["1.root.json"],),
        timestamp=files["timestamp.json"],
        snapshot=files["1.snapshot.json"],
        targets=files["1.targets.json"],
        trusted_root=TARGETS["trusted_root.json"],
        signing_config=TARGETS["signing_config.v0.2.json"],
        expires_at=datetime.fromisoformat(expires).timestamp(),
    )
    assert expected == state


def test_a_mirror_may_redirect_but_not_behind_itself(repository: TufRepository, network: MirrorNetwork) -> None:
    update(repository, network)
    assert {Locality.PUBLIC} == set(network.nearest)


def test_the_first_role_that_expires_counts(repository: TufRepository, network: MirrorNetwork) -> None:
    repository.expire("timestamp", days=3)
    left = update(repository, network).expires_at - time.time()
    assert 2.9 * 86400 < left <= 3 * 86400


def test_what_was_obtained_before_is_not_fetched_again(repository: TufRepository, network: MirrorNetwork) -> None:
    before = update(repository, network)
    network.asked.clear()
    assert (before, ["2.root.json", "timestamp.json"]) == (update(repository, network, seed=before), network.asked)


def test_five_rotations_that_were_missed(repository: TufRepository, network: MirrorNetwork) -> None:
    before = update(repository, network)
    repository.rotate(5)
    state = update(repository, network, seed=before)
    assert state.roots == tuple(repository.files[f"{version}.root.json"] for version in range(1, 7))


def test_a_machine_that_was_off_while_every_role_expired(repository: TufRepository, network: MirrorNetwork) -> None:
    repository.expire("root")  # an expired root on the way is no obstacle: the last one counts
    for role in ("targets", "snapshot", "timestamp"):
        repository.expire(role, days=1)
    before = update_repository_without_root_expiry(repository, network)
    repository.expire("root", days=30)
    repository.rotate(2)
    repository.publish("trusted_root.json", b'{"root":2}')
    assert update(repository, network, seed=before).trusted_root == b'{"root":2}'


def update_repository_without_root_expiry(repository: TufRepository, network: MirrorNetwork) -> RepositoryState:
    network.files = {path: data for path, data in repository.files.items() if path != "2.root.json"}
    state = update(repository, network)
    network.files = repository.files
    return state


def test_a_new_log_is_published(repository: TufRepository, network: MirrorNetwork) -> None:
    before = update(repository, network)
    repository.publish("trusted_root.json", b'{"root":"with a new log"}')
    assert update(repository, network, seed=before).trusted_root == b'{"root":"with a new log"}'


def test_a_mirror_without_a_signing_configuration(network: MirrorNetwork) -> None:
    repository = TufRepository({"trusted_root.json": b"{}"}, clock=lambda: datetime.now(UTC))
    network.files = repository.files
    assert update(repository, network).signing_config == b""


def test_a_mirror_that_is_a_folder_needs_no_network(tmp_path: Path, repository: TufRepository) -> None:
    folder = tmp_path / "with spaces"
    for path, data in repository.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    mirror = Mirror(f"file://{str(folder).replace(' ', '%20')}", NoNetwork())
    state = update_repository(mirror, repository.initial_root, seed=None)
    assert state.trusted_root == TARGETS["trusted_root.json"]


def test_a_folder_without_the_repository(tmp_path: Path, repository: TufRepository) -> None:
    with pytest.raises(NetworkError, match=r"timestamp.json` is no file"):
        update_repository(Mirror(f"file://{tmp_path}", NoNetwork()), repository.initial_root, seed=None)


def test_no_place_for_scratch_files(
    repository: TufRepository, network: MirrorNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(LocalError, match=r"cannot keep scratch files in `.*gone"):
        update(repository, network)


class TestForgeries:
    """One change each to what an honest mirror serves."""

    def test_a_timestamp_that_goes_backwards(self, repository: TufRepository, network: MirrorNetwork) -> None:
        older = dict(repository.files)
        repository.publish("trusted_root.json", b'{"root":2}')
        before = update(repository, network)
        network.files = older
        assert "New timestamp version 1 must" in refusal(repository, network, seed=before)

    def test_a_snapshot_that_goes_backwards(self, repository: TufRepository, network: MirrorNetwork) -> None:
        old_snapshot = json.loads(repository.files["timestamp.json"])["signed"]["meta"]
        repository.publish("trusted_root.json", b'{"root":2}')
        before = update(repository, network)
        repository.publish("trusted_root.json", b'{"root":3}')
        served = dict(repository.files)

        def go_back(document: dict[str, Any]) -> None:
            document["signed"]["meta"] = old_snapshot

        metadata = Metadata[Timestamp].from_bytes(edited(served["timestamp.json"], go_back))
        metadata.sign(repository._signer)
        network.files = served | {"timestamp.json": metadata.to_bytes()}
        assert "New snapshot version must be >= 2, got version 1" in refusal(repository, network, seed=before)

    @pytest.mark.parametrize("role", ["root", "timestamp", "snapshot", "targets"])
    def test_a_role_that_has_expired(self, repository: TufRepository, network: MirrorNetwork, role: str) -> None:
        repository.expire(role)
        assert "expired" in refusal(repository, network)

    @pytest.mark.parametrize("role", ["timestamp", "1.snapshot", "1.targets"])
    def test_a_role_signed_by_somebody_else(self, repository: TufRepository, network: MirrorNetwork, role: str) -> None:
        metadata: Metadata[Any] = Metadata.from_bytes(repository.files[f"{role}.json"])
        metadata.sign(CryptoSigner.generate_ed25519())
        network.files = repository.files | {f"{role}.json": metadata.to_bytes()}
        assert "was signed by 0/1 keys" in refusal(repository, network)

    def test_a_rotation_that_the_keys_before_did_not_sign(
        self, repository: TufRepository, network: MirrorNetwork
    ) -> None:
        other = TufRepository(TARGETS, clock=lambda: datetime.now(UTC))
        other.rotate()
        network.files = other.files
        assert "root was signed by 0/1 keys" in refusal(repository, network)

    def test_a_rotation_that_leaves_one_out(self, repository: TufRepository, network: MirrorNetwork) -> None:
        repository.rotate(2)
        network.files = repository.files | {"2.root.json": repository.files["3.root.json"]}
        assert "cannot be trusted" in refusal(repository, network)

    def test_a_target_that_was_changed(self, repository: TufRepository, network: MirrorNetwork) -> None:
        name = next(path for path in repository.files if path.endswith("trusted_root.json"))
        network.files = repository.files | {name: b'{"root":2}'}
        assert "hash" in refusal(repository, network)

    def test_no_trusted_root(self, network: MirrorNetwork) -> None:
        repository = TufRepository({"other.json": b"{}"}, clock=lambda: datetime.now(UTC))
        network.files = repository.files
        assert "it has no `trusted_root.json`" in refusal(repository, network)

    @pytest.mark.parametrize("path", ["2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"])
    @pytest.mark.parametrize(
        "data",
        [
            pytest.param(b"", id="nothing"),
            pytest.param(b"\xff\xfe", id="no text"),
            pytest.param(b"[]", id="another value"),
            pytest.param(b"[" * 200_000, id="nested deeply"),
            pytest.param(b'{"signed":' + b"9" * 100_000 + b"}", id="a number without end"),
            pytest.param(b'{"signed":{"_type":"\\u001b[2J"},"signatures":[]}', id="an escape sequence"),
        ],
    )
    def test_what_is_no_metadata(
        self, repository: TufRepository, network: MirrorNetwork, path: str, data: bytes
    ) -> None:
        network.files = repository.files | {path: data}
        message = refusal(repository, network)
        assert ("\x1b" in message, len(message) < 500) == (False, True)


def refusal(repository: TufRepository, network: MirrorNetwork, *, seed: RepositoryState | None = None) -> str:
    with pytest.raises(VerificationError) as caught:
        update(repository, network, seed=seed)
    assert caught.value.reason == "TRUST_METADATA"
    return str(caught.value)


class TestSeeds:
    """What was saved is verified again."""

    def test_a_target_that_was_changed_here_is_fetched(self, repository: TufRepository, network: MirrorNetwork) -> None:
        before = update(repository, network)
        planted = RepositoryState(
            **{field: getattr(before, field) for field in before.__struct_fields__} | {"trusted_root": b"planted"}
        )
        assert before == update(repository, network, seed=planted)

    def test_metadata_of_another_repository_is_ignored(self, repository: TufRepository, network: MirrorNetwork) -> None:
        other = TufRepository({"trusted_root.json": b"planted"}, clock=lambda: datetime.now(UTC))
        other.rotate(3)
        planted = update(other, MirrorNetwork(MIRROR, other.files))
        assert update(repository, network) == update(repository, network, seed=planted)


@pytest.mark.parametrize(
    "root",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{}", id="another document"),
        pytest.param(b'{"signed":{"version":0}}', id="version zero"),
        pytest.param(b'{"signed":{"version":1}}', id="no root"),
    ],
)
def test_a_root_to_start_from_that_is_none(network: MirrorNetwork, root: bytes) -> None:
    with pytest.raises(VerificationError, match="the TUF root to start from cannot be used"):
        update_repository(Mirror(MIRROR, network), root, seed=None)
    assert network.asked == []


def test_a_root_to_start_from_that_did_not_sign_itself(repository: TufRepository, network: MirrorNetwork) -> None:
    metadata = Metadata[Root].from_bytes(repository.initial_root)
    metadata.sign(CryptoSigner.generate_ed25519())
    with pytest.raises(VerificationError, match="the TUF root to start from cannot be used"):
        update(repository, network, root=metadata.to_bytes())


@pytest.mark.parametrize(
    ("limits", "error", "message"),
    [
        pytest.param(Limits(trust_metadata_bytes=300), VerificationError, "exceeding", id="metadata that is too long"),
        pytest.param(Limits(trust_target_bytes=5), LimitError, "has 10 bytes, more than the 5", id="a long target"),
    ],
)
def test_too_much(
    repository: TufRepository, network: MirrorNetwork, limits: Limits, error: type[Error], message: str
) -> None:
    with pytest.raises(error, match=message):
        update(repository, network, limits=limits)


def test_rotations_without_end_are_followed_so_far(repository: TufRepository, network: MirrorNetwork) -> None:
    repository.rotate(5)
    with pytest.raises(VerificationError, match="was signed by 0/1 keys"):
        update(repository, network, limits=Limits(trust_root_rotations=3))
    assert [path for path in network.asked if "root" in path] == ["2.root.json", "3.root.json", "4.root.json"]


@pytest.mark.parametrize("status", [500, 410, 301], ids=str)
@pytest.mark.parametrize("path", ["2.root.json", "timestamp.json"])
def test_statuses_of_failure(repository: TufRepository, network: MirrorNetwork, path: str, status: int) -> None:
    network.statuses[path] = status
    with pytest.raises(NetworkError, match=rf"{path}` gave HTTP status {status}"):
        update(repository, network)


def test_nobody_answers(repository: TufRepository, network: MirrorNetwork) -> None:
    network.down = True
    with pytest.raises(NetworkError, match="nobody answers"):
        update(repository, network)


def test_offline(repository: TufRepository) -> None:
    with pytest.raises(OfflineError):
        update(repository, NoNetwork())
