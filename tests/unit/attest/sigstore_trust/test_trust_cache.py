"""Which mirror is meant, and what is kept of it."""

from __future__ import annotations

import stat
from pathlib import Path

import msgspec
import pytest

from assaymark.attest.sigstore.public_good import public_good
from assaymark.attest.sigstore.trust_cache import (
    RepositoryState,
    Saved,
    TrustPlace,
    exclusive,
    find_place,
    place_for,
    read_saved,
    remember_choice,
    write_saved,
)
from assaymark.errors import ArtifactError, LimitError, LocalError, UsageError
from assaymark.limits import Limits

STATE = RepositoryState(
    roots=(b"one", b"two"),
    timestamp=b"timestamp",
    snapshot=b"snapshot",
    targets=b"targets",
    trusted_root=b"\x00\xff",
    signing_config=b"",
    expires_at=2000.5,
)
SAVED = Saved(mirror="https://tuf.example", state=STATE, confirmed_at=1000.25, failed_at=1001.0, failure="it is down")


@pytest.fixture
def place(tmp_path: Path) -> TrustPlace:
    return place_for(tmp_path, SAVED.mirror)


@pytest.mark.parametrize(
    ("variables", "remembered", "mirror", "folder"),
    [
        pytest.param({}, "", public_good().mirror, "tuf-repo-cdn.sigstore.dev", id="the public-good instance"),
        pytest.param({}, "https://tuf.example/x/", "https://tuf.example/x", "tuf.example-x", id="an initialised one"),
        pytest.param(
            {"TUF_MIRROR": "http://Other.example:8080/a"},
            "https://tuf.example",
            "http://Other.example:8080/a",
            "other.example-8080-a",
            id="the variable comes first",
        ),
        pytest.param({"TUF_MIRROR": ""}, "", public_good().mirror, "tuf-repo-cdn.sigstore.dev", id="an empty variable"),
        pytest.param({"TUF_MIRROR": "file:///srv/tuf"}, "", "file:///srv/tuf", "file----srv-tuf", id="a folder"),
    ],
)
def test_the_mirror_that_is_meant(
    tmp_path: Path, variables: dict[str, str], remembered: str, mirror: str, folder: str
) -> None:
    if remembered:
        (tmp_path / "remote.json").write_text(f'{{"mirror":"{remembered}"}}')  # as cosign writes it
    assert TrustPlace(mirror=mirror, folder=tmp_path / folder) == find_place(tmp_path, variables)


def test_another_folder_and_another_root(tmp_path: Path) -> None:
    (tmp_path / "root.json").write_bytes(b"a root")
    variables = {"TUF_ROOT": str(tmp_path / "mine"), "TUF_ROOT_JSON": str(tmp_path / "root.json")}
    expected = place_for(tmp_path / "mine", public_good().mirror, root=b"a root")
    assert expected == find_place(tmp_path / "cache", variables)


def test_a_root_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match=r"cannot read `.*gone.json`: no such file"):
        find_place(tmp_path, {"TUF_ROOT_JSON": str(tmp_path / "gone.json")})


@pytest.mark.parametrize(
    "mirror",
    [
        pytest.param("ftp://tuf.example", id="another scheme"),
        pytest.param("tuf.example", id="no scheme"),
        pytest.param("https://", id="no host"),
        pytest.param("https://tüf.example", id="beyond ascii"),
    ],
)
def test_what_is_no_mirror(tmp_path: Path, mirror: str) -> None:
    with pytest.raises(UsageError, match="is not the URL of a mirror"):
        find_place(tmp_path, {"TUF_MIRROR": mirror})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("{", "cannot be read", id="no JSON"),
        pytest.param("[]", "names no mirror", id="no object"),
        pytest.param('{"mirror":5}', "names no mirror", id="no text"),
    ],
)
def test_a_damaged_choice(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "remote.json").write_text(content)
    with pytest.raises(LocalError, match=message) as caught:
        find_place(tmp_path, {})
    assert caught.value.hint == "run `assaymark initialize` again"


