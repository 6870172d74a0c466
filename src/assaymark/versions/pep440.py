"""Python's version order and specifiers (PEP 440), as the reference reads them (`aquasecurity/go-pep440-version`).

The order is PEP 440's. Numbers have 64 bits; a local version is split at dots only. The rules for specifiers:

1. Operators are PEP 440's and also `=` and none, which mean `==`; `*` alone means any version.
2. Pre-releases are never excluded, but a candidate whose local version was taken away is read anew, and then PEP 440's
   exclusion of `<` applies.
3. Ordered comparisons ignore the candidate's local version; `==` and `!=` ignore it where the specifier has none.
4. An ordered specifier with a local version is an error, and so are a wildcard behind anything but `==` and `!=`, and a
   `~=` with a lone number. Legacy versions are errors.
5. Terms are collected with alternatives tried from left to right: `1.0alpha1` reads `1.0a` and then, behind what cannot
   be read, another term `1`. Advisories say `a1`, where this does not happen.
6. `==` with `.*` compares the texts of the parts. Its padding has two defects, which are kept: only half of the missing
   zeros are filled in, and what follows the release is taken from the specifier on both sides.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import msgspec

from assaymark.versions.constraint import read_group, split_groups, term_pattern
from assaymark.versions.scheme import Ordered, Scheme, VersionError
from assaymark.versions.text import checked, find_uint64, parse_uint64, saturated_int64

_SHAPE = (
    r"v?(?:(?P<epoch>[0-9]+)!)?(?P<release>[0-9]++(?:\.[0-9]++)*+)"
    r"(?:[-_.]?(?P<pre>{letters})[-_.]?(?P<pre_number>[0-9]+)?)?"
    r"(?:-(?P<post_bare>[0-9]+)|[-_.]?(?P<post>post|rev|r)[-_.]?(?P<post_number>[0-9]+)?)?"
    r"(?:[-_.]?(?P<dev>dev)[-_.]?(?P<dev_number>[0-9]+)?)?"
    r"(?:\+(?P<local>[a-z0-9]++(?:[-_.][a-z0-9]++)*+))?"
)
_FLAGS: Final = re.IGNORECASE | re.ASCII
_VERSION = _SHAPE.replace("{letters}", "alpha|beta|preview|pre|rc|a|b|c")
_AS_COLLECTED = _SHAPE.replace("{letters}", "a|b|c|rc|alpha|beta|pre|preview")
_WHOLE = re.compile(rf"[\t\n\f\r ]*+{_VERSION}[\t\n\f\r ]*+", _FLAGS)
_LETTERS: Final = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}
_GLUED = re.compile(r"([0-9]+)((?:a|b|c|rc)[0-9]+)")

Segment = tuple[str, int] | None


class _Version(msgspec.Struct, frozen=True):
    epoch: int
    release: tuple[int, ...]
    pre: Segment
    post: Segment
    dev: Segment
    local: str
    key: tuple[Any, ...]
    excludable: bool = False  # rule 2: whether it counts as a pre-release when it is one

    @property
    def public(self) -> str:
        """The normalised text without a local version."""
        text = (f"{self.epoch}!" if self.epoch else "") + ".".join(map(str, self.release))
        text += f"{self.pre[0]}{self.pre[1]}" if self.pre else ""
        text += f".post{self.post[1]}" if self.post else ""
        return text + (f".dev{self.dev[1]}" if self.dev else "")

    @property
    def base(self) -> tuple[Any, ...]:
        """Epoch and release, trailing zeros apart."""
        return self.key[:2]


@lru_cache(maxsize=16_384)
def _parse(version: str) -> _Version:
    match = _WHOLE.fullmatch(checked(version))
    if match is None:
        raise VersionError(f"`{version}` is not a Python version")
    release = tuple(map(parse_uint64, match["release"].split(".")))
    pre, post, dev = _segments(match)
    epoch, local = parse_uint64(match["epoch"] or "0"), (match["local"] or "").lower()
    key = (epoch, _significant(release), *_tail_key(pre, post, dev), _local_key(local))
    return _Version(epoch, release, pre, post, dev, local, key)


def _segments(match: re.Match[str]) -> tuple[Segment, Segment, Segment]:
    letters = (match["pre"] or "").lower()
    pre = (_LETTERS.get(letters, letters), parse_uint64(match["pre_number"] or "0")) if letters else None
    bare = match["post_bare"]
    post = ("post", parse_uint64(bare or match["post_number"] or "0")) if bare or match["post"] else None
    dev = ("dev", parse_uint64(match["dev_number"] or "0")) if match["dev"] else None
    return pre, post, dev


def _significant(release: tuple[int, ...]) -> tuple[int, ...]:
    end = len(release)
    while end and not release[end - 1]:
        end -= 1
    return release[:end]


def _tail_key(pre: Segment, post: Segment, dev: Segment) -> tuple[tuple[Any, ...], ...]:
    """-1 and 1 stand for the infinities of PEP 440's reference implementation."""
    lone_dev = dev is not None and pre is None and post is None
    return (
        (0, *pre) if pre else ((-1,) if lone_dev else (1,)),
        (0, *post) if post else (-1,),
        (0, *dev) if dev else (1,),
    )


