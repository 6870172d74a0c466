"""Who may have signed: exact, by an expression, one of several, anybody."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from tests.support.single_faults import managed_key, public

from assaymark.attest.sigstore.certificate import CLAIMS, NameKind, SigningCertificate
from assaymark.attest.sigstore.identity import (
    Exact,
    Expression,
    Identities,
    Identity,
    UnsafeAnyIdentity,
    check_claim_name,
    check_identity,
    parse_exact,
    parse_expression,
)
from assaymark.errors import UsageError, VerificationError

MOMENT = datetime(2026, 3, 1, tzinfo=UTC)
WORKFLOW = "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main"
ISSUER = "https://token.actions.githubusercontent.com"
CERTIFICATE = SigningCertificate(
    der=b"",
    key=public(managed_key()),
    identity=WORKFLOW,
    identity_kind=NameKind.URI,
    issuer=ISSUER,
    claims=(("source-repository-uri", "https://github.com/acme/app"), ("build-trigger", "push")),
    not_before=MOMENT,
    not_after=MOMENT,
)
RIGHT = Identity(name=Exact(WORKFLOW), issuer=Exact(ISSUER))
BOB = Identity(name=Exact("bob"), issuer=Exact(ISSUER))
ELSEWHERE = Identity(name=Exact(WORKFLOW), issuer=Exact("https://gitlab.com"))


def refused(wanted: Identities | None) -> VerificationError:
    with pytest.raises(VerificationError) as caught:
        check_identity(CERTIFICATE, wanted)
    return caught.value


class TestIdentities:
    @pytest.mark.parametrize(
        "wanted",
        [
            RIGHT,
            Identity(name=Expression(r"https://github\.com/acme/app/.*@refs/heads/main"), issuer=Exact(ISSUER)),
            Identity(name=Expression(rf"^{WORKFLOW}$"), issuer=Expression(r"https://.*\.githubusercontent\.com")),
            Identity(name=Exact(WORKFLOW), issuer=Exact(ISSUER), claims=(("build-trigger", Exact("push")),)),
            Identity(name=Exact(WORKFLOW), issuer=Exact(ISSUER), claims=(("issuer", Exact(ISSUER)),)),
        ],
        ids=["exact", "an expression", "anchored by hand", "with a claim", "the issuer as a claim"],
    )
    def test_what_fits_is_told(self, wanted: Identity) -> None:
        assert check_identity(CERTIFICATE, (BOB, wanted, ELSEWHERE)) == wanted

    def test_anybody_is_welcome_where_it_is_said(self) -> None:
        assert check_identity(CERTIFICATE, UnsafeAnyIdentity()) is None
        claims = (("build-trigger", Expression("pu.*")),)
        assert check_identity(CERTIFICATE, UnsafeAnyIdentity(claims=claims)) is None

    @pytest.mark.parametrize(
        ("wanted", "reason"),
        [
            ((BOB,), "WRONG_IDENTITY"),
            ((ELSEWHERE,), "WRONG_ISSUER"),
            ((BOB, ELSEWHERE), "WRONG_ISSUER"),
            ((ELSEWHERE, BOB), "WRONG_ISSUER"),
            ((msgspec.structs.replace(RIGHT, claims=(("build-trigger", Exact("schedule")),)),), "WRONG_CLAIM"),
            ((msgspec.structs.replace(RIGHT, claims=(("run-invocation-uri", Exact("x")),)), BOB), "WRONG_CLAIM"),
            (UnsafeAnyIdentity(claims=(("build-trigger", Exact("x")),)), "WRONG_CLAIM"),
            (None, "IDENTITY_REQUIRED"),
            ((), "IDENTITY_REQUIRED"),
        ],
        ids=[
            "somebody else", "somebody else's word", "the closest counts", "in any order", "another claim",
            "a claim that is not made", "anybody with a claim", "nobody was named", "an empty list",
        ],
    )  # fmt: skip
    def test_what_does_not_fit_is_refused_for_the_closest(self, wanted: Identities | None, reason: str) -> None:
        assert refused(wanted).reason == reason

    def test_without_a_name_the_signer_is_shown(self) -> None:
        assert WORKFLOW in str(refused(None))
        assert ISSUER in str(refused(None))


class TestExpressions:
    @pytest.mark.parametrize("pattern", ["github.com/acme", "^https://github.com/acme/app", "main$", "https?://"])
    def test_a_part_is_not_enough_and_the_error_says_so(self, pattern: str) -> None:
        error = refused((Identity(name=Expression(pattern), issuer=Exact(ISSUER)),))
        assert "matches only a part" in str(error)

    def test_an_expression_for_something_else_is_named(self) -> None:
        error = refused((Identity(name=Expression("https://gitlab.com/.*"), issuer=Exact(ISSUER)),))
        assert "does not match" in str(error)

    @pytest.mark.parametrize(
        "text", ["https://evil.test/github.com/acme", "xhttps://github.com/acme", "https://github.com/acme\nx"]
    )
    def test_nothing_may_stand_around_it(self, text: str) -> None:
        assert not Expression("https://github.com/acme").matches(text)

    def test_an_alternative_is_anchored_on_both_sides(self) -> None:
        assert [Expression("a|bc").matches(text) for text in ("a", "bc", "ac", "abc", "xa")] == [
            True,
            True,
            False,
            False,
            False,
        ]

    def test_time_is_linear(self) -> None:
        assert not Expression("(a+)+b").matches("a" * 50_000)

    @pytest.mark.parametrize("pattern", ["", "(", "(?<=a)b", r"(a)\1", "a" * 5_000, "a{2000}"])
    def test_what_is_no_expression_is_refused(self, pattern: str, capfd: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(UsageError):
            parse_expression(pattern, what="`--certificate-identity-regexp`")
        assert capfd.readouterr() == ("", "")

    def test_an_expression_is_what_was_given(self) -> None:
        assert parse_expression("a.*", what="x") == Expression("a.*")

    @pytest.mark.parametrize(
        ("pattern", "warned"),
        [
            ("https://github.com/acme/.*", True),
            (".*@example.com", True),
            (r"https://github\.com/acme/a.b", False),
            (r".*@example\.com$", False),
            ("https://[a-z.]*/acme", False),
            ("https://.*/acme", False),
            ("alice", False),
        ],
    )
    def test_a_loose_dot_in_a_host_is_warned_of(self, pattern: str, warned: bool) -> None:
        assert bool(Expression(pattern).warnings) is warned


def test_an_exact_text_is_not_empty() -> None:
    assert parse_exact("alice", what="x") == Exact("alice")
    with pytest.raises(UsageError):
        parse_exact("", what="`--certificate-identity`")


def test_only_claims_that_certificates_make_can_be_asked_for() -> None:
    for name in set(CLAIMS.values()) - {"issuer-v1"}:
        check_claim_name(name)
    with pytest.raises(UsageError) as caught:
        check_claim_name("colour")
    assert "source-repository-uri" in caught.value.hint
