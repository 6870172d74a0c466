"""Keys that are made here and kept elsewhere: sealed with a password, in a place that keeps three values.

| value | Kubernetes | GitLab, GitHub |
|---|---|---|
| the encrypted private key | `cosign.key` | `COSIGN_PRIVATE_KEY` |
| the password | `cosign.password` | `COSIGN_PASSWORD` |
| the public key | `cosign.pub` | `COSIGN_PUBLIC_KEY` |

Rules:

1. Whoever may read the place has the key: the password beside it protects nothing there, as with cosign.
2. A key that is there already is replaced only when the user says so: what was signed with it can still be verified,
   but nobody can sign with it again.
3. Credentials go to the service's own origin, and over plain http to this machine alone, unless the configuration says
   that the service need not prove who it is.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from assaymark.attest.keys.file import encrypt_key
from assaymark.attest.keys.managed import require_tls
from assaymark.attest.keys.private import generate_key
from assaymark.attest.keys.public import PublicKey
from assaymark.attest.keys.scheme import KeyContext
from assaymark.errors import ArtifactError, AuthenticationError, LocalError, NetworkError, UsageError
from assaymark.net.secret import Secret
from assaymark.net.tls import TlsOptions
from assaymark.net.url import parse_url
from assaymark.safeio.json import decode_go
from assaymark.safeio.text import printable

_SAID_CHARS: Final = 300


class SealedPair(msgspec.Struct, frozen=True, kw_only=True):
    """A new key as it is kept."""

    public: PublicKey
    private_pem: bytes
    password: bytes

    def __repr__(self) -> str:
        return f"SealedPair({self.public.fingerprint})"


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What a service answered: a document, empty where there was none."""

    status: int
    document: dict[str, Any]

    @property
    def said(self) -> str:
        """Its own words about a failure, as they may be shown."""
        text = self.document.get("message") or self.document.get("error") or ""
        return printable(str(text).partition("\n")[0])[:_SAID_CHARS]


class Api:
    """A service that keeps keys: requests with JSON, credentials and bounds.

    Args:
        base: its address, without a slash at the end.
        name: for messages.
        headers: sent with every request.
        login: what the user can do where the service does not take the credentials.
    """

    def __init__(
        self,
        base: str,
        context: KeyContext,
        *,
        name: str,
        token: Secret,
        headers: dict[str, str] | None = None,
        login: str,
        tls: TlsOptions | None = None,
    ) -> None:
        require_tls(parse_url(base), name, waived=tls is not None and tls.insecure)
        self.name = name
        self._base = base
        self._context = context
        self._token = token
        self._headers = headers or {}
        self._login = login
        self._tls = tls

    def call(self, method: str, path: str, body: Any = None, *, repeatable: bool | None = None) -> Reply:
        """The answer to a request; 404, 409 and 422 are answers too.

        Raises:
            AuthenticationError: the service does not take the credentials, or they allow too little.
            NetworkError: it was not reached, or failed.
        """
        if self._context.network is None:
            raise UsageError(f"{self.name} cannot be asked here", hint="give the path of a file")
        authorization = {"Authorization": f"Bearer {self._token.reveal()}"} if self._token else {}
        headers = {"Accept": "application/json", **self._headers, **authorization}
        if body is not None:
            headers["Content-Type"] = "application/json"
        data = None if body is None else msgspec.json.encode(body)
        with self._context.network.request(
            method, self._base + path, headers=headers, body=data, repeatable=repeatable, tls=self._tls
        ) as response:
            content = response.bounded(self._context.limits.service_reply_bytes, what=f"the reply of {self.name}")
            reply = Reply(status=response.status, document=self._document(content))
        return self._checked(reply)

    def failure(self, reply: Reply, what: str) -> NetworkError:
        """The error for an answer that is not the awaited one."""
        said = f": {reply.said}" if reply.said else ""
        return NetworkError(f"{self.name} did not {what}: HTTP status {reply.status}{said}")

    def _document(self, content: bytes) -> dict[str, Any]:
        try:
            document = decode_go(content, limits=self._context.limits) if content else {}
        except ArtifactError:
            return {}  # an error page; its status says enough
        return document if isinstance(document, dict) else {}

    def _checked(self, reply: Reply) -> Reply:
        said = f": {reply.said}" if reply.said else ""
        if reply.status == 401:
            raise AuthenticationError(f"{self.name} does not take the credentials{said}", hint=self._login)
        if reply.status == 403:
            raise AuthenticationError(f"{self.name} does not allow it{said}", hint=self._login)
        if reply.status in (404, 409, 422) or 200 <= reply.status < 300:
            return reply
        raise self.failure(reply, "do what it was asked")


def seal_new_key(context: KeyContext) -> SealedPair:
    """A fresh P-256 key, sealed with the context's password."""
    password = context.password()
    key = generate_key()
    return SealedPair(public=key.public, private_pem=encrypt_key(key, password), password=password)


def agree(context: KeyContext, place: str) -> None:
    """Ask before the key in `place` is replaced.

    Raises:
        LocalError: the answer was not yes.
    """
    if not context.confirm(f"there is a key in `{place}` already; replace it?"):
        raise LocalError(f"the key in `{place}` was left as it is", hint="choose another place, or use `--yes`")


def password_text(password: bytes) -> str:
    """A password as JSON can hold it.

    Raises:
        UsageError: it is no text.
    """
    try:
        return password.decode()
    except UnicodeDecodeError as exc:
        raise UsageError("the password is not UTF-8, and this place keeps text only") from exc
