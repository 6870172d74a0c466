"""How each program is told to verify: with all the evidence that the way of signing offers."""

from __future__ import annotations

from collections.abc import Sequence

from tests.support.interop.bench import EMAIL, STRANGER, Bench, Image, Ran
from tests.support.interop.matrix import Format, Program, Signing
from tests.support.sigstore.accounts import GOOGLE


def verify(
    bench: Bench, verifier: Program, signing: Signing, image: Image, flags: Sequence[str], *, stranger: bool = False
) -> Ran:
    """Verify with these demands what was signed; or as if a stranger should have signed it."""
    if verifier is Program.SIGSTORE:
        return _verify_with_sigstore(bench, image, STRANGER if stranger else EMAIL)
    program = bench.assaymark if verifier is Program.ASSAYMARK else bench.cosign
    what = ["--type", "vuln", "--trusted-root", "trusted_root.json", *_expected(bench, signing, stranger=stranger)]
    if verifier is Program.COSIGN and signing.format is Format.LEGACY:  # where no entry is, it searches a log
        what += ["--rekor-url", bench.sigstore.url]
    return program("verify-attestation", *what, *flags, image.reference)


def demands(verifier: Program, signing: Signing) -> list[str]:
    """The flags for the evidence that there is."""
    evidence = signing.evidence
    stamped = ["--use-signed-timestamps"] if evidence.timestamps else []
    if verifier is Program.COSIGN:  # it demands a log entry unless told otherwise
        return stamped if evidence.logs else ["--insecure-ignore-tlog", *stamped]
    if evidence.logs:
        return stamped if signing.keyless else ["--require-log", *stamped]
    return ["--insecure-ignore-tlog", *stamped] if signing.keyless else stamped


def _expected(bench: Bench, signing: Signing, *, stranger: bool) -> list[str]:
    if signing.keyless:
        return ["--certificate-identity", STRANGER if stranger else EMAIL, "--certificate-oidc-issuer", GOOGLE]
    return ["--key", ("stranger-" if stranger else "") + bench.key_file(signing.material, "pub")]


def _verify_with_sigstore(bench: Bench, image: Image, email: str) -> Ran:
    """It reads no registry: we bring it what is there."""
    from sigstore.models import Bundle, TrustedRoot
    from sigstore.verify import Verifier, policy

    downloaded = bench.assaymark("download", "attestation", image.reference)
    if downloaded.code:
        return downloaded
    try:
        verifier = Verifier(trusted_root=TrustedRoot.from_file(str(bench.folder / "trusted_root.json")))
        expected = policy.Identity(identity=email, issuer=GOOGLE)
        _, payload = verifier.verify_dsse(Bundle.from_json(downloaded.out), expected)
    except Exception as exc:  # whatever it ends with is what it said
        return Ran(1, "", f"{type(exc).__name__}: {exc}")
    return Ran(0, payload.decode(), "")
