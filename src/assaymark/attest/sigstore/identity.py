"""Who may have signed: names, issuers and claims of a certificate, exact or by an expression.

Rules:

- an expression matches the whole text or not at all. cosign searches: `github.com/org` also finds
  `https://evil.example/github.com/org`. An expression that was pasted from there and matches only a part is refused
  with an error that says so;
- expressions run in linear time (RE2, `google-re2`), and their syntax is RE2's, as in cosign;
- neither a name nor an expression is empty, and name and issuer are asked for together. A certificate that fits none
  of several identities is refused for what was missing at the one that it fits best;
- believing anybody has to be said: `UnsafeAnyIdentity`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final

import msgspec

from assaymark.attest.reasons import Reason, refuse
from assaymark.attest.sigstore.certificate import CLAIMS, SigningCertificate
from assaymark.errors import UsageError, VerificationError

_EXPRESSION_CHARS: Final = 4_096
_CLAIM_NAMES: Final = frozenset(CLAIMS.values()) - {"issuer-v1"}  # asked for as `issuer`
_HOST: Final = re.compile(r"(?:://|@)([^/$]*)")
_LOOSE_DOT: Final = re.compile(r"(?<!\\)\.(?![*+?{])")


class Exact(msgspec.Struct, frozen=True):
    """A text, to the letter."""

    value: str

    def matches(self, text: str) -> bool:
        """Whether it is `text`."""
        return self.value == text

    def explain(self, text: str) -> str:
        """What is wrong with `text`."""
        return f"is `{text[:200]}`, not `{self.value[:200]}`"


class Expression(msgspec.Struct, frozen=True):
    """A regular expression for the whole text."""

    pattern: str

    def matches(self, text: str) -> bool:
        """Whether it matches all of `text`."""
        return _compiled(self.pattern).fullmatch(text) is not None

    def explain(self, text: str) -> str:
        """What is wrong with `text`."""
        if _compiled(self.pattern).search(text) is not None:
            part = "matches only a part of it; expressions are for the whole text here, unlike in cosign"
            return f"is `{text[:200]}`, and `{self.pattern[:200]}` {part}"
        return f"is `{text[:200]}`, which `{self.pattern[:200]}` does not match"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What its author may not have meant, a line each."""
        for host in _HOST.findall(re.sub(r"\[[^\]]*\]", "", self.pattern)):
            if _LOOSE_DOT.search(host):
                return (f"a `.` in the host of `{self.pattern[:200]}` matches any character: write `\\.`",)
        return ()


Matcher = Exact | Expression


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """One signer that is believed.

    Attributes:
        name: the subject alternative name.
        issuer: who vouched for it.
        claims: what else the certificate must say, by the names in `certificate.CLAIMS`.
    """

    name: Matcher
    issuer: Matcher
    claims: tuple[tuple[str, Matcher], ...] = ()


class UnsafeAnyIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """Anybody to whom a trusted authority gave a certificate, if only the claims fit."""

    claims: tuple[tuple[str, Matcher], ...] = ()


Identities = tuple[Identity, ...] | UnsafeAnyIdentity


def parse_exact(text: str, *, what: str) -> Exact:
    """The text to compare with.

    Raises:
        UsageError: it is empty.
    """
    if not text:
        raise UsageError(f"{what} is empty")
    return Exact(text)


def parse_expression(pattern: str, *, what: str) -> Expression:
    """The expression, compiled once to see that it can be.

    Raises:
        UsageError: it is empty, too long, or not an expression that RE2 knows.
    """
    if not pattern or len(pattern) > _EXPRESSION_CHARS:
        raise UsageError(f"{what} is empty or longer than {_EXPRESSION_CHARS} characters")
    try:
        _compiled(pattern)
    except ValueError as exc:
        raise UsageError(
            f"{what} `{pattern[:200]}` is not a regular expression: {exc}",
            hint="the syntax is RE2's: no look-around and no back-references",
        ) from exc
    return Expression(pattern)


def check_claim_name(name: str) -> None:
    """Raise `UsageError` where certificates have no claim of this name."""
    if name not in _CLAIM_NAMES:
        known = ", ".join(sorted(_CLAIM_NAMES))
        raise UsageError(f"`{name}` is not a claim of a certificate", hint=f"claims are {known}")


def check_identity(certificate: SigningCertificate, wanted: Identities | None) -> Identity | None:
    """The identity that fits; None where anybody does.

    Raises:
        VerificationError: `IDENTITY_REQUIRED`, `WRONG_IDENTITY`, `WRONG_ISSUER` or `WRONG_CLAIM`.
    """
    if wanted is None or wanted == ():
        signer = f"`{certificate.identity[:200]}`, for whom `{certificate.issuer[:200]}` vouched"
        hint = "name the identity and the issuer that you expect"
        raise refuse(Reason.IDENTITY_REQUIRED, f"no identity was asked for; the signer is {signer}", hint=hint)
    if isinstance(wanted, UnsafeAnyIdentity):
        _check_claims(certificate, wanted.claims)
        return None
    failures = []
    for identity in wanted:
        failure = _mismatch(certificate, identity)
        if failure is None:
            return identity
        failures.append(failure)
    raise _closest(failures)


def _mismatch(certificate: SigningCertificate, identity: Identity) -> VerificationError | None:
    try:
        _check(identity.name, certificate.identity, Reason.WRONG_IDENTITY, "the signer")
        _check(identity.issuer, certificate.issuer, Reason.WRONG_ISSUER, "the issuer of the signer's identity")
        _check_claims(certificate, identity.claims)
    except VerificationError as exc:
        return exc
    return None


def _check_claims(certificate: SigningCertificate, claims: Iterable[tuple[str, Matcher]]) -> None:
    stated = {"issuer": certificate.issuer, **dict(certificate.claims)}
    for name, matcher in claims:
        if name not in stated:
            raise refuse(Reason.WRONG_CLAIM, f"the certificate says nothing about `{name}`")
        _check(matcher, stated[name], Reason.WRONG_CLAIM, f"the certificate's `{name}`")


def _check(matcher: Matcher, text: str, reason: Reason, what: str) -> None:
    if not matcher.matches(text):
        raise refuse(reason, f"{what} {matcher.explain(text)}")


def _closest(failures: Sequence[VerificationError]) -> VerificationError:
    return max(failures, key=lambda failure: Reason(failure.reason).progress)


@cache
def _compiled(pattern: str) -> Any:
    """The expression of RE2.

    Raises:
        ValueError: it cannot be compiled.
    """
    import re2

    options = re2.Options()
    options.log_errors = False  # the library would write to stderr by itself
    try:
        return re2.compile(pattern, options)
    except re2.error as exc:
        raise ValueError(_error_text(exc)) from exc


def _error_text(error: Exception) -> str:
    text = error.args[0] if error.args else ""
    return text.decode("utf-8", errors="replace") if isinstance(text, bytes) else str(text)
