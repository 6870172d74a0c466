"""Which verifier finds which attestation: a table of rules, and what follows from it.

Every rule of a verifier whose traits an attestation has applies. One that needs something (a flag, a setting) asks for
it, one that needs nothing refuses; an attestation that no rule is about is found. Predictions suppose that the right
key or identity is named, that its signature is good, and that the services' trust data is at hand.

`tested` rules are measured against the program by `tests/integration/test_doctor_verifiers.py`, for every combination
that the programs at hand can make. The others are read from the projects' sources and documentation, which each
verifier names, and are marked as such.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Final

import msgspec

from assaymark.attest.doctor.traits import Trait


class Verdict(Enum):
    """Whether a verifier finds an attestation."""

    FOUND = "found"
    FOUND_WITH = "found with"
    NOT_FOUND = "not found"


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What a verifier does with attestations that have all of `traits`.

    Attributes:
        needs: what finds them nevertheless; empty where nothing does.
        why: a sentence.
    """

    traits: frozenset[Trait]
    needs: tuple[str, ...] = ()
    why: str


class Verifier(msgspec.Struct, frozen=True, kw_only=True):
    """A program that verifies attestations.

    Attributes:
        version: what the rules were measured with, or from which version they hold.
        tested: whether they were measured.
        sources: where they were read, for those that were not measured.
    """

    name: str
    version: str
    tested: bool
    rules: tuple[Rule, ...]
    sources: tuple[str, ...] = ()


