"""`assaymark.verify`: prove what somebody said about an image, and hand over exactly what was proven.

1. Somebody has to be named who must have signed: keys, or an identity with the issuer that vouches for it.
2. With keys alone nobody but the registry is asked. An identity, `trusted_root`, `require_log` and `require_timestamp`
   verify against a trusted root, as `verify-attestation` does.
3. A compact record counts with its full report only, which is fetched and checked.
4. With a policy the newest of each signer is judged, on trusted time; without one every valid attestation is told. What
   a trusted time contradicts proves nothing either way (`assaymark.attest.judging`).
5. Of an index the index's own attestations count, or every platform's where it has none that proves anything, or those
   of `platform` (`assaymark.attest.platform_proofs`). One platform that fails fails the whole.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from assaymark.api.concealing import concealing
from assaymark.api.outside import Outside, now
from assaymark.api.settings import DEFAULT_SETTINGS, Settings
from assaymark.api.signing import key_context
from assaymark.api.verified import Refused, Signer, Superseded, Verification, VerifiedAttestation
from assaymark.attest.full_report import check_full_report
from assaymark.attest.image import NamedImage
from assaymark.attest.judging import Judge, judge_outcome
from assaymark.attest.keys.reference import load_public_key
from assaymark.attest.platform_proofs import Asked, prove_platforms
from assaymark.attest.policy.rules import join_policies
from assaymark.attest.policy.sources import check_joined, find_asker, read_policy
from assaymark.attest.predicate import VULN_TYPE, PredicateType, find_predicate_type
from assaymark.attest.proving import ImageOutcome, Proof, Reading, prove_against_root, prove_with_keys
from assaymark.attest.verify import Verification as KeyVerification
from assaymark.attest.verify import Verified
from assaymark.errors import Error, UsageError, VerificationError
from assaymark.model.platform import Platform, parse_platforms
from assaymark.safeio.files import read_file

if TYPE_CHECKING:
    from assaymark.attest.keys.public import PublicKey
    from assaymark.attest.sigstore.attestations import ProvenAttestation, ProvenVerification
    from assaymark.attest.sigstore.expectation import Expectation
    from assaymark.attest.sigstore.identity import Identity
    from assaymark.attest.sigstore.trust import Trust


class Demands(msgspec.Struct, frozen=True, kw_only=True):
    """Who must have signed what, and with which evidence."""

    keys: tuple[str, ...]
    identities: tuple[Identity, ...]
    type: PredicateType
    trusted_root: str
    require_log: bool
    require_timestamp: bool

    @property
    def needs_trust(self) -> bool:
        """Rule 2."""
        return bool(self.identities or self.trusted_root or self.require_log or self.require_timestamp)


def verify(
    image: str | os.PathLike[str],
    *,
    key: str | Sequence[str] = (),
    identity: str = "",
    issuer: str = "",
    identity_regexp: str = "",
    issuer_regexp: str = "",
    type: str = "vuln",  # noqa: A002 - the name of the flag
    platform: str = "",
    trusted_root: str | os.PathLike[str] = "",
    require_log: bool = False,
    require_timestamp: bool = False,
    policy: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
    every: bool = False,
    local: bool = False,
    settings: Settings = DEFAULT_SETTINGS,
) -> Verification:
    """Verify the attestations of an image.

    Args:
        image: its reference; with `local` the path of an OCI image layout.
        key: references of public keys, any of which may have signed: files, `env://NAME`, key management services.
        identity: the name that the signer's certificate must have, to the letter.
        issuer: who must have vouched for it.
        identity_regexp: the same as an expression for the whole name (RE2).
        issuer_regexp: the same for the issuer.
        type: the predicate type that must be there.
        platform: which manifests of an index: `linux/arm64`, several with commas, or `all`; empty for the index's own
            attestation, and where nothing proves anything of the index itself for all of them.
        trusted_root: a file that says whom to believe; empty for the mirror's.
        require_log: demand a transparency log entry with a key, too.
        require_timestamp: demand a timestamp of a trusted authority.
        policy: files that say what a record must satisfy, in YAML; in CUE and Rego where `cue` and `opa` are on PATH.
        every: whether superseded attestations must satisfy the policy, too.
        local: `image` is a path.
        settings: cache, network, credentials.

    Raises:
        UsageError: nobody is named, or a key or an expression is none.
        VerificationError: nothing is proven; `reason` says why, such as `NO_ATTESTATION` or `POLICY_SEVERITY`; every
            broken rule of a policy is a note of the exception (`__notes__`).
        NetworkError: the registry or the mirror cannot be reached.
    """
    demands = Demands(
        keys=(key,) if isinstance(key, str) else tuple(key),
        identities=_identities(identity, issuer, identity_regexp, issuer_regexp),
        type=find_predicate_type(type),
        trusted_root=os.fspath(trusted_root),
        require_log=require_log,
        require_timestamp=require_timestamp,
    )
    if not (demands.keys or demands.identities) or not all(demands.keys):
        raise UsageError("nobody is named who must have signed", hint="give `key`, or `identity` and `issuer`")
    outside = Outside(settings)
    wishes = parse_platforms(platform) if platform else None
    with concealing(outside.redaction):
        judge = _judge(policy, demands.type, outside, every=every)
        return _Verifying(demands, judge, outside).run(os.fspath(image), wishes, local=local)


class _Verifying:
    """One call."""

    def __init__(self, demands: Demands, judge: Judge, outside: Outside) -> None:
        self._demands = demands
        self._judge = judge
        self._outside = outside
        self._limits = outside.settings.limits
        context = key_context(outside)
        self._keys = {reference: load_public_key(reference, context) for reference in demands.keys}
        self._reports: dict[str, bytes] = {}

    def run(self, name: str, wishes: tuple[Platform, ...] | None, *, local: bool) -> Verification:
        """Rule 5."""
        image = self._outside.image(name, local=local)
        asked = Asked(wishes=wishes, required=self._judge.policy.platforms)
        outcomes = prove_platforms(image, asked, self._outcome, tell=self._outside.warnings.append)
        if any(outcome.failure is not None for outcome in outcomes):
            raise _failure(outcomes)
        return self._verification(image, outcomes)

    def _outcome(self, about: NamedImage) -> ImageOutcome:
        """What is proven of one manifest, and what the policy says of it."""
        proof = None
        try:
            named = {key.fingerprint: reference for reference, key in self._keys.items()}
            proof = Proof(image=about, keys=named, verification=self._prove(about))
            proof.verification.require()
            verification, judgement = judge_outcome(proof.verification, self._judge)
            proof = proof._replace(verification=verification, judgement=judgement)
            for item in proof.counting:
                self._fetch_report(item, about)
            failure = judgement.failure()
        except VerificationError as exc:
            failure = exc
        except UsageError:
            raise
        except Error as exc:
            return ImageOutcome(about.text, proof, exc)
        if failure is not None:
            failure = VerificationError(f"`{about.text}`: {failure}", hint=failure.hint, reason=failure.reason)
        return ImageOutcome(about.text, proof, failure)

    def _prove(self, about: NamedImage) -> KeyVerification | ProvenVerification:
        """Rule 2."""
        reading, keys = Reading(limits=self._limits), tuple(self._keys.values())
        if not self._demands.needs_trust:
            return prove_with_keys(about, keys, self._demands.type, reading=reading)
        return prove_against_root(about, _expectation(self._demands, keys), self._trust, reading=reading)

    @cached_property
    def _trust(self) -> Trust:
        return self._outside.trust(self._demands.trusted_root, self._outside.network)

    def _fetch_report(self, item: Verified | ProvenAttestation, about: NamedImage) -> None:
        """Rule 3."""
        if item.statement.predicate_type == VULN_TYPE:
            found = check_full_report(about.attachments, item.statement.predicate, limits=self._limits)
            self._reports[item.manifest] = found or b""

    def _verification(self, image: NamedImage, outcomes: Sequence[ImageOutcome]) -> Verification:
        """What was proven of all manifests that count."""
        proofs = [(outcome.proof, outcome.platform) for outcome in outcomes if outcome.proof is not None]
        about = proofs[0][0].image if len(proofs) == 1 else image
        return Verification(
            image=about.pinned,
            digest=about.subject.digest,
            attestations=tuple(
                self._view(item, proof, platform) for proof, platform in proofs for item in proof.counting
            ),
            superseded=tuple(
                Superseded(manifest=each.old.item.manifest, by=each.by.item.manifest, by_word=each.by_word)
                for proof, _ in proofs
                for each in (proof.judgement.superseded if proof.judgement else ())
            ),
            refused=tuple(
                Refused(reason=item.reason.value, message=item.message, manifest=item.manifest or "")
                for proof, _ in proofs
                for item in proof.verification.rejected
            ),
            warnings=self._outside.told,
        )

    def _view(self, item: Verified | ProvenAttestation, proof: Proof, platform: str) -> VerifiedAttestation:
        """What is told of one attestation; all of it from verified bytes."""
        times = () if isinstance(item, Verified) else item.times
        return VerifiedAttestation(
            digest=proof.image.subject.digest,
            platform=platform,
            type=item.statement.predicate_type,
            predicate=item.statement.predicate,
            signer=_signer(item, proof.keys),
            time=times[0] if times else None,
            format=item.format.value,
            manifest=item.manifest,
            envelope=item.line,
            notes=item.notes,
            full_report=self._reports.get(item.manifest, b""),
        )


def _failure(outcomes: Sequence[ImageOutcome]) -> Error:
    """The error of the first that is refused, else of the first that fails, with a note for all that is wrong."""
    failures = [(outcome, outcome.failure) for outcome in outcomes if outcome.failure is not None]
    decisive = next((error for _, error in failures if isinstance(error, VerificationError)), failures[0][1])
    for outcome, error in failures:
        notes = _wrong(outcome)
        if not notes and error is not decisive:
            notes = [f"[{error.reason}] {error}"]
        for note in notes:
            decisive.add_note(note)
    return decisive


def _wrong(outcome: ImageOutcome) -> list[str]:
    """Every broken rule of a policy, a line each."""
    judgement = outcome.proof.judgement if outcome.proof else None
    broken = [*outcome.missing, *(violation for _, violation in (judgement.violations if judgement else ()))]
    where = f" ({outcome.platform})" if outcome.platform else ""
    return [f"[{violation.reason.value}] {violation.message}{where}" for violation in broken]


def _judge(
    policy: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    wanted: PredicateType,
    outside: Outside,
    *,
    every: bool,
) -> Judge:
    """Rule 4.

    Raises:
        UsageError: a file is no policy.
        LocalError: a file cannot be read, or a program is not on PATH.
    """
    files = [policy] if isinstance(policy, str | os.PathLike) else policy
    settings = outside.settings
    limit = settings.limits.configuration_bytes
    policies = [read_policy(os.fspath(file), lambda name: read_file(Path(name), limit=limit)) for file in files]
    joined = check_joined(join_policies(policies))
    return Judge(
        policy=joined,
        wanted=wanted,
        now=now(),
        ask=find_asker(joined, outside.environ, connects=not settings.offline),
        every=every,
        limits=settings.limits,
    )


def _expectation(demands: Demands, keys: tuple[PublicKey, ...]) -> Expectation:
    from assaymark.attest.sigstore.expectation import Demand, Expectation

    return Expectation(
        keys=keys,
        identities=demands.identities or None,
        artifact=None,
        predicate_type=demands.type,
        key_log=Demand.REQUIRED if demands.require_log else Demand.CHECKED,
        timestamp=Demand.REQUIRED if demands.require_timestamp else Demand.CHECKED,
    )


def _identities(identity: str, issuer: str, identity_regexp: str, issuer_regexp: str) -> tuple[Identity, ...]:
    """Who must have signed; a name means something only together with its issuer.

    Raises:
        UsageError: one is missing, or said in two ways.
    """
    if not (identity or issuer or identity_regexp or issuer_regexp):
        return ()
    if bool(identity) == bool(identity_regexp) or bool(issuer) == bool(issuer_regexp):
        raise UsageError(
            "an identity is one name and one issuer", hint="give `identity` and `issuer`, or their `_regexp`"
        )
    from assaymark.attest.sigstore.identity import Identity, parse_exact, parse_expression

    return (
        Identity(
            name=parse_expression(identity_regexp, what="`identity_regexp`")
            if identity_regexp
            else parse_exact(identity, what="`identity`"),
            issuer=parse_expression(issuer_regexp, what="`issuer_regexp`")
            if issuer_regexp
            else parse_exact(issuer, what="`issuer`"),
        ),
    )


def _signer(item: Verified | ProvenAttestation, named: Mapping[str, str]) -> Signer:
    if isinstance(item, Verified):
        return Signer(key=named[item.key], fingerprint=item.key)
    from assaymark.attest.sigstore.proof import Certified

    signer = item.proof.signer
    if isinstance(signer, Certified):
        return Signer(identity=signer.certificate.identity, issuer=signer.certificate.issuer)
    return Signer(key=named[signer.fingerprint], fingerprint=signer.fingerprint)
