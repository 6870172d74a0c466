"""`verify` of a configuration file: who may have signed, where the command names nobody.

    verify:
      keys: [cosign.pub]                  # references as `--key` takes them; paths from the file's folder
      identities:
        - identity: alice@example.com     # or identity-regexp
          issuer: https://accounts.google.com   # or issuer-regexp
          claims: {github-workflow-ref: refs/heads/main}

Any key and any identity will do. A list without items, and a `verify` without lists, names nobody and is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from assaymark.cli.trusted_signers import Said, Signer, TrustedSigners
from assaymark.safeio.written import Misplaced, items_of, members_of, pairs_of, text_of
from assaymark.safeio.yaml import Placed

VERIFY: Final = "verify"
_LISTS: Final = ("identities", "keys")
_MEMBERS: Final = ("identity", "identity-regexp", "issuer", "issuer-regexp", "claims")


def signers_of(node: Placed, name: str) -> TrustedSigners:
    """Those whom the section `node` of the file `name` names.

    Raises:
        Misplaced: it names nobody, or says something else.
    """
    lists = members_of(node, _LISTS, where=VERIFY)
    signers = TrustedSigners(
        keys=tuple(_key(item, name) for item in _filled(lists.get("keys"), "keys")),
        identities=tuple(_signer(item, name) for item in _filled(lists.get("identities"), "identities")),
        source=name,
    )
    if not signers:
        raise Misplaced(f"`{VERIFY}` names nobody", node, hint="name keys or identities, or leave it out")
    return signers


def _filled(node: Placed | None, name: str) -> list[Placed]:
    if node is None:
        return []
    items = items_of(node) if node.value is not None else []
    if not items:
        raise Misplaced(f"`{VERIFY}.{name}` names nobody", node, hint="name somebody, or leave it out")
    return items


def _key(node: Placed, name: str) -> str:
    text = _said(node, name, "a key").text
    is_path = "://" not in text and not text.startswith("pkcs11:")
    return str(Path(name).parent / text) if is_path else text


def _signer(node: Placed, name: str) -> Signer:
    members = members_of(node, _MEMBERS, where=f"{VERIFY}.identities")
    claims = members.get("claims")
    return Signer(
        _one_of(node, members, "identity", name),
        _one_of(node, members, "issuer", name),
        tuple(_claims(claims, name)) if claims is not None else (),
    )


def _one_of(node: Placed, members: dict[str, Placed], kind: str, name: str) -> Said:
    given = [each for each in (kind, f"{kind}-regexp") if each in members]
    if len(given) != 1:
        raise Misplaced(f"an identity has one `{kind}` or one `{kind}-regexp`", node)
    return _said(members[given[0]], name, f"`{given[0]}`", expression=given[0] != kind)


def _claims(node: Placed, name: str) -> Iterator[tuple[str, Said]]:
    for key, value in pairs_of(node):
        claim = text_of(key)
        yield claim, _said(value, name, f"the claim `{claim[:100]}`")


def _said(node: Placed, name: str, what: str, *, expression: bool = False) -> Said:
    text = text_of(node)
    if not text:
        raise Misplaced(f"{what} is empty", node)
    return Said(text, f"{what} in `{name}`, line {node.line},", expression)
