"""`replay`: a recorded scan made again, equal to the byte, or different in exactly what was edited."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.support.commands import PASSWORD, place_keys, run
from tests.support.content import MemoryContent
from tests.support.database import FRESH, database_archive, publish, trivy_db
from tests.support.images import BuiltImage, build_image, build_index
from tests.support.registry import MemoryRegistry
from tests.support.workshop import ALPINE, DETAILS, FACTS, SOURCES, Ran, Workshop

from assaymark.model.descriptor import OCI_INDEX, OCI_MANIFEST

LONG = {**FRESH, "NextUpdate": "2099-01-01T00:00:00Z"}
NEWER = {**LONG, "UpdatedAt": "2026-11-22T00:00:00Z"}
Edit = Callable[[Any], None]


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as made:
        yield made


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, registry: MemoryRegistry) -> Workshop:
    """The working directory is the workshop's folder, with a key in it; its database comes from the registry."""
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path)
    (tmp_path / "vuln.json").unlink()
    made = Workshop(tmp_path, offline=False)
    (made.cache / "db" / "metadata.json").unlink()
    offer(registry, trivy_db(FACTS, details=DETAILS, sources=SOURCES), LONG)
    return made


def offer(registry: MemoryRegistry, database: bytes, metadata: Mapping[str, Any]) -> str:
    """Publish a database under the one tag; its digest."""
    source = MemoryContent()
    publish(source, database_archive(database, metadata))
    registry.repository("db").blobs.update(source.blobs)
    (manifest,) = (data for data, _ in source.manifests.values())
    return registry.put_manifest("db", manifest, media_type=OCI_MANIFEST, tag="2").digest


def place(registry: MemoryRegistry, image: BuiltImage, *, tag: str = "v1", name: str = "app") -> str:
    for data in image.blobs.values():
        registry.put_blob(name, data)
    registry.put_manifest(name, image.manifest, tag=tag)
    return f"{registry.host}/{name}:{tag}"


def attest(shop: Workshop, registry: MemoryRegistry, *words: str, **environ: str) -> Ran:
    """Scan and attest; the record is kept in `vuln.json`, too."""
    return shop.run(
        *("image", "--attest", "--key=ours.key", "--db-repository", f"{registry.host}/db"),
        *("--format=cosign-vuln", "--output=vuln.json", *words),
        terminal=False,
        stdin=b"",
        COSIGN_PASSWORD=PASSWORD,
        **environ,
    )


def replay(shop: Workshop, registry: MemoryRegistry, *words: str, cache: str = "another-cache", **environ: str) -> Ran:
    """On a machine with another cache, at another time."""
    return shop.run(
        *("replay", "--cache-dir", cache, "--db-repository", f"{registry.host}/db", *words),
        terminal=False,
        stdin=b"",
        **{"SOURCE_DATE_EPOCH": "1900000000", **environ},
    )


def edited(shop: Workshop, edit: Edit) -> None:
    """Change the record on disk as whoever has the key could."""
    record = json.loads((shop.folder / "vuln.json").read_bytes())
    edit(record)
    (shop.folder / "vuln.json").write_text(json.dumps(record))


def sign(shop: Workshop, reference: str) -> None:
    words = ("--key", "ours.key", "--type", "vuln", "--predicate", "vuln.json", "--allow-subject-mismatch")
    assert run("attest", *words, reference).code == 0


def finding(record: Any, number: int = 0) -> Any:
    return record["scanner"]["result"]["Results"][0]["Vulnerabilities"][number]


def test_equal_with_another_cache_on_another_day(shop: Workshop, registry: MemoryRegistry) -> None:
    reference = place(registry, build_image([ALPINE]))
    assert attest(shop, registry, reference).code == 0
    ran = replay(shop, registry, "--key=ours.pub", reference)
    assert (ran.code, ran.err) == (0, "")
    pinned, record, database, result = ran.out.splitlines()
    assert pinned == f"replayed  {registry.host}/app@{build_image([ALPINE]).descriptor.digest}"
    assert record.startswith("record    assaymark ")
    assert database == f"database  {registry.host}/db@{registry.tag_digest('db', '2')} (downloaded and kept)"
    assert result.startswith("result    equal to the byte: 3 findings and 2 packages, sha256:")
    again = replay(shop, registry, "--key=ours.pub", "--format=json", reference)
    assert again.report["database"]["from"] == "kept"
    assert (again.report["equal"], again.report["reason"], again.report["verified"], again.report["differences"]) == (
        True,
        "",
        True,
        [],
    )
    assert again.report["record"]["sha256"] == again.report["replay"]["sha256"]


