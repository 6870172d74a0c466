"""`diff` as a user types it: reports, records, attestations in files, and images on a registry."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from tests.support.commands import attest, place_image, place_keys, record, run
from tests.support.registry import MemoryRegistry
from tests.support.scans import APK_TOOLS, SSL, SSL_AGAIN, a_scan, rendered

VULN = "https://cosign.sigstore.dev/attestation/vuln/v1"
UNVERIFIED = "nothing of the attestation is verified"


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as made:
        yield made


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path, "ours", "theirs")
    (tmp_path / "a.json").write_bytes(rendered(a_scan(SSL, APK_TOOLS), "json"))
    (tmp_path / "b.json").write_bytes(rendered(a_scan(SSL, SSL_AGAIN), "cosign-vuln"))
    return tmp_path


def attested(image: str, *, finished: str = "2026-08-15T10:00:00Z", key: str = "ours", only: bool = True) -> None:
    """Attach a record of a scan that found one thing, or none."""
    scan = replace(a_scan(*((SSL,) if only else ())), finished=finished)
    Path("vuln.json").write_bytes(rendered(scan, "cosign-vuln"))
    ran = attest(image, "--allow-subject-mismatch", key=f"{key}.key")
    assert ran.code == 0, ran.err


class TestFiles:
    def test_a_report_and_a_record(self) -> None:
        ran = run("diff", "a.json", "b.json")
        assert (ran.code, ran.err) == (0, "")
        assert "\nNew 1  Fixed 0  No longer listed 1  Unchanged 1\n" in ran.out

    def test_what_is_new_decides_the_exit_code(self) -> None:
        assert run("diff", "--exit-code", "3", "a.json", "b.json").code == 3
        assert run("diff", "--exit-code", "3", "a.json", "a.json").code == 0
        assert run("diff", "--exit-code", "3", "--severity", "LOW", "a.json", "b.json").code == 0

    @pytest.mark.parametrize("name", ["json", "markdown", "html"])
    def test_to_a_file_in_another_form(self, name: str) -> None:
        ran = run("diff", "-f", name, "-o", "out", "a.json", "b.json")
        assert (ran.code, ran.out) == (0, "")
        assert b"CVE-2020-1967" in Path("out").read_bytes()

    def test_one_of_them_may_be_stdin(self) -> None:
        data = Path("a.json").read_bytes()
        assert "New 0  Fixed 0  Unchanged 2" in run("diff", "-", "a.json", stdin=data).out
        ran = run("diff", "-", "-", stdin=data)
        assert (ran.code, ran.first) == (2, "error: stdin can be read once: A or B")

    def test_a_file_that_is_not_there_is_no_image(self) -> None:
        assert run("diff", "a.json", "c.json").code == 9

    def test_a_document_of_another_kind(self) -> None:
        Path("c.json").write_text('{"bomFormat": "CycloneDX"}')
        ran = run("diff", "a.json", "c.json")
        assert (ran.code, ran.first) == (8, "error: `c.json` is no report that is known")

    def test_an_unknown_form_is_refused_before_anything_is_read(self) -> None:
        ran = run("diff", "-f", "sarif", "no.json", "no.json")
        assert (ran.code, ran.first) == (2, "error: invalid argument `sarif` for `--format`")

    def test_what_nobody_signed_is_told_where_somebody_is_named(self) -> None:
        ran = run("diff", "--key", "ours.pub", "a.json", "b.json")
        assert ran.code == 0
        assert "warning: `a.json` is signed by nobody, so nothing of it is verified\n" in ran.err


class TestAttestations:
    @pytest.fixture
    def downloaded(self, registry: MemoryRegistry) -> str:
        image, _ = place_image(registry)
        attested(image)
        Path("lines.jsonl").write_text(run("download", "attestation", image).out)
        return "lines.jsonl"

    def test_a_bundle_that_nobody_verified(self, downloaded: str) -> None:
        ran = run("diff", downloaded, "b.json")
        assert (ran.code, UNVERIFIED in ran.err) == (0, True)
        assert "\nhint: name who must have signed: `--key`, …\n" in ran.err
        assert "\nNew 1  Fixed 0  Unchanged 1\n" in ran.out

    def test_a_command_that_verifies_nothing_does_not_ask_for_a_key(self, downloaded: str) -> None:
        ran = run("convert", downloaded, "-f", "json")
        assert (ran.code, UNVERIFIED in ran.err) == (0, True)
        assert "\nhint: verify it first: `assaymark verify-attestation`\n" in ran.err

    def test_a_bundle_that_is_verified(self, downloaded: str) -> None:
        ran = run("diff", "--key", "ours.pub", downloaded, downloaded)
        assert (ran.code, UNVERIFIED in ran.err) == (0, False)

    def test_a_bundle_of_somebody_else(self, downloaded: str) -> None:
        ran = run("diff", "--key", "theirs.pub", downloaded, "b.json")
        assert (ran.code, ran.out) == (7, "")
        assert "error [BAD_SIGNATURE]: " in ran.err or "error [WRONG_KEY]: " in ran.err

    def test_of_several_the_newest_counts(self, registry: MemoryRegistry) -> None:
        image, _ = place_image(registry)
        attested(image, finished="2026-08-16T10:00:00Z", only=False)
        attested(image, finished="2026-08-15T10:00:00Z")
        Path("lines.jsonl").write_text(run("download", "attestation", image).out)
        for text in ("lines.jsonl", image):
            ran = run("diff", text, "a.json")
            assert "New 2  Fixed 0  Unchanged 0" in ran.out
            assert f"`{text}` has 2 records; the newest counts, of 2026-08-16 10:00:00 UTC\n" in ran.err

    def test_attestations_of_another_type_are_none(self, registry: MemoryRegistry) -> None:
        image, _ = place_image(registry)
        Path("x.json").write_text("{}")
        assert attest(image, type="openvex", predicate="x.json").code == 0
        Path("lines.jsonl").write_text(run("download", "attestation", image).out)
        ran = run("diff", "lines.jsonl", "a.json")
        assert ran.code == 7
        assert "error [NO_ATTESTATION]: `lines.jsonl` has no attestation that is a vulnerability record\n" in ran.err

    def test_one_that_proves_it_is_enough_and_the_others_are_told(self, registry: MemoryRegistry) -> None:
        image, _ = place_image(registry)
        Path("x.json").write_text("{}")
        assert attest(image, type="openvex", predicate="x.json").code == 0
        attested(image, finished="2026-08-16T10:00:00Z", only=False, key="theirs")
        attested(image)
        Path("lines.jsonl").write_text(run("download", "attestation", image).out)
        ran = run("diff", "--key", "ours.pub", "lines.jsonl", "lines.jsonl")
        assert (ran.code, "New 0  Fixed 0  Unchanged 1" in ran.out) == (0, True)
        assert ran.err.count("warning: `lines.jsonl`: refused [") == 2
        assert "OPENVEX" not in ran.err.upper()

    def test_what_cannot_be_read_is_told(self, downloaded: str) -> None:
        line = Path(downloaded).read_text()
        broken = line.replace('"payload":"', '"payload":"!')
        Path("lines.jsonl").write_text(broken + line)
        ran = run("diff", "lines.jsonl", "b.json")
        assert ran.code == 0
        assert "warning: `lines.jsonl`: left out [MALFORMED_" in ran.err

    def test_what_cosign_1_wrote(self, registry: MemoryRegistry) -> None:
        image, _ = place_image(registry)
        Path("vuln.json").write_bytes(rendered(a_scan(SSL), "cosign-vuln"))
        assert attest(image, "--attestation-format=legacy", "--allow-subject-mismatch").code == 0
        Path("line.json").write_text(run("download", "attestation", image).out)
        assert "New 1  Fixed 0  Unchanged 1" in run("diff", "line.json", "b.json").out


class TestImages:
    def test_two_images_verified_with_a_key(self, registry: MemoryRegistry) -> None:
        first, _ = place_image(registry, "one")
        second, _ = place_image(registry, "two")
        attested(first)
        attested(second, only=False)
        ran = run("diff", "--key", "ours.pub", first, second)
        assert (ran.code, ran.err) == (0, "")
        assert "\nNew 0  Suppressed 1  Fixed 0  Unchanged 0\n" in ran.out

    def test_the_digest_that_was_attested_is_told(self, registry: MemoryRegistry) -> None:
        image, digest = place_image(registry)
        attested(image)
        assert f"\n        {digest}, scanned" in run("diff", image, "a.json").out

    def test_an_attestation_of_somebody_else(self, registry: MemoryRegistry) -> None:
        image, _ = place_image(registry)
        attested(image)
        ran = run("diff", "--key", "theirs.pub", image, "a.json")
        assert (ran.code, ran.out) == (7, "")
        assert ran.err.startswith("error [")
        assert f"`{image}`: no attestation could be verified" in ran.err

    def test_an_image_without_a_record(self, registry: MemoryRegistry) -> None:
        image, _ = place_image(registry)
        ran = run("diff", image, "a.json")
        assert (ran.code, "error [NO_ATTESTATION]: " in ran.err, "hint: scan it: " in ran.err) == (7, True, True)

    def test_a_record_of_another_scanner_cannot_be_compared(self, registry: MemoryRegistry) -> None:
        image, _ = place_image(registry)
        Path("vuln.json").write_bytes(record({"matches": []}))
        assert attest(image).code == 0
        ran = run("diff", image, "a.json")
        assert (ran.code, "is a vulnerability record with a result in a format that is not read" in ran.err) == (
            8,
            True,
        )


def test_a_statement_by_itself(here: Path) -> None:
    predicate = msgspec.json.decode((here / "b.json").read_bytes())
    statement = {"_type": "https://in-toto.io/Statement/v1", "predicateType": VULN, "predicate": predicate}
    (here / "s.json").write_bytes(msgspec.json.encode(statement))
    assert "New 0  Fixed 0  Unchanged 2" in run("diff", "s.json", "b.json").out
