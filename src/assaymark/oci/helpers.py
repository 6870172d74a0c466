"""Speaks to Docker's credential helpers (docker-credential-helpers, "Development").

`docker-credential-NAME get|store|erase` reads a server's address (or a JSON object for `store`) on stdin; `get` answers
with `{"ServerURL", "Username", "Secret"}`. "credentials not found" and an empty answer mean that there are none; every
other failure names the helper, and never repeats what it printed on `get`, because that may be the secret.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from assaymark.errors import ArtifactError, LocalError
from assaymark.limits import Limits
from assaymark.net.secret import Secret
from assaymark.safeio.json import decode_go, fold
from assaymark.safeio.text import decode_utf8, printable

if TYPE_CHECKING:
    from assaymark.safeio.process import Completed

_SECONDS: Final = 30.0
_NOTHING: Final = ("credentials not found", "no credentials server url", "no credentials username")


def ask_helper(helper: str, server: str, *, limits: Limits) -> tuple[str, Secret] | None:
    """User name and secret for `server`; None where the helper has none.

    Raises:
        LocalError: the helper is missing, failed, or answered with something else.
    """
    done = _run(helper, "get", server.encode())
    if done.code != 0:
        if _says_nothing(done):
            return None
        raise LocalError(f"credential helper `{_name(helper)}` failed with code {done.code}")
    try:
        answer = decode_go(done.stdout, limits=limits, what=_name(helper))
    except ArtifactError as exc:
        raise LocalError(f"credential helper `{_name(helper)}` did not answer with JSON") from exc
    members = fold(answer, ("Username", "Secret")) if isinstance(answer, dict) else {}
    username, secret = members.get("Username", ""), members.get("Secret", "")
    if not isinstance(username, str) or not isinstance(secret, str):
        raise LocalError(f"credential helper `{_name(helper)}` did not answer with a name and a secret")
    return (username, Secret(secret)) if secret else None


def store_with_helper(helper: str, server: str, username: str, secret: Secret) -> None:
    """Keep a credential.

    Raises:
        LocalError: the helper is missing or refused.
    """
    document = {"ServerURL": server, "Username": username, "Secret": secret.reveal()}
    _finish(helper, "store", _run(helper, "store", json.dumps(document).encode()), secret=secret)


def erase_with_helper(helper: str, server: str) -> None:
    """Forget a credential; one that is not there is no failure.

    Raises:
        LocalError: the helper is missing or refused.
    """
    done = _run(helper, "erase", server.encode())
    if not _says_nothing(done):
        _finish(helper, "erase", done)


def _run(helper: str, action: str, stdin: bytes) -> Completed:
    from assaymark.safeio.process import ProgramKind, run_program

    return run_program(ProgramKind.CREDENTIAL_HELPER, _name(helper), [action], stdin=stdin, timeout=_SECONDS)


def _finish(helper: str, action: str, done: Completed, *, secret: Secret | None = None) -> None:
    if done.code != 0:
        text = decode_utf8(done.stderr or done.stdout).strip()
        # some helpers repeat what they were given
        reason = "" if secret and secret.reveal() in text else printable(text)[:200]
        raise LocalError(f"credential helper `{_name(helper)}` cannot {action}: {reason or f'code {done.code}'}")


def _says_nothing(done: Completed) -> bool:
    text = decode_utf8(done.stdout + done.stderr).lower()
    return done.code != 0 and any(phrase in text for phrase in _NOTHING)


def _name(helper: str) -> str:
    return f"docker-credential-{helper}"
