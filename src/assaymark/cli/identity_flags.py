"""Who must have signed, as flags say it: keys, identities with their issuers, or anybody.

Rules (cosign's, where it has the flag; it takes one signer):

- `--key` and the identity flags may come several times, also together: any of those that are named may have signed;
- an identity comes with its issuer. One of each belong together in any order; of several, each identity stands next to
  its issuer, and all pairs in the same order. Anything else is refused: a guess would trust a pair that nobody wrote;
- claims are asked of every identity that flags name;
- expressions are for the whole text, unlike cosign's (`assaymark.attest.sigstore.identity`);
- who names nobody, here or in the configuration file, gets no proof but the signers' names, unless `--any-identity`
  says that anybody will do. `COSIGN_EXPERIMENTAL`, which once let anybody pass, changes nothing.
"""

from __future__ import annotations

from argparse import Action, ArgumentParser, Namespace, _ActionsContainer
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from assaymark.cli.flags import Filled, add_switch
from assaymark.cli.keys import show_key_forms
from assaymark.cli.trusted_signers import Said, Signer, TrustedSigners, identities_of, matched_claims
from assaymark.errors import UsageError

if TYPE_CHECKING:
    from assaymark.attest.sigstore.identity import Identities
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
_PAIRING: Final = f"write `{_NAME} A {_ISSUER} X {_NAME} B {_ISSUER} Y`"


class _InTurn(Action):
    """A flag that may come again; `typed_identities` keeps the order among its companions."""

    def __call__(self, parser: ArgumentParser, namespace: Namespace, values: Any, option: str | None = None) -> None:
        """Add one value; the first replaces the default."""
        del parser
        if not values:
            raise UsageError(f"`{option}` is empty", hint="name somebody, or leave it out")
        given = (*getattr(namespace, f"_{self.dest}_given", ()), values)
        setattr(namespace, f"_{self.dest}_given", given)
        setattr(namespace, self.dest, given)
        namespace.typed_identities = (*getattr(namespace, "typed_identities", ()), (self.dest, values))


def add_public_key_flag(parser: _ActionsContainer) -> None:
    """`--key`, which may come several times."""
    action = parser.add_argument(
        "--key",
        action=_InTurn,
        default=(),
        metavar="KEY",
        help="public key: %(forms)s; of several, any may have signed",
    )
    show_key_forms(action)


def add_identity_flags(parser: _ActionsContainer) -> None:
    """Add them under their own heading."""
    group = parser.add_argument_group("Identity flags")
    about = "who must have signed: an e-mail address, a URI or a Fulcio user name; of several pairs, any"
    _add_in_turn(group, _NAME, "NAME", about)
    _add_in_turn(group, f"{_NAME}-regexp", "RE2", "the same as an expression, which matches all of the name")
    _add_in_turn(group, _ISSUER, "URL", "who must have vouched for the signer's identity")
    _add_in_turn(group, f"{_ISSUER}-regexp", "RE2", "the same as an expression, which matches all of the URL")
    for claim, about in _WORKFLOW.items():
        group.add_argument(
            f"--certificate-github-workflow-{claim}",
            action=Filled,
            default="",
            metavar="TEXT",
            help=f"of a GitHub workflow: {about}",
        )
    group.add_argument(
        "--certificate-claim",
        action="append",
        default=None,
        metavar="NAME=TEXT",
        help="any other claim of the certificate, such as source-repository-uri=https://…; several add up",
    )
    add_switch(group, "--any-identity", about="believe anybody to whom a trusted authority gave a certificate")


def _add_in_turn(group: _ActionsContainer, name: str, metavar: str, about: str) -> None:
    group.add_argument(name, action=_InTurn, default=(), metavar=metavar, help=about)


def check_identity_flags(args: Namespace) -> None:
    """Refuse flags that contradict each other, before anything is asked of anybody.

    Raises:
        UsageError: half an identity, identities that cannot be told apart, claims of a key, somebody beside anybody.
    """
    named = [flag for flag in ("--key", _NAME, f"{_NAME}-regexp") if _values(args, flag)]
    if named and args.any_identity:
        raise UsageError(f"`{named[0]}` and `--any-identity` exclude each other", hint="name signers, or do not")
    signers = _pairs(args)
    if _values(args, "--key") and not signers and _claims(args):
        raise UsageError("a key has no identity: nothing is known of its claims", hint="leave `--certificate-…` out")