def test_newer_databases_do_not_matter_until_the_old_one_is_gone(shop: Workshop, registry: MemoryRegistry) -> None:
    reference = place(registry, build_image([ALPINE]))
    assert attest(shop, registry, "--keep-database", reference).code == 0
    (old,) = registry.repository("db").tags.values()
    offer(registry, trivy_db(), NEWER)
    assert replay(shop, registry, "--key=ours.pub", reference, cache="one").code == 0
    del registry.repository("db").manifests[old]
    gone = replay(shop, registry, "--key=ours.pub", reference, cache="two")
    assert (
        gone.code,
        gone.err.startswith(f"error [DATABASE_GONE]: the database `{registry.host}/db@{old}` is gone"),
    ) == (
        4,
        True,
    )
    kept = replay(shop, registry, "--key=ours.pub", "--offline=false", reference, cache=str(shop.cache))
    assert (kept.code, "(the cache)" in kept.out) == (0, True)
    export = shop.run("db-export", "--digest", old, f"{registry.host}/own:old")
    assert export.out == f"{registry.host}/own@{old}\n"
    again = replay(
        shop, registry, "--key=ours.pub", "--db-repository", f"{registry.host}/own", reference, cache="three"
    )
    assert again.code == 0


EDITS: dict[str, tuple[Edit, list[str]]] = {
    "a severity": (
        lambda record: finding(record).update(Severity="LOW"),
        [
            "  finding CVE-2019-14697 of musl 1.1.22-r2 in {target}: changed",
            '    Severity: "LOW" in the record, "CRITICAL" now',
        ],
    ),
    "a finding that was left out": (
        lambda record: record["scanner"]["result"]["Results"][0]["Vulnerabilities"].pop(1),
        ["  finding CVE-2020-28928 of musl 1.1.22-r2 in {target}: only replayed"],
    ),
    "a finding that nobody finds": (
        lambda record: record["scanner"]["result"]["Results"][0]["Vulnerabilities"].append(
            {**finding(record), "VulnerabilityID": "CVE-1"}
        ),
        ["  finding CVE-1 of musl 1.1.22-r2 in {target}: only recorded"],
    ),
    "a member that no scan writes": (
        lambda record: finding(record, 2).update(Remark=["fine"]),
        [
            "  finding CVE-2018-25032 of zlib 1.2.11-r1 in {target}: changed",
            '    Remark: ["fine"] in the record, absent now',
        ],
    ),
    "a package's version": (
        lambda record: record["scanner"]["result"]["Results"][0]["Packages"][1].update(SrcVersion="9"),
        ["  package zlib 1.2.11-r1 in {target}: changed", '    SrcVersion: "9" in the record, "1.2.11-r1" now'],
    ),
    "what was not looked at": (
        lambda record: record["scanner"]["result"]["Coverage"].update(Complete=False),
        ["  report: changed", "    Coverage.Complete: false in the record, true now"],
    ),
    "the order of findings": (
        lambda record: record["scanner"]["result"]["Results"][0]["Vulnerabilities"].reverse(),
        ["  report: changed", "    the order of `Results` or of its lists: absent in the record, absent now"],
    ),
}


@pytest.mark.parametrize(("edit", "told"), EDITS.values(), ids=EDITS.keys())
def test_what_was_edited_before_it_was_signed_is_exactly_what_is_told(
    shop: Workshop, registry: MemoryRegistry, edit: Edit, told: list[str]
) -> None:
    reference = place(registry, build_image([ALPINE]))
    assert attest(shop, registry, reference).code == 0
    edited(shop, edit)
    edited(shop, lambda record: record["metadata"].update(scanFinishedOn="2099-01-01T00:00:00Z"))
    run("attest", "--key=ours.key", "--type=vuln", "--predicate=vuln.json", "--allow-incomplete", reference)
    ran = replay(shop, registry, "--key=ours.pub", reference)
    assert (ran.code, "error [REPLAY_DIFFERS]" in ran.err) == (7, True), ran.err
    head, *lines = ran.out.splitlines()[3:]
    assert (head, lines) == (
        "result    different: 1 difference",
        [line.format(target=f"{reference} (alpine 3.10.9)") for line in told],
    )


