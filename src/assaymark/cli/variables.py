"""Flags from the environment: whatever can be typed as a flag can be set as a variable.

Both peers do so, and pipelines rely on it. Rules:

1. A flag wins over its variables, and these win over the default. `--skip-db-update` is `ASSAYMARK_SKIP_DB_UPDATE`; all
   spellings of a flag count (`TRIVY_VULN_TYPE` is `--vuln-type`).
2. A peer's variables count where the peer has the flag: `TRIVY_` for the scanning commands, `COSIGN_` for the others
   and for the signing flags of `image`, both for the flags about registries. The own name comes first.
3. An empty variable is not set. Lists stand between commas, lists of known words between spaces, too; switches are Go's
   words for true and false, and anything else is an error instead of a silent false.
4. `COSIGN_PASSWORD` opens a key and is no registry's password.
5. Values of credential flags are registered, so that they appear in no output.
6. `TRIVY_VERSION` and its like say in pipelines which version to install, and set no flag.
"""

from __future__ import annotations

from argparse import Action, ArgumentTypeError, Namespace
from collections.abc import Iterator, Mapping
from typing import Any, Final

from assaymark.cli.attestation_flags import SIGNING_GROUP
from assaymark.cli.flags import FlagParser, Switch, Values, parse_switch
from assaymark.cli.network_flags import NETWORK_GROUP
from assaymark.errors import UsageError
from assaymark.safeio.redaction import FLAGS as CREDENTIAL_FLAGS
from assaymark.safeio.redaction import Redaction

OWN: Final = "ASSAYMARK_"
TRIVY: Final = "TRIVY_"
COSIGN: Final = "COSIGN_"
_NOT_FLAGS: Final = frozenset({"COSIGN_PASSWORD", "ASSAYMARK_VERSION", "TRIVY_VERSION"})  # rules 4 and 6


def take_variables(
    parser: FlagParser, environ: Mapping[str, str], *, scans: bool, redaction: Redaction
) -> frozenset[str]:
    """Make what the environment says the defaults of `parser`; returns which it set, by their `dest`.

    Args:
        parser: with all its flags.
        environ: the variables.
        scans: whether the command is one of Trivy's; the others are cosign's.
        redaction: learns of credentials.

    Raises:
        UsageError: a value that the flag would not take either.
    """
    if not any(name.startswith((OWN, TRIVY, COSIGN)) for name in environ):
        return frozenset()
    taken = set()
    for title, action in parser.flags():
        prefixes = _prefixes(title, scans=scans)
        for name in names_of(action, prefixes):
            text = environ.get(name, "")
            if text:
                set_default(parser, action, text, where=name, redaction=redaction)
                taken.add(action.dest)
                break
    return frozenset(taken)


def set_default(parser: FlagParser, action: Action, text: str, *, where: str, redaction: Redaction) -> None:
    """Make what a flag would make of `text` its default; `where` says whose text it is, and credentials are registered.

    Raises:
        UsageError: the flag would not take it.
    """
    for secret in (text, *text.split(",")) if _is_credential(action) else ():
        redaction.add(secret)
    parser.set_defaults(**{action.dest: _value(action, text, where)})
    action.required = False


def names_of(action: Action, prefixes: tuple[str, ...]) -> Iterator[str]:
    """The variables of a flag, for each prefix and spelling."""
    flags = [option[2:] for option in action.option_strings if option.startswith("--") and "=" not in option]
    names = (prefix + flag.upper().replace("-", "_") for prefix in prefixes for flag in flags)
    return (name for name in names if name not in _NOT_FLAGS)


def _prefixes(title: str, *, scans: bool) -> tuple[str, ...]:
    """Rule 2."""
    if title == NETWORK_GROUP:
        return (OWN, TRIVY, COSIGN) if scans else (OWN, COSIGN, TRIVY)
    if title == SIGNING_GROUP and scans:
        return (OWN, COSIGN)
    return (OWN, TRIVY if scans else COSIGN)


def _is_credential(action: Action) -> bool:
    return any(option.removeprefix("--") in CREDENTIAL_FLAGS for option in action.option_strings)


def _value(action: Action, text: str, name: str) -> Any:
    """What the flag makes of `text`; complaints name the variable."""
    if isinstance(action, Switch):
        return parse_switch(text, name)
    if isinstance(action, Values) and action.allowed:
        text = ",".join(text.split())  # rule 3; in configuration files, too, as with the reference
    value: Any = text
    if callable(action.type):
        try:
            value = action.type(text)
        except (ValueError, TypeError, ArgumentTypeError) as exc:
            raise UsageError(f"invalid value `{text}` of `{name}`", hint=_reason(exc)) from exc
        except UsageError as exc:
            raise UsageError(f"`{name}`: {exc}", hint=exc.hint) from exc
    if action.choices is not None and value not in action.choices:
        raise UsageError(f"invalid argument `{text}` for `{name}`", hint=f"one of {', '.join(action.choices)}")
    taken = Namespace()
    action(FlagParser(), taken, value, name)
    return getattr(taken, action.dest)


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, ArgumentTypeError) else "write it as the flag of that name is written"
