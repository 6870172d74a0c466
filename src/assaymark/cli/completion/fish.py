"""Completions for fish (3.0 and later), with what each word is about."""

from __future__ import annotations

from collections.abc import Iterator

from assaymark.cli.completion.words import Flag, Takes, Words, first_words, second_words
from assaymark.cli.main import GLOBAL_VALUE_FLAGS

_HEAD = """\
# Completions of assaymark for fish: assaymark completion fish | source
function __assaymark_typed
    set -l words (commandline -opc)
    set -e words[1]
    set -l first
    while set -q words[1]
        switch $words[1]
            case GLOBALS
                set -e words[1]
            case '-*'
            case '*'
                if set -q first[1]
                    echo "$first $words[1]"
                    return
                end
                switch $words[1]
                    case SECOND
                        set first $words[1]
                    case '*'
                        echo $words[1]
                        return
                end
        end
        set -e words[1]
    end
    echo "$first "
end
function __assaymark_is
    contains -- (__assaymark_typed) $argv
end
complete -c assaymark -e
complete -c assaymark -f
"""


def write_fish(words: tuple[Words, ...]) -> str:
    """The script."""
    second = second_words(words)
    lines = [_HEAD.replace("GLOBALS", " ".join(sorted(GLOBAL_VALUE_FLAGS))).replace("SECOND", " ".join(second))]
    lines += [_word(" ", word, about) for word, about in first_words(words)]
    lines += [_word(f"{first} ", word, about) for first, rest in second.items() for word, about in rest]
    for each in words:
        lines += _command(each)
    return "\n".join([*lines, ""])


def _word(typed: str, word: str, about: str) -> str:
    return f"complete -c assaymark -n {_quoted(f'__assaymark_is {_quoted(typed)}')} -a {word} -d {_quoted(about)}"


def _command(words: Words) -> Iterator[str]:
    names = " ".join(map(_quoted, (words.name, *words.aliases)))
    begin = f"complete -c assaymark -n {_quoted(f'__assaymark_is {names}')}"
    if words.arguments:
        yield f"{begin} -a {_quoted(' '.join(words.arguments))}"
    elif words.argument is Takes.FILE:
        yield f"{begin} -F"
    for flag in words.flags:
        yield f"{begin}{_names(flag)}{_values(flag)} -d {_quoted(flag.about)}"


def _names(flag: Flag) -> str:
    long = (f" -l {name.removeprefix('--')}" for name in flag.names if name.startswith("--"))
    short = (f" -s {name.removeprefix('-')}" for name in flag.names if not name.startswith("--"))
    return "".join((*long, *short))


def _values(flag: Flag) -> str:
    choices = " ".join(flag.choices)
    if flag.many and choices:
        echoes = "; ".join(f"echo {choice}" for choice in flag.choices)
        return " -x -a " + _quoted(f'(__fish_complete_list , "{echoes}")')
    if choices:
        return f" -x -a {_quoted(choices)}"
    match flag.takes:
        case Takes.NOTHING:
            return ""
        case Takes.FILE:
            return " -r -F"
        case Takes.FOLDER:
            return " -x -a '(__fish_complete_directories)'"
    return " -x"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
