"""Which analysers want a path: all patterns compiled into a few dictionaries.

A layer has tens of thousands of paths and nearly all of them interest nobody, so that answer must be cheap: a path is
looked up whole, by its file name, by its folder and by the last extension of its name. Only a path that is found in one
of these dictionaries is compared with the patterns that stand there.

A path can interest an analyser in two ways: the analyser parses it, or only `needs` it beside a file that it parses. A
third interest has no analyser: kinds of files that are recognised and not read yet (`assaymark.inventory.unanalysed`)
are counted, because what was not looked at is said and not shown as nothing found.

`--file-patterns analyser:expression` adds files to an analyser. The expressions come from the user and the paths from
an attacker, so they run on an engine without backtracking.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from itertools import product
from typing import Final, NamedTuple

from assaymark.errors import UsageError
from assaymark.inventory.analyzer import Analyzer, Options, Sieve
from assaymark.inventory.patterns import EXECUTABLE_BITS, Pattern, Shape, Test, parse_pattern
from assaymark.inventory.unanalysed import Kind, Tally
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.inventory import UnreadFile
from assaymark.model.issue import Unanalysed

_NOTHING: Final[tuple[_Claim, ...]] = ()
_EXPRESSION_CHARS: Final = 1_024  # of --file-patterns; a compiled expression grows with its text


class Role(Enum):
    """Why a path is of interest."""

    PARSED = "parsed"
    NEEDED = "needed"
    UNREAD = "unread"


class _Claim(NamedTuple):
    """One pattern's interest in paths."""

    role: Role
    test: Test
    excluded: tuple[Test, ...]
    order: int
    analyzer: Analyzer | None = None
    kind: Kind | None = None

    def holds(self, path: str) -> bool:
        return self.test(path) and not any(test(path) for test in self.excluded)


class Index:
    """The interests of a set of analysers."""

    def __init__(self, analyzers: Sequence[Analyzer], options: Options, *, unread: Iterable[Kind] = ()) -> None:
        """Compile the patterns of `analyzers`, the user's `--file-patterns` and the kinds that nobody reads.

        Raises:
            UsageError: a file pattern is no regular expression.
        """
        self.analyzers = tuple(analyzers)
        self._paths: dict[str, tuple[_Claim, ...]] = {}
        self._names: dict[str, tuple[_Claim, ...]] = {}
        self._folders: dict[str, tuple[_Claim, ...]] = {}
        self._extensions: dict[str, tuple[_Claim, ...]] = {}
        self._anywhere: tuple[_Claim, ...] = ()
        self._executables: tuple[_Claim, ...] = ()
        for order, analyzer in enumerate(self.analyzers):
            self._add(Role.PARSED, analyzer.paths, order=order, analyzer=analyzer)
            self._add(Role.NEEDED, analyzer.needs, order=order, analyzer=analyzer)
        for kind in unread:
            self._add(Role.UNREAD, kind.paths, order=len(self.analyzers), kind=kind)
        self._add_expressions(options)

    @property
    def exact_paths(self) -> tuple[str, ...]:
        """The paths without a star that some analyser parses."""
        return tuple(path for path, claims in self._paths.items() if any(claim.role is Role.PARSED for claim in claims))

    def wants(self, path: str, mode: int, size: int) -> bool:
        """Whether some analyser parses or needs the file."""
        return any(claim.role is not Role.UNREAD for claim in self._claims(path, mode, size))

    def parsers(self, path: str, mode: int) -> list[Analyzer]:
        """The analysers that parse the file, in the order they were given."""
        claims = [claim for claim in self._claims(path, mode, None) if claim.role is Role.PARSED and claim.analyzer]
        claims.sort(key=lambda claim: claim.order)
        return list(dict.fromkeys(claim.analyzer for claim in claims if claim.analyzer))

    def sieves(self, path: str, mode: int) -> tuple[Sieve, ...]:
        """What decides by its content whether a wanted file is kept; none where it is kept whatever it holds."""
        found: dict[Sieve, None] = {}
        for claim in self._claims(path, mode, None):
            if claim.role is not Role.UNREAD:
                sieve = claim.analyzer.sieve if claim.analyzer and claim.role is Role.PARSED else None
                if sieve is None:
                    return ()
                found[sieve] = None
        return tuple(found)

    def watch(self, limits: Limits = DEFAULT_LIMITS) -> Watch:
        """A fresh `wants` for one layer that notes what is recognised and not read."""
        return Watch(self, limits)

    def look(self, path: str, mode: int, size: int) -> tuple[bool, Kind | None]:
        """Whether the file is wanted, and otherwise the kind of unread file that it is."""
        kind: Kind | None = None
        for claim in self._claims(path, mode, size):
            if claim.role is not Role.UNREAD:
                return True, None
            kind = kind or claim.kind
        return False, kind

    def _claims(self, path: str, mode: int, size: int | None) -> Iterator[_Claim]:
        """The claims that hold for a file; `size` is None where it does not matter."""
        cut = path.rfind("/")
        name = path[cut + 1 :]
        found = (
            self._paths.get(path, _NOTHING)
            + self._names.get(name, _NOTHING)
            + self._folders.get(path[: max(cut, 0)], _NOTHING)
            + self._extensions.get(name[name.rfind(".") + 1 :], _NOTHING)
            + self._anywhere
        )
        if mode & EXECUTABLE_BITS and self._executables:
            found += tuple(
                claim for claim in self._executables if size is None or claim.kind is None or size >= claim.kind.minimum
            )
        return (claim for claim in found if claim.holds(path)) if found else iter(())

    def _add(
        self,
        role: Role,
        texts: Iterable[str],
        *,
        order: int,
        analyzer: Analyzer | None = None,
        kind: Kind | None = None,
    ) -> None:
        patterns = [parse_pattern(text) for text in texts]
        excluded = tuple(pattern.test() for pattern in patterns if pattern.excludes)
        for pattern in patterns:
            if not pattern.excludes:
                claim = _Claim(role, pattern.test(), excluded, order, analyzer, kind)
                self._keep(pattern, claim)

    def _keep(self, pattern: Pattern, claim: _Claim) -> None:
        """File a claim under the most telling literal part of its pattern."""
        folder, slash, name = pattern.text.rpartition("/")
        extension = name.rpartition(".")[2]
        if pattern.shape is Shape.EXECUTABLE:
            self._executables += (claim,)
        elif pattern.shape is Shape.PATH:
            _append(self._paths, pattern.text, claim)
        elif "*" not in name:  # a bare name, `*EGG-INFO/PKG-INFO`, `usr/share/doc/*/copyright`
            _append(self._names, name, claim)
        elif slash and "*" not in folder:  # `var/lib/dpkg/status.d/*`
            _append(self._folders, folder, claim)
        elif "." in name and "*" not in extension:  # `*.deps.json`, `**/specifications/**/*.gemspec`
            for spelling in _spellings(extension) if pattern.any_case else (extension,):
                _append(self._extensions, spelling, claim)
        else:
            self._anywhere += (claim,)

    def _add_expressions(self, options: Options) -> None:
        orders = {analyzer.name: order for order, analyzer in enumerate(self.analyzers)}
        for name, expression in options.file_patterns:
            test = _expression_test(name, expression)
            if name in orders:  # an analyser that this command does not run takes no files
                order = orders[name]
                self._anywhere += (_Claim(Role.PARSED, test, (), order, self.analyzers[order]),)


