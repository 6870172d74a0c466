"""What is asked of a mirror before anything is verified."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.mirrors import MirrorNetwork

from assaymark.attest.sigstore.mirror import Mirror, StatusError, metadata_version
from assaymark.errors import DigestMismatchError, LimitError, NetworkError, OfflineError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.digest import sha256_digest
from assaymark.net.address import Locality
from assaymark.net.network import NoNetwork

URL = "https://tuf.example/repository"
FILES = {"7.root.json": b"the root", "timestamp.json": b"x" * 100_000}


@pytest.fixture
def network() -> MirrorNetwork:
    return MirrorNetwork(URL, FILES)


def test_a_file_comes_in_chunks(network: MirrorNetwork) -> None:
    chunks = list(Mirror(URL, network).stream("timestamp.json"))
    assert (len(chunks) > 1, FILES["timestamp.json"]) == (True, b"".join(chunks))


def test_redirects_do_not_lead_behind_the_mirror(network: MirrorNetwork) -> None:
    Mirror(URL, network).read("7.root.json", limit=100)
    assert network.nearest == [Locality.PUBLIC]


def test_an_answer_that_is_no_file(network: MirrorNetwork) -> None:
    with pytest.raises(
        StatusError, match=r"`https://tuf.example/repository/8.root.json` gave HTTP status 404"
    ) as caught:
        Mirror(URL, network).read("8.root.json", limit=100)
    assert caught.value.status == 404


def test_a_file_that_is_too_long(network: MirrorNetwork) -> None:
    with pytest.raises(LimitError, match=r"timestamp.json` is longer than 99999 bytes"):
        Mirror(URL, network).read("timestamp.json", limit=99_999)


class TestKnocking:
    """The first file is asked for once, whatever the answer."""

    def test_what_was_given_is_given_again(self, network: MirrorNetwork) -> None:
        mirror = Mirror(URL, network)
        mirror.knock("7.root.json", limit=100)
        first, second = mirror.read("7.root.json", limit=100), mirror.read("7.root.json", limit=100)
        assert (first, second, network.asked) == (b"the root", b"the root", ["7.root.json"] * 2)

    def test_what_was_not_there_is_not_there(self, network: MirrorNetwork) -> None:
        mirror = Mirror(URL, network)
        mirror.knock("8.root.json", limit=100)
        with pytest.raises(StatusError):
            mirror.read("8.root.json", limit=100)
        assert network.asked == ["8.root.json"]

    def test_nobody_answers(self, network: MirrorNetwork) -> None:
        network.down = True
        with pytest.raises(NetworkError, match="nobody answers"):
            Mirror(URL, network).knock("7.root.json", limit=100)

    def test_nobody_may_be_asked(self) -> None:
        with pytest.raises(OfflineError):
            Mirror(URL, NoNetwork()).knock("7.root.json", limit=100)


class TestPin:
    """The first root comes from the mirror, and is the pinned one or none."""

    def test_the_root_that_is_pinned(self, network: MirrorNetwork) -> None:
        digest = sha256_digest(b"the root")
        assert Mirror(URL, network).fetch_root(version=7, digest=digest, limits=DEFAULT_LIMITS) == b"the root"

    def test_another_root(self, network: MirrorNetwork) -> None:
        with pytest.raises(DigestMismatchError, match="version 7 of the TUF root") as caught:
            Mirror(URL, network).fetch_root(version=7, digest=sha256_digest(b"a root"), limits=DEFAULT_LIMITS)
        assert "initialize --root" in caught.value.hint

    def test_a_root_without_end(self, network: MirrorNetwork) -> None:
        with pytest.raises(LimitError):
            Mirror(URL, network).fetch_root(version=7, digest="", limits=Limits(trust_metadata_bytes=7))


class TestFolders:
    """Mirrors that are folders."""

    def test_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "a b").mkdir()
        (tmp_path / "a b" / "7.root.json").write_bytes(b"the root")
        mirror = Mirror(f"file://{tmp_path}/a%20b", NoNetwork())
        assert mirror.read("7.root.json", limit=100) == b"the root"

    @pytest.mark.parametrize(
        "path",
        [
            pytest.param("8.root.json", id="what is not there"),
            pytest.param("targets", id="a folder"),
            pytest.param("../secret", id="a name that climbs"),
            pytest.param("targets/%2e%2e/%2e%2e/secret", id="a name that climbs in disguise"),
            pytest.param("%2Fsecret", id="an absolute name"),
            pytest.param("", id="no name"),
        ],
    )
    def test_what_is_no_file_of_it(self, tmp_path: Path, path: str) -> None:
        (tmp_path / "secret").write_bytes(b"secret")
        (tmp_path / "mirror" / "targets").mkdir(parents=True)
        with pytest.raises(StatusError, match="is no file"):
            Mirror(f"file://{tmp_path}/mirror", NoNetwork()).read(path, limit=100)


@pytest.mark.parametrize("data", [b"[]", b'{"signed":[]}', b'{"signed":{}}', b'{"signed":{"version":"1"}}'])
def test_what_states_no_version(data: bytes) -> None:
    with pytest.raises(ValueError, match="metadata"):
        metadata_version(data, limits=DEFAULT_LIMITS)
