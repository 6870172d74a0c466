"""Completions for zsh (5.0 and later), with what each word is about; the file is loaded or sourced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from assaymark.cli.completion.words import Flag, Takes, Words, first_words, second_words
from assaymark.cli.main import GLOBAL_VALUE_FLAGS

_HEAD = """\
#compdef assaymark
# Completions of assaymark for zsh: source <(assaymark completion zsh), or a file `_assaymark` in a folder of $fpath
"""
_MAIN = """\
_assaymark() {
  local word first='' command='' position=2
  while (( position < CURRENT )); do
    word=${words[position]}
    case $word in
      GLOBALS) (( position++ )) ;;
      -*) ;;
      SECOND) [[ -n $first ]] && command="$first $word" || first=$word ;;
      *) command="${first:+$first }$word" ;;
    esac
    [[ -n $command ]] && break
    (( position++ ))
  done
  if [[ -n $command ]]; then
    (( CURRENT -= position - 1 ))
    words=("${(@)words[position,-1]}")
  fi
  case $command in
"""
_TAIL = """\
  esac
}
if [[ ${funcstack[1]} == _assaymark ]]; then
  _assaymark "$@"
else
  compdef _assaymark assaymark
fi
"""


def write_zsh(words: tuple[Words, ...]) -> str:
    """The script."""
    second = second_words(words)
    main = _MAIN.replace("GLOBALS", "|".join(sorted(GLOBAL_VALUE_FLAGS))).replace("SECOND", "|".join(second))
    lines = [_HEAD, main.rstrip("\n"), "    '') case $first in"]
    lines += [f"      {first}) {_described(rest)} ;;" for first, rest in second.items()]
    lines += [f"      *) {_described(first_words(words))} ;;", "    esac ;;"]
    for each in words:
        lines += _command(each)
    return "\n".join([*lines, _TAIL])


def _described(words: Iterable[tuple[str, str]]) -> str:
    pairs = " ".join(_quoted(f"{word.replace(':', chr(92) + ':')}:{about}") for word, about in words)
    return f"local -a offered=({pairs}) && _describe -t commands command offered"


def _command(words: Words) -> Iterator[str]:
    names = "|".join(map(_quoted, (words.name, *words.aliases)))
    specifications = [_quoted(f"*{name}{_flag(flag, name)}") for flag in words.flags for name in flag.names]
    beside = f"*: :({' '.join(words.arguments)})" if words.arguments else _beside(words.argument)
    yield f"    {names}) _arguments \\"
    yield from (f"      {each} \\" for each in specifications)
    yield f"      {_quoted(beside)} ;;"


def _beside(takes: Takes) -> str:
    return "*:file:_files" if takes is Takes.FILE else "*: :()"  # a message in its place would hide the flags


def _flag(flag: Flag, name: str) -> str:
    """What stands behind the name: `=` lets a long flag's value stand in the same word."""
    about = f"[{_escaped(flag.about)}]"
    if flag.takes is Takes.NOTHING:
        return about
    joint = "=" if name.startswith("--") else ""
    return f"{joint}{about}:{_escaped(flag.value)}:{_values(flag)}"


def _values(flag: Flag) -> str:
    choices = " ".join(flag.choices)
    if flag.many and choices:
        return f"_sequence compadd - {choices}"
    if choices:
        return f"({choices})"
    return {Takes.FILE: "_files", Takes.FOLDER: "_files -/"}.get(flag.takes, " ")


def _escaped(text: str) -> str:
    for letter in "\\[]:":
        text = text.replace(letter, f"\\{letter}")
    return text


def _quoted(text: str) -> str:
    escaped = text.replace("'", "'\\''")
    return f"'{escaped}'"
