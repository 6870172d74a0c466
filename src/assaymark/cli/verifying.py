"""Two ways to verify what is attached to images: with keys alone, or against a trusted root.

With keys alone nobody is asked but the registry, and nothing of certificates, logs and TUF is loaded. The other way is
for identities, and for keys whose log entries or timestamps are to count.

Several images are verified side by side on the same connections. Each has its own outcome, in the order in which they
were named: an image that fails, or cannot be had, says nothing about the others and does not hide them.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from assaymark.attest.keys.tokens.uri import without_pin
from assaymark.attest.platform_proofs import prove_platforms
from assaymark.attest.predicate import find_predicate_type
from assaymark.attest.proving import ImageOutcome, Proof, Reading, prove_against_root, prove_with_keys
from assaymark.attest.store.attestation import AttestationFormat
from assaymark.cli.evidence_flags import key_log_demand, log_demand, needs_trust, sct_demand, timestamp_demand
from assaymark.cli.full_reports import require_full_reports
from assaymark.cli.identity_flags import anybody_with_claims, identities_from, trusted_signers
from assaymark.cli.images import find_image
from assaymark.cli.judging import judge_proof
from assaymark.cli.platform_proofs import asked_from
from assaymark.cli.proofs import explain_failure
from assaymark.cli.trust import trust_from
from assaymark.cli.trusted_signers import load_keys
from assaymark.errors import Error, UsageError, VerificationError
from assaymark.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from assaymark.attest.judging import Judge
    from assaymark.attest.keys.public import PublicKey
    from assaymark.attest.sigstore.expectation import Expectation
    from assaymark.attest.sigstore.trust import Trust
    from assaymark.cli.connections import Connections
    from assaymark.cli.console import Console
    from assaymark.cli.images import NamedImage
    from assaymark.safeio.workers import Stop


class Prover(Protocol):
    """Verifies what is attached to one image after another; safe to use from several threads."""

    def prove(self, image: NamedImage) -> Proof:
        """What the attestations of `image` prove, and which prove nothing."""


def find_prover(args: Namespace, console: Console, connections: Connections) -> Prover:
    """The way that the flags choose.

    Raises:
        Error: a key, an expression or the trust data cannot be used.
    """
    signers = trusted_signers(args)
    if signers.source:
        console.note(f"who must have signed is what `{signers.source}` says")
    keys = load_keys(signers, console, connections)
    named = {key.fingerprint: without_pin(reference) for reference, key in keys.items()}
    if keys and not signers.identities and not needs_trust(args):
        return _WithKeys(args, tuple(keys.values()), named)
    expected = expectation_from(args, console, tuple(keys.values()))
    trust = trust_from(args, console, lambda: connections.network)
    if args.trusted_root:
        trust.root()  # a file that is none ends the command before anybody is asked
    return _AgainstRoot(args, expected, trust, named)


def prove_images(
    args: Namespace, console: Console, connections: Connections, prover: Prover, judge: Judge | None = None
) -> list[ImageOutcome]:
    """The outcome of every image or its platforms, in the order of the arguments.

    Raises:
        UsageError: flags contradict each other, an argument is no reference, or there is less than one worker.
    """
    if args.max_workers < 1:
        raise UsageError(f"`--max-workers {args.max_workers}` would do nothing", hint="1 or more")

    asked = asked_from(args, judge)

    def outcome(image: NamedImage) -> ImageOutcome:
        proof = None
        try:
            proof = prover.prove(image)
            proof.verification.require()
            if judge is not None:
                proof = judge_proof(proof, judge)
            require_full_reports(proof, args, console)  # of those that count: a superseded one's may be gone
            if proof.judgement is not None and (failure := proof.judgement.failure()) is not None:
                raise failure
        except UsageError:
            raise
        except VerificationError as exc:
            return ImageOutcome(image.text, proof, explain_failure(exc, proof.image, args) if proof else exc)
        except Error as exc:
            return ImageOutcome(image.text, proof, exc)
        return ImageOutcome(image.text, proof)

    def outcomes(text: str, stop: Stop | None = None) -> list[ImageOutcome]:
        del stop  # what an image costs is bounded by the limits of the network
        try:
            image = find_image(text, args, console, connections.registry)
            return prove_platforms(image, asked, outcome, tell=console.note)
        except UsageError:
            raise
        except Error as exc:
            return [ImageOutcome(text, None, exc)]

    if len(args.images) == 1 or args.max_workers == 1:
        return [each for text in args.images for each in outcomes(text)]
    from assaymark.safeio.workers import map_parallel

    connections.registry()  # made once, before several ask for it
    workers = min(args.max_workers, len(args.images), DEFAULT_LIMITS.connections)
    return [each for found in map_parallel(outcomes, args.images, workers=workers) for each in found]


class _WithKeys:
    def __init__(self, args: Namespace, keys: tuple[PublicKey, ...], named: Mapping[str, str]) -> None:
        self._args = args
        self._keys = keys
        self._named = named

    def prove(self, image: NamedImage) -> Proof:
        """With a key's signature alone."""
        outcome = prove_with_keys(image, self._keys, find_predicate_type(self._args.type), reading=_reading(self._args))
        return Proof(image=image, keys=self._named, verification=outcome)


class _AgainstRoot:
    def __init__(self, args: Namespace, expected: Expectation, trust: Trust, named: Mapping[str, str]) -> None:
        self._args = args
        self._expected = expected
        self._trust = trust
        self._named = named

    def prove(self, image: NamedImage) -> Proof:
        """With every step; once more where newer trust data may know a service that is unknown."""
        outcome = prove_against_root(image, self._expected, self._trust, reading=_reading(self._args))
        return Proof(image=image, keys=self._named, verification=outcome)


def expectation_from(args: Namespace, console: Console, keys: tuple[PublicKey, ...]) -> Expectation:
    """What attestations must prove; where nobody was named, that anybody signed, which is not enough.

    Raises:
        UsageError: an expression or a claim is none.
    """
    from assaymark.attest.sigstore.expectation import Expectation

    identities = identities_from(args, console)
    if identities is None and not keys:
        identities = anybody_with_claims(args)
    return Expectation(
        keys=keys,
        identities=identities,
        artifact=None,
        predicate_type=find_predicate_type(args.type),
        log=log_demand(args),
        key_log=key_log_demand(args),
        timestamp=timestamp_demand(args),
        sct=sct_demand(args),
    )


def _reading(args: Namespace) -> Reading:
    both = (AttestationFormat.BUNDLE, AttestationFormat.LEGACY)
    formats = both if args.new_bundle_format else (AttestationFormat.LEGACY,)
    return Reading(formats=formats, checks_subject=args.check_claims)
