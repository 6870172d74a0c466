"""Keys in CI variables of GitLab: `gitlab://PROJECT` or `gitlab://GROUP`, by path or number.

GITLAB_TOKEN (scope `api`, role Maintainer) reads and writes them, at GITLAB_HOST (default https://gitlab.com). REST API
v4, "Project-level CI/CD variables" and "Group-level CI/CD variables". As with cosign, a name is a project first and
else a group, and new variables are neither protected nor bound to an environment; beyond it, their values are `raw`, so
that a `$` in a password is one in jobs too, and the password is masked in job logs where GitLab can mask it.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from assaymark.attest.keys.armoured import armoured_scheme
from assaymark.attest.keys.public import PublicKey
from assaymark.attest.keys.scheme import KeyContext
from assaymark.attest.keys.stored import Api, agree, password_text, seal_new_key
from assaymark.errors import UsageError
from assaymark.net.secret import Secret

FORM: Final = "gitlab://PROJECT"
_PRIVATE: Final = "COSIGN_PRIVATE_KEY"
_PASSWORD: Final = "COSIGN_PASSWORD"  # noqa: S105 - the variable's name
_PUBLIC: Final = "COSIGN_PUBLIC_KEY"
_LOGIN: Final = "GITLAB_TOKEN needs the scope `api` and the role Maintainer; GITLAB_HOST names a server of your own"
_MASKABLE: Final = re.compile(r"[A-Za-z0-9+/=@:.~_-]{8,}")  # "Mask a CI/CD variable": one line of these


class _Place:
    """The variables of one project or group."""

    def __init__(self, reference: str, context: KeyContext) -> None:
        name = reference.partition("://")[2].strip("/")
        if not name:
            raise UsageError(f"`{reference}` names no project and no group", hint=f"write `{FORM}`")
        self._reference = reference
        self._api = _api(context)
        self._path = self._find(quote(name, safe=""))

    def read(self, variable: str) -> str | None:
        """A variable's value; None where there is none."""
        reply = self._api.call("GET", f"{self._path}/variables/{variable}")
        if reply.status == 404:
            return None
        value = reply.document.get("value")
        if not isinstance(value, str):
            raise self._api.failure(reply, f"give the variable `{variable}`")
        return value

    def write(self, variable: str, value: str, *, there: bool, masked: bool = False) -> None:
        """Set a variable."""
        body = {"value": value, "variable_type": "env_var", "protected": False, "masked": masked, "raw": True}
        if there:
            reply = self._api.call("PUT", f"{self._path}/variables/{variable}", body, repeatable=True)
        else:
            created = {"key": variable, "environment_scope": "*", **body}
            reply = self._api.call("POST", f"{self._path}/variables", created)
        if reply.status not in (200, 201):
            raise self._api.failure(reply, f"write the variable `{variable}`")

    def _find(self, name: str) -> str:
        for kind in ("projects", "groups"):
            if self._api.call("GET", f"/{kind}/{name}").status == 200:
                return f"/{kind}/{name}"
        raise UsageError(f"`{self._reference}` is neither a project nor a group that GitLab shows", hint=_LOGIN)


def _api(context: KeyContext) -> Api:
    token = context.environment.get("GITLAB_TOKEN", "")
    if not token:
        raise UsageError("keys in GitLab need the variable GITLAB_TOKEN", hint=_LOGIN)
    host = (context.environment.get("GITLAB_HOST") or "https://gitlab.com").rstrip("/")
    host = host if "://" in host else f"https://{host}"
    base = host if host.endswith("/api/v4") else f"{host}/api/v4"
    return Api(base, context, name="GitLab", token=Secret(token), login=_LOGIN)


def _read(variable: str, reference: str, context: KeyContext) -> bytes:
    value = _Place(reference, context).read(variable)
    if value is None:
        hint = f"`assaymark generate-key-pair {reference}` makes a key there"
        raise UsageError(f"`{reference}` has no variable `{variable}`", hint=hint)
    return value.encode()


def _public(reference: str, context: KeyContext) -> bytes:
    return _read(_PUBLIC, reference, context)


def _private(reference: str, context: KeyContext) -> bytes:
    return _read(_PRIVATE, reference, context)


def _password(reference: str, context: KeyContext) -> bytes:
    password = _read(_PASSWORD, reference, context)
    context.conceal(password.decode())
    return password


def _create(reference: str, context: KeyContext) -> PublicKey:
    place = _Place(reference, context)
    there = {name for name in (_PRIVATE, _PASSWORD, _PUBLIC) if place.read(name) is not None}
    if there:
        agree(context, reference)
    pair = seal_new_key(context)
    password = password_text(pair.password)
    masked = _MASKABLE.fullmatch(password) is not None
    place.write(_PASSWORD, password, there=_PASSWORD in there, masked=masked)
    place.write(_PRIVATE, pair.private_pem.decode(), there=_PRIVATE in there)
    place.write(_PUBLIC, pair.public.pem.decode(), there=_PUBLIC in there)
    return pair.public


KEY_SCHEME: Final = armoured_scheme(
    ("gitlab",), FORM, _public, read_private=_private, read_password=_password, create=_create
)
