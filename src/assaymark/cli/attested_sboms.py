"""SBOMs in attestations on the command line: verified where a signer is named, and said not to be where none is.

1. With a signer, every attestation of an SBOM in the file is verified as `verify-blob-attestation` does it, until one
   passes: the signature, its type, and for an identity the certificate, the log and the time. What is verified is what
   is scanned. Which image the statement is about is not compared with anything, and that is said.
2. A file in which nobody signed anything proves nothing then: exit 7.
3. Without a signer the first one is scanned, and stderr says that nobody verified it.
"""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Final

import msgspec

from assaymark.attest.reasons import Reason, refuse
from assaymark.cli.named_signers import names_signer, signer_name, signer_words
from assaymark.cli.sbom_flags import SIGNER
from assaymark.errors import VerificationError
from assaymark.inventory.sbom.attested import Attested, find_attested, read_sbom_predicate
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.artifact import SbomFile
from assaymark.report.plain import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from assaymark.attest.sigstore.artifact import Artifact
    from assaymark.attest.sigstore.attestations import ProvenVerification
    from assaymark.attest.store.attestation import Candidate
    from assaymark.cli.connections import Connections
    from assaymark.cli.console import Console

    SbomProver = Callable[[Candidate, str, Artifact | None], ProvenVerification]

_HINT: Final = "`--key KEY`, or `--certificate-identity` and `--certificate-oidc-issuer`, verify it"
_UNSIGNED: Final = "name the attestation itself, or leave the signer out to scan what nobody vouches for"


def opened_sbom(sbom: SbomFile, args: Namespace, console: Console, connections: Connections) -> SbomFile:
    """The SBOM in the file, which may be an attestation of it.

    Raises:
        VerificationError: a signer is named, and nothing is proven.
        ArtifactError: the attestations in the file hold no SBOM, or are malformed.
        Error: a key or the trust data cannot be used.
    """
    demanded = names_signer(args, SIGNER)
    found = find_attested(sbom.data, limits=DEFAULT_LIMITS, what=sbom.name)
    if demanded:
        data = _verified(sbom.name, found, args, console, connections)
        return msgspec.structs.replace(sbom, data=data, signer=signer_name(args, SIGNER))
    if not found:
        return sbom
    console.warn(f"`{sbom.name}` is an attestation, and nobody verified who signed it", hint=_HINT)
    if len(found) > 1:
        console.warn(f"`{sbom.name}` has {len(found)} attestations of SBOMs; the first one is scanned")
    return msgspec.structs.replace(sbom, data=found[0].sbom)


def _verified(
    name: str, found: tuple[Attested, ...], args: Namespace, console: Console, connections: Connections
) -> bytes:
    """Rules 1 and 2."""
    if not any(each.is_signed for each in found):
        said = "a statement without a signature" if found else "no attestation"
        raise refuse(Reason.NO_ATTESTATION, f"`{name}` is {said}: nobody signed it", hint=_UNSIGNED)
    from assaymark.attest.local import read_local
    from assaymark.cli.proofs import find_hint

    prove = find_sbom_prover(args, console, connections)
    refused: list[VerificationError] = []
    for each in found:
        try:
            (proven,) = prove(read_local(each.line, what=f"`{name}`"), each.predicate_type, None).require()
        except VerificationError as exc:
            refused.append(exc)
            continue
        signer = f"the SBOM is signed by {signer_name(args, SIGNER)}"
        for said in (signer, *proven.notes):
            console.note(f"`{name}`: {shown(said)}")
        what = f"the SBOM in {name}"
        return read_sbom_predicate(proven.statement.predicate, limits=DEFAULT_LIMITS, what=what)
    closest = max(refused, key=lambda each: Reason(each.reason).progress)
    hint = find_hint(closest, _verifying_flags(args))
    raise VerificationError(f"`{name}`: {closest}", hint=hint, reason=closest.reason) from closest


def find_sbom_prover(args: Namespace, console: Console, connections: Connections) -> SbomProver:
    """Verifies one attestation of an SBOM after another: what type it claims, and what it must be about if anything.

    Raises:
        Error: a key or the trust data cannot be used.
    """
    from assaymark.attest.predicate import PredicateType, Shape
    from assaymark.cli.blob_verifying import prove_one
    from assaymark.cli.evidence_flags import needs_trust
    from assaymark.cli.identity_flags import trusted_signers
    from assaymark.cli.trust import trust_from
    from assaymark.cli.trusted_signers import load_keys
    from assaymark.cli.verifying import expectation_from

    flags = _verifying_flags(args)
    keys = load_keys(trusted_signers(flags), console, connections)
    expected = expectation_from(flags, console, tuple(keys.values()))
    alone = bool(keys) and not needs_trust(flags)
    trust = None if alone else trust_from(flags, console, lambda: connections.network)

    def prove(candidate: Candidate, predicate_type: str, artifact: Artifact | None) -> ProvenVerification:
        kind = PredicateType(name=predicate_type, uri=predicate_type, shape=Shape.TEXT)
        return prove_one(candidate, msgspec.structs.replace(expected, artifact=artifact, predicate_type=kind), trust)

    return prove


def _verifying_flags(args: Namespace) -> Namespace:
    """The flags of `verify-blob-attestation` that ask for this signer."""
    from assaymark.cli.commands.verify_blob_attestation import COMMAND
    from assaymark.cli.flags import FlagParser

    parser = FlagParser()
    COMMAND.configure(parser)
    return parser.parse(signer_words(args, SIGNER))