def _local_key(local: str) -> tuple[Any, ...]:
    if not local:
        return (-1,)
    numbers = ((part, find_uint64(part)) for part in local.split("."))
    return (0, tuple((0, 0, part) if number is None else (1, number, "") for part, number in numbers))


def sort_key(version: str) -> Ordered:
    """The key of a version.

    Raises:
        VersionError: not a version of PEP 440.
    """
    return _parse(version).key


def _equal(version: _Version, spec: str) -> bool:
    if spec.endswith(".*"):
        return _begins_with(version, spec.removesuffix(".*"))
    return version.key == _parse(spec).key


def _begins_with(version: _Version, prefix: str) -> bool:
    """Rule 6."""
    wanted = _split(prefix)
    have = _split(version.public)[: len(wanted)]
    wanted_release = [part for part in wanted if _is_number(part)]
    have_release = [part for part in have if _is_number(part)]
    rests = wanted[len(wanted_release) :], wanted[len(have_release) :]
    missing = len(wanted_release) - len(have_release)
    filler = ["0"] * ((abs(missing) + 1) // 2)
    (have_release if missing > 0 else wanted_release).extend(filler)
    return wanted_release + rests[0] == have_release + rests[1]


def _split(version: str) -> list[str]:
    parts: list[str] = []
    for part in version.split("."):
        glued = _GLUED.fullmatch(part)
        parts += glued.groups() if glued else (part,)
    return parts


def _is_number(part: str) -> bool:
    """Whether Go's `Atoi` takes it."""
    return part.isdecimal() and (len(part) < 19 or saturated_int64(part) == int(part))


def _less(version: _Version, spec: str) -> bool:
    bound = _parse(spec)
    if not version.key < bound.key:
        return False
    excluded = version.excludable and bool(version.pre or version.dev) and not (bound.pre or bound.dev)
    return not (excluded and version.base == bound.base)


def _greater(version: _Version, spec: str) -> bool:
    bound = _parse(spec)
    if not version.key > bound.key:
        return False
    return not (version.post and not bound.post and version.base == bound.base)


def _compatible(version: _Version, spec: str) -> bool:
    """`~=2.2` is `>=2.2, ==2.*`."""
    bound = _parse(spec)
    elements: list[str] = []
    for part in _split(bound.public):
        if part.startswith(("post", "dev")):
            break
        elements.append(part)
    return version.key >= bound.key and _begins_with(version, ".".join(elements[:-1]))


def _identical(version: _Version, spec: str) -> bool:
    text = version.public + (f"+{version.local}" if version.local else "")
    return text.casefold() == spec.casefold()


_OPERATORS: Final[dict[str, Callable[[_Version, str], bool]]] = {
    "": _equal,
    "=": _equal,
    "==": _equal,
    "!=": lambda version, spec: not _equal(version, spec),
    ">": _greater,
    "<": _less,
    ">=": lambda version, spec: version.key >= _parse(spec).key,
    "<=": lambda version, spec: version.key <= _parse(spec).key,
    "~=": _compatible,
    "===": _identical,
}
_EQUALITIES: Final = ("", "=", "==", "!=")
_TERM = term_pattern(tuple(_OPERATORS), _VERSION + r"(?:\.\*)?")
_COLLECTED = re.compile(term_pattern(tuple(_OPERATORS), _AS_COLLECTED + r"(?:\.\*)?").pattern, _FLAGS)


@lru_cache(maxsize=16_384)
def _groups(constraint: str) -> tuple[tuple[tuple[str, str], ...], ...]:
    groups: list[tuple[tuple[str, str], ...]] = []
    for group in split_groups(constraint):
        found = read_group(">=0.0.0" if group.strip() == "*" else group, _TERM, _COLLECTED)
        if not found:
            raise VersionError(f"`{constraint[:200]}` holds an empty specifier")
        terms = tuple((term["operator"], term["version"]) for term in found)
        for operator, version in terms:
            _check(operator, version)
        groups.append(terms)
    return tuple(groups)


def _check(operator: str, version: str) -> None:
    """Rule 4."""
    if operator == "===":
        return
    spec = _parse(version.removesuffix(".*"))
    wildcard = version.endswith(".*")
    if operator in _EQUALITIES:
        refused = wildcard and bool(spec.dev or spec.local)
    else:
        refused = wildcard or bool(spec.local) or (operator == "~=" and len(spec.release) < 2)
    if refused:
        raise VersionError(f"`{operator}{version}` is not a specifier")


def satisfies(version: str, constraint: str) -> bool:
    """Whether the version lies in the specifiers.

    Raises:
        VersionError: one of the two cannot be read.
    """
    parsed = _parse(version)
    return any(all(_holds(parsed, operator, spec) for operator, spec in group) for group in _groups(constraint))


def _holds(version: _Version, operator: str, spec: str) -> bool:
    """Rules 2 and 3."""
    strict = operator == "===" or (operator in _EQUALITIES and bool(_parse(spec.removesuffix(".*")).local))
    if version.local and not strict:
        version = msgspec.structs.replace(_parse(version.public), excludable=True)
    return _OPERATORS[operator](version, spec)


SCHEME: Final = Scheme(name="pep440", ecosystems=("pip",), key=sort_key, satisfies=satisfies)