@pytest.mark.parametrize(
    "mirror",
    [
        pytest.param("https://..", id="dots alone"),
        pytest.param("https://.", id="a dot"),
        pytest.param("https://tuf.example/../../etc", id="a path that climbs"),
        pytest.param("https://tuf.example/" + "x" * 300, id="a long name"),
        pytest.param("https://tuf.example/a\\b\x00c", id="odd characters"),
    ],
)
def test_every_folder_is_one_name_below_the_base(tmp_path: Path, mirror: str) -> None:
    folder = place_for(tmp_path, mirror).folder
    assert (folder.parent, folder.name.strip(".") != "", len(folder.name) < 200) == (tmp_path, True, True)


def test_long_names_that_begin_alike_are_different(tmp_path: Path) -> None:
    first, second = (place_for(tmp_path, "https://tuf.example/" + "x" * 300 + end) for end in "ab")
    assert first.folder != second.folder


def test_what_is_kept_comes_back_and_is_for_the_user_alone(place: TrustPlace) -> None:
    with exclusive(place) as writable:
        write_saved(place, SAVED)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (place.folder, place.file)]
    assert (read_saved(place), writable, modes) == (SAVED, True, [0o700, 0o600])


def test_nothing_is_kept_yet(place: TrustPlace) -> None:
    assert read_saved(place) is None


def test_another_mirror_with_the_same_folder(place: TrustPlace) -> None:
    place.folder.mkdir()
    write_saved(place, msgspec.structs.replace(SAVED, mirror="http://tuf.example"))
    assert read_saved(place) is None


def test_a_file_of_another_release_is_no_damage(place: TrustPlace) -> None:
    place.folder.mkdir()
    write_saved(place, msgspec.structs.replace(SAVED, confirmed_at="soon"))
    assert read_saved(place) is None


@pytest.mark.parametrize("end", [0, 1, 64, 65, 100, -1], ids=lambda end: f"cut at {end}")
def test_a_file_that_was_cut_off(place: TrustPlace, end: int) -> None:
    place.folder.mkdir()
    write_saved(place, SAVED)
    place.file.write_bytes(place.file.read_bytes()[:end])
    with pytest.raises(ArtifactError, match="is damaged"):
        read_saved(place)


def test_a_bit_that_flipped(place: TrustPlace) -> None:
    place.folder.mkdir()
    write_saved(place, SAVED)
    data = bytearray(place.file.read_bytes())
    data[-20] ^= 1
    place.file.write_bytes(data)
    with pytest.raises(ArtifactError, match="is damaged"):
        read_saved(place)


def test_a_file_that_is_too_large(place: TrustPlace) -> None:
    place.folder.mkdir()
    write_saved(place, SAVED)
    with pytest.raises(LimitError, match="longer than 10 bytes"):
        read_saved(place, limits=Limits(trust_file_bytes=10))


def test_a_file_that_cannot_be_read(place: TrustPlace) -> None:
    place.file.mkdir(parents=True)
    with pytest.raises(LocalError, match="is a directory"):
        read_saved(place)


def test_a_choice_is_written_down_and_taken_back(tmp_path: Path, place: TrustPlace) -> None:
    place.folder.mkdir()
    remember_choice(tmp_path, place, root=b"a root")
    chosen = (find_place(tmp_path, {}), place.chosen_root.read_bytes())
    remember_choice(tmp_path, place, root=b"")
    assert (place, b"a root", False) == (*chosen, place.chosen_root.exists())


def test_a_choice_that_cannot_be_taken_back(tmp_path: Path, place: TrustPlace) -> None:
    place.chosen_root.mkdir(parents=True)
    with pytest.raises(LocalError, match="cannot remove"):
        remember_choice(tmp_path, place, root=b"")


def test_what_killed_processes_left_is_removed(place: TrustPlace) -> None:
    (place.folder / ".scratch-x" / "metadata").mkdir(parents=True)
    (place.folder / ".trust.0123456789abcdef.partial").write_bytes(b"half")
    with exclusive(place):
        pass
    assert [path.name for path in place.folder.iterdir()] == ["lock"]


def test_a_folder_that_cannot_be_made_is_not_locked(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with exclusive(place_for(tmp_path / "file", SAVED.mirror)) as writable:
        assert not writable
