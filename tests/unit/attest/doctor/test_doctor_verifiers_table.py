"""The rule table of verifiers: what follows from it, and that it is sound. That it is true is measured elsewhere."""

from __future__ import annotations

import pytest

from assaymark.attest.doctor.traits import Trait
from assaymark.attest.doctor.verifiers import (
    COSIGN_2,
    COSIGN_3,
    KYVERNO,
    POLICY_CONTROLLER,
    SIGSTORE_PYTHON,
    VERIFIERS,
    Rule,
    Verdict,
    Verifier,
    predict,
    predict_all,
)

LOGGED_BUNDLE = {Trait.BUNDLE, Trait.CERTIFICATE, Trait.NO_TIMESTAMP}
KEYED_BUNDLE = {Trait.BUNDLE, Trait.KEY, Trait.NO_LOG, Trait.NO_TIMESTAMP}
LAYER = {Trait.LEGACY, Trait.CERTIFICATE, Trait.NO_TIMESTAMP}


@pytest.mark.parametrize(
    ("traits", "verifier", "verdict", "needs"),
    [
        pytest.param(LOGGED_BUNDLE, COSIGN_3, "found", (), id="a logged bundle and cosign 3"),
        pytest.param(LOGGED_BUNDLE, COSIGN_2, "found with", ("--new-bundle-format",), id="… and cosign 2"),
        pytest.param(
            LOGGED_BUNDLE,
            SIGSTORE_PYTHON,
            "found with",
            ("assaymark download attestation",),
            id="… and sigstore-python",
        ),
        pytest.param(
            LOGGED_BUNDLE, POLICY_CONTROLLER, "found with", ("signatureFormat: bundle",), id="… and policy-controller"
        ),
        pytest.param(LOGGED_BUNDLE, KYVERNO, "found with", ("ImageValidatingPolicy",), id="… and Kyverno"),
        pytest.param(
            KEYED_BUNDLE,
            COSIGN_2,
            "found with",
            ("--new-bundle-format", "--insecure-ignore-tlog"),
            id="several needs are added up",
        ),
        pytest.param(KEYED_BUNDLE, SIGSTORE_PYTHON, "not found", (), id="a key and sigstore-python"),
        pytest.param(KEYED_BUNDLE, POLICY_CONTROLLER, "not found", (), id="a key's bundle and policy-controller"),
        pytest.param(LAYER, COSIGN_3, "found", (), id="a layer alone"),
        pytest.param(LAYER, COSIGN_2, "found", (), id="a layer and cosign 2"),
        pytest.param(
            LAYER | {Trait.BESIDE_BUNDLES}, COSIGN_3, "found with", ("--new-bundle-format=false",), id="beside bundles"
        ),
        pytest.param(
            {Trait.BUNDLE, Trait.CERTIFICATE, Trait.NO_LOG, Trait.NO_TIMESTAMP, Trait.EXPIRED},
            COSIGN_3,
            "not found",
            (),
            id="a refusal outweighs needs",
        ),
        pytest.param({Trait.BUNDLE, Trait.UNREADABLE}, COSIGN_3, "not found", (), id="what cannot be read"),
        pytest.param(LOGGED_BUNDLE | {Trait.TEXT_PREDICATE}, COSIGN_3, "not found", (), id="a string in a bundle"),
        pytest.param(LAYER | {Trait.TEXT_PREDICATE}, COSIGN_2, "found", (), id="a string in a layer and cosign 2"),
    ],
)
def test_predictions(traits: set[Trait], verifier: Verifier, verdict: str, needs: tuple[str, ...]) -> None:
    predicted = predict(verifier, frozenset(traits))
    assert (predicted.verdict.value, predicted.needs) == (verdict, needs)


def test_only_what_decides_is_told() -> None:
    predicted = predict(POLICY_CONTROLLER, frozenset(KEYED_BUNDLE))
    assert predicted.why == ("bundles need a keyless authority",)
    assert predict(COSIGN_3, frozenset(LOGGED_BUNDLE)).why == ()


def test_everybody_is_asked_in_a_fixed_order() -> None:
    names = [prediction.verifier for prediction in predict_all(frozenset(LAYER))]
    assert names == ["cosign 3", "cosign 2", "sigstore-python", "policy-controller", "Kyverno"]


@pytest.mark.parametrize("verifier", VERIFIERS, ids=lambda verifier: verifier.name)
def test_what_was_not_measured_names_its_sources(verifier: Verifier) -> None:
    assert bool(verifier.sources) is not verifier.tested


@pytest.mark.parametrize(
    ("verifier", "rule"),
    [
        pytest.param(verifier, rule, id=f"{verifier.name}: {rule.why}")
        for verifier in VERIFIERS
        for rule in verifier.rules
    ],
)
def test_every_rule_can_apply(verifier: Verifier, rule: Rule) -> None:
    assert rule.traits
    assert not {Trait.BUNDLE, Trait.LEGACY} <= rule.traits
    assert not {Trait.TIMESTAMP, Trait.NO_TIMESTAMP} <= rule.traits
    verdict = predict(verifier, rule.traits).verdict
    assert verdict is not Verdict.FOUND
    assert rule.needs or verdict is Verdict.NOT_FOUND