def test_the_recorded_flags_are_used_again(shop: Workshop, registry: MemoryRegistry) -> None:
    (shop.folder / ".trivyignore").write_text("CVE-2020-28928\n")
    reference = place(registry, build_image([ALPINE, {"app/requirements.txt": "flask==0.12\n"}]))
    flags = ("--severity=HIGH,CRITICAL", "--skip-files=app/*", "--exit-code=3", "--list-all-pkgs=false")
    assert attest(shop, registry, *flags, reference).code == 3
    ran = replay(shop, registry, "--key=ours.pub", "--format=json", reference, ASSAYMARK_SEVERITY="LOW")
    assert (ran.code, ran.report["findings"]) == (0, 2), ran.out
    (shop.folder / ".trivyignore").unlink()
    missing = replay(shop, registry, "--key=ours.pub", reference)
    assert (missing.code, "error [REPLAY_INPUT_MISSING]" in missing.err) == (7, True)


def test_policies_on_findings_must_be_the_recorded_ones(shop: Workshop, registry: MemoryRegistry) -> None:
    rules = shop.folder / "rules.yaml"
    rules.write_text("rules:\n  - ignore: {packages: zlib}\n    reason: not ours\n")
    reference = place(registry, build_image([ALPINE]))
    assert attest(shop, registry, "--findings-policy=rules.yaml", reference).code == 0
    assert replay(shop, registry, "--key=ours.pub", reference).code == 0
    rules.write_text("rules:\n  - ignore: {packages: musl}\n    reason: not ours\n")
    ran = replay(shop, registry, "--key=ours.pub", reference)
    assert (ran.code, "the recorded scan used a findings policy with the digest sha256:" in ran.err) == (7, True)


def test_bills_have_checksums_again(shop: Workshop, registry: MemoryRegistry) -> None:
    reference = place(registry, build_image([ALPINE, {"app/requirements.txt": "flask==0.12\n"}]))
    for flags in (("--format=cyclonedx",), ("--also=spdx-json=bom.json",)):
        assert attest(shop, registry, *flags, reference).code == 0
        (shop.folder / "bom.json").unlink(missing_ok=True)
        ran = replay(shop, registry, "--key=ours.pub", reference)
        assert (ran.code, (shop.folder / "bom.json").exists()) == (0, False), ran.out


def test_an_image_that_was_copied_elsewhere(shop: Workshop, registry: MemoryRegistry) -> None:
    reference = place(registry, build_image([ALPINE]))
    assert attest(shop, registry, reference).code == 0
    copied = place(registry, build_image([ALPINE]), name="elsewhere/app")
    ran = replay(shop, registry, "--record=vuln.json", "--unverified", copied)
    assert ran.code == 0, ran.out
    assert "note      the record was not verified: anybody may have written it" in ran.out
    layout = shop.layout(build_image([ALPINE]))
    assert replay(shop, registry, "--record=vuln.json", "--unverified", "--local-image", layout).code == 0


def test_a_platform_of_an_index(shop: Workshop, registry: MemoryRegistry) -> None:
    index = build_index([build_image([ALPINE]), build_image([ALPINE], platform="linux/arm64")])
    for image in index.images:
        place(registry, image, tag="single")
    registry.put_manifest("app", index.data, media_type=OCI_INDEX, tag="v1")
    reference = f"{registry.host}/app:v1"
    assert attest(shop, registry, "--platform=linux/arm64", reference).code == 0
    assert replay(shop, registry, "--key=ours.pub", "--platform=linux/arm64", reference).code == 0
    assert replay(shop, registry, "--key=ours.pub", reference).code == 7


def test_the_sample_database(shop: Workshop, registry: MemoryRegistry) -> None:
    reference = place(registry, build_image([ALPINE]))
    assert attest(shop, registry, "--sample-db", "--allow-sample-db", reference).code == 0
    ran = replay(shop, registry, "--key=ours.pub", reference)
    assert (ran.code, "(the sample of this program)" in ran.out) == (0, True), ran.out


def test_a_compact_record_is_replayed_in_full(shop: Workshop, registry: MemoryRegistry) -> None:
    reference = place(registry, build_image([ALPINE]))
    assert attest(shop, registry, reference).code == 0
    words = ("--key=ours.key", "--type=vuln", "--predicate=vuln.json", "--compact")
    other = place(registry, build_image([ALPINE]), name="compact")
    assert run("attest", *words, "--allow-subject-mismatch", other).code == 0
    ran = replay(shop, registry, "--key=ours.pub", "--format=json", other)
    assert (ran.code, ran.report["packages"]) == (0, 2), ran.err


