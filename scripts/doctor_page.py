"""`docs/doctor.md`: what `doctor` tells, with the table of rules by which it predicts what verifiers find."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.attest.doctor.traits import Trait
from assaymark.attest.doctor.verifiers import VERIFIERS, Rule, Verifier

_HEAD: Final = """\
# Who will find an attestation

{generated}
`assaymark doctor IMAGE` tells three things of an image on a registry (`docs/walkthroughs/doctor.md` shows it):

- what the registry can do: whether it answers the referrers API or an index at a tag (`sha256-…`) stands in for it,
  which of cosign's tags exist, and whether something is listed where nobody looks. With `--probe-writes` it also finds
  out whether pushes are taken, tags are immutable, new referrers are listed and manifests can be deleted: it pushes
  three small manifests under a tag of their own and removes them, says so before, and names what it could not remove.
  Without the flag nothing is written;
- what is attached: format, type, signer, age, log entries and timestamps as the attestation itself says, unverified.
  With `--key`, or an identity and its issuer, each is verified, and what is proven or refused is told with its reason;
- which verifiers will find it, by the rules below.

The exit code is 0 whatever is found, and 5 where the registry cannot be reached. `--format json` is for programs.

## The rules

Every rule applies to attestations that have all its traits. What a rule needs has to be given (a flag, a setting); a
rule that needs nothing refuses. An attestation that no rule is about is found. It is supposed that the right key or
identity is named and that the signature is good.

"""
_TESTED: Final = (
    "Measured with {version}, on a registry with the referrers API and on one without (`tests/integration`)."
)
_DOCUMENTED: Final = "Documented, not tested ({version}). Sources:"


def page(generated: str) -> str:
    """The whole page."""
    sections = "\n".join(line for verifier in VERIFIERS for line in _section(verifier))
    traits = ", ".join(f"“{trait.value}”" for trait in Trait)
    return f"{_HEAD.format(generated=generated)}{sections}\n## Traits\n\n{traits}.\n"


def _section(verifier: Verifier) -> Iterator[str]:
    yield f"### {verifier.name}"
    yield ""
    if verifier.tested:
        yield _TESTED.format(version=verifier.version)
    else:
        yield _DOCUMENTED.format(version=verifier.version)
        yield ""
        yield from (f"- {source}" for source in verifier.sources)
    yield ""
    yield "| attestations with | are found with | because |"
    yield "| --- | --- | --- |"
    yield from map(_row, verifier.rules)
    yield ""


def _row(rule: Rule) -> str:
    traits = ", ".join(trait.value for trait in Trait if trait in rule.traits)
    needs = " and ".join(need if "`" in need else f"`{need}`" for need in rule.needs)
    return f"| {traits} | {needs or 'not at all'} | {rule.why} |"
