"""One way of signing on one registry: signed once, verified by everybody at hand, and compared with the rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from tests.support.interop.bench import Bench, Image, Ran
from tests.support.interop.matrix import AT_HAND, Program, Signing, Storage
from tests.support.interop.rules import Refusal, refusal_of_a_stranger, refusal_to_sign, refusal_to_verify
from tests.support.interop.signing import sign
from tests.support.interop.verifying import demands, verify


class Outcomes(NamedTuple):
    """How one way of signing ended on one registry; a refusal, or None for a yes.

    Attributes:
        signed: whether it could be signed.
        verified: who verifies it; empty when there is nothing to verify.
    """

    signed: Refusal | None
    verified: Mapping[Program, Refusal | None]


Results = dict[tuple[Signing, Storage], Outcomes]


def measure(bench: Bench, signing: Signing, host: str) -> Outcomes:
    """Sign, and verify with every program at hand.

    Raises:
        AssertionError: something ended otherwise than the rules say.
    """
    image = Image(host, signing.slug)
    refusal = refusal_to_sign(signing)
    _expect(sign(bench, signing, image), refusal, f"{signing.signer} signs")
    if refusal:
        return Outcomes(refusal, {})
    with ThreadPoolExecutor(len(AT_HAND)) as pool:
        verdicts = pool.map(lambda verifier: _verdict(bench, verifier, signing, image), AT_HAND)
        return Outcomes(None, dict(zip(AT_HAND, verdicts, strict=True)))


def _verdict(bench: Bench, verifier: Program, signing: Signing, image: Image) -> Refusal | None:
    """A yes counts when somebody else's key or name is a no."""
    refusal = refusal_to_verify(signing, verifier)
    _expect(verify(bench, verifier, signing, image, demands(verifier, signing)), refusal, f"{verifier} verifies")
    if refusal and not refusal.without:
        return refusal
    flags = refusal.weaker if refusal else demands(verifier, signing)
    if refusal:
        _expect(verify(bench, verifier, signing, image, flags), None, f"{verifier} without {refusal.without}")
    strangers = verify(bench, verifier, signing, image, flags, stranger=True)
    _expect(strangers, refusal_of_a_stranger(signing, verifier), f"{verifier} expects a stranger")
    return refusal


def _expect(ran: Ran, refusal: Refusal | None, what: str) -> None:
    if refusal is None:
        assert ran.code == 0, f"{what}: {ran.said}"
    else:
        assert ran.code != 0, f"{what}: it was not refused"
        assert refusal.said in ran.said, f"{what}: {ran.said}"


def missing(results: Results, signings: Iterator[Signing]) -> list[str]:
    """What a whole page needs and this run did not measure."""
    absent = [str(program) for program in Program if program not in AT_HAND]
    wanted = ((signing, storage) for signing in signings for storage in Storage)
    rows = [f"{', '.join(signing)}, {storage}" for signing, storage in wanted if (signing, storage) not in results]
    return absent or rows
