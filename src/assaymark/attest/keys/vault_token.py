"""The token for Vault or OpenBao: VAULT_TOKEN, BAO_TOKEN, a token helper, `~/.vault-token`; cosign's order.

A token helper is the user's own program, named by the line `token_helper = "/path/to/program"` in `~/.vault` (or the
file that VAULT_CONFIG_PATH names). It is started with the word `get` and prints the token; once there is one, the file
`~/.vault-token` is not looked at (developer.hashicorp.com/vault/docs/commands/token-helper).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from assaymark.attest.keys.scheme import KeyContext
from assaymark.errors import AuthenticationError, LocalError
from assaymark.net.secret import Secret
from assaymark.safeio.readers import read_bounded
from assaymark.safeio.text import decode_utf8

_HELPER: Final = re.compile(r'^[ \t]*"?token_helper"?[ \t]*[=:][ \t]*"([^"\r\n]*)"', re.MULTILINE)


def find_vault_token(context: KeyContext, service: str) -> Secret:
    """The token, from the first place that has one.

    Raises:
        AuthenticationError: none has one, or what it has is no token.
        LocalError: a file cannot be read, or the token helper does not run.
    """
    variables = (context.environment.get(name, "") for name in ("VAULT_TOKEN", "BAO_TOKEN"))
    text = next(filter(None, variables), "") or _stored(context)
    if not text:
        raise AuthenticationError(
            f"there is no token for {service}",
            hint="set VAULT_TOKEN or BAO_TOKEN, or log in with `vault login` or `bao login`",
        )
    if not text.isascii() or not text.isprintable() or " " in text:
        raise AuthenticationError(f"the token for {service} is not one: it holds what no token holds")
    context.conceal(text)  # the environment's is concealed anyway, a file's and a helper's is not
    return Secret(text)


def _stored(context: KeyContext) -> str:
    home = context.environment.get("HOME", "")
    config = context.environment.get("VAULT_CONFIG_PATH", "") or (f"{home}/.vault" if home else "")
    match = _HELPER.search(_read(Path(config), context)) if config else None
    if match and match[1]:
        return _ask(match[1], context)
    return _read(Path(home, ".vault-token"), context).strip() if home else ""


def _ask(program: str, context: KeyContext) -> str:
    from assaymark.safeio.process import ProgramKind, run_program

    done = run_program(
        ProgramKind.TOKEN_HELPER,
        program,
        ("get",),
        timeout=context.limits.token_program_seconds,
        environment=context.environment,
    )
    if done.code:
        raise LocalError(f"the token helper `{program}` ended with code {done.code}")
    return decode_utf8(done.stdout[: context.limits.token_bytes]).strip()


def _read(path: Path, context: KeyContext) -> str:
    try:
        with path.open("rb") as stream:
            return decode_utf8(read_bounded(stream, limit=context.limits.token_bytes, what=f"the file `{path}`"))
    except (FileNotFoundError, IsADirectoryError):
        return ""
    except OSError as exc:
        raise LocalError(f"cannot read `{path}`: {(exc.strerror or str(exc)).lower()}") from exc