REFUSED: dict[str, tuple[Edit, int, str]] = {
    "another scanner": (
        lambda record: record["scanner"]["result"].update(Scanner={"Name": "other", "Version": "1"}),
        7,
        "error [RECORD_FOREIGN]: the record was made by other 1",
    ),
    "a folder": (
        lambda record: record["invocation"]["parameters"].update(command="fs"),
        7,
        "error [RECORD_NOT_REPLAYABLE]",
    ),
    "an archive": (
        lambda record: record["invocation"]["parameters"].pop("subject"),
        7,
        "error [RECORD_NOT_REPLAYABLE]",
    ),
    "another image": (
        lambda record: record["invocation"]["parameters"].update(subject="sha256:" + "0" * 64),
        7,
        "error [SUBJECT_MISMATCH]",
    ),
    "flags of another version": (
        lambda record: record["invocation"]["parameters"].update(flags={"look-harder": True}),
        7,
        "error [RECORD_NOT_REPLAYABLE]: the record has the flag `look-harder`",
    ),
    "values of another version": (
        lambda record: record["invocation"]["parameters"].update(flags={"severity": ["DREADFUL"]}),
        7,
        "error [RECORD_NOT_REPLAYABLE]: the recorded flags are not those of this version",
    ),
    "an SBOM in the place of the layers": (
        lambda record: record["invocation"]["parameters"].update(flags={"sbom-sources": ["oci"]}),
        7,
        "error [RECORD_NOT_REPLAYABLE]: the record is of an SBOM",
    ),
    "a file of this machine, by nobody's word": (
        lambda record: record["invocation"]["parameters"].update(flags={"vex": ["/etc/hostname"]}),
        7,
        "error [RECORD_NOT_REPLAYABLE]: the record has the flag `vex`, which names files of this machine",
    ),
    "a place to write to": (
        lambda record: record["invocation"]["parameters"].update(flags={"output": "stolen"}),
        7,
        "error [RECORD_NOT_REPLAYABLE]: the record has the flag `output`",
    ),
    "no date": (
        lambda record: record["scanner"]["result"].update(CreatedAt=""),
        7,
        "error [RECORD_NOT_REPLAYABLE]: the record is not that of a scan with its date",
    ),
    "a database without a name": (
        lambda record: record["scanner"].update(db={"uri": "", "version": "2"}),
        4,
        "error [DATABASE_WITHOUT_DIGEST]",
    ),
}


@pytest.mark.parametrize(("edit", "code", "told"), REFUSED.values(), ids=REFUSED.keys())
def test_records_that_cannot_be_replayed(
    shop: Workshop, registry: MemoryRegistry, edit: Edit, code: int, told: str
) -> None:
    reference = place(registry, build_image([ALPINE]))
    assert attest(shop, registry, reference).code == 0
    edited(shop, edit)
    ran = replay(shop, registry, "--record=vuln.json", "--unverified", reference)
    assert (ran.code, told in ran.err) == (code, True), ran.err


def test_nothing_unverified_is_replayed_unless_told(shop: Workshop, registry: MemoryRegistry) -> None:
    reference = place(registry, build_image([ALPINE]))
    place_keys(shop.folder, "other")
    assert attest(shop, registry, reference).code == 0
    outcomes = {
        "nobody is named": replay(shop, registry, reference),
        "another key": replay(shop, registry, "--key=other.pub", reference),
        "a file that nobody signed": replay(shop, registry, "--key=ours.pub", "--record=vuln.json", reference),
    }
    assert {
        name: (ran.code, ran.err.splitlines()[-2 if "hint" in ran.err else -1].partition("]")[0])
        for name, ran in outcomes.items()
    } == {
        "nobody is named": (7, "error [IDENTITY_REQUIRED"),
        "another key": (7, "error [WRONG_KEY"),
        "a file that nobody signed": (7, "error [NO_ATTESTATION"),
    }


def test_an_attestation_in_a_file(shop: Workshop, registry: MemoryRegistry) -> None:
    reference = place(registry, build_image([ALPINE]))
    assert attest(shop, registry, reference).code == 0
    downloaded = run("download", "attestation", reference).out
    (shop.folder / "kept.jsonl").write_text(downloaded)
    ran = replay(shop, registry, "--key=ours.pub", "--record=kept.jsonl", "--format=json", reference)
    assert (ran.code, ran.report["verified"]) == (0, True), ran.err
