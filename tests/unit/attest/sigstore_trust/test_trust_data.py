"""Which trust data is used: fresh, saved, built in or none, and what is said about it."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.support.sigstore.tuf_repository import TufRepository
from tests.support.trust_machine import BUILT_IN, DAY, MIRROR, NEWER_ROOT, ROOT, Machine

from assaymark.attest.sigstore import trust_data
from assaymark.attest.sigstore.public_good import PublicGood
from assaymark.attest.sigstore.trust_cache import Saved, exclusive, find_place, write_saved
from assaymark.attest.sigstore.trust_data import Renewal, TrustSource, age_text
from assaymark.errors import DigestMismatchError, LocalError, NetworkError, OfflineError, UsageError, VerificationError
from assaymark.model.digest import sha256_digest
from assaymark.net.network import NoNetwork

SOURCES = Path(__file__).parents[4] / "src"
DOWN = f"`{MIRROR}` could not be asked what is trusted now (nobody answers at `{MIRROR}/1.root.json`)"
DOWN_LATER = DOWN.replace("1.root", "2.root")


class TestFresh:
    """Rule 1: the mirror is asked when it is due, and then only for what is new."""

    def test_the_first_run_starts_from_the_pin(self, machine: Machine) -> None:
        data = machine.load()
        roots = [path for path in machine.asked() if path.endswith("root.json") and "/" not in path]
        assert (machine.expected(ROOT, TrustSource.MIRROR, confirmed=machine.born), ["1.root.json", "2.root.json"]) == (
            data,
            roots,
        )

    def test_within_a_day_nobody_is_asked(self, machine: Machine) -> None:
        machine.load()
        machine.asked()
        data = machine.load(after=DAY - 1)
        assert (machine.expected(ROOT, TrustSource.SAVED, confirmed=machine.born), []) == (data, machine.asked())

    def test_after_a_day_what_is_new_is_fetched(self, machine: Machine) -> None:
        machine.load()
        machine.repository.publish("trusted_root.json", NEWER_ROOT)
        data = machine.load(after=DAY)
        assert machine.expected(NEWER_ROOT, TrustSource.MIRROR, confirmed=machine.born + DAY) == data

    def test_the_pinned_root_is_fetched_once(self, machine: Machine) -> None:
        machine.load()
        machine.asked()
        machine.load(after=DAY)
        assert machine.asked() == ["2.root.json", "timestamp.json"]

    def test_five_rotations_that_were_missed(self, machine: Machine) -> None:
        machine.load()
        machine.repository.rotate(5)
        machine.repository.publish("trusted_root.json", NEWER_ROOT)
        data = machine.load(after=200 * DAY)
        saved = machine.saved()
        assert saved is not None
        assert (data.trusted_root, data.warnings, len(saved.state.roots)) == (NEWER_ROOT, (), 6)

    def test_what_expires_sooner_is_due_sooner(self, machine: Machine) -> None:
        machine.repository.expire("timestamp", days=1)
        machine.load()
        saved = machine.saved()
        assert saved is not None
        machine.now = saved.state.expires_at
        machine.repository.publish("trusted_root.json", NEWER_ROOT)
        machine.repository.expire("timestamp", days=2)
        assert machine.load().trusted_root == NEWER_ROOT

    def test_a_clock_that_went_backwards_makes_everything_due(self, machine: Machine) -> None:
        machine.load()
        machine.repository.publish("trusted_root.json", NEWER_ROOT)
        assert machine.load(after=-DAY).trusted_root == NEWER_ROOT

    def test_a_new_log_that_a_signature_names_is_fetched_at_once(self, machine: Machine) -> None:
        machine.load()
        machine.repository.publish("trusted_root.json", NEWER_ROOT)
        before = machine.load(after=60)
        after = machine.load(after=1, renewal=Renewal.NOW)
        assert (before.trusted_root, after.trusted_root) == (ROOT, NEWER_ROOT)


class TestOffline:
    """Rule 3: nobody is asked, and age is said."""

    def test_what_was_saved(self, machine: Machine) -> None:
        machine.load()
        data = machine.load(after=6 * DAY, network=NoNetwork())
        assert machine.expected(ROOT, TrustSource.SAVED, confirmed=machine.born) == data

    def test_what_was_saved_long_ago(self, machine: Machine) -> None:
        machine.load()
        warning = "offline: trust data is used that the mirror confirmed 400 days ago"
        data = machine.load(after=400 * DAY, network=NoNetwork())
        assert machine.expected(ROOT, TrustSource.SAVED, confirmed=machine.born, warnings=(warning,)) == data

    def test_nothing_was_saved(self, machine: Machine) -> None:
        warning = "offline: the trust data of this release is used, which is 100 days old"
        data = machine.load(network=NoNetwork())
        expected = machine.expected(BUILT_IN, TrustSource.BUILT_IN, confirmed=machine.facts.as_of, warnings=(warning,))
        assert expected == data

    def test_a_release_of_yesterday_is_not_old(self, machine: Machine) -> None:
        machine.now = machine.facts.as_of + DAY
        assert machine.load(network=NoNetwork()).warnings == ()

    def test_the_release_is_newer_than_what_was_saved(self, machine: Machine) -> None:
        machine.load()
        machine.now = machine.born - 200 * DAY
        machine.load()  # saved as of then
        assert machine.load(after=200 * DAY, network=NoNetwork()).source is TrustSource.BUILT_IN

    def test_nothing_of_a_mirror_of_ones_own(self, machine: Machine) -> None:
        root = machine.folder.with_name("root.json")
        root.write_bytes(machine.repository.initial_root)
        machine.environ = {"TUF_MIRROR": "https://own.example", "TUF_ROOT_JSON": str(root)}
        with pytest.raises(OfflineError, match=r"no trust data of `https://own.example` was ever saved here") as caught:
            machine.load(network=NoNetwork())
        assert "--trusted-root" in caught.value.hint

    def test_a_renewal_that_was_asked_for(self, machine: Machine) -> None:
        machine.load()
        assert machine.load(after=60, network=NoNetwork(), renewal=Renewal.NOW).source is TrustSource.SAVED


class TestUnreachable:
    """Rule 4: what is at hand serves for a while, and says so."""

    def test_within_the_grace(self, machine: Machine) -> None:
        machine.repository.expire("timestamp", days=2)
        machine.load()
        machine.network.down = True
        warning = f"{DOWN_LATER}: trust data is used that the mirror confirmed 29 days ago"
        data = machine.load(after=29 * DAY)
        assert machine.expected(ROOT, TrustSource.SAVED, confirmed=machine.born, warnings=(warning,)) == data

    def test_beyond_the_grace_but_not_expired(self, machine: Machine) -> None:
        machine.load()  # for a year
        machine.network.down = True
        assert machine.load(after=300 * DAY).trusted_root == ROOT

    def test_beyond_the_grace(self, machine: Machine) -> None:
        machine.repository.expire("timestamp", days=2)
        machine.load()
        machine.network.down = True
        with pytest.raises(NetworkError, match="the trust data at hand is 31 days old") as caught:
            machine.load(after=31 * DAY)
        assert "--offline" in caught.value.hint

    def test_the_mirror_is_left_alone_for_a_while(self, machine: Machine) -> None:
        machine.load()
        machine.network.down = True
        first = machine.load(after=DAY)
        machine.asked()
        machine.network.down = False
        second = machine.load(after=599)
        assert (first, []) == (second, machine.asked())
        assert machine.load(after=1).source is TrustSource.MIRROR

    def test_a_renewal_that_was_asked_for_does_not_wait(self, machine: Machine) -> None:
        machine.load()
        machine.network.down = True
        machine.load(after=DAY)
        machine.network.down = False
        assert machine.load(after=1, renewal=Renewal.NOW).source is TrustSource.MIRROR

    def test_the_first_run_with_a_new_release(self, machine: Machine) -> None:
        machine.network.down = True
        machine.now = machine.facts.as_of + 2 * DAY
        warning = f"{DOWN}: the trust data of this release is used, which is 2 days old"
        expected = machine.expected(BUILT_IN, TrustSource.BUILT_IN, confirmed=machine.facts.as_of, warnings=(warning,))
        assert expected == machine.load()

    def test_the_first_run_with_a_mirror_of_ones_own(self, machine: Machine) -> None:
        root = machine.folder.with_name("root.json")
        root.write_bytes(machine.repository.initial_root)
        machine.network.mirror, machine.network.down = "https://own.example", True
        machine.environ = {"TUF_MIRROR": "https://own.example", "TUF_ROOT_JSON": str(root)}
        with pytest.raises(NetworkError, match=r"nobody answers at `https://own.example/2.root.json`\Z"):
            machine.load()

    def test_the_first_run_with_an_old_release(self, machine: Machine) -> None:
        machine.network.down = True
        with pytest.raises(NetworkError, match="the trust data at hand is 100 days old"):
            machine.load()


class TestUntrusted:
    """Rule 4 holds for a mirror that lies as for one that is silent."""

    def test_a_rollback(self, machine: Machine) -> None:
        older = dict(machine.repository.files)
        machine.repository.publish("trusted_root.json", NEWER_ROOT)
        machine.load()
        machine.network.files = older
        data = machine.load(after=DAY)
        assert (data.trusted_root, "New timestamp version 1 must be >= 2" in data.warnings[0]) == (NEWER_ROOT, True)

    def test_a_timestamp_that_has_expired(self, machine: Machine) -> None:
        machine.load()
        machine.repository.expire("timestamp")
        data = machine.load(after=DAY)
        assert (data.trusted_root, "timestamp.json is expired" in data.warnings[0]) == (ROOT, True)

    def test_a_timestamp_that_has_expired_on_the_first_run(self, machine: Machine) -> None:
        machine.repository.expire("timestamp")
        with pytest.raises(VerificationError, match=r"timestamp.json is expired; the trust data at hand") as caught:
            machine.load()
        assert caught.value.reason == "TRUST_METADATA"

    def test_another_root_than_the_pinned_one(self, machine: Machine) -> None:
        machine.network.files = TufRepository({}, clock=lambda: datetime.now(UTC)).files
        with pytest.raises(DigestMismatchError, match="version 1 of the TUF root"):
            machine.load()


class TestSaved:
    """What is kept is used only where it belongs and while it is whole."""

    def test_a_damaged_file_is_replaced(self, machine: Machine) -> None:
        machine.load()
        file = find_place(machine.folder, {}).file
        file.write_bytes(file.read_bytes()[:-1])
        data = machine.load(after=60)
        warning = f"the trust data in `{file}` is damaged: it was not used"
        again = machine.load(after=60)
        assert ((TrustSource.MIRROR, (warning,)), (TrustSource.SAVED, ())) == (
            (data.source, data.warnings),
            (again.source, again.warnings),
        )

    def test_a_damaged_file_offline(self, machine: Machine) -> None:
        machine.load()
        find_place(machine.folder, {}).file.write_bytes(b"\x00" * 500)
        data = machine.load(network=NoNetwork())
        assert (data.source, len(data.warnings)) == (TrustSource.BUILT_IN, 2)

    def test_a_chain_that_does_not_pass_through_the_pin(self, machine: Machine) -> None:
        other = TufRepository({"trusted_root.json": b"planted"}, clock=lambda: datetime.now(UTC))
        root = machine.folder.with_name("root.json")
        root.write_bytes(other.initial_root)
        machine.network.files = other.files
        machine.environ = {"TUF_ROOT_JSON": str(root)}
        planted = machine.load()
        machine.environ, machine.network.files = {}, machine.repository.files
        assert (planted.trusted_root, machine.load(after=60).trusted_root) == (b"planted", ROOT)

    def test_a_release_that_pins_a_later_root_goes_on_with_what_was_saved(self, machine: Machine) -> None:
        machine.repository.rotate(2)
        machine.load()
        data = machine.repository.files["3.root.json"]
        machine.facts = PublicGood(
            as_of=machine.facts.as_of,
            mirror=MIRROR,
            root_version=3,
            root_digest=sha256_digest(data),
            trusted_root=BUILT_IN,
            signing_config=b"{}",
        )
        machine.asked()
        soon, later = machine.load(after=60), machine.load(after=DAY)
        assert (
            (soon.source, later.source),
            machine.asked(),
        ) == ((TrustSource.SAVED, TrustSource.MIRROR), ["4.root.json", "timestamp.json"])

    def test_a_folder_that_cannot_be_written_is_no_obstacle(self, machine: Machine) -> None:
        machine.folder.parent.joinpath("file").write_bytes(b"")
        machine.folder = machine.folder.parent / "file" / "sigstore"
        expected = machine.expected(ROOT, TrustSource.MIRROR, confirmed=machine.born)
        assert machine.load() == expected

    def test_a_file_that_cannot_be_replaced(self, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(place: object, saved: object) -> None:
            raise LocalError("cannot write `trust`: no space left on device")

        monkeypatch.setattr(trust_data, "write_saved", full)
        data = machine.load()
        warning = "the trust data could not be saved: cannot write `trust`: no space left on device"
        assert machine.expected(ROOT, TrustSource.MIRROR, confirmed=machine.born, warnings=(warning,)) == data


class TestMirrorsOfOnesOwn:
    """Rule 2: somebody must say where trust starts."""

    def test_nobody_does(self, machine: Machine) -> None:
        machine.environ = {"TUF_MIRROR": "https://own.example"}
        with pytest.raises(UsageError, match=r"nothing says where trust in the mirror `https://own.example`") as caught:
            machine.load()
        assert "TUF_ROOT_JSON" in caught.value.hint

    def test_the_variables_do(self, machine: Machine) -> None:
        root = machine.folder.with_name("root.json")
        root.write_bytes(machine.repository.initial_root)
        machine.network.mirror = "https://own.example"
        machine.environ = {"TUF_MIRROR": "https://own.example/", "TUF_ROOT_JSON": str(root)}
        data = machine.load()
        assert (
            data.trusted_root,
            data.mirror,
            "1.root.json" in machine.asked(),
        ) == (ROOT, "https://own.example", False)

    def test_a_folder_that_cosign_initialised(self, machine: Machine) -> None:
        base = machine.folder.with_name("cosign")
        (base / "own.example-8080").mkdir(parents=True)
        (base / "own.example-8080" / "root.json").write_bytes(machine.repository.initial_root)
        (base / "remote.json").write_text(json.dumps({"mirror": "http://own.example:8080"}))
        machine.network.mirror = "http://own.example:8080"
        machine.environ = {"TUF_ROOT": str(base)}
        assert machine.load().trusted_root == ROOT


class TestConcurrency:
    """Rule 5."""

    def test_eight_first_runs_ask_once(self, machine: Machine) -> None:
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda _: machine.load(), range(8)))
        assert (
            [data.trusted_root for data in loaded],
            machine.network.asked.count("timestamp.json"),
        ) == ([ROOT] * 8, 1)

    def test_what_another_process_obtained_while_this_one_waited_is_taken(self, machine: Machine) -> None:
        machine.load()
        saved = machine.saved()
        assert saved is not None
        machine.now += DAY
        machine.asked()
        place = find_place(machine.folder, {})
        with ThreadPoolExecutor(1) as pool:
            with exclusive(place):
                waiting = pool.submit(machine.load)
                write_saved(place, Saved(mirror=MIRROR, state=saved.state, confirmed_at=machine.now))
            data = waiting.result()
        assert (machine.expected(ROOT, TrustSource.SAVED, confirmed=machine.now), []) == (data, machine.asked())


def test_without_a_network_no_client_is_loaded(tmp_path: Path) -> None:
    script = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(SOURCES)!r})
from assaymark.attest.sigstore.trust_data import load_trust
from assaymark.net.network import NoNetwork
load_trust(Path({str(tmp_path)!r}), {{}}, network=NoNetwork(), clock=lambda: 1e9)
print(*sys.modules, sep="\\n")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)
    absent = {"tuf", "securesystemslib", "cryptography", "urllib3", "assaymark.net.http", "subprocess"}
    assert absent & set(done.stdout.split()) == set()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "less than an hour"),
        (3600, "1 hour"),
        (47 * 3600, "47 hours"),
        (2 * DAY, "2 days"),
        (400.5 * DAY, "400 days"),
    ],
)
def test_ages(seconds: float, text: str) -> None:
    assert age_text(seconds) == text
