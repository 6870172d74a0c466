"""Completions for bash (3.2 and later, without the package `bash-completion`).

Bash splits words at `=` and `:` (COMP_WORDBREAKS), so `--format=js` arrives as three words; a list's `HIGH,CR` is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from assaymark.cli.completion.words import Flag, Takes, Words, first_words, second_words
from assaymark.cli.main import GLOBAL_VALUE_FLAGS

_HEAD = """\
# Completions of assaymark for bash: source <(assaymark completion bash)
_assaymark() {
  local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}"
  local command='' first='' flag='' words='' flags='' takes=word many='' before='' index=1 word
  COMPREPLY=()
  if [[ $current == '=' ]]; then
    flag=$previous current=''
  elif [[ $previous == '=' ]]; then
    flag=${COMP_WORDS[COMP_CWORD-2]}
  elif [[ $previous == -* ]]; then
    flag=$previous
  fi
  while [ $index -lt $COMP_CWORD ]; do
    word=${COMP_WORDS[index]}
    case $word in
      GLOBALS) [[ ${COMP_WORDS[index+1]} == '=' ]] && index=$((index + 2)) || index=$((index + 1)) ;;
      -*) ;;
      *)
        [ -n "$first" ] && command="$first $word" && break
        case $word in
          SECOND) first=$word ;;
          *) command=$word && break ;;
        esac
        ;;
    esac
    index=$((index + 1))
  done
  case $command in
    '') case $first in
"""
_TAIL = """\
    *) return ;;
  esac
  if [[ -z $flag && $current == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
    return
  fi
  if [ -n "$many" ] && [[ $current == *,* ]]; then
    before="${current%,*}," current="${current##*,}"
  fi
  if [ -n "$words" ]; then
    COMPREPLY=($(compgen -P "$before" -W "$words" -- "$current"))
    return
  fi
  case $takes in file) takes=-f ;; folder) takes=-d ;; *) return ;; esac
  compopt -o filenames 2>/dev/null
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen $takes -- "$current")
}
complete -F _assaymark assaymark
"""


def write_bash(words: tuple[Words, ...]) -> str:
    """The script."""
    second = second_words(words)
    head = _HEAD.replace("GLOBALS", " | ".join(sorted(GLOBAL_VALUE_FLAGS))).replace("SECOND", " | ".join(second))
    lines = [head.rstrip("\n")]
    lines += [f"      {first}) words='{_joined(rest)}' ;;" for first, rest in second.items()]
    lines += [f"      *) words='{_joined(first_words(words))}' ;;", "    esac ;;"]
    for each in words:
        lines += _command(each)
    return "\n".join([*lines, _TAIL])


def _joined(words: Iterable[tuple[str, str]]) -> str:
    return " ".join(word for word, _ in words)


def _command(words: Words) -> Iterator[str]:
    yield f"    {' | '.join(repr(name) for name in (words.name, *words.aliases))})"
    yield f"      flags='{' '.join(name for flag in words.flags for name in flag.names)}'"
    yield "      case $flag in"
    for flag in words.flags:
        if flag.takes is not Takes.NOTHING:
            yield f"        {' | '.join(flag.names)}) {_effect(flag)} ;;"
    yield "        *) flag='' ;;"
    yield "      esac"
    beside = f"words='{' '.join(words.arguments)}'" if words.arguments else f"takes={words.argument.value}"
    yield f'      [ -n "$flag" ] || {beside}'
    yield "      ;;"


def _effect(flag: Flag) -> str:
    if flag.choices:
        return f"words='{' '.join(flag.choices)}'" + (" many=1" if flag.many else "")
    return f"takes={flag.takes.value}"
