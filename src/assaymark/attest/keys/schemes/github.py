"""Keys in Actions secrets of GitHub: `github://OWNER/REPOSITORY` or `github://ORGANISATION`, made but never read.

GitHub gives secrets to jobs alone, so a job uses the key as `env://COSIGN_PRIVATE_KEY`. GITHUB_TOKEN writes them, at
GITHUB_HOST (default github.com). REST API, "Actions secrets": each value goes out in a sealed box of libsodium
(X25519, XSalsa20-Poly1305) for the key that the service shows. Secrets of an organisation are for its private
repositories, which is what GitHub's own program chooses.
"""

from __future__ import annotations

from base64 import b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64
from typing import Final, Never
from urllib.parse import quote

from assaymark.attest.keys.public import PublicKey
from assaymark.attest.keys.scheme import KeyContext, KeyScheme
from assaymark.attest.keys.stored import Api, Reply, agree, seal_new_key
from assaymark.errors import UsageError
from assaymark.net.secret import Secret

FORM: Final = "github://OWNER/REPOSITORY"
_NAMES: Final = ("COSIGN_PASSWORD", "COSIGN_PRIVATE_KEY", "COSIGN_PUBLIC_KEY")
_LOGIN: Final = "GITHUB_TOKEN must be allowed to write Actions secrets (scope `repo`, for organisations `admin:org`)"
_KEY_BYTES: Final = 32


def _api(context: KeyContext) -> Api:
    token = context.environment.get("GITHUB_TOKEN", "")
    if not token:
        raise UsageError("keys in GitHub need the variable GITHUB_TOKEN", hint=_LOGIN)
    host = context.environment.get("GITHUB_HOST", "").rstrip("/")
    base = "https://api.github.com"
    if host and host.rpartition("://")[2] != "github.com":
        host = host if "://" in host else f"https://{host}"
        base = host if host.endswith("/api/v3") else f"{host}/api/v3"
    headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
    return Api(base, context, name="GitHub", token=Secret(token), headers=headers, login=_LOGIN)


def _create(reference: str, context: KeyContext) -> PublicKey:
    folder, more = _folder(reference)
    api = _api(context)
    shown = api.call("GET", f"{folder}/public-key")
    box, key_id = _box_key(api, shown, reference)
    if any(api.call("GET", f"{folder}/{name}").status == 200 for name in _NAMES):
        agree(context, reference)
    pair = seal_new_key(context)
    for name, value in zip(_NAMES, (pair.password, pair.private_pem, pair.public.pem), strict=True):
        body = {"encrypted_value": _seal(value, box), "key_id": key_id, **more}
        reply = api.call("PUT", f"{folder}/{name}", body, repeatable=True)
        if reply.status not in (201, 204):
            raise api.failure(reply, f"write the secret `{name}`")
    return pair.public


def _folder(reference: str) -> tuple[str, dict[str, str]]:
    parts = reference.partition("://")[2].split("/")
    if not all(parts) or len(parts) > 2:
        raise UsageError(f"`{reference}` names no repository and no organisation", hint=f"write `{FORM}`")
    name = "/".join(quote(part, safe="") for part in parts)
    if len(parts) == 1:
        return f"/orgs/{name}/actions/secrets", {"visibility": "private"}
    return f"/repos/{name}/actions/secrets", {}


def _box_key(api: Api, reply: Reply, reference: str) -> tuple[bytes, str]:
    if reply.status == 404:
        raise UsageError(f"`{reference}` is nothing that GitHub shows", hint=_LOGIN)
    key, key_id = reply.document.get("key"), reply.document.get("key_id")
    try:
        box = a2b_base64(str(key), strict_mode=True)
    except Base64Error as exc:
        raise api.failure(reply, "give the key that secrets are sealed with") from exc
    if len(box) != _KEY_BYTES or not isinstance(key_id, str):
        raise api.failure(reply, "give the key that secrets are sealed with")
    return box, key_id


def _seal(value: bytes, box: bytes) -> str:
    from nacl.public import PublicKey as BoxKey
    from nacl.public import SealedBox

    return b64encode(SealedBox(BoxKey(box)).encrypt(value)).decode()


def _refuse(reference: str, context: KeyContext) -> Never:  # noqa: ARG001  # the signature of schemes
    hint = "in a job: `--key env://COSIGN_PRIVATE_KEY`, `--key env://COSIGN_PUBLIC_KEY`"
    raise UsageError(f"GitHub gives the secrets of `{reference}` to jobs alone", hint=hint)


KEY_SCHEME: Final = KeyScheme(
    names=("github",), form=FORM, verifier=_refuse, signer=_refuse, create=_create, gives_keys=False
)
