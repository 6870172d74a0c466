"""`--generate-default-config`: a configuration file with every key, its default and what it is for.

Rules:

1. It holds every key of `config_keys.txt` that sets a flag which a scanning command shows; of two keys for one flag
   the first. Keys that are accepted and change nothing are left out.
2. Reading it back changes nothing: a value is the flag's default, and empty where the default is to have none.
3. A flag that is typed beside it stands there in the default's place, as with the reference, unless it is a
   credential. Variables and other configuration files do not: they are this machine's.
4. The file is new: what is there already is never replaced.
"""

from __future__ import annotations

import json
import re
import textwrap
from argparse import SUPPRESS, Action
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from assaymark.cli.command import Command
from assaymark.cli.command_parser import parser_of
from assaymark.cli.config_keys import flags_by_key
from assaymark.cli.flags import FlagParser
from assaymark.cli.global_flags import SCANNING
from assaymark.cli.overview import commands
from assaymark.errors import LocalError
from assaymark.safeio.files import write_atomic
from assaymark.safeio.redaction import FLAGS as CREDENTIAL_FLAGS

DEFAULT_FILE: Final = "assaymark-default.yaml"
_HEAD: Final = """\
# Settings of assaymark: every key with its default. An empty value sets nothing.
# The file is read as `assaymark.yaml` or `trivy.yaml` in the working directory, or where `--config` names it.
# Flags and variables win over it. What has no key here has a variable: ASSAYMARK_REQUIRE_COMPLETE, for one.
"""
_TAIL: Final = """\
# Who may have signed, where the command names nobody:
# verify:
#   keys: [cosign.pub]
#   identities:
#     - identity: alice@example.com
#       issuer: https://accounts.example.com
"""
_PLAIN: Final = re.compile(r"[A-Za-z_/.][A-Za-z0-9_/.-]*(:[0-9]+)?")
_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off"})
_COLUMNS: Final = 110
_Tree = dict[str, Any]


def write_default_configuration(command: Command, arguments: Sequence[str], folder: Path) -> str:
    """Write the file into `folder`, with the flags of `command` that are among `arguments`; returns its name.

    Raises:
        LocalError: it is there already, or cannot be written.
        UsageError: the arguments are wrong.
    """
    path = folder / DEFAULT_FILE
    if path.exists() or path.is_symlink():
        raise LocalError(f"`{DEFAULT_FILE}` is there already", hint="move it away, or delete it")
    write_atomic(path, default_configuration(command, arguments).encode())
    return DEFAULT_FILE


def default_configuration(command: Command, arguments: Sequence[str] = ()) -> str:
    """The document, with the flags of `command` that are among `arguments`.

    Raises:
        UsageError: the arguments are wrong.
    """
    shown = _typed(parser_of(command), arguments)
    for other in commands():
        if other.group == SCANNING:
            shown = {name: (action, action.default) for name, action in _shown_flags(parser_of(other))} | shown
    tree: _Tree = {}
    planted = set()
    for key, flag in flags_by_key().items():
        if flag in shown and shown[flag][0].dest not in planted:
            _plant(tree, key.split("."), (flag, *shown[flag]))
            planted.add(shown[flag][0].dest)
    return "\n".join([_HEAD, *_lines(tree, ""), "", _TAIL])


def _typed(parser: FlagParser, arguments: Sequence[str]) -> dict[str, tuple[Action, Any]]:
    """The shown flags and their values, but not those of credentials."""
    values = vars(parser.parse(arguments))
    return {
        name: (action, action.default if name in CREDENTIAL_FLAGS else values[action.dest])
        for name, action in _shown_flags(parser)
    }


def _shown_flags(parser: FlagParser) -> Iterator[tuple[str, Action]]:
    for _, action in parser.flags():
        for option in action.option_strings:
            if action.help != SUPPRESS and option.startswith("--") and "=" not in option:
                yield option.removeprefix("--"), action


def _plant(tree: _Tree, path: Sequence[str], leaf: tuple[str, Action, Any]) -> None:
    for part in path[:-1]:
        tree = tree.setdefault(part, {})
    tree[path[-1]] = leaf


def _lines(tree: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, node in tree.items():
        if isinstance(node, dict):
            yield f"{indent}{key}:"
            yield from _lines(node, f"{indent}  ")
            continue
        flag, action, value = node
        about = f"--{flag}: {_about(action)}"
        yield from textwrap.wrap(
            about, _COLUMNS, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}#   ", break_on_hyphens=False
        )
        yield f"{indent}{key}: {_value(value)}".rstrip()


def _about(action: Action) -> str:
    values = f" ({', '.join(map(str, action.choices))})" if action.choices else ""
    return f"{action.help}{values}"


def _value(value: object) -> str:
    """As YAML; nothing for no value."""
    match value:
        case None | "":
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:g}s"  # durations alone are fractions
        case tuple() | list():
            return f"[{', '.join(map(_value, value))}]"
    text = str(value)
    is_plain = isinstance(value, int) or (_PLAIN.fullmatch(text) and text.lower() not in _WORDS)
    return text if is_plain else json.dumps(text, ensure_ascii=False)
