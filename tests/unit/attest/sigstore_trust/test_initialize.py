"""Choosing a mirror and where trust in it starts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.support.mirrors import MirrorNetwork
from tests.support.sigstore.tuf_repository import TufRepository
from tests.support.trust_machine import CONFIG, MIRROR, NEWER_ROOT, ROOT, Machine

from assaymark.attest.sigstore.initialize import Choice, initialize
from assaymark.attest.sigstore.trust_cache import find_place
from assaymark.attest.sigstore.trust_data import TrustData, TrustSource
from assaymark.errors import DigestMismatchError, LimitError, LocalError, NetworkError, UsageError, VerificationError
from assaymark.limits import DEFAULT_LIMITS, Limits

OWN = "https://own.example/tuf"


@pytest.fixture
def own(machine: Machine) -> Machine:
    """The machine, whose network now leads to a mirror of another instance."""
    machine.network.mirror = OWN
    return machine


def choose(
    machine: Machine, choice: Choice, *, environ: Mapping[str, str] | None = None, limits: Limits = DEFAULT_LIMITS
) -> TrustData:
    return initialize(
        machine.folder, environ or {}, choice, network=machine.network, clock=lambda: machine.now, limits=limits
    )


def root_file(machine: Machine) -> Path:
    path = machine.folder.with_name("root.json")
    path.write_bytes(machine.repository.initial_root)
    return path


def test_a_mirror_and_a_root_stand_from_then_on(own: Machine) -> None:
    root = root_file(own)
    chosen = choose(own, Choice(mirror=f"{OWN}/", root=str(root)))
    root.unlink()
    own.repository.publish("trusted_root.json", NEWER_ROOT)
    expected = TrustData(
        trusted_root=ROOT, signing_config=CONFIG, mirror=OWN, source=TrustSource.MIRROR, confirmed_at=own.born
    )
    assert (expected, ROOT, NEWER_ROOT) == (
        chosen,
        own.load(after=60).trusted_root,
        own.load(after=86400).trusted_root,
    )


def test_the_choice_is_written_as_cosign_writes_it(own: Machine) -> None:
    choose(own, Choice(mirror=OWN, root=str(root_file(own))))
    remote = json.loads((own.folder / "remote.json").read_bytes())
    cosigns_root = (own.folder / "own.example-tuf" / "root.json").read_bytes()
    assert ({"mirror": OWN}, own.repository.initial_root) == (remote, cosigns_root)


def test_the_choice_survives_damage_to_what_was_saved(own: Machine) -> None:
    choose(own, Choice(mirror=OWN, root=str(root_file(own))))
    find_place(own.folder, {}).file.write_bytes(b"damaged")
    assert own.load(after=60).trusted_root == ROOT


def test_without_a_root_the_mirror_is_one_of_the_public_good_instance(own: Machine) -> None:
    choose(own, Choice(mirror=OWN))
    own.asked()
    assert (own.load(after=86400).trusted_root, own.asked()) == (ROOT, ["2.root.json", "timestamp.json"])


def test_without_anything_the_pin_holds_again(machine: Machine) -> None:
    choose(machine, Choice(mirror=MIRROR, root=str(root_file(machine))))
    chosen = find_place(machine.folder, {}).chosen_root
    before = chosen.exists()
    choose(machine, Choice())
    assert (before, chosen.exists(), machine.load(after=60).trusted_root) == (True, False, ROOT)


def test_another_folder(own: Machine) -> None:
    elsewhere = own.folder.with_name("elsewhere")
    choose(own, Choice(mirror=OWN, root=str(root_file(own))), environ={"TUF_ROOT": str(elsewhere)})
    assert (sorted(own.folder.glob("**/*")), (elsewhere / "own.example-tuf" / "trust").exists()) == ([], True)


def test_a_repository_that_was_made_anew(own: Machine) -> None:
    own.repository.rotate(3)
    own.repository.publish("trusted_root.json", NEWER_ROOT)
    choose(own, Choice(mirror=OWN, root=str(root_file(own))))
    own.repository = TufRepository({"trusted_root.json": ROOT}, clock=lambda: datetime.now(UTC))
    own.network.files = own.repository.files
    assert choose(own, Choice(mirror=OWN, root=str(root_file(own)))).trusted_root == ROOT


class TestChecksums:
    """A root from the web is what the user means only with a checksum."""

    @pytest.mark.parametrize(
        ("prefix", "algorithm"), [("", "sha256"), ("sha256:", "sha256"), ("sha512:", "sha512")], ids=str
    )
    def test_the_right_one(self, own: Machine, prefix: str, algorithm: str) -> None:
        checksum = prefix + hashlib.new(algorithm, own.repository.initial_root).hexdigest()
        data = choose(own, Choice(mirror=OWN, root=f"{OWN}/1.root.json", checksum=checksum))
        assert (data.trusted_root, data.warnings) == (ROOT, ())

    def test_none(self, own: Machine) -> None:
        warning = f"the root came from `{OWN}/1.root.json` without a checksum: give one with `--root-checksum`"
        assert choose(own, Choice(mirror=OWN, root=f"{OWN}/1.root.json")).warnings == (warning,)

    @pytest.mark.parametrize("place", ["file", "web"])
    def test_another_one(self, own: Machine, place: str) -> None:
        root = str(root_file(own)) if place == "file" else f"{OWN}/1.root.json"
        with pytest.raises(DigestMismatchError, match=r"has the sha256 checksum `[0-9a-f]{64}` instead of `0{64}`"):
            choose(own, Choice(mirror=OWN, root=root, checksum="0" * 64))

    @pytest.mark.parametrize("checksum", ["md5:00", "0" * 63, "sha512:" + "0" * 64, "X" * 64])
    def test_what_is_none(self, own: Machine, checksum: str) -> None:
        with pytest.raises(UsageError, match="is not a checksum"):
            choose(own, Choice(mirror=OWN, root=str(root_file(own)), checksum=checksum))

    def test_one_of_nothing(self, own: Machine) -> None:
        with pytest.raises(UsageError, match="a checksum of the root needs the root"):
            choose(own, Choice(mirror=OWN, checksum="0" * 64))


class TestFailures:
    """What fails leaves the former choice as it was."""

    def test_the_mirror_does_not_verify_from_that_root(self, machine: Machine) -> None:
        before = machine.load()
        other = TufRepository({"trusted_root.json": b"planted"}, clock=lambda: datetime.now(UTC))
        root = machine.folder.with_name("root.json")
        root.write_bytes(other.initial_root)
        with pytest.raises(VerificationError, match="was signed by 0/1 keys"):
            choose(machine, Choice(mirror=MIRROR, root=str(root)))
        after = machine.load(after=60)
        assert (before.trusted_root, False) == (after.trusted_root, (machine.folder / "remote.json").exists())

    def test_the_mirror_is_down(self, own: Machine) -> None:
        own.network.down = True
        with pytest.raises(NetworkError, match="nobody answers"):
            choose(own, Choice(mirror=OWN, root=str(root_file(own))))

    def test_the_root_is_not_there(self, own: Machine) -> None:
        with pytest.raises(NetworkError, match=r"`https://own.example/tuf/9.root.json` gave HTTP status 404"):
            choose(own, Choice(mirror=OWN, root=f"{OWN}/9.root.json"))

    def test_the_root_is_no_file(self, own: Machine) -> None:
        with pytest.raises(LocalError, match="no such file"):
            choose(own, Choice(mirror=OWN, root="gone.json"))

    @pytest.mark.parametrize("place", ["file", "web"])
    def test_the_root_is_too_long(self, own: Machine, place: str) -> None:
        root = str(root_file(own)) if place == "file" else f"{OWN}/1.root.json"
        with pytest.raises(LimitError, match="longer than 100 bytes"):
            choose(own, Choice(mirror=OWN, root=root), limits=Limits(trust_metadata_bytes=100))

    def test_the_mirror_is_none(self, own: Machine) -> None:
        with pytest.raises(UsageError, match="is not the URL of a mirror"):
            choose(own, Choice(mirror="own.example"))

    def test_the_choice_cannot_be_written(self, own: Machine) -> None:
        (own.folder.parent / "file").write_bytes(b"")
        own.folder = own.folder.parent / "file" / "sigstore"
        with pytest.raises(LocalError, match="cannot be written") as caught:
            choose(own, Choice(mirror=OWN))
        assert "TUF_ROOT" in caught.value.hint


def test_a_mirror_in_a_folder(machine: Machine, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    for path, data in machine.repository.files.items():
        (mirror / path).parent.mkdir(parents=True, exist_ok=True)
        (mirror / path).write_bytes(data)
    machine.network = MirrorNetwork("https://nowhere.example", {})
    choice = Choice(mirror=f"file://{mirror}", root=str(mirror / "1.root.json"))
    assert (choose(machine, choice).trusted_root, machine.network.asked) == (ROOT, [])
