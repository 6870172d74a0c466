"""XML as package managers write it: elements, attributes and text, without a document type.

Reads XML 1.0 (w3.org/TR/xml) with expat, in the encodings that it or Python's single-byte codecs know. Rules:

1. A document type declaration is refused, whatever it holds: it is where entities are declared that expand to gigabytes
   ("billion laughs"), or to files of the host (XXE). The five predefined entities are all there are.
2. Names match without their namespace's prefix, declared or not: `nuspec:id` is `id`.
3. What follows the end of the outermost element is not looked at; programs leave rubbish there.
4. Bytes, nesting, and elements and attributes together are bounded; text cannot be longer than the document.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import Limits

if TYPE_CHECKING:
    from pyexpat import XMLParserType

_CHUNK: Final = 256 * 1024


@dataclass(slots=True)
class Element:
    """An element.

    Attributes:
        text: what stands directly in it, the text of its children left out.
        line, end_line: where its tags begin, counted from 1.
    """

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element] = field(default_factory=list)
    text: str = ""
    line: int = field(default=0, compare=False)
    end_line: int = field(default=0, compare=False)

    def all(self, *names: str) -> Iterator[Element]:
        """The elements that the names lead to, in their order: `all("a", "b")` is every `b` of every `a`."""
        first, *rest = names
        for child in self.children:
            if child.name == first:
                if rest:
                    yield from child.all(*rest)
                else:
                    yield child

    def find(self, *names: str) -> Element | None:
        """The last such element: of several the last one counts, as for Go's decoder."""
        found = None
        for found in self.all(*names):  # noqa: B007 -- the last one is wanted
            pass
        return found

    def value(self, *names: str) -> str:
        """The text of the last such element, as it is written; empty where there is none."""
        found = self.find(*names)
        return found.text if found else ""


def parse_xml(data: bytes, *, limits: Limits, what: str = "") -> Element:
    """The outermost element of the document `data`.

    Raises:
        ArtifactError: it is no XML, or has a document type declaration.
        LimitError: it is too large, too deep, or has too many elements.
    """
    name = f"`{what}`" if what else "the document"
    if len(data) > limits.xml_bytes:
        raise LimitError(f"{name} has {len(data)} bytes, more than the {limits.xml_bytes} that are read")
    return _Builder(limits, name).build(data)


class _Builder:
    """Expat's handlers."""

    def __init__(self, limits: Limits, name: str) -> None:
        self._limits = limits
        self._name = name
        self._nodes = 0
        self._root: Element | None = None
        self._open: list[Element] = []
        self._texts: list[list[str]] = []
        self._parser: XMLParserType

    def build(self, data: bytes) -> Element:
        from pyexpat import ExpatError, ParserCreate

        parser = self._parser = ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        try:
            for position in range(0, len(data), _CHUNK):
                parser.Parse(data[position : position + _CHUNK], False)  # noqa: FBT003 -- takes no keywords
            parser.Parse(b"", True)  # noqa: FBT003
        except (ExpatError, LookupError, ValueError) as exc:  # LookupError: an encoding that nobody knows
            if self._root is None or self._open:
                raise ArtifactError(f"{self._name} is not XML: {exc}") from exc
        if self._root is None or self._open:  # pragma: no cover -- expat has told
            raise ArtifactError(f"{self._name} is not XML")
        return self._root

    def _doctype(self, *_declaration: object) -> None:
        if self._root is None:
            raise ArtifactError(f"{self._name} has a document type declaration, which is not read")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._nodes += 1 + len(attributes)
        if self._nodes > self._limits.xml_nodes:
            raise LimitError(f"{self._name} has more than {self._limits.xml_nodes} elements and attributes")
        if len(self._open) >= self._limits.xml_depth:
            raise LimitError(f"{self._name} is nested deeper than {self._limits.xml_depth} levels")
        element = Element(_local(name), {_local(key): value for key, value in attributes.items()})
        element.line = self._parser.CurrentLineNumber
        if self._open:
            self._open[-1].children.append(element)
        elif self._root is None:
            self._root = element
        self._open.append(element)
        self._texts.append([])

    def _end(self, _name: str) -> None:
        element = self._open.pop()
        element.text = "".join(self._texts.pop())
        element.end_line = self._parser.CurrentLineNumber

    def _text(self, text: str) -> None:
        if self._texts:
            self._texts[-1].append(text)


def _local(name: str) -> str:
    return name.rpartition(":")[2]