def names_signer(args: Namespace) -> bool:
    """Whether the flags or the configuration file say who must have signed, were it anybody."""
    return bool(args.any_identity or trusted_signers(args))


def trusted_signers(args: Namespace) -> TrustedSigners:
    """Those whom the flags name, else those of the configuration file, else nobody.

    Raises:
        UsageError: half an identity, or identities that cannot be told apart.
    """
    claims = _claims(args)
    named = TrustedSigners(
        keys=_values(args, "--key"),
        identities=tuple(Signer(name, issuer, claims) for name, issuer in _pairs(args)),
    )
    configured: TrustedSigners | None = getattr(args, "configured_signers", None)
    if named or args.any_identity or configured is None:
        return named
    if claims:
        raise UsageError(
            "`--certificate-…` asks for a claim, and nobody is named whose it is",
            hint=f"name somebody with `{_NAME}`, or write the claim into `{configured.source}`",
        )
    return configured


def identities_from(args: Namespace, console: Console) -> Identities | None:
    """Whose certificates are believed; None where nobody was named who has one.

    Raises:
        UsageError: an expression or a claim is none.
    """
    if args.any_identity:
        return anybody_with_claims(args)
    return identities_of(trusted_signers(args).identities, console) or None


def anybody_with_claims(args: Namespace) -> Identities:
    """Whoever fits the claims: to be believed where the flags say so, else to be shown."""
    from assaymark.attest.sigstore.identity import UnsafeAnyIdentity

    return UnsafeAnyIdentity(claims=matched_claims(_claims(args)))


def _values(args: Namespace, flag: str) -> tuple[str, ...]:
    given = getattr(args, _dest(flag), ())
    return (given,) if isinstance(given, str) and given else tuple(given)


def _dest(flag: str) -> str:
    return flag.removeprefix("--").replace("-", "_")


def _pairs(args: Namespace) -> list[tuple[Said, Said]]:
    """Every identity with its issuer."""
    names = [said for flag in (_NAME, f"{_NAME}-regexp") for said in _said(args, flag)]
    issuers = [said for flag in (_ISSUER, f"{_ISSUER}-regexp") for said in _said(args, flag)]
    if names and not issuers:
        raise UsageError(f"{names[0].where} needs `{_ISSUER}`", hint="a name means something only with its issuer")
    if issuers and not names:
        raise UsageError(f"{issuers[0].where} needs `{_NAME}`", hint="an issuer vouches for many people: name one")
    if len(names) == len(issuers) <= 1:
        return list(zip(names, issuers, strict=True))
    return _neighbours(_in_order(args, len(names) + len(issuers)))


def _said(args: Namespace, flag: str) -> list[Said]:
    return [Said(text, f"`{flag}`", flag.endswith("-regexp")) for text in _values(args, flag)]


def _in_order(args: Namespace, count: int) -> list[Said]:
    """Names and issuers as they were typed; what a variable holds has no place among them."""
    flags = {_dest(flag): flag for flag in (_NAME, f"{_NAME}-regexp", _ISSUER, f"{_ISSUER}-regexp")}
    typed = [(flags[dest], text) for dest, text in getattr(args, "typed_identities", ()) if dest in flags]
    if len(typed) != count:
        raise UsageError("several identities and issuers must all be flags, not variables", hint=_PAIRING)
    return [Said(text, f"`{flag}`", flag.endswith("-regexp")) for flag, text in typed]


def _neighbours(order: list[Said]) -> list[tuple[Said, Said]]:
    """Pairs of neighbours; in each the same kind comes first."""
    kinds = [said.where.startswith(f"`{_ISSUER}") for said in order]
    if len(order) % 2 or any(one == other for one, other in pairwise(kinds)):
        raise UsageError("it is not clear which issuer belongs to which identity", hint=_PAIRING)
    both = list(zip(order[::2], order[1::2], strict=True))
    return [(issuer, name) for name, issuer in both] if kinds[0] else both


def _claims(args: Namespace) -> tuple[tuple[str, Said], ...]:
    workflow = [
        (f"github-workflow-{claim}", value)
        for claim in _WORKFLOW
        if (value := getattr(args, f"certificate_github_workflow_{claim}"))
    ]
    written = [*workflow, *(_split(text) for text in args.certificate_claim or ())]
    return tuple((name, Said(value, f"the claim `{name}`")) for name, value in written)


def _split(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise UsageError(f"`--certificate-claim {text[:200]}` is no claim", hint="write NAME=TEXT")
    return name, value
