"""Who must have signed, as flags say it: a key, an identity with its issuer, or anybody.

Rules (cosign's, where it has the flag):

- a key, an identity and an expression for one exclude each other, and an identity comes with its issuer;
- expressions are for the whole text, unlike cosign's (`assaymark.attest.sigstore.identity`);
- who names nobody gets no proof but the signers' names, unless `--any-identity` says that anybody will do.
  `COSIGN_EXPERIMENTAL`, which once let anybody pass, changes nothing.
"""

from __future__ import annotations

from argparse import Namespace, _ActionsContainer
from typing import TYPE_CHECKING, Final

from assaymark.cli.flags import add_switch
from assaymark.errors import UsageError

if TYPE_CHECKING:
    from assaymark.attest.sigstore.identity import Identities, Identity, Matcher
    from assaymark.cli.console import Console

_NAME: Final = "--certificate-identity"
_ISSUER: Final = "--certificate-oidc-issuer"
_WORKFLOW: Final = {
    "name": "the workflow's name",
    "ref": "the git reference it ran for",
    "repository": "the repository it ran in",
    "sha": "the commit it ran for",
    "trigger": "the event that started it",
}


def add_identity_flags(parser: _ActionsContainer) -> None:
    """Add them under their own heading."""
    group = parser.add_argument_group("Identity flags")
    group.add_argument(
        _NAME, default="", metavar="NAME", help="who must have signed: an e-mail address, a URI or a Fulcio user name"
    )
    group.add_argument(
        f"{_NAME}-regexp", default="", metavar="RE2", help="the same as an expression, which matches all of the name"
    )
    group.add_argument(_ISSUER, default="", metavar="URL", help="who must have vouched for the signer's identity")
    group.add_argument(
        f"{_ISSUER}-regexp", default="", metavar="RE2", help="the same as an expression, which matches all of the URL"
    )
    for claim, about in _WORKFLOW.items():
        group.add_argument(
            f"--certificate-github-workflow-{claim}", default="", metavar="TEXT", help=f"of a GitHub workflow: {about}"
        )
    group.add_argument(
        "--certificate-claim",
        action="append",
        default=None,
        metavar="NAME=TEXT",
        help="any other claim of the certificate, such as source-repository-uri=https://…; several add up",
    )
    add_switch(group, "--any-identity", about="believe anybody to whom a trusted authority gave a certificate")


def check_identity_flags(args: Namespace) -> None:
    """Refuse flags that contradict each other, before anything is asked of anybody.

    Raises:
        UsageError: two signers, half of one, or an identity beside a key.
    """
    who = [flag for flag in ("--key", _NAME, f"{_NAME}-regexp", "--any-identity") if _given(args, flag)]
    if len(who) > 1:
        raise UsageError(f"`{who[0]}` and `{who[1]}` exclude each other", hint="name one signer")
    issuer = [flag for flag in (_ISSUER, f"{_ISSUER}-regexp") if _given(args, flag)]
    if len(issuer) > 1:
        raise UsageError(f"`{issuer[0]}` and `{issuer[1]}` exclude each other")
    named = bool(who) and who[0].startswith(_NAME)
    if named and not issuer:
        raise UsageError(f"`{who[0]}` needs `{_ISSUER}`", hint="a name means something only with who vouched for it")
    if issuer and not named:
        raise UsageError(f"`{issuer[0]}` needs `{_NAME}`", hint="an issuer vouches for many people: name one")
    if args.key and _claims(args):
        raise UsageError("a key has no identity: nothing is known of its claims", hint="leave `--certificate-…` out")


def names_signer(args: Namespace) -> bool:
    """Whether the flags say who must have signed, were it anybody."""
    return any(_given(args, flag) for flag in ("--key", _NAME, f"{_NAME}-regexp", "--any-identity"))


def identities_from(args: Namespace, console: Console) -> Identities | None:
    """Who is believed; None where the command names nobody.

    Raises:
        UsageError: an expression or a claim is none.
    """
    from assaymark.attest.sigstore.identity import Identity, UnsafeAnyIdentity

    claims = _matched_claims(args)
    if args.any_identity:
        return UnsafeAnyIdentity(claims=claims)
    if not (args.certificate_identity or args.certificate_identity_regexp):
        return None
    wanted = Identity(name=_matcher(args, _NAME), issuer=_matcher(args, _ISSUER), claims=claims)
    _tell_warnings(wanted, console)
    return (wanted,)


def anybody_with_claims(args: Namespace) -> Identities:
    """For those who name nobody: whoever fits the claims, to be shown and not to be believed."""
    from assaymark.attest.sigstore.identity import UnsafeAnyIdentity

    return UnsafeAnyIdentity(claims=_matched_claims(args))


def _given(args: Namespace, flag: str) -> bool:
    return bool(getattr(args, flag.removeprefix("--").replace("-", "_")))


def _matcher(args: Namespace, flag: str) -> Matcher:
    from assaymark.attest.sigstore.identity import parse_exact, parse_expression

    dest = flag.removeprefix("--").replace("-", "_")
    exact = getattr(args, dest)
    if exact:
        return parse_exact(exact, what=f"`{flag}`")
    return parse_expression(getattr(args, f"{dest}_regexp"), what=f"`{flag}-regexp`")


def _claims(args: Namespace) -> list[tuple[str, str]]:
    workflow = [
        (f"github-workflow-{claim}", value)
        for claim in _WORKFLOW
        if (value := getattr(args, f"certificate_github_workflow_{claim}"))
    ]
    return [*workflow, *(_split(text) for text in args.certificate_claim or ())]


def _split(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise UsageError(f"`--certificate-claim {text[:200]}` is no claim", hint="write NAME=TEXT")
    return name, value


def _matched_claims(args: Namespace) -> tuple[tuple[str, Matcher], ...]:
    from assaymark.attest.sigstore.identity import check_claim_name, parse_exact

    claims = _claims(args)
    for name, _ in claims:
        check_claim_name(name)
    return tuple((name, parse_exact(value, what=f"the claim `{name}`")) for name, value in claims)


def _tell_warnings(identity: Identity, console: Console) -> None:
    from assaymark.attest.sigstore.identity import Expression

    for matcher in (identity.name, identity.issuer):
        if isinstance(matcher, Expression):
            for warning in matcher.warnings:
                console.warn(warning)
