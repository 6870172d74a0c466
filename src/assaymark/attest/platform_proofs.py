"""What is verified of an index: the index itself, or its platforms.

| flags | what must be verified |
|---|---|
| none | the index's own attestation, as with cosign; where none proves anything, every platform's |
| `--index` | the index's own attestation, and nothing else counts |
| `--platform P` | the manifests of these platforms; of `all`, each of them |
| `--require-platforms P` | every platform of the index, and these are among them (a policy file can say so, too) |

1. What is attested to the index is judged first, and stands: an index whose own record breaks the policy is not saved
   by its platforms.
2. A platform to which nothing is attached is named, `PLATFORM_NOT_ATTESTED`; one that the index does not list is
   `PLATFORM_NOT_OFFERED`, and `POLICY_PLATFORM` where a policy requires it.
3. Where no platform has anything attached either, the reason is the index's own: nobody attested platforms there.
4. BuildKit's attestation manifests are no platforms (`assaymark.oci.platforms`, rule 4).
5. A single manifest is one platform, the one that its configuration states.
6. An index without platforms has nothing to verify, and that proves nothing: `PLATFORM_NOT_OFFERED`. Whoever can move a
   tag could put an empty index there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from assaymark.attest.image import NamedImage
from assaymark.attest.judging import failure_of
from assaymark.attest.platforms import choose_platforms, find_entry
from assaymark.attest.policy.judge import judge_platforms
from assaymark.attest.proving import ImageOutcome
from assaymark.attest.reasons import Reason, refuse
from assaymark.errors import ArtifactError, Error, VerificationError
from assaymark.model.platform import Platform
from assaymark.oci.platforms import PlatformEntry

Prove = Callable[[NamedImage], ImageOutcome]


class Asked(NamedTuple):
    """What flags and policies say of platforms.

    Attributes:
        wishes: of `--platform`, none for all of them; None where it is not given.
        required: what the policy requires.
        index_alone: `--index`.
    """

    wishes: tuple[Platform, ...] | None = None
    required: tuple[Platform, ...] = ()
    index_alone: bool = False


def prove_platforms(
    image: NamedImage, asked: Asked, prove: Prove, *, tell: Callable[[str], None]
) -> list[ImageOutcome]:
    """The outcomes of one name: of what it resolves to, or of its platforms.

    Args:
        image: what the name resolves to.
        asked: which of them count.
        prove: verifies one manifest.
        tell: says on stderr why platforms are looked at.

    Raises:
        VerificationError: `PLATFORM_NOT_OFFERED`.
        ArtifactError: the index is malformed.
        NetworkError: an index in it, or a configuration, cannot be had.
        UsageError: what `prove` raises.
    """
    whole = None
    if asked.wishes is None and not asked.required:
        whole = prove(image)
        if asked.index_alone or not image.is_index or not _proves_nothing(whole):
            return [whole]
    members = [_prove_entry(image, entry, prove) for entry in _entries(image, asked.wishes or ())]
    if whole is not None and whole.failure is not None:
        if all(_is_bare(member) for member in members):  # rule 3
            return [whole]
        if whole.failure.reason != Reason.NO_ATTESTATION.value:
            tell(f"{whole.failure} [{whole.failure.reason}]; its platforms are looked at")
    outcomes = [*_missing(image, asked.required, members), *members]
    if not outcomes:  # rule 6
        raise refuse(Reason.PLATFORM_NOT_OFFERED, f"`{image.text}`: the index lists no platform")
    return outcomes


def _entries(image: NamedImage, wishes: Sequence[Platform]) -> tuple[PlatformEntry, ...]:
    try:
        return choose_platforms(image, wishes)
    except ArtifactError as exc:
        if exc.reason != Reason.PLATFORM_NOT_OFFERED.value:
            raise
        raise refuse(Reason.PLATFORM_NOT_OFFERED, f"`{image.text}`: {exc}", hint=exc.hint) from exc


def _prove_entry(image: NamedImage, entry: PlatformEntry, prove: Prove) -> ImageOutcome:
    """One platform; a manifest that cannot be had is its failure alone."""
    try:
        member = find_entry(image, entry)
    except Error as exc:
        outcome = ImageOutcome(image.text, None, exc)
    else:
        outcome = prove(member)
        failure = outcome.failure
        if failure is not None and failure.reason == Reason.NO_ATTESTATION.value:
            hint = f"`assaymark image --attest --platform {entry.platforms[0].spelled} {image.text}` attests it"
            told = f"`{image.text} ({entry.name})`: nothing is attached to {entry.descriptor.digest}"
            outcome = outcome._replace(failure=refuse(Reason.PLATFORM_NOT_ATTESTED, told, hint=hint))
    proof = outcome.proof._replace(platform=entry.name) if outcome.proof is not None else None
    return outcome._replace(text=image.text, proof=proof, platform=entry.name, platforms=entry.platforms)


def _missing(
    image: NamedImage, required: Sequence[Platform], members: Sequence[ImageOutcome]
) -> Iterator[ImageOutcome]:
    """What the policy requires and nobody attested; a platform that fails otherwise has said so itself."""
    there = [platform for member in members if not _is_bare(member) for platform in member.platforms]
    violations = tuple(judge_platforms(required, there))
    failure = failure_of(list(violations))
    if failure is not None:
        told = VerificationError(f"`{image.text}`: {failure}", reason=failure.reason)
        yield ImageOutcome(image.text, None, told, missing=violations)


def _proves_nothing(outcome: ImageOutcome) -> bool:
    """Whether no attestation passed; one that passed and breaks the policy is no such case (rule 1)."""
    if not isinstance(outcome.failure, VerificationError):
        return False
    return outcome.proof is not None and not outcome.proof.verification.verified


def _is_bare(outcome: ImageOutcome) -> bool:
    return outcome.failure is not None and outcome.failure.reason == Reason.PLATFORM_NOT_ATTESTED.value
