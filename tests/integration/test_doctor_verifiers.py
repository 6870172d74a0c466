"""What `doctor` says of verifiers against the verifiers themselves, on both kinds of registry, in both formats and mixed.

Needs `cosign` 3, `docker-registry`, Go (for the registry with the referrers API), the package `sigstore`, and for the
rules of cosign 2 that program as `cosign2` on PATH (`go install github.com/sigstore/cosign/v2/cmd/cosign@v2.6.1`), each
for its part; loopback alone.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.support.interop.bench import EMAIL, Bench, Image, Ran
from tests.support.interop.matrix import AT_HAND, Evidence, Format, Material, Program, Signing, Storage, signings
from tests.support.interop.signing import sign
from tests.support.interop.verifying import verify as verify_with
from tests.support.sigstore.accounts import GOOGLE

from assaymark.attest.doctor.examination import Finding, examine
from assaymark.attest.doctor.verifiers import VERIFIERS, Verdict
from assaymark.attest.keys.pem import encode_pem
from assaymark.attest.sigstore.trusted_root import parse_trusted_root
from assaymark.attest.store.attestation import AttestationFormat
from assaymark.attest.strict import decode_base64

pytestmark = pytest.mark.integration

COSIGN_2 = shutil.which("cosign2")
FILES_OF_COSIGN_2 = {
    "SIGSTORE_ROOT_FILE": "fulcio.pem",
    "SIGSTORE_REKOR_PUBLIC_KEY": "rekor.pub",
    "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE": "ctfe.pub",
    "SIGSTORE_TSA_CERTIFICATE_FILE": "tsa.pem",
}


class Named(NamedTuple):
    """A program under the name that `doctor` gives it, and whether it can be started here."""

    name: str
    present: bool


PROGRAMS = (
    Named("cosign 3", Program.COSIGN in AT_HAND),
    Named("cosign 2", COSIGN_2 is not None),
    Named("sigstore-python", Program.SIGSTORE in AT_HAND),
)


@pytest.fixture(scope="module", autouse=True)
def trust_of_cosign_2(bench: Bench) -> None:
    write_trust_of_cosign_2(bench)


def write_trust_of_cosign_2(bench: Bench) -> None:
    """The trust data in the files that cosign 2 reads."""
    root = bench.sigstore.instance.trusted_root()
    write = bench.folder.joinpath
    write("fulcio.pem").write_bytes(_chain(root["certificateAuthorities"]))
    write("tsa.pem").write_bytes(_chain(root["timestampAuthorities"]))
    write("rekor.pub").write_bytes(_keys(root["tlogs"]))
    write("ctfe.pub").write_bytes(_keys(root["ctlogs"]))


def _chain(authorities: Sequence[Any]) -> bytes:
    certificates = [made for authority in authorities for made in authority["certChain"]["certificates"]]
    return b"".join(encode_pem("CERTIFICATE", decode_base64(made["rawBytes"])) for made in certificates)


def _keys(logs: Sequence[Any]) -> bytes:
    return encode_pem("PUBLIC KEY", decode_base64(logs[0]["publicKey"]["rawBytes"]))


def examined(bench: Bench, image: Image) -> dict[AttestationFormat, Finding]:
    known = parse_trusted_root((bench.folder / "trusted_root.json").read_bytes())
    found = examine(image.store, image.subject.digest, known, now=datetime.now(UTC))
    assert found.troubles == ()
    return {item.format: item for item in found.attestations}


def run_cosign_2(bench: Bench, arguments: Sequence[str]) -> Ran:
    assert COSIGN_2 is not None
    environ = {**bench.environment}
    root: Sequence[str] = ("--trusted-root", "trusted_root.json")
    if "--new-bundle-format" not in arguments:
        root = ("--rekor-url", bench.sigstore.url)
        environ |= {name: str(bench.folder / file) for name, file in FILES_OF_COSIGN_2.items()}
    return bench._run([COSIGN_2, *arguments[:1], *root, *arguments[1:]], environ)


def asked(bench: Bench, program: str, signing: Signing, image: Image, flags: Sequence[str]) -> Ran:
    """The program as it is, with `flags` only."""
    who = ["--key", bench.key_file(signing.material, "pub")]
    if signing.keyless:
        who = ["--certificate-identity", EMAIL, "--certificate-oidc-issuer", GOOGLE]
    what = ["verify-attestation", "--type", "vuln", *who, *flags, image.reference]
    if program == "cosign 2":
        return run_cosign_2(bench, what)
    extra = ["--rekor-url", bench.sigstore.url] if signing.format is Format.LEGACY else []
    return bench.cosign(*what, "--trusted-root", "trusted_root.json", *extra)


def compare(bench: Bench, signing: Signing, image: Image, found: Finding) -> list[str]:
    """Where cosign does something else than was predicted: each thing that is needed is needed, and no more is."""
    wrong = []
    present = {program.name for program in PROGRAMS if program.present and program.name.startswith("cosign")}
    for told in found.verifiers:
        if told.verifier not in present:
            continue
        tries = [tuple(need for need in told.needs if need != left_out) for left_out in told.needs] or [()]
        for flags in tries:
            ran = asked(bench, told.verifier, signing, image, flags)
            if (ran.code == 0) != (told.verdict is Verdict.FOUND):
                wrong.append(f"{told.verifier}: {told.verdict.value} {told.needs}, with {flags}: {ran.err[-300:]}")
        if told.verdict is Verdict.FOUND_WITH:
            ran = asked(bench, told.verifier, signing, image, told.needs)
            if ran.code:
                wrong.append(f"{told.verifier}: found with {told.needs}: {ran.err[-300:]}")
    return wrong


def compare_with_sigstore(bench: Bench, signing: Signing, image: Image, found: Finding) -> list[str]:
    """The same for sigstore-python, which is brought what `download attestation` prints of the only attestation."""
    if Program.SIGSTORE not in AT_HAND:
        return []
    (told,) = [told for told in found.verifiers if told.verifier == "sigstore-python"]
    happened = verify_with(bench, Program.SIGSTORE, signing, image, [])
    is_right = (happened.code == 0) == (told.verdict is Verdict.FOUND_WITH)
    return [] if is_right else [f"sigstore-python: {told.verdict.value}, and it said {happened.said[-300:]}"]


@pytest.mark.parametrize("signing", [each for each in signings() if each.material is not Material.RSA], ids=", ".join)
def test_predictions_come_true(bench: Bench, stored: tuple[Storage, str], signing: Signing) -> None:
    if signing.signer not in AT_HAND:
        pytest.skip(f"{signing.signer} is not on this machine")
    _, host = stored
    image = Image(host, f"doctor-{signing.slug}")
    if sign(bench, signing, image).code:
        pytest.skip("nobody signs so")
    (found,) = examined(bench, image).values()
    assert compare(bench, signing, image, found) + compare_with_sigstore(bench, signing, image, found) == []


@pytest.mark.parametrize("bundle", [Material.P256, Material.KEYLESS], ids=lambda made: f"bundle: {made}")
@pytest.mark.parametrize("evidence", [Evidence.V1, Evidence.NONE], ids=lambda made: made.value)
def test_predictions_of_both_formats_at_one_image(
    bench: Bench, stored: tuple[Storage, str], bundle: Material, evidence: Evidence
) -> None:
    """Signed by different people, so that it is known which of the two was found."""
    if Program.COSIGN not in AT_HAND:
        pytest.skip("cosign is not on this machine")
    storage, host = stored
    image = Image(host, f"mixed-{bundle.name.lower()}-{evidence.name.lower()}")
    signed = {
        AttestationFormat.BUNDLE: Signing(Program.COSIGN, bundle, Format.BUNDLE, evidence),
        AttestationFormat.LEGACY: Signing(Program.COSIGN, Material.RSA, Format.LEGACY, evidence),
    }
    for signing in signed.values():
        ran = sign(bench, signing, image)
        assert ran.code == 0, ran.err
    found = examined(bench, image)
    wrong = [line for format_, signing in signed.items() for line in compare(bench, signing, image, found[format_])]
    assert (wrong, storage) == ([], storage)


def test_the_programs_are_those_of_the_table() -> None:
    assert [program.name for program in PROGRAMS] == [verifier.name for verifier in VERIFIERS if verifier.tested]
    assert Path(__file__).name in (Path(__file__).parents[2] / "src/assaymark/attest/doctor/verifiers.py").read_text()


@pytest.mark.parametrize("name", ["cosign 3", "cosign 2"])
def test_the_versions_are_those_of_the_table(bench: Bench, name: str) -> None:
    program = {"cosign 3": shutil.which("cosign"), "cosign 2": COSIGN_2}[name]
    if program is None:
        pytest.skip(f"{name} is not on PATH, and its rules were not measured")
    (verifier,) = [verifier for verifier in VERIFIERS if verifier.name == name]
    minor = verifier.version.rpartition(".")[0]
    said = bench._run([program, "version"], None).said
    assert re.search(rf"GitVersion:\s+v{re.escape(minor)}\.", said), said
