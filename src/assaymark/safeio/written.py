"""Values of files that people write (settings, policies), asked for by their kind; mistakes are told with places."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from assaymark.errors import ArtifactError, UsageError
from assaymark.limits import Limits
from assaymark.safeio.yaml import Placed, locate_yaml


class Misplaced(Exception):  # noqa: N818 - no error of its own: it becomes a `UsageError` with the file's name
    """Something of a file that cannot be.

    Attributes:
        place: the key or the value.
        hint: what to write instead.
    """

    def __init__(self, message: str, place: Placed, *, hint: str = "") -> None:
        super().__init__(message)
        self.place = place
        self.hint = hint


@contextmanager
def located(name: str) -> Iterator[None]:
    """Say where in the file `name` something is that cannot be.

    Raises:
        UsageError: in the place of `Misplaced`.
    """
    try:
        yield
    except Misplaced as exc:
        where = f"`{name}`, line {exc.place.line}, column {exc.place.column}"
        raise UsageError(f"{where}: {exc}", hint=exc.hint) from exc


def read_written(data: bytes, name: str, *, limits: Limits) -> Placed:
    """The document `data` of the file `name`.

    Raises:
        UsageError: it is no YAML.
    """
    try:
        return locate_yaml(data, limits=limits, what=name)
    except ArtifactError as exc:
        raise UsageError(str(exc)) from exc


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


def members_of(node: Placed, known: Collection[str], *, where: str = "") -> dict[str, Placed]:
    """A mapping's values by their keys, all of which are `known`.

    Raises:
        Misplaced: it is no mapping, or has a key that nobody knows: a typo in a rule would be a rule that is not there.
    """
    members = {}
    for key, value in pairs_of(node):
        member = text_of(key)
        if member not in known:
            hint = suggestion(member, known) or f"{f'`{where}`' if where else 'it'} has {', '.join(known)}"
            raise Misplaced(f"unknown key `{member[:100]}`{f' in `{where}`' if where else ''}", key, hint=hint)
        members[member] = value
    return members


def suggestion(name: str, known: Collection[str]) -> str:
    """A question for the one of `known` that was probably meant; empty where none is like it."""
    from difflib import get_close_matches

    spelled = {each.lower(): each for each in known}
    close = get_close_matches(name.lower(), spelled, n=1, cutoff=0.6)
    return f"did you mean `{spelled[close[0]]}`?" if close else ""


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
