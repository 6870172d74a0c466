"""Who must have signed, as flags or the configuration file say it: keys and identities, any of which will do.

Flags win over the file as a whole: a command that names a signer is not to pass because of another one in the file. A
list that names nobody is an error wherever it stands, because it reads as a check and would be none.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from assaymark.attest.keys.public import PublicKey
    from assaymark.attest.sigstore.identity import Identity, Matcher
    from assaymark.cli.connections import Connections
    from assaymark.cli.console import Console


class Said(NamedTuple):
    """A text that a name, an issuer or a claim is compared with.

    Attributes:
        text: to the letter, or a regular expression.
        where: who said it, for messages: `` `--certificate-identity` ``.
        expression: whether it is a regular expression.
    """

    text: str
    where: str
    expression: bool = False


class Signer(NamedTuple):
    """One identity with the issuer that vouches for it; `claims` are what else its certificate must say."""

    name: Said
    issuer: Said
    claims: tuple[tuple[str, Said], ...] = ()


class TrustedSigners(NamedTuple):
    """Any of these may have signed.

    Attributes:
        keys: references of public keys.
        identities: with whom to compare certificates.
        source: the configuration file that names them; empty for flags.
    """

    keys: tuple[str, ...] = ()
    identities: tuple[Signer, ...] = ()
    source: str = ""

    def __bool__(self) -> bool:
        """Whether anybody is named."""
        return bool(self.keys or self.identities)


def load_keys(signers: TrustedSigners, console: Console, connections: Connections) -> dict[str, PublicKey]:
    """The public keys by their references, as written.

    Raises:
        Error: one cannot be had.
    """
    if not signers.keys:
        return {}
    from assaymark.attest.keys.reference import load_public_key
    from assaymark.cli.keys import key_context

    context = key_context(console, connections.network)
    return {reference: load_public_key(reference, context) for reference in signers.keys}


def identities_of(signers: Iterable[Signer], console: Console) -> tuple[Identity, ...]:
    """What certificates are compared with.

    Raises:
        UsageError: an expression or a claim is none.
    """
    return tuple(_identity(signer, console) for signer in signers)


def matched_claims(claims: Iterable[tuple[str, Said]]) -> tuple[tuple[str, Matcher], ...]:
    """Claims as certificates are asked for them.

    Raises:
        UsageError: certificates have no such claim.
    """
    from assaymark.attest.sigstore.identity import check_claim_name

    matched = []
    for name, said in claims:
        check_claim_name(name)
        matched.append((name, _matcher(said)))
    return tuple(matched)


def _identity(signer: Signer, console: Console) -> Identity:
    from assaymark.attest.sigstore.identity import Expression, Identity

    wanted = Identity(name=_matcher(signer.name), issuer=_matcher(signer.issuer), claims=matched_claims(signer.claims))
    for matcher in (wanted.name, wanted.issuer):
        for warning in matcher.warnings if isinstance(matcher, Expression) else ():
            console.warn(warning)
    return wanted


def _matcher(said: Said) -> Matcher:
    from assaymark.attest.sigstore.identity import parse_exact, parse_expression

    parse = parse_expression if said.expression else parse_exact
    return parse(said.text, what=said.where)