class Watch:
    """What one layer holds, seen while its paths are offered; used by one thread at a time.

    Attributes:
        unread: the files that were recognised and not read, as far as there is room for them.
    """

    def __init__(self, index: Index, limits: Limits) -> None:
        self.unread: list[UnreadFile] = []
        self._index = index
        self._room = limits.unread_files
        self._tally = Tally()

    def wants(self, path: str, mode: int, size: int) -> bool:
        """As `Index.wants`; notes files of unread kinds on the way."""
        wanted, kind = self._index.look(path, mode, size)
        if kind is None:
            return wanted
        if len(self.unread) < self._room:
            self.unread.append(UnreadFile(path, kind.name))
        else:
            self._tally.add(kind.name, path)
        return wanted

    def not_analysed(self) -> tuple[Unanalysed, ...]:
        """Counts of those for which there was no room, in order of the kinds' names."""
        return self._tally.result()


def _spellings(text: str) -> Iterator[str]:
    """`jar`, `jaR`, `jAr` and so on."""
    return map("".join, product(*({char, char.upper()} for char in text)))


def _append(claims: dict[str, tuple[_Claim, ...]], key: str, claim: _Claim) -> None:
    claims[key] = (*claims.get(key, ()), claim)


def _expression_test(name: str, expression: str) -> Test:
    """The search that a user's regular expression asks for.

    Raises:
        UsageError: the expression cannot be compiled, or the engine for such expressions is not installed.
    """
    try:
        import re2
    except ImportError as exc:
        raise UsageError(
            "`--file-patterns` needs the `google-re2` package",
            hint="install it beside assaymark: pip install google-re2",
        ) from exc
    if len(expression) > _EXPRESSION_CHARS:
        raise UsageError(f"the file pattern of `{name}` has more than {_EXPRESSION_CHARS} characters")
    try:
        compiled = re2.compile(expression)
    except re2.error as exc:
        raise UsageError(f"`{expression}` is not a regular expression: {exc}") from exc
    return lambda path: compiled.search(path) is not None
