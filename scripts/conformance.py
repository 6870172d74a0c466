"""The command line of sigstore-conformance's test suite, spoken by assaymark's verification.

    python scripts/conformance.py verify-bundle --bundle BUNDLE
        (--certificate-identity NAME --certificate-oidc-issuer ISSUER | --key KEY) [--trusted-root FILE] FILE_OR_DIGEST

    pytest --entrypoint "$PWD/scripts/conformance.py" --skip-signing        # in a checkout of sigstore-conformance

What the suite expects of a client stands in its `docs/cli_protocol.md`: the exit code decides, 0 for a bundle that
verifies. A refusal is one line on stderr, `REASON: what is wrong`. Without `--trusted-root` the public-good instance is
trusted, as the package knows it; nothing is fetched. The staging instance has no such default.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from assaymark.attest.bundle import parse_bundle
from assaymark.attest.keys.public import parse_public_key
from assaymark.attest.sigstore.artifact import Blob, blob_of_data, blob_of_digest
from assaymark.attest.sigstore.expectation import Expectation
from assaymark.attest.sigstore.identity import Identity, parse_exact
from assaymark.attest.sigstore.material import material_of_bundle
from assaymark.attest.sigstore.public_good import public_good
from assaymark.attest.sigstore.trusted_root import TrustedRoot, parse_trusted_root
from assaymark.attest.sigstore.verify import verify_material
from assaymark.errors import Error, UsageError

DIGEST = re.compile(r"sha(?:256|384|512):[0-9a-fA-F]+\Z")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    options = parser().parse_args(arguments)
    try:
        proof = verify_material(
            material_of_bundle(parse_bundle(options.bundle.read_bytes())), expectation(options), trust(options)
        )
    except Error as exc:
        print(f"{exc.reason or type(exc).__name__}: {exc}", file=sys.stderr)
        return int(exc.exit_code)
    for check in proof.checks:
        print(f"{'passed' if check.passed else 'skipped'}: {check.name.value}: {check.detail}")
    return 0


def parser() -> argparse.ArgumentParser:
    """The suite's protocol."""
    top = argparse.ArgumentParser(description="sigstore-conformance's client protocol", allow_abbrev=False)
    command = top.add_subparsers(required=True).add_parser("verify-bundle", allow_abbrev=False)
    command.add_argument("--staging", action="store_true")
    command.add_argument("--bundle", type=Path, required=True)
    command.add_argument("--certificate-identity", default="")
    command.add_argument("--certificate-oidc-issuer", default="")
    command.add_argument("--key", type=Path)
    command.add_argument("--trusted-root", type=Path)
    command.add_argument("artifact")
    return top


def expectation(options: argparse.Namespace) -> Expectation:
    """Who must have signed what."""
    artifact = blob(options.artifact)
    if options.key is not None:
        return Expectation(keys=(parse_public_key(options.key.read_bytes(), what=str(options.key)),), artifact=artifact)
    name = parse_exact(options.certificate_identity, what="`--certificate-identity`")
    issuer = parse_exact(options.certificate_oidc_issuer, what="`--certificate-oidc-issuer`")
    return Expectation(identities=(Identity(name=name, issuer=issuer),), artifact=artifact)


def blob(text: str) -> Blob:
    """A file, or what has a digest."""
    if DIGEST.match(text) and not Path(text).exists():
        return blob_of_digest(text)
    return blob_of_data(Path(text).read_bytes())


def trust(options: argparse.Namespace) -> TrustedRoot:
    """Whom to believe."""
    if options.trusted_root is not None:
        return parse_trusted_root(options.trusted_root.read_bytes(), what=str(options.trusted_root))
    if options.staging:
        raise UsageError("the staging instance is only known by `--trusted-root`")
    return parse_trusted_root(public_good().trusted_root)


if __name__ == "__main__":
    sys.exit(main())
