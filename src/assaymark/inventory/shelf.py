"""What is left of the layers' findings when each layer hides and replaces what is below it.

A tree of folders: a node holds findings by kind, and children by name. Removing a path removes its node with everything
below. A finding of the same kind at the same path replaces the former one, whatever its content.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from assaymark.model.inventory import Application


class Placed(Protocol):
    """Whatever was found at a path."""

    @property
    def path(self) -> str:
        """From the root, without a leading slash."""
        ...


Kind = TypeVar("Kind", bound=Placed)


@dataclass(slots=True)
class _Node:
    children: dict[str, _Node] = field(default_factory=dict)
    found: dict[str, Placed] = field(default_factory=dict)


class Shelf:
    """Findings at paths."""

    def __init__(self) -> None:
        self._root = _Node()

    def hide(self, opaque: Iterable[str], whiteouts: Iterable[str]) -> None:
        """Take away everything at or below these paths; the empty string is the root."""
        for path in (*opaque, *whiteouts):
            self._remove(path.strip("/"))

    def put(self, item: Placed) -> None:
        """Place a finding at its path."""
        node = self._root
        for part in item.path.split("/"):
            child = node.children.get(part)
            if child is None:
                child = node.children[part] = _Node()
            node = child
        kind = f"application {item.type}" if isinstance(item, Application) else type(item).__name__
        node.found[kind] = item

    def kept(self, kind: type[Kind]) -> Iterator[Kind]:
        """The findings of one kind, in byte order of their paths' parts."""
        pending = [self._root]
        while pending:
            node = pending.pop()
            if node.found:  # most folders hold nothing, and a sort of nothing costs as much as a step down
                for _, item in sorted(node.found.items()):
                    if isinstance(item, kind):
                        yield item
            children = node.children
            pending.extend(children[name] for name in sorted(children, reverse=True))

    def _remove(self, path: str) -> None:
        if not path:
            self._root = _Node()
            return
        *parents, last = path.split("/")
        node = self._root
        for part in parents:
            child = node.children.get(part)
            if child is None:
                return
            node = child
        node.children.pop(last, None)
