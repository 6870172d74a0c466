"""`verify-attestation` on an index: its own attestation, or every platform's, and what is missing by name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import pytest
from tests.support.commands import Ran, attest, place_image, place_keys, record, verify
from tests.support.registry import Fault, MemoryRegistry

from assaymark.attest.strict import decode_base64
from assaymark.model.descriptor import OCI_INDEX, OCI_MANIFEST

AMD, ARM, S390 = "linux/amd64", "linux/arm64", "linux/s390x"
NAMES = (AMD, ARM, S390)


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as made:
        yield made


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with keys, a record without findings and one with a finding."""
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path, "ours", "other")
    (tmp_path / "clean.json").write_bytes(record({"SchemaVersion": 2, "Results": []}))
    finding = {"VulnerabilityID": "CVE-2025-9230", "PkgName": "libssl3", "Severity": "HIGH", "InstalledVersion": "1"}
    (tmp_path / "affected.json").write_bytes(
        record({"SchemaVersion": 2, "Results": [{"Target": "os", "Vulnerabilities": [finding]}]})
    )
    return tmp_path


class Index:
    """`app:all`, an index of three platforms and an attestation of its builder."""

    def __init__(self, registry: MemoryRegistry) -> None:
        self.registry = registry
        self.digests: dict[str, str] = {}
        entries = []
        for name in NAMES:
            system, architecture = name.split("/")
            platform = {"os": system, "architecture": architecture}
            pushed = registry.put_image("app", config=json.dumps(platform).encode())
            self.digests[name] = pushed.digest
            entries.append(
                {"mediaType": OCI_MANIFEST, "digest": pushed.digest, "size": pushed.size, "platform": platform}
            )
        unknown = {"os": "unknown", "architecture": "unknown"}
        entries.append({"mediaType": OCI_MANIFEST, "digest": "sha256:" + "0" * 64, "size": 9, "platform": unknown})
        self.digest = registry.put_index("app", "all", entries).digest
        self.name = f"{registry.host}/app:all"

    def attest(self, *names: str, predicate: str = "clean.json", key: str = "ours.key") -> None:
        """Attest platforms, or the index for `index`."""
        for name in names:
            digest = self.digest if name == "index" else self.digests[name]
            ran = attest(f"{self.registry.host}/app@{digest}", predicate=predicate, key=key)
            assert ran.code == 0, ran.err

    def verify(self, *flags: str) -> Ran:
        return verify(*flags, self.name)

    def subjects(self, ran: Ran) -> list[str]:
        """The platforms that printed envelopes are about."""
        known = {digest: name for name, digest in self.digests.items()} | {self.digest: "index"}
        return [known[digest] for digest in map(subject_of, ran.lines)]


def subject_of(line: str) -> str:
    statement = json.loads(decode_base64(json.loads(line)["payload"]))
    return f"sha256:{statement['subject'][0]['digest']['sha256']}"


@pytest.fixture
def index(registry: MemoryRegistry) -> Index:
    return Index(registry)


# what is attested, flags, exit code, what is printed or the first reason
CASES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], int, object]] = {
    "every platform": (NAMES, (), 0, [*NAMES]),
    "the index alone, as with cosign": (("index",), (), 0, ["index"]),
    "the index and a platform": (("index", AMD), (), 0, ["index"]),
    "the index and every platform, which are asked for": (("index", *NAMES), ("--platform=all",), 0, [*NAMES]),
    "the platform that is asked for": ((ARM,), ("--platform", ARM), 0, [ARM]),
    "two that are asked for": ((ARM, S390), ("--platform", f"{S390},{ARM}"), 0, [S390, ARM]),
    "required ones": (NAMES, ("--require-platforms", f"{AMD},{ARM}"), 0, [*NAMES]),
    "one is missing": ((AMD, S390), (), 7, "PLATFORM_NOT_ATTESTED"),
    "all are missing": ((), (), 7, "NO_ATTESTATION"),
    "the index is not enough where platforms are asked for": (
        ("index",),
        ("--platform", ARM),
        7,
        "PLATFORM_NOT_ATTESTED",
    ),
    "the index is not enough where platforms are required": (
        ("index",),
        ("--require-platforms", ARM),
        7,
        "POLICY_PLATFORM",
    ),
    "a required one is missing": ((AMD, S390), ("--require-platforms", ARM), 7, "POLICY_PLATFORM"),
    "a required one is not offered": (NAMES, ("--require-platforms", "linux/riscv64"), 7, "POLICY_PLATFORM"),
    "what is asked for is not offered": (NAMES, ("--platform", "linux/riscv64"), 7, "PLATFORM_NOT_OFFERED"),
    "platforms are not enough where the index is asked for": (NAMES, ("--index",), 7, "NO_ATTESTATION"),
    "the index where it is asked for": (("index",), ("--index",), 0, ["index"]),
}


