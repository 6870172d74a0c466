"""CSAF 2.0 (OASIS, https://docs.oasis-open.org/csaf/csaf/v2.0), profile VEX.

1. Of several entries of one CVE the document's first counts. Entries without a CVE name nothing that is found.
2. `known_not_affected` and `fixed` list products by their identifiers; the former counts where both do.
3. A product is its package URLs in the product tree: in `full_product_names`, in branches at any depth, and in
   relationships. By a relationship `default_component_of`, `installed_on` or `installed_with` it is also the part
   `product_reference` in the product `relates_to_product_reference`.
4. What a modified finding says are the details of the first threat of category `impact`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from assaymark.errors import LimitError
from assaymark.limits import Limits
from assaymark.matching.vex.component import Naming, named
from assaymark.matching.vex.document import NO_TIME, Product, Statement
from assaymark.matching.vex.format import Header, VexFormat
from assaymark.safeio.json import decode_go_as

_RELATIONS: Final = frozenset({"default_component_of", "installed_on", "installed_with"})


class _Helper(msgspec.Struct, frozen=True, kw_only=True):
    purl: str = ""


class _Name(msgspec.Struct, frozen=True, kw_only=True):
    product_id: str = ""
    helper: _Helper | None = msgspec.field(name="product_identification_helper", default=None)


class _Branch(msgspec.Struct, frozen=True, kw_only=True):
    branches: tuple[_Branch, ...] | None = None
    product: _Name | None = None


class _Relationship(msgspec.Struct, frozen=True, kw_only=True):
    category: str = ""
    full_product_name: _Name | None = None
    product_reference: str = ""
    relates_to_product_reference: str = ""


class _Tree(msgspec.Struct, frozen=True, kw_only=True):
    branches: tuple[_Branch, ...] | None = None
    full_product_names: tuple[_Name, ...] | None = None
    relationships: tuple[_Relationship, ...] | None = None


class _Threat(msgspec.Struct, frozen=True, kw_only=True):
    category: str = ""
    details: str = ""


class _Status(msgspec.Struct, frozen=True, kw_only=True):
    known_not_affected: tuple[str, ...] | None = None
    fixed: tuple[str, ...] | None = None
    known_affected: tuple[str, ...] | None = None
    under_investigation: tuple[str, ...] | None = None


class _Vulnerability(msgspec.Struct, frozen=True, kw_only=True):
    cve: str = ""
    product_status: _Status | None = None
    threats: tuple[_Threat, ...] | None = None


class _Document(msgspec.Struct, frozen=True, kw_only=True):
    product_tree: _Tree | None = None
    vulnerabilities: tuple[_Vulnerability, ...] = ()


_DOCUMENT: Final = msgspec.json.Decoder(_Document)


class _Products:
    """The products of a document by their identifiers, rule 3."""

    def __init__(self, tree: _Tree, most: int) -> None:
        self._left = self._most = most
        self._purls: dict[str, list[str]] = {}
        self._relations: dict[str, list[_Relationship]] = {}
        for name in _names(tree):
            if name.helper is not None and name.helper.purl:
                self._purls.setdefault(name.product_id, []).append(name.helper.purl)
        for relationship in tree.relationships or ():
            if relationship.category in _RELATIONS and relationship.full_product_name is not None:
                self._relations.setdefault(relationship.full_product_name.product_id, []).append(relationship)

    def of(self, identifiers: Iterable[str]) -> Iterator[Product]:
        """The products that `identifiers` stand for.

        Raises:
            LimitError: they are too many.
        """
        for identifier in identifiers:
            self._count(1)
            if identifier in self._purls:
                yield Product(naming=self._naming(identifier))
            for relationship in self._relations.get(identifier, ()):
                self._count(1)
                yield Product(
                    naming=self._naming(relationship.relates_to_product_reference),
                    parts=(self._naming(relationship.product_reference),),
                    needs_part=True,
                )

    def _naming(self, identifier: str) -> Naming:
        purls = self._purls.get(identifier, ())
        self._count(len(purls))
        # only as patterns: what is spelled alike is equal by them, too
        return msgspec.structs.replace(named(*purls), texts=())

    def _count(self, number: int) -> None:
        self._left -= number
        if self._left < 0:
            raise LimitError(f"the VEX document's statements name more than {self._most} products")


def _names(tree: _Tree) -> Iterator[_Name]:
    yield from tree.full_product_names or ()
    waiting = [iter(tree.branches or ())]
    while waiting:
        branch = next(waiting[-1], None)
        if branch is None:
            waiting.pop()
            continue
        if branch.product is not None:
            yield branch.product
        waiting.append(iter(branch.branches or ()))
    for relationship in tree.relationships or ():
        if relationship.full_product_name is not None:
            yield relationship.full_product_name


def _read(data: bytes, what: str, limits: Limits) -> tuple[Statement, ...]:
    document = decode_go_as(data, _DOCUMENT, limits=limits, what=what)
    products = _Products(document.product_tree or _Tree(), limits.vex_products)
    statements: list[Statement] = []
    seen: set[str] = set()
    for said in document.vulnerabilities:
        statements.extend(_statements(said, products, again=said.cve in seen))
        seen.add(said.cve)
    return tuple(statements)


def _statements(said: _Vulnerability, products: _Products, *, again: bool) -> Iterator[Statement]:
    """Rules 1 and 2: what is known to be affected does not overrule."""
    status = said.product_status or _Status()
    listed = (
        ("not_affected", status.known_not_affected),
        ("fixed", status.fixed),
        ("affected", status.known_affected),
        ("under_investigation", status.under_investigation),
    )
    inert = f"an earlier entry of the document counts for `{said.cve}`" if again else ""
    for place, (name, identifiers) in enumerate(listed):
        if identifiers is not None:
            yield Statement(
                vulnerability=said.cve,
                names=frozenset({said.cve} - {""}),
                status=name,
                text=_impact(said),
                products=() if inert else tuple(products.of(identifiers)),
                order=("", NO_TIME, -place),
                inert=inert if said.cve else "it names no CVE",
            )


def _impact(said: _Vulnerability) -> str:
    """Rule 4."""
    return next((threat.details for threat in said.threats or () if threat.category == "impact"), "")


def _claims(header: Header) -> bool:
    return header.bom_format != "CycloneDX" and not header.context and bytes(header.vulnerabilities) != b"null"


FORMAT: Final = VexFormat(name="csaf", title="CSAF", claims=_claims, read=_read)