class Prediction(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What one verifier makes of one attestation."""

    verifier: str
    version: str
    tested: bool
    verdict: Verdict
    needs: tuple[str, ...] = ()
    why: tuple[str, ...] = ()


def predict(verifier: Verifier, traits: frozenset[Trait]) -> Prediction:
    """What `verifier` makes of an attestation with these traits."""
    rules = [rule for rule in verifier.rules if rule.traits <= traits]
    refusals = [rule for rule in rules if not rule.needs]
    if refusals:
        verdict, told = Verdict.NOT_FOUND, refusals
    else:
        verdict, told = (Verdict.FOUND_WITH if rules else Verdict.FOUND), rules
    return Prediction(
        verifier=verifier.name,
        version=verifier.version,
        tested=verifier.tested,
        verdict=verdict,
        needs=tuple(dict.fromkeys(need for rule in told for need in rule.needs)),
        why=tuple(dict.fromkeys(rule.why for rule in told)),
    )


def predict_all(traits: frozenset[Trait]) -> tuple[Prediction, ...]:
    """What every verifier makes of it."""
    return tuple(predict(verifier, traits) for verifier in VERIFIERS)


def _rule(traits: Iterable[Trait], why: str, *needs: str) -> Rule:
    return Rule(traits=frozenset(traits), needs=needs, why=why)


_UNREADABLE: Final = _rule([Trait.UNREADABLE], "it cannot be read")
_OLD: Final = _rule([Trait.OLD_BUNDLE], "bundles on registries have version 0.3")
# what versions 2 and 3 of cosign have in common
_KEY_ID: Final = _rule(
    [Trait.BUNDLE, Trait.KEY, Trait.KEY_ID], "cosign refuses a `keyid` that is not the key's fingerprint"
)
_NO_LOG: Final = _rule([Trait.NO_LOG], "cosign demands a log entry", "--insecure-ignore-tlog")
_STAMPED: Final = _rule(
    [Trait.BUNDLE, Trait.CERTIFICATE, Trait.NO_LOG, Trait.TIMESTAMP, Trait.EXPIRED],
    "the certificate has ended, and the timestamp says when it was used",
    "--use-signed-timestamps",
)
_ENDED: Final = _rule(
    [Trait.BUNDLE, Trait.CERTIFICATE, Trait.NO_LOG, Trait.NO_TIMESTAMP, Trait.EXPIRED],
    "nothing says when the certificate was used, and it has ended",
)
_ENDED_LEGACY: Final = _rule(
    [Trait.LEGACY, Trait.CERTIFICATE, Trait.NO_LOG, Trait.EXPIRED],
    "nothing that cosign reads there says when the certificate was used, and it has ended",
)

COSIGN_3: Final = Verifier(
    name="cosign 3",
    version="3.1.2",
    tested=True,
    rules=(
        _UNREADABLE,
        _OLD,
        _rule([Trait.TEXT_PREDICATE], "cosign 3 reads no predicate that is a string"),
        _rule([Trait.FOREIGN_MEMBERS], "cosign refuses statements with members that it does not know"),
        _KEY_ID,
        _rule(
            [Trait.LEGACY, Trait.BESIDE_BUNDLES],
            "where there are bundles, cosign does not look at the `.att` tag",
            "--new-bundle-format=false",
        ),
        _NO_LOG,
        _STAMPED,
        _ENDED,
        _ENDED_LEGACY,
    ),
)
COSIGN_2: Final = Verifier(
    name="cosign 2",
    version="2.6.1",
    tested=True,
    rules=(
        _UNREADABLE,
        _OLD,
        _rule([Trait.BUNDLE], "cosign 2 looks at the `.att` tag (bundles: 2.5 and later)", "--new-bundle-format"),
        _rule([Trait.BUNDLE, Trait.TEXT_PREDICATE], "cosign reads no bundle whose predicate is a string"),
        _rule([Trait.BUNDLE, Trait.FOREIGN_MEMBERS], "cosign refuses statements with members that it does not know"),
        _KEY_ID,
        _NO_LOG,
        _STAMPED,
        _rule(
            [Trait.BUNDLE, Trait.CERTIFICATE, Trait.SECOND_LOG],
            "a log of version 2 states no time, the timestamp does",
            "--use-signed-timestamps",
        ),
        _ENDED,
        _ENDED_LEGACY,
    ),
)
SIGSTORE_PYTHON: Final = Verifier(
    name="sigstore-python",
    version="4.5",
    tested=True,
    rules=(
        _UNREADABLE,
        _rule([Trait.LEGACY], "sigstore-python reads Sigstore bundles; at the `.att` tag there is an envelope"),
        _rule([Trait.KEY], "sigstore-python knows identities only, no keys"),
        _rule([Trait.NO_LOG], "sigstore-python reads no bundle without a log entry"),
        _rule([Trait.SEVERAL_LOGS], "sigstore-python reads bundles with exactly one log entry"),
        _rule(
            [Trait.SECOND_LOG, Trait.NO_TIMESTAMP],
            "a log of version 2 states no time, and no timestamp does",
        ),
        _rule(
            [Trait.BUNDLE], "sigstore-python knows no registry: bring it the bundle", "assaymark download attestation"
        ),
    ),
)
POLICY_CONTROLLER: Final = Verifier(
    name="policy-controller",
    version="0.13 and later",
    tested=False,
    sources=(
        "https://github.com/sigstore/policy-controller (pkg/webhook/validator.go, `checkOptsFromAuthority`)",
        "https://github.com/sigstore/policy-controller/issues/1958",
    ),
    rules=(
        _UNREADABLE,
        _rule([Trait.BUNDLE, Trait.FOREIGN_MEMBERS], "it verifies with cosign 2, which refuses unknown members there"),
        _rule([Trait.BUNDLE], "without it the authority looks at the `.att` tag", "signatureFormat: bundle"),
        _rule([Trait.BUNDLE, Trait.TEXT_PREDICATE], "cosign reads no bundle whose predicate is a string"),
        _rule([Trait.BUNDLE, Trait.KEY], "bundles need a keyless authority"),
        _rule(
            [Trait.CERTIFICATE, Trait.NO_LOG, Trait.TIMESTAMP],
            "an authority with a timestamp authority demands no log entry",
            "rfc3161timestamp",
        ),
        _rule([Trait.CERTIFICATE, Trait.NO_LOG, Trait.NO_TIMESTAMP], "nothing says when the certificate was used"),
        _rule(
            [Trait.LEGACY, Trait.KEY, Trait.NO_LOG],
            "an authority with a log demands an entry",
            "an authority without `ctlog`",
        ),
    ),
)
KYVERNO: Final = Verifier(
    name="Kyverno",
    version="1.17 and later",
    tested=False,
    sources=(
        "https://github.com/kyverno/kyverno/pull/14652 (ImageValidatingPolicy detects bundles)",
        "https://github.com/kyverno/kyverno/issues/14233 (`type: SigstoreBundle` and keys)",
        "https://github.com/kyverno/kyverno (pkg/image/verifiers/cpol/cosign/sigstore.go, `maxLayerSize`)",
    ),
    rules=(
        _UNREADABLE,
        _rule([Trait.FOREIGN_MEMBERS], "it verifies with cosign 3, which refuses members that it does not know"),
        _rule([Trait.TEXT_PREDICATE], "it verifies with cosign 3, which reads no predicate that is a string"),
        _rule(
            [Trait.BUNDLE],
            "a ClusterPolicy of the type `Cosign` looks at the `.att` tag; `type: SigstoreBundle` knows identities",
            "ImageValidatingPolicy",
        ),
        _rule(
            [Trait.LEGACY, Trait.BESIDE_BUNDLES],
            "where there are bundles, an ImageValidatingPolicy does not look at the `.att` tag",
            "ClusterPolicy with `type: Cosign`",
        ),
        _rule([Trait.NO_LOG], "a log entry is demanded", "`insecureIgnoreTlog` (`ignoreTlog` in a ClusterPolicy)"),
        _rule(
            [Trait.BUNDLE, Trait.LARGE],
            "`type: SigstoreBundle` refuses an image with a bundle of more than 10 MB; attest with `--compact`",
            "ImageValidatingPolicy",
        ),
    ),
)
VERIFIERS: Final = (COSIGN_3, COSIGN_2, SIGSTORE_PYTHON, POLICY_CONTROLLER, KYVERNO)