@pytest.mark.parametrize(("attested", "flags", "code", "told"), CASES.values(), ids=CASES.keys())
def test_what_counts(index: Index, attested: tuple[str, ...], flags: tuple[str, ...], code: int, told: object) -> None:
    index.attest(*attested)
    ran = index.verify(*flags)
    assert ran.code == code, ran.err
    if code:
        assert (ran.out, ran.first.startswith(f"error [{told}]: `{index.name}")) == ("", True), ran.err
        assert index.verify(*flags, "--report=json").json["reason"] == told
    else:
        assert index.subjects(ran) == told


def test_people_read_which_platform_it_is(index: Index) -> None:
    index.attest(*NAMES)
    lines = index.verify("--report=text").out.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("platform ")] == [*NAMES]
    heads = [line for line in index.verify().err.splitlines() if line.startswith("verified ")]
    repository = f"{index.registry.host}/app"
    assert heads == [f"verified {repository}@{digest} ({name}):" for name, digest in index.digests.items()]


class TestPolicies:
    def test_one_platform_with_a_finding_fails_by_name(self, index: Index) -> None:
        index.attest(AMD, S390)
        index.attest(ARM, predicate="affected.json")
        ran = index.verify("--max-severity=MEDIUM")
        assert (ran.code, ran.out) == (7, "")
        assert ran.first.startswith(f"error [POLICY_SEVERITY]: `{index.name} ({ARM})`: the policy is not satisfied: ")
        assert f"1 of 3 images and platforms are not verified: `{index.name} ({ARM})`" in ran.err
        report = index.verify("--max-severity=MEDIUM", "--report=json").json
        assert {each["platform"]: each["verified"] for each in report["images"]} == {AMD: True, ARM: False, S390: True}

    def test_the_record_of_the_index_is_judged_where_there_is_one(self, index: Index) -> None:
        index.attest(*NAMES)
        index.attest("index", predicate="affected.json")
        ran = index.verify("--max-severity=MEDIUM")
        assert (ran.code, ran.first.startswith(f"error [POLICY_SEVERITY]: `{index.name}`: ")) == (7, True)

    def test_what_is_required_and_missing_is_in_the_report(self, index: Index) -> None:
        index.attest(AMD)
        report = index.verify("--require-platforms", f"{AMD},{ARM}", "--report=json").json
        (policy,) = report["images"][0]["policy"]
        assert (policy["reason"], policy["rule"], policy["limit"], policy["value"]) == (
            "POLICY_PLATFORM",
            "require-platforms",
            ARM,
            AMD,
        )
        assert [each["reason"] for each in report["images"] if not each["verified"]] == [
            "POLICY_PLATFORM",
            "PLATFORM_NOT_ATTESTED",
            "PLATFORM_NOT_ATTESTED",
        ]

    def test_a_required_platform_of_another_signer_has_its_own_reason(self, index: Index) -> None:
        index.attest(AMD, S390)
        index.attest(ARM, key="other.key")
        ran = index.verify("--require-platforms", ARM)
        assert (ran.code, ran.first.startswith(f"error [WRONG_KEY]: `{index.name} ({ARM})`")) == (7, True)

    @pytest.mark.parametrize("flag", [("--platform", AMD), ("--require-platforms", AMD)], ids=" ".join)
    def test_the_index_alone_and_platforms_exclude_each_other(self, index: Index, flag: tuple[str, ...]) -> None:
        ran = index.verify("--index", *flag)
        assert (ran.code, f"and `{flag[0]}` about its platforms" in ran.first) == (2, True)


