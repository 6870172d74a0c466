"""Two ways to verify what is attached to an image: with a key alone, or against a trusted root.

With a key alone nobody is asked but the registry, and nothing of certificates, logs and TUF is loaded. The other way
is for identities, and for keys whose log entries or timestamps are to count.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

import msgspec

from assaymark.attest.predicate import find_predicate_type
from assaymark.attest.store.attestation import AttestationFormat, Found
from assaymark.attest.store.read import read_attestations
from assaymark.attest.subject import ImageDigests, digests_of_manifest
from assaymark.cli.evidence_flags import log_demand, needs_trust, sct_demand, timestamp_demand
from assaymark.cli.identity_flags import anybody_with_claims, identities_from
from assaymark.cli.proofs import Proof
from assaymark.cli.trust import Trust
from assaymark.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from assaymark.attest.keys.public import PublicKey
    from assaymark.attest.sigstore.expectation import Expectation
    from assaymark.cli.connections import Connections
    from assaymark.cli.console import Console
    from assaymark.cli.images import NamedImage


class Prover(Protocol):
    """Verifies what is attached to one image after another."""

    def prove(self, image: NamedImage) -> Proof:
        """What the attestations of `image` prove, and which prove nothing."""


def find_prover(args: Namespace, console: Console, connections: Connections) -> Prover:
    """The way that the flags choose.

    Raises:
        Error: the key, an expression or the trust data cannot be used.
    """
    key = _load_key(args, console, connections) if args.key else None
    if key is not None and not needs_trust(args):
        return _WithKey(args, key)
    expected, trust = _expectation(args, console, key), Trust(args, console, lambda: connections.network)
    if args.trusted_root:
        trust.root()  # a file that is none ends the command before anybody is asked
    return _AgainstRoot(args, expected, trust)


class _WithKey:
    def __init__(self, args: Namespace, key: PublicKey) -> None:
        self._args = args
        self._key = key

    def prove(self, image: NamedImage) -> Proof:
        """With the key's signature alone."""
        from assaymark.attest.verify import Expectation, verify_attestations

        wanted = Expectation(
            key=self._key,
            predicate_type=find_predicate_type(self._args.type),
            image=_digests(image, self._args),
        )
        outcome = verify_attestations(_attached(image, self._args), wanted, limits=DEFAULT_LIMITS)
        return Proof(image=image, key=self._args.key, verification=outcome)


class _AgainstRoot:
    def __init__(self, args: Namespace, expected: Expectation, trust: Trust) -> None:
        self._args = args
        self._expected = expected
        self._trust = trust

    def prove(self, image: NamedImage) -> Proof:
        """With every step; once more where newer trust data may know a service that is unknown."""
        from assaymark.attest.sigstore.attestations import ProvenVerification, prove_attestations

        expected = msgspec.structs.replace(self._expected, artifact=_digests(image, self._args))

        def prove() -> ProvenVerification:
            return prove_attestations(_attached(image, self._args), expected, self._trust.root(), limits=DEFAULT_LIMITS)

        outcome = prove()
        if outcome.may_be_outdated and self._trust.renew():
            outcome = prove()
        return Proof(image=image, key=self._args.key, verification=outcome)


def _load_key(args: Namespace, console: Console, connections: Connections) -> PublicKey:
    from assaymark.attest.keys.reference import load_public_key
    from assaymark.cli.keys import key_context

    return load_public_key(args.key, key_context(console, connections.network))


def _expectation(args: Namespace, console: Console, key: PublicKey | None) -> Expectation:
    """What every image's attestations must prove; where nobody was named, that anybody signed, which is not enough."""
    from assaymark.attest.sigstore.expectation import Expectation

    identities = None
    if key is None:
        identities = identities_from(args, console)
        identities = anybody_with_claims(args) if identities is None else identities
    return Expectation(
        keys=() if key is None else (key,),
        identities=identities,
        artifact=None,
        predicate_type=find_predicate_type(args.type),
        log=log_demand(args),
        timestamp=timestamp_demand(args),
        sct=sct_demand(args),
    )


def _digests(image: NamedImage, args: Namespace) -> ImageDigests | None:
    return digests_of_manifest(image.stored) if args.check_claims else None


def _attached(image: NamedImage, args: Namespace) -> Iterator[Found]:
    both = (AttestationFormat.BUNDLE, AttestationFormat.LEGACY)
    formats = both if args.new_bundle_format else (AttestationFormat.LEGACY,)
    return read_attestations(image.attachments, image.subject.digest, limits=DEFAULT_LIMITS, formats=formats)
