"""What we attest, cosign verifies; what cosign attests, we verify: with the real program and a real registry.

Needs `cosign` 3 and Debian's `docker-registry` on PATH, and loopback alone. The registry has no referrers API, so the
fallback tag is proven too.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.support.forgery import CREATED, RECORD, key
from tests.support.interop.bench import Image as SmallImage
from tests.support.peers import NEEDS_COSIGN, NEEDS_REGISTRY, Cosign

from assaymark.attest.attach import attach, confirm, sign_attestation
from assaymark.attest.download import Line, attestation_lines
from assaymark.attest.keys.algorithms import Scheme
from assaymark.attest.keys.file import decrypt_key, write_key_pair
from assaymark.attest.keys.public import Algorithm, parse_public_key
from assaymark.attest.predicate import find_predicate_type
from assaymark.attest.store.attestation import AttestationFormat
from assaymark.attest.store.read import read_attestations
from assaymark.attest.subject import digests_of_manifest
from assaymark.attest.verify import Expectation, Verification, Verified, verify_attestations
from assaymark.oci.content import StoredManifest

pytestmark = [pytest.mark.integration, NEEDS_COSIGN, NEEDS_REGISTRY]

PASSWORD = "pass word"
BUNDLE, LEGACY = AttestationFormat.BUNDLE, AttestationFormat.LEGACY
HOW_COSIGN_ATTESTS = {
    BUNDLE: ("--signing-config", "no-services.json"),
    LEGACY: ("--new-bundle-format=false", "--use-signing-config=false", "--tlog-upload=false"),
}
WHAT_COSIGN_SIGNS_WITH = {
    Algorithm.ECDSA_P256: Scheme.ECDSA_SHA256,
    Algorithm.ECDSA_P384: Scheme.ECDSA_SHA384,
    Algorithm.ECDSA_P521: Scheme.ECDSA_SHA512,
    Algorithm.RSA: Scheme.RSA_PKCS1_SHA256,
    Algorithm.ED25519: Scheme.ED25519PH,
}
ALGORITHMS = pytest.mark.parametrize("algorithm", list(Algorithm), ids=lambda algorithm: algorithm.value)
FORMATS = pytest.mark.parametrize("format_", [BUNDLE, LEGACY], ids=lambda format_: format_.value)


@pytest.fixture
def cosign(tmp_path: Path) -> Cosign:
    (tmp_path / "vuln.json").write_bytes(RECORD)
    return Cosign(tmp_path, password=PASSWORD)


class Image(SmallImage):
    """A small image of its own in the registry, attested and verified by our library."""

    @property
    def manifest(self) -> StoredManifest:
        return self.store.manifest("1")

    def attest(self, algorithm: Algorithm, format_: AttestationFormat) -> tuple[Verified, ...]:
        made = sign_attestation(
            name=self.store.name,
            subject=self.manifest.descriptor,
            predicate_type=find_predicate_type("vuln"),
            predicate=RECORD,
            signer=key("interop", algorithm),
        )
        return confirm(self.store, made, attach(self.store, made, format=format_, created=CREATED))

    def verify(self, public: bytes, kind: str = "vuln") -> Verification:
        expected = Expectation(
            keys=(parse_public_key(public),),
            predicate_type=find_predicate_type(kind),
            image=digests_of_manifest(self.manifest),
        )
        return verify_attestations(read_attestations(self.store, self.manifest.descriptor.digest), expected)


def ours(tmp_path: Path, algorithm: Algorithm = Algorithm.ECDSA_P256) -> bytes:
    """Our key as the files `ours.key` and `ours.pub`; returns the latter's text."""
    write_key_pair(tmp_path / "ours", key("interop", algorithm), PASSWORD.encode())
    return (tmp_path / "ours.pub").read_bytes()


@ALGORITHMS
@pytest.mark.parametrize("format_", list(AttestationFormat), ids=lambda format_: format_.value)
def test_cosign_verifies_what_we_attest(
    fallback_host: str, cosign: Cosign, tmp_path: Path, algorithm: Algorithm, format_: AttestationFormat
) -> None:
    image = Image(fallback_host, f"ours-{algorithm.value}-{format_.value}")
    ours(tmp_path, algorithm)
    verified = image.attest(algorithm, format_)
    flags = ("--key", "ours.pub", "--type", "vuln", "--insecure-ignore-tlog")
    printed = cosign("verify-attestation", *flags, image.reference)
    assert [verified[0].line] == printed.splitlines()
    cosign(
        "verify-attestation", "--key", "ours.pub", "--type", "custom", "--insecure-ignore-tlog", image.reference, code=1
    )


