"""YAML lockfiles and settings: plain values, built from the document's events within bounds.

Rules:

- Only plain values: a tag that would build anything else is an error. Numbers are text, tagged or not.
- Values are built from libyaml's events as they come, which is five times as fast as composing and constructing them
  (a lockfile of pnpm has a hundred thousand), and nothing recurses: nesting is bounded, aliases count with the size of
  what they stand for (the "billion laughs" document is 400 bytes and 3 GB), and an alias inside its own anchor is
  refused.
- Plain scalars stay text, apart from `null`, `true` and `false` (YAML 1.2 core schema): `1.10` is a version far more
  often than a number, and `2024-01-01` and `no` were never meant as a date and a Boolean.
- Equal keys of one mapping are an error, as in the peers and by the specification; `<<` merges.
- One document only, unless several are asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import Limits

if TYPE_CHECKING:
    from yaml import CSafeLoader, Event
    from yaml.nodes import Node

_PLAIN: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
_CORE: Final = "tag:yaml.org,2002:"
_TEXT_TAGS: Final = frozenset({"!"} | {_CORE + name for name in ("str", "int", "float", "timestamp")})
_PLAIN_TAGS: Final = frozenset({_CORE + "null", _CORE + "bool"})
_COLLECTION_TAGS: Final = frozenset({"!", _CORE + "map", _CORE + "seq"})
_NO_KEY: Final = object()
_MERGE: Final = object()


def decode_yaml(data: bytes, *, limits: Limits, what: str = "") -> Any:
    """The value of a YAML document; numbers and dates are text.

    Args:
        data: the whole document; the bound on its bytes is that of JSON.
        limits: the bounds; `yaml_nodes` with aliases expanded.
        what: how messages call the document.

    Raises:
        ArtifactError: it is no YAML, or holds tags of other languages.
        LimitError: it is too large, too deep, or too large when its aliases are expanded.
    """
    documents = decode_yaml_documents(data, limits=limits, what=what)
    value = next(documents, None)
    if next(documents, _NO_KEY) is not _NO_KEY:
        raise ArtifactError(f"{_called(what)} is not YAML: expected a single document")
    return value


def decode_yaml_documents(data: bytes, *, limits: Limits, what: str = "") -> Iterator[Any]:
    """The values of the documents in a stream, each read when it is asked for; the bounds are on all together.

    Arguments and errors are those of `decode_yaml`.
    """
    import yaml

    with _told(data, limits, what):
        builder = _Builder(_Budget(limits, _called(what)))
        for event in yaml.parse(data, Loader=_loader()):
            builder.take(event)
            if isinstance(event, yaml.DocumentEndEvent):
                yield builder.finished()


def locate_yaml(data: bytes, *, limits: Limits, what: str = "") -> Placed:
    """A YAML document as it is written: every value with its place, keys in order, and repeated ones, too.

    For files that people write, whose mistakes are told with line and column. Arguments and errors are those of
    `decode_yaml`; an empty document is an empty text.
    """
    import yaml

    with _told(data, limits, what):
        budget = _Budget(limits, _called(what))
        for event in yaml.parse(data, Loader=_loader()):
            budget.spend(event)
        root = yaml.compose(data, Loader=_loader())
        return _placed(root) if root is not None else Placed("", 1, 1)


class Placed(NamedTuple):
    """A value and where it stands, counted from 1.

    Attributes:
        value: text, None for null, a list of `Placed`, or for a mapping a tuple of pairs of `Placed`.
    """

    value: str | list[Placed] | tuple[tuple[Placed, Placed], ...] | None
    line: int
    column: int


def _placed(node: Node) -> Placed:
    import yaml

    value: Any
    if isinstance(node, yaml.MappingNode):
        value = tuple((_placed(key), _placed(item)) for key, item in node.value)
    elif isinstance(node, yaml.SequenceNode):
        value = [_placed(item) for item in node.value]
    else:
        value = None if node.tag == "tag:yaml.org,2002:null" else node.value
    return Placed(value, node.start_mark.line + 1, node.start_mark.column + 1)


@contextmanager
def _told(data: bytes, limits: Limits, what: str) -> Iterator[None]:
    """Say what is too long and what is no YAML."""
    import yaml

    if len(data) > limits.json_bytes:
        raise LimitError(f"{_called(what)} has {len(data)} bytes, more than the {limits.json_bytes} that are read")
    try:
        yield
    except (yaml.YAMLError, ValueError, TypeError) as exc:  # TypeError: an unhashable key
        raise ArtifactError(f"{_called(what)} is not YAML: {' '.join(str(exc).split())[:300]}") from exc


def _called(what: str) -> str:
    return f"`{what}`" if what else "the document"


class _Open:
    """A collection whose end has not come."""

    __slots__ = ("anchor", "key", "merged", "value")

    def __init__(self, value: list[Any] | dict[Any, Any], anchor: str | None) -> None:
        self.value = value
        self.anchor = anchor
        self.key: Any = _NO_KEY
        self.merged: list[Any] = []


class _Builder:
    """Plain values from events."""

    def __init__(self, budget: _Budget) -> None:
        import yaml

        self._budget = budget
        self._open: list[_Open] = []
        self._anchored: dict[str, Any] = {}
        self._root: Any = None
        self._scalar, self._alias = yaml.ScalarEvent, yaml.AliasEvent
        self._mapping, self._sequence, self._end = (
            yaml.MappingStartEvent,
            yaml.SequenceStartEvent,
            yaml.CollectionEndEvent,
        )

    def finished(self) -> Any:
        """The document that has ended; anchors end with it."""
        self._anchored.clear()
        root, self._root = self._root, None
        return root

    def take(self, event: Event) -> None:
        """One more event.

        Raises:
            ArtifactError, LimitError: of the budget.
            ValueError, TypeError: it does not belong into a document of plain values.
        """
        self._budget.spend(event)
        if isinstance(event, self._scalar):
            value = _scalar(event)
            if event.anchor:
                self._anchored[event.anchor] = value
            if value == "<<" and event.implicit[0]:
                value = self._merge_key()
            self._place(value)
        elif isinstance(event, self._alias):
            if event.anchor not in self._anchored:
                raise ValueError(f"found undefined alias `{str(event.anchor)[:100]}`")
            self._place(self._anchored[event.anchor])
        elif isinstance(event, (self._mapping, self._sequence)):
            if event.tag is not None and event.tag not in _COLLECTION_TAGS:
                raise ValueError(f"could not determine a constructor for the tag `{event.tag[:100]}`")
            self._open.append(_Open({} if isinstance(event, self._mapping) else [], event.anchor))
        elif isinstance(event, self._end):
            self._close(self._open.pop())

    def _merge_key(self) -> Any:
        """What `<<` means: a merge where a key is expected, else these two characters."""
        top = self._open[-1] if self._open else None
        return _MERGE if top is not None and isinstance(top.value, dict) and top.key is _NO_KEY else "<<"

    def _place(self, value: Any) -> None:
        if not self._open:
            self._root = value
            return
        top = self._open[-1]
        if isinstance(top.value, list):
            top.value.append(value)
        elif top.key is _NO_KEY:
            hash(value)
            top.key = value
        else:
            key, top.key = top.key, _NO_KEY
            if key is _MERGE:
                top.merged.append(value)
            elif key in top.value:
                raise ValueError(f"key `{str(key)[:100]}` appears twice in one mapping")
            else:
                top.value[key] = value

    def _close(self, ended: _Open) -> None:
        for merged in ended.merged:
            _merge(ended.value, merged)
        if ended.anchor:
            self._anchored[ended.anchor] = ended.value
        self._place(ended.value)


def _scalar(event: Any) -> str | bool | None:
    value: str = event.value
    tag = event.tag
    if tag is None:
        return _PLAIN.get(value, value) if event.implicit[0] else value
    if tag in _TEXT_TAGS:
        return value
    if tag in _PLAIN_TAGS and value in _PLAIN:
        return _PLAIN[value]
    raise ValueError(f"could not determine a constructor for the tag `{tag[:100]}`")


def _merge(target: Any, merged: Any) -> None:
    """The members of `merged`, one mapping or several, where `target` has none of its own; the first one counts."""
    for source in merged if isinstance(merged, list) else [merged]:
        if not isinstance(source, dict):
            raise TypeError("expected a mapping or a list of mappings for merging")
        for key, value in source.items():
            target.setdefault(key, value)


class _Budget:
    """Nesting and expanded size, event by event."""

    def __init__(self, limits: Limits, name: str) -> None:
        import yaml

        self._limits = limits
        self._name = name
        self._nodes = 0
        self._open: list[tuple[str | None, int]] = []  # anchor and count at the start of each open collection
        self._sizes: dict[str, int | None] = {}  # None while the anchored collection is open
        self._scalar, self._alias = yaml.ScalarEvent, yaml.AliasEvent
        self._start_of, self._end_of = yaml.CollectionStartEvent, yaml.CollectionEndEvent

    def spend(self, event: Event) -> None:
        """Account for one more event.

        Raises:
            ArtifactError: an alias stands inside its own anchor.
            LimitError: it is too deep, or there are too many.
        """
        if isinstance(event, self._scalar):
            self._add(1)
            if event.anchor:
                self._sizes[event.anchor] = 1
        elif isinstance(event, self._alias):
            self._add(self._alias_size(event.anchor))
        elif isinstance(event, self._start_of):
            self._start(event.anchor)
        elif isinstance(event, self._end_of):
            anchor, before = self._open.pop()
            if anchor:
                self._sizes[anchor] = self._nodes - before

    def _start(self, anchor: str | None) -> None:
        if len(self._open) >= self._limits.json_depth:
            raise LimitError(f"{self._name} is nested deeper than {self._limits.json_depth} levels")
        self._open.append((anchor, self._nodes))
        if anchor:
            self._sizes[anchor] = None
        self._add(1)

    def _alias_size(self, anchor: str | None) -> int:
        size = self._sizes.get(anchor or "", 1)  # an unknown anchor is the composer's error
        if size is None:
            raise ArtifactError(f"{self._name} has an alias `{str(anchor)[:100]}` inside its own anchor")
        return size

    def _add(self, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > self._limits.yaml_nodes:
            raise LimitError(
                f"{self._name} has more than {self._limits.yaml_nodes} nodes when its aliases are expanded"
            )


@cache
def _loader() -> type[CSafeLoader]:
    """The safe loader; null, Booleans and merge keys are its only plain scalars that are not text."""
    import yaml

    class Loader(yaml.CSafeLoader):
        yaml_implicit_resolvers = {}  # noqa: RUF012  # as PyYAML declares it

    Loader.add_implicit_resolver(
        "tag:yaml.org,2002:bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), list("tTfF")
    )
    Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"(?:~|null|Null|NULL|)\Z"), ["~", "n", "N", ""])
    Loader.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"<<\Z"), ["<"])
    return Loader
