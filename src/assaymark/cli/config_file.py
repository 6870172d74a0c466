"""Settings from a configuration file: `--config FILE`, else `assaymark.yaml`, else `trivy.yaml`, here and nowhere else.

Rules:

1. A flag wins over its variables, these win over the file, and the file over the default.
2. The file is the one that is named, or it lies in the working directory: never in what is scanned, nor in a folder
   above. Its name is told, because it changes what a command means.
3. Keys are Trivy's (`config_keys.txt`; letter case does not matter, as with Trivy); `findings-policy` and `verify`
   (`config_signers`) are ours. Commands that do not scan take what it says about the network and what all commands
   share.
4. An empty value sets nothing: files that Trivy generates hold every key.
5. A key that nobody knows, or that stands there twice, is an error with line and column: a typo in a setting would
   otherwise be a check that is not made.
"""

from __future__ import annotations

from argparse import Action
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from assaymark.cli.config_keys import flags_by_key
from assaymark.cli.config_signers import VERIFY, signers_of
from assaymark.cli.flags import FlagParser
from assaymark.cli.network_flags import NETWORK_GROUP
from assaymark.cli.trusted_signers import TrustedSigners
from assaymark.cli.variables import set_default
from assaymark.limits import DEFAULT_LIMITS
from assaymark.safeio.files import local_error
from assaymark.safeio.readers import read_bounded
from assaymark.safeio.redaction import Redaction
from assaymark.safeio.written import Misplaced, items_of, located, pairs_of, read_written, suggestion, text_of
from assaymark.safeio.yaml import Placed

_SHARED_GROUPS: Final = frozenset({NETWORK_GROUP, "Global flags"})
_SHARED_FLAGS: Final = frozenset({"cache-dir"})
_NO_FLAG: Final = "-"
_STAND_INS: Final = "maven-mirror"


class Setting(NamedTuple):
    """One key with a value.

    Attributes:
        key: as written, with dots.
        flag: what it sets, without dashes.
        text: the value as the flag would take it.
        where: file, line and column.
    """

    key: str
    flag: str
    text: str
    where: str


class Configuration(NamedTuple):
    """What a file says.

    Attributes:
        name: the file, as named.
        settings: flags.
        signers: who may have signed; None where it does not say.
    """

    name: str
    settings: tuple[Setting, ...]
    signers: TrustedSigners | None


def read_configuration(name: str) -> Configuration:
    """What the file `name` says.

    Raises:
        UsageError: it is no YAML, or says what cannot be.
        LocalError: it cannot be read.
    """
    return parse_configuration(_read(name), name)


def parse_configuration(data: bytes, name: str) -> Configuration:
    """What the document `data` of the file `name` says.

    Raises:
        UsageError: it is no YAML, or says what cannot be.
    """
    root = read_written(data, name, limits=DEFAULT_LIMITS)
    with located(name):
        if not root.value:
            return Configuration(name, (), None)
        sections = {text_of(key).lower(): value for key, value in pairs_of(root)}
        signers = signers_of(sections[VERIFY], name) if VERIFY in sections else None
        return Configuration(name, tuple(_settings(root, name, "")), signers)


def take_settings(
    parser: FlagParser, configuration: Configuration, *, settled: frozenset[str], scans: bool, redaction: Redaction
) -> None:
    """Make what the file says the defaults of `parser`, apart from what variables have `settled`.

    Raises:
        UsageError: a value that the flag would not take either.
    """
    flags = dict(_flags(parser, scans=scans))
    for setting in configuration.settings:
        action = flags.get(setting.flag)
        if action is not None and action.dest not in settled:
            where = f"{setting.key} ({setting.where})"
            set_default(parser, action, setting.text, where=where, redaction=redaction)


def _read(name: str) -> bytes:
    try:
        with Path(name).open("rb") as stream:
            return read_bounded(stream, limit=DEFAULT_LIMITS.configuration_bytes, what=name)
    except OSError as exc:
        raise local_error("read", Path(name), exc) from exc


def _flags(parser: FlagParser, *, scans: bool) -> Iterator[tuple[str, Action]]:
    """The flags that a file may set for this command, by their names."""
    for title, action in parser.flags():
        for option in action.option_strings:
            name = option.removeprefix("--")
            if name != option and "=" not in name and (scans or title in _SHARED_GROUPS or name in _SHARED_FLAGS):
                yield name, action


def _settings(node: Placed, name: str, prefix: str) -> Iterator[Setting]:
    known = _keys()
    for key, value in pairs_of(node):
        path = f"{prefix}{text_of(key)}"
        flag = known.get(path.lower())
        if flag is not None:
            text = _stand_ins(value) if flag == _STAND_INS else _flat(value)
            if text and flag != _NO_FLAG:
                yield Setting(path, flag, text, f"{name}:{value.line}:{value.column}")
        elif path.lower() == VERIFY:
            continue
        elif not any(each.startswith(f"{path.lower()}.") for each in known):
            raise Misplaced(f"unknown key `{path[:100]}`", key, hint=_suggestion(path))
        elif value.value:
            yield from _settings(value, name, f"{path}.")


def _flat(node: Placed) -> str:
    """The value as it would be typed: lists between commas, mappings as `key=value` (`registry.mirrors`)."""
    if isinstance(node.value, list):
        return ",".join(filter(None, map(text_of, items_of(node))))
    if isinstance(node.value, tuple):
        return ",".join(f"{text_of(key)}={text}" for key, value in pairs_of(node) for text in _flat(value).split(","))
    return text_of(node)


def _stand_ins(node: Placed) -> str:
    """A list of a `source` and its `targets` each, as it would be typed (`scan.maven.mirrors`)."""
    pairs = []
    for each in items_of(node) if node.value else ():
        named = {text_of(key).lower(): value for key, value in pairs_of(each)}
        if set(named) != {"source", "targets"}:
            raise Misplaced("expected `source` and `targets`", each)
        pairs += [f"{text_of(named['source'])}={text_of(target)}" for target in items_of(named["targets"])]
    return ",".join(pairs)


@cache
def _keys() -> dict[str, str]:
    """Flags by their keys in lower case."""
    return {key.lower(): flag for key, flag in flags_by_key().items()}


def _suggestion(path: str) -> str:
    by_flag = next((key for key, flag in _keys().items() if flag == path), "")
    return f"did you mean `{by_flag}`?" if by_flag else suggestion(path, [*_keys(), VERIFY])
