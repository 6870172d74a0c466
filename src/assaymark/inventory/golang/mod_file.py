"""`go.mod` (https://go.dev/ref/mod#go-mod-file), as strictly as Go's own reader: a file that Go refuses is an error.

Rules:

1. A line is words; blocks in parentheses repeat the word in front of them. Words are text without blanks, or quoted as
   in Go; commas, brackets, braces and parentheses are words of their own. `//` begins a comment, `/*` is an error.
2. Directives are `module`, `go`, `toolchain`, `require`, `exclude`, `replace`, `retract`, `tool`, `ignore` and
   `godebug`; the first three stand once, and `go` and `toolchain` not in blocks.
3. Versions become canonical (`v1.2` is `v1.2.0`) and fit the major version in the module's path.
4. A requirement is indirect if the comment on its line is `// indirect`, or begins with `// indirect;`.
5. A replacement without a version is a folder.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

import msgspec

from assaymark.errors import LimitError
from assaymark.inventory.golang.build_info import Module
from assaymark.inventory.golang.quoted import quoted_end, unquote
from assaymark.inventory.golang.versions import canonical_version, check_major, major_suffix
from assaymark.limits import Limits

_WORD: Final = re.compile(
    r"""[ \t\r]++|(?P<other>//.*|"(?:[^"\\]|\\.)*+"|`[^`]*+`|[()\[\]{},])"""
    r"""|(?!/\*|["`])(?P<word>(?:(?!//|/\*)[^ \t\r()\[\]{},])++)(?!/\*)""",
    re.DOTALL,
)
_MOST_WORDS: Final = 16
_BLOCKS: Final = frozenset({"module", "godebug", "require", "exclude", "replace", "retract", "tool", "ignore"})
_GO: Final = re.compile(r"[1-9][0-9]*+\.(?:0|[1-9][0-9]*+)(?:\.(?:0|[1-9][0-9]*+))?(?:[a-z]+[0-9]+)?")
_TOOLCHAIN: Final = re.compile(r"default\Z|go1(?:\Z|\.)")
_DRIVE: Final = re.compile(r"[A-Za-z]:")
_FOLDERS: Final = ("./", ".\\", "../", "..\\", "/", "\\")


class Requirement(msgspec.Struct, frozen=True):
    """A module that is needed."""

    module: Module
    is_indirect: bool


class Replacement(msgspec.Struct, frozen=True):
    """`old` stands with an empty version for all of them, `new` with an empty version for a folder."""

    old: Module
    new: Module


class ModFile(msgspec.Struct, kw_only=True):
    """What is read of a `go.mod`; empty texts where a directive is absent."""

    module: str | None = None
    go: str = ""
    toolchain: str = ""
    requirements: list[Requirement] = msgspec.field(default_factory=list)
    replacements: list[Replacement] = msgspec.field(default_factory=list)


class _Line(msgspec.Struct):
    words: list[str]
    comment: str


def parse_mod_file(text: str, *, limits: Limits) -> ModFile:
    """The directives of a module file.

    Raises:
        ValueError: Go would refuse it.
        LimitError: it names too many modules.
    """
    file = ModFile()
    for number, (directive, words, comment) in enumerate(_directives(text)):
        if number > limits.packages_per_file:
            raise LimitError(f"more than {limits.packages_per_file} directives")
        reader = _READERS.get(directive)
        if reader is None:
            raise ValueError(f"`{directive[:100]}` is not a directive of a module file")
        reader(file, words, comment)
    return file


def _directives(text: str) -> Iterator[tuple[str, list[str], str]]:
    """Rule 1: each directive's word, its other words, and the comment behind it."""
    block = ""
    for line in _lines(text):
        words = line.words
        if block:
            if words[0] != ")":
                yield block, words, line.comment
            elif len(words) > 1:
                raise ValueError("something behind the end of a block")
            else:
                block = ""
        elif words[-1] == "(" or words[-2:] == ["(", ")"]:
            named = words[: -1 if words[-1] == "(" else -2]
            if len(named) != 1 or named[0] not in _BLOCKS:
                raise ValueError(f"`{' '.join(named)[:100]}` cannot begin a block")
            block = named[0] if words[-1] == "(" else ""
        else:
            yield words[0], words[1:], line.comment
    if block:
        raise ValueError(f"a block of `{block}` without an end")


def _lines(text: str) -> Iterator[_Line]:
    for line in text.split("\n"):
        words = list(islice(_words(line), _MOST_WORDS + 1))
        if len(words) > _MOST_WORDS:
            raise ValueError("a line of more words than any directive has")
        comment = words.pop() if words and words[-1].startswith("//") else ""
        if words:
            yield _Line(words, comment)


