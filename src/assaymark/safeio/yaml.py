"""YAML lockfiles and settings: the safe loader, after a look at the document's events.

Rules:

- Only plain values: no tags that build objects (`CSafeLoader`).
- The events are read first, without building anything: nesting is bounded before libyaml's composer recurses, aliases
  count with the size of what they stand for (the "billion laughs" document is 400 bytes and 3 GB), and an alias inside
  its own anchor is refused.
- Plain scalars stay text, apart from `null`, `true` and `false` (YAML 1.2 core schema): `1.10` is a version far more
  often than a number, and `2024-01-01` and `no` were never meant as a date and a Boolean.
- One document only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import Limits

if TYPE_CHECKING:
    from yaml import CSafeLoader, Event
    from yaml.nodes import Node


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
    import yaml

    with _checked(data, limits, what):
        return yaml.load(data, Loader=_loader())  # noqa: S506  # a subclass of the safe loader


def locate_yaml(data: bytes, *, limits: Limits, what: str = "") -> Placed:
    """A YAML document as it is written: every value with its place, keys in order, and repeated ones, too.

    For files that people write, whose mistakes are told with line and column. Arguments and errors are those of
    `decode_yaml`; an empty document is an empty text.
    """
    import yaml

    with _checked(data, limits, what):
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
def _checked(data: bytes, limits: Limits, what: str) -> Iterator[None]:
    """Look at the events before anything is built, and say what is no YAML."""
    import yaml

    name = f"`{what}`" if what else "the document"
    if len(data) > limits.json_bytes:
        raise LimitError(f"{name} has {len(data)} bytes, more than the {limits.json_bytes} that are read")
    try:
        budget = _Budget(limits, name)
        for event in yaml.parse(data, Loader=_loader()):
            budget.spend(event)
        yield
    except (yaml.YAMLError, ValueError, TypeError) as exc:  # TypeError: an unhashable key
        raise ArtifactError(f"{name} is not YAML: {' '.join(str(exc).split())[:300]}") from exc


class _Budget:
    """Nesting and expanded size, event by event."""

    def __init__(self, limits: Limits, name: str) -> None:
        self._limits = limits
        self._name = name
        self._nodes = 0
        self._open: list[tuple[str | None, int]] = []  # anchor and count at the start of each open collection
        self._sizes: dict[str, int | None] = {}  # None while the anchored collection is open

    def spend(self, event: Event) -> None:
        import yaml

        if isinstance(event, yaml.AliasEvent):
            self._add(self._alias_size(event.anchor))
        elif isinstance(event, yaml.ScalarEvent):
            self._add(1)
            if event.anchor:
                self._sizes[event.anchor] = 1
        elif isinstance(event, yaml.CollectionStartEvent):
            self._start(event.anchor)
        elif isinstance(event, yaml.CollectionEndEvent):
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