@ALGORITHMS
@FORMATS
def test_we_verify_what_cosign_attests_with_our_key(
    fallback_host: str, cosign: Cosign, tmp_path: Path, algorithm: Algorithm, format_: AttestationFormat
) -> None:
    image = Image(fallback_host, f"theirs-{algorithm.value}-{format_.value}")
    public = ours(tmp_path, algorithm)
    how = HOW_COSIGN_ATTESTS[format_]
    # Ed25519: cosign stores the attestation, as Ed25519ph
    flags = ("--key", "ours.key", "--type", "vuln", "--predicate", "vuln.json")
    cosign("attest", "-y", *flags, *how, image.reference)
    (verified,) = image.verify(public).require()
    assert (verified.format, verified.scheme) == (format_, WHAT_COSIGN_SIGNS_WITH[algorithm])
    assert [item.reason.value for item in image.verify(public, "custom").rejected] == ["WRONG_TYPE"]
    assert image.verify(key("theirs", algorithm).public.pem).verified == ()


@FORMATS
def test_both_programs_append_to_each_others_attestations(
    fallback_host: str, cosign: Cosign, tmp_path: Path, format_: AttestationFormat
) -> None:
    image = Image(fallback_host, f"append-{format_.value}")
    public = ours(tmp_path)
    flags = ("--key", "ours.key", "--type", "vuln", "--predicate", "vuln.json", *HOW_COSIGN_ATTESTS[format_])
    cosign("attest", "-y", *flags, image.reference)
    image.attest(Algorithm.ECDSA_P256, format_)
    cosign("attest", "-y", *flags, image.reference)
    assert len(image.verify(public).require()) == 3
    flags = ("--key", "ours.pub", "--type", "vuln", "--insecure-ignore-tlog")
    printed = cosign("verify-attestation", *flags, image.reference).splitlines()
    assert sorted(printed) == sorted(item.line for item in image.verify(public).verified)


def test_downloads_are_the_same(fallback_host: str, cosign: Cosign, tmp_path: Path) -> None:
    image = Image(fallback_host, "download")
    image.attest(Algorithm.ECDSA_P256, AttestationFormat.BOTH)
    found = read_attestations(image.store, image.manifest.descriptor.digest)
    lines = [msgspec.json.decode(line.data) for line in attestation_lines(found) if isinstance(line, Line)]
    printed = cosign("download", "attestation", image.reference).splitlines()
    assert lines == [msgspec.json.decode(line) for line in printed]


def test_cosign_uses_keys_that_cosign_made_and_so_do_we(fallback_host: str, cosign: Cosign, tmp_path: Path) -> None:
    cosign("generate-key-pair")
    private = decrypt_key((tmp_path / "cosign.key").read_bytes(), PASSWORD.encode, what="cosign.key")
    assert private.public == parse_public_key((tmp_path / "cosign.pub").read_bytes())


@ALGORITHMS
def test_cosign_reads_our_key_files(cosign: Cosign, tmp_path: Path, algorithm: Algorithm) -> None:
    public = ours(tmp_path, algorithm)
    assert public == cosign("public-key", "--key", "ours.key")


@pytest.mark.parametrize("number", [3, 65537])
def test_cosign_imports_the_rsa_keys_that_we_import(cosign: Cosign, tmp_path: Path, number: int) -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    from assaymark.attest.keys.importing import import_key
    from assaymark.errors import SigningError

    pem = rsa.generate_private_key(number, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "plain.pem").write_bytes(pem)
    cosign("import-key-pair", "-y", "--key", "plain.pem", code=0 if number == 65537 else 1)
    if number != 65537:
        with pytest.raises(SigningError, match="65537"):
            import_key(pem, what="plain.pem")
        return
    imported = decrypt_key((tmp_path / "import-cosign.key").read_bytes(), PASSWORD.encode, what="import-cosign.key")
    assert import_key(pem, what="plain.pem").to_pkcs8() == imported.to_pkcs8()


def test_cosigns_signature_of_an_image_is_no_attestation(fallback_host: str, cosign: Cosign, tmp_path: Path) -> None:
    image = Image(fallback_host, "signed")
    public = ours(tmp_path)
    cosign("sign", "-y", "--key", "ours.key", "--signing-config", "no-services.json", image.reference)
    assert {item.reason.value for item in image.verify(public).rejected} == {"WRONG_TYPE"}