def _words(line: str) -> Iterator[str]:
    """The words of a line; a comment, which begins with `//`, is the last."""
    place = 0
    while place < len(line):
        match = _WORD.match(line, place)
        if match is None:
            raise ValueError("a quoted string without an end, or a comment of the form /* */")
        place = match.end()
        word = match["word"] or ""
        if not word.isprintable():
            raise ValueError("a character that is not printed")
        if word or match["other"]:
            yield match[0]


def _string(word: str) -> str:
    if word.startswith('"'):
        quoted_end(word)
        return unquote(word)
    if any(quote in word for quote in "\"'`"):
        raise ValueError("a word with a quote in it")
    return word


def _version(word: str) -> str:
    return canonical_version(_string(word))


def _expect(words: list[str], count: int, directive: str) -> None:
    if len(words) != count:
        raise ValueError(f"`{directive}` with {len(words)} words behind it")


def _read_module(file: ModFile, words: list[str], _: str) -> None:
    if file.module is not None:
        raise ValueError("`module` stands more than once")
    _expect(words, 1, "module")
    file.module = _string(words[0])


def _read_go(file: ModFile, words: list[str], _: str) -> None:
    if file.go:
        raise ValueError("`go` stands more than once")
    _expect(words, 1, "go")
    if _GO.fullmatch(words[0]) is None:
        raise ValueError(f"`{words[0][:100]}` is not a version of Go")
    file.go = words[0]


def _read_toolchain(file: ModFile, words: list[str], _: str) -> None:
    if file.toolchain:
        raise ValueError("`toolchain` stands more than once")
    _expect(words, 1, "toolchain")
    if _TOOLCHAIN.match(words[0]) is None:
        raise ValueError(f"`{words[0][:100]}` is not a toolchain")
    file.toolchain = words[0]


def _read_require(file: ModFile, words: list[str], comment: str) -> None:
    file.requirements.append(Requirement(_required(words, "require"), _is_indirect(comment)))


def _read_exclude(_file: ModFile, words: list[str], _: str) -> None:
    _required(words, "exclude")


def _required(words: list[str], directive: str) -> Module:
    """Rule 3."""
    _expect(words, 2, directive)
    module = Module(_string(words[0]), _version(words[1]))
    check_major(module.path, module.version)
    return module


def _is_indirect(comment: str) -> bool:
    """Rule 4."""
    words = comment.removeprefix("//").split()
    return words == ["indirect"] or (len(words) > 1 and words[0] == "indirect;")


def _read_replace(file: ModFile, words: list[str], _: str) -> None:
    """Rule 5."""
    arrow = 1 if words[1:2] == ["=>"] else 2
    old, new = words[:arrow], words[arrow + 1 :]
    if words[arrow : arrow + 1] != ["=>"] or len(new) not in {1, 2}:
        raise ValueError("`replace` without `old [version] => new [version]`")
    replaced = Module(_string(old[0]), _version(old[1]) if len(old) > 1 else "")
    if replaced.version:
        check_major(replaced.path, replaced.version)
    else:
        major_suffix(replaced.path)
    path = _string(new[0])
    if (len(new) == 1) != _is_folder(path) or (len(new) == 1 and "\\" in path):
        raise ValueError("`replace` with a version for a folder, or none for a module")
    file.replacements.append(Replacement(replaced, Module(path, _version(new[1]) if len(new) > 1 else "")))


def _is_folder(path: str) -> bool:
    return path in {".", ".."} or path.startswith(_FOLDERS) or _DRIVE.match(path) is not None


def _read_retract(_file: ModFile, words: list[str], _: str) -> None:
    """One version, or two in brackets; what they are is not looked at."""
    if words[:1] == ["("]:
        raise ValueError("`retract` without a version")
    if words[:1] == ["["]:
        if len(words) != 5 or words[2] != "," or words[4] != "]":
            raise ValueError("`retract` without `[version, version]`")
        versions = [words[1], words[3]]
    else:
        _expect(words, 1, "retract")
        versions = words
    for version in versions:
        _string(version)


def _read_path(_file: ModFile, words: list[str], _: str) -> None:
    _expect(words, 1, "tool")
    _string(words[0])


def _read_godebug(_file: ModFile, words: list[str], _: str) -> None:
    _expect(words, 1, "godebug")
    if "=" not in words[0] or any(char in words[0] for char in "\"`',"):
        raise ValueError("`godebug` without `key=value`")


_READERS: Final[dict[str, Callable[[ModFile, list[str], str], None]]] = {
    "module": _read_module,
    "go": _read_go,
    "toolchain": _read_toolchain,
    "require": _read_require,
    "exclude": _read_exclude,
    "replace": _read_replace,
    "retract": _read_retract,
    "tool": _read_path,
    "ignore": _read_path,
    "godebug": _read_godebug,
}
