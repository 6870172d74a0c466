"""What becomes public is shown, and asked for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.support.sigstore.accounts import github, github_actions

from assaymark.attest.dsse import sign_payload
from assaymark.attest.keys.private import generate_key
from assaymark.attest.sigstore.disclosure import Consent, Disclosure, identity_disclosure, log_disclosure
from assaymark.attest.sigstore.oidc.token import IdentityToken
from assaymark.attest.sigstore.rekor_client import Verifier, logged_body, proposal
from assaymark.attest.sigstore.signing_config import Log
from assaymark.errors import SigningError

THING = Disclosure(summary="This:", facts=(("name", "alice\x1b[2J"),), recipient="https://ca.test", public=b"\x07bytes")


def test_a_person_s_address_and_number_are_shown(token_of: Callable[..., IdentityToken]) -> None:
    shown = identity_disclosure(token_of(github()).claims, authority="https://ca.test")
    facts = dict(shown.facts)
    assert facts["identity"] == "alice@users.github.test"
    assert facts["issuer"] == "https://github.com/login/oauth"
    assert facts["subject"] == token_of(github()).claims.subject
    assert shown.recipient == "https://ca.test"


def test_what_a_certificate_repeats_of_a_workflow_is_shown(token_of: Callable[..., IdentityToken]) -> None:
    facts = dict(identity_disclosure(token_of(github_actions()).claims, authority="https://ca.test").facts)
    assert facts["repository"] == "acme/app"
    assert facts["job_workflow_ref"].startswith("acme/app/")
    assert "subject" not in facts
    assert "jti" not in facts


@pytest.mark.parametrize("version", [1, 2])
def test_the_very_bytes_of_the_log_are_shown(version: int) -> None:
    key = generate_key()
    log, verifier = Log(url="https://log.test", version=version), Verifier(public=key.public)
    envelope = sign_payload(b"{}", key)
    shown = log_disclosure(log, envelope, verifier)
    assert shown.public == logged_body(log, envelope, verifier)
    assert shown.sent == len(proposal(log, envelope, verifier))
    assert logged_body(log, envelope, verifier).decode() in shown.text()
    assert ("the whole attestation" in shown.text()) == (version == 1)


def test_nothing_shown_reaches_the_terminal_raw() -> None:
    assert THING.text() == "This:\n  name: alice\\x1b[2J\n  \\x07bytes"


def consent(*, confirmed: bool = False, terminal: bool = True, answer: bool = True) -> tuple[Consent, list[str]]:
    said: list[str] = []

    def ask(question: str) -> bool:
        said.append(question)
        return answer

    return Consent(confirmed=confirmed, terminal=terminal, show=said.append, ask=ask), said


def test_a_person_is_shown_and_asked() -> None:
    asking, said = consent()
    asking.give(THING)
    assert said == [THING.text(), "Publish this at https://ca.test?"]


def test_who_said_yes_is_shown_and_not_asked() -> None:
    asking, said = consent(confirmed=True, terminal=False, answer=False)
    asking.require_possible()
    asking.give(THING)
    assert said == [THING.text()]


def test_no_is_no() -> None:
    asking, _ = consent(answer=False)
    with pytest.raises(SigningError, match="not confirmed") as caught:
        asking.give(THING)
    assert caught.value.reason == "NOT_CONFIRMED"


def test_where_nobody_can_be_asked_it_fails_at_once() -> None:
    asking, said = consent(terminal=False)
    for attempt in (asking.require_possible, lambda: asking.give(THING)):
        with pytest.raises(SigningError, match="no terminal") as caught:
            attempt()
        assert "-y" in caught.value.hint
    assert said == []
