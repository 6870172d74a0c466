"""`assaymark.verify`: prove what somebody said about an image, and hand over exactly what was proven.

1. Somebody has to be named who must have signed: keys, or an identity with the issuer that vouches for it.
2. With keys alone nobody but the registry is asked. An identity, `trusted_root`, `require_log` and `require_timestamp`
   verify against a trusted root, as `verify-attestation` does.
3. A compact record counts with its full report only, which is fetched and checked.
4. With a policy the newest of each signer is judged, on trusted time; without one every valid attestation is told. What
   a trusted time contradicts proves nothing either way (`assaymark.attest.judging`).
5. What is verified is what the name resolves to, of an index the index itself, or the manifest of `platform`. Where a
   policy requires platforms, that manifest must be theirs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from assaymark.api.outside import Outside, now
from assaymark.api.settings import DEFAULT_SETTINGS, Settings
from assaymark.api.signing import key_context
from assaymark.api.verified import Refused, Signer, Superseded, Verification, VerifiedAttestation
from assaymark.attest.full_report import check_full_report
from assaymark.attest.image import NamedImage
from assaymark.attest.judging import Judge, Judgement, failure_of, judge_outcome
from assaymark.attest.keys.reference import load_public_key
from assaymark.attest.platforms import choose_platforms, find_entry
from assaymark.attest.policy.judge import judge_platforms
from assaymark.attest.policy.rules import join_policies
from assaymark.attest.policy.sources import find_asker, read_policy
from assaymark.attest.predicate import VULN_TYPE, PredicateType, find_predicate_type
from assaymark.attest.proving import Reading, prove_against_root, prove_with_keys
from assaymark.attest.reasons import Reason
from assaymark.attest.verify import Verification as KeyVerification
from assaymark.attest.verify import Verified
from assaymark.errors import ArtifactError, UsageError, VerificationError
from assaymark.model.platform import Platform, parse_platform
from assaymark.safeio.files import read_file

if TYPE_CHECKING:
    from assaymark.attest.keys.public import PublicKey
    from assaymark.attest.sigstore.attestations import ProvenAttestation, ProvenVerification
    from assaymark.attest.sigstore.expectation import Expectation
    from assaymark.attest.sigstore.identity import Identity


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
        platform: which manifest of an index, such as `linux/arm64`; empty for what `image` resolves to.
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
    context = key_context(outside)
    keys = {reference: load_public_key(reference, context) for reference in demands.keys}
    judge = _judge(policy, demands.type, outside, every=every)
    about = _of_platform(outside.image(os.fspath(image), local=local), platform, judge.policy.platforms)
    proven = _prove(about, demands, keys, outside)
    full = {item.manifest: _full_report(item, about, outside) for item in proven.require()}
    with _naming(about):
        outcome, judgement = judge_outcome(proven, judge)
        _require_satisfied(judgement)
    counting = [each.item for each in judgement.judged]
    return Verification(
        image=about.pinned,
        digest=about.subject.digest,
        attestations=tuple(_view(item, full[item.manifest], keys) for item in counting),
        superseded=tuple(
            Superseded(manifest=each.old.item.manifest, by=each.by.item.manifest, by_word=each.by_word)
            for each in judgement.superseded
        ),
        refused=tuple(
            Refused(reason=item.reason.value, message=item.message, manifest=item.manifest or "")
            for item in outcome.rejected
        ),
        warnings=tuple(outside.warnings),
    )


def _of_platform(image: NamedImage, platform: str, required: Sequence[Platform]) -> NamedImage:
    """Rule 5.

    Raises:
        VerificationError: `PLATFORM_NOT_OFFERED`, or `POLICY_PLATFORM`.
        ArtifactError: the index is malformed.
    """
    if not (platform or required):
        return image
    found, about = tuple[Platform, ...](), image
    if platform or not image.is_index:
        try:
            (entry,) = choose_platforms(image, [parse_platform(platform)] if platform else [])
        except ArtifactError as exc:
            if exc.reason != Reason.PLATFORM_NOT_OFFERED.value:
                raise
            raise VerificationError(f"`{image.text}`: {exc}", hint=exc.hint, reason=exc.reason) from exc
        found, about = entry.platforms, find_entry(image, entry)
    failure = failure_of(list(judge_platforms(required, found)))
    if failure is not None:
        raise VerificationError(f"`{about.text}`: {failure}", reason=failure.reason)
    return about


def _prove(
    about: NamedImage, demands: Demands, keys: dict[str, PublicKey], outside: Outside
) -> KeyVerification | ProvenVerification:
    """Rule 2.

    Raises:
        VerificationError: nothing is proven, and of which image.
    """
    reading = Reading(limits=outside.settings.limits)
    with _naming(about):
        outcome: KeyVerification | ProvenVerification
        if demands.needs_trust:
            trust = outside.trust(demands.trusted_root, outside.network)
            outcome = prove_against_root(about, _expectation(demands, tuple(keys.values())), trust, reading=reading)
        else:
            outcome = prove_with_keys(about, tuple(keys.values()), demands.type, reading=reading)
        outcome.require()
        return outcome


def _full_report(item: Verified | ProvenAttestation, about: NamedImage, outside: Outside) -> bytes:
    """Rule 3."""
    if item.statement.predicate_type != VULN_TYPE:
        return b""
    with _naming(about):
        limits = outside.settings.limits
        return check_full_report(about.attachments, item.statement.predicate, limits=limits) or b""


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
    joined = join_policies(policies)
    return Judge(
        policy=joined,
        wanted=wanted,
        now=now(),
        ask=find_asker(joined, outside.environ, connects=not settings.offline),
        every=every,
        limits=settings.limits,
    )


def _require_satisfied(judgement: Judgement[Any]) -> None:
    """Raise for the gravest broken rule, with a note for each."""
    failure = judgement.failure()
    if failure is not None:
        for _, violation in judgement.violations:
            failure.add_note(f"[{violation.reason.value}] {violation.message}")
        raise failure


@contextmanager
def _naming(about: NamedImage) -> Iterator[None]:
    """Say of which image it is that nothing is proven."""
    try:
        yield
    except VerificationError as exc:
        named = VerificationError(f"`{about.text}`: {exc}", hint=exc.hint, reason=exc.reason)
        for note in getattr(exc, "__notes__", ()):
            named.add_note(note)
        raise named from exc


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


def _view(item: Verified | ProvenAttestation, full_report: bytes, keys: dict[str, PublicKey]) -> VerifiedAttestation:
    """What is told of one attestation; all of it from verified bytes."""
    times = () if isinstance(item, Verified) else item.times
    return VerifiedAttestation(
        type=item.statement.predicate_type,
        predicate=item.statement.predicate,
        signer=_signer(item, {loaded.fingerprint: reference for reference, loaded in keys.items()}),
        time=times[0] if times else None,
        format=item.format.value,
        manifest=item.manifest,
        envelope=item.line,
        notes=item.notes,
        full_report=full_report,
    )


def _signer(item: Verified | ProvenAttestation, named: dict[str, str]) -> Signer:
    if isinstance(item, Verified):
        return Signer(key=named[item.key], fingerprint=item.key)
    from assaymark.attest.sigstore.proof import Certified

    signer = item.proof.signer
    if isinstance(signer, Certified):
        return Signer(identity=signer.certificate.identity, issuer=signer.certificate.issuer)
    return Signer(key=named[signer.fingerprint], fingerprint=signer.fingerprint)
