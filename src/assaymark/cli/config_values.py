"""Values of a configuration file, each asked for by its kind; what is of another kind is told with its place."""

from __future__ import annotations

from assaymark.safeio.yaml import Placed


class Misplaced(Exception):  # noqa: N818 - no error of its own: it becomes a `UsageError` with the file's name
    """Something of a configuration file that cannot be.

    Attributes:
        place: the key or the value.
        hint: what to write instead.
    """

    def __init__(self, message: str, place: Placed, *, hint: str = "") -> None:
        super().__init__(message)
        self.place = place
        self.hint = hint


def pairs_of(node: Placed) -> tuple[tuple[Placed, Placed], ...]:
    """A mapping's keys and values; keys are texts, each once, whatever their letter case.

    Raises:
        Misplaced: it is no such mapping.
    """
    if not isinstance(node.value, tuple):
        raise Misplaced("expected `key: value` pairs", node)
    seen = set()
    for key, _ in node.value:
        name = text_of(key).lower()
        if name in seen:
            raise Misplaced(f"the key `{name[:100]}` is there twice", key)
        seen.add(name)
    return node.value


def items_of(node: Placed) -> list[Placed]:
    """A list's items.

    Raises:
        Misplaced: it is no list.
    """
    if not isinstance(node.value, list):
        raise Misplaced("expected a list", node, hint="write `- ` before each item")
    return node.value


def text_of(node: Placed) -> str:
    """A plain value; null is empty.

    Raises:
        Misplaced: it is a list or a mapping.
    """
    if node.value is None:
        return ""
    if not isinstance(node.value, str):
        raise Misplaced("expected a plain value", node)
    return node.value