class TestTheIndexItself:
    def test_of_another_signer_it_does_not_hide_its_platforms(self, index: Index) -> None:
        index.attest("index", key="other.key")
        index.attest(*NAMES)
        ran = index.verify()
        assert (ran.code, index.subjects(ran), "[WRONG_KEY]; its platforms are looked at" in ran.err) == (
            0,
            [*NAMES],
            True,
        )

    def test_of_another_signer_it_is_the_reason_where_nobody_attested_platforms(self, index: Index) -> None:
        index.attest("index", key="other.key")
        ran = index.verify()
        assert (ran.code, ran.first.startswith(f"error [WRONG_KEY]: `{index.name}`: ")) == (7, True)

    def test_a_registry_that_fails_is_no_missing_attestation(self, index: Index) -> None:
        index.attest(*NAMES)
        index.registry.fault(Fault(path=index.digest.replace(":", "-"), times=-1, status=403))
        index.registry.fault(Fault(path=f"referrers/{index.digest}", times=-1, status=403))
        assert index.verify().code == 5


def test_a_manifest_that_is_not_there_is_its_own_failure(index: Index) -> None:
    index.attest(*NAMES)
    del index.registry.repository("app").manifests[index.digests[ARM]]
    ran = index.verify()
    assert (ran.code, f"1 of 3 images and platforms are not verified: `{index.name} ({ARM})`" in ran.err) == (5, True)
    assert index.verify("--platform", f"{AMD},{S390}").code == 0


def test_several_names_are_told_apart(index: Index, registry: MemoryRegistry) -> None:
    single, _ = place_image(registry)
    index.attest(*NAMES)
    attest(single, predicate="clean.json")
    report = verify("--report=json", index.name, single).json
    assert [(each["image"], each.get("platform")) for each in report["images"]] == [
        *((index.name, name) for name in NAMES),
        (single, None),
    ]


class TestSingleImages:
    @pytest.mark.parametrize("flag", ["--platform", "--require-platforms"])
    def test_it_is_for_the_platform_that_it_states(self, registry: MemoryRegistry, flag: str) -> None:
        image, _ = place_image(registry)
        attest(image, predicate="clean.json")
        assert verify(flag, AMD, image).code == 0
        ran = verify(flag, f"{AMD},{ARM}", image)
        reason = "PLATFORM_NOT_OFFERED" if flag == "--platform" else "POLICY_PLATFORM"
        assert (ran.code, ran.first.startswith(f"error [{reason}]: `{image}`: ")) == (7, True)

    def test_without_a_question_its_configuration_is_not_read(self, registry: MemoryRegistry) -> None:
        image, _ = place_image(registry)
        attest(image, predicate="clean.json")
        config = registry.repository("app").manifests[registry.tag_digest("app", "v1") or ""][0]
        digest = msgspec.json.decode(config)["config"]["digest"]
        assert verify(image).code == 0
        assert not [path for path in registry.paths("GET") if path.endswith(digest)]


def test_indexes_in_indexes(index: Index, registry: MemoryRegistry) -> None:
    data, _ = registry.repository("app").manifests[index.digest]
    entry = {"mediaType": OCI_INDEX, "digest": index.digest, "size": len(data)}
    registry.put_index("app", "outer", [entry])
    index.attest(*NAMES)
    ran = verify(f"{registry.host}/app:outer")
    assert (ran.code, index.subjects(ran)) == (0, [*NAMES])
