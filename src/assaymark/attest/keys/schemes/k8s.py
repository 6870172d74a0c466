"""Keys in Secrets of Kubernetes: `k8s://NAMESPACE/SECRET`, with the members that cosign writes.

Three requests to the API server are all that is needed (Kubernetes API, "Secret v1 core"), so they are made here, with
the limits, the proxies and the `--offline` of everything else, and no client library is installed. A new Secret is
immutable, as with cosign; what else a Secret holds (labels, other members) stays when its key is replaced, and a
Secret that somebody changes in between is left alone (`resourceVersion`).
"""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64
from typing import Any, Final

from assaymark.attest.keys.armoured import armoured_scheme
from assaymark.attest.keys.cluster.connect import connect
from assaymark.attest.keys.public import PublicKey
from assaymark.attest.keys.scheme import KeyContext
from assaymark.attest.keys.stored import Api, Reply, agree, seal_new_key
from assaymark.errors import ConflictError, NetworkError, UsageError

FORM: Final = "k8s://NAMESPACE/SECRET"
_PRIVATE: Final = "cosign.key"
_PUBLIC: Final = "cosign.pub"
_PASSWORD: Final = "cosign.password"  # noqa: S105 - the member's name
_NAME: Final = r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?"  # RFC 1123, section 2.1
_REFERENCE: Final = re.compile(rf"[^:]+://({_NAME})/({_NAME})")


def _names(reference: str) -> tuple[str, str]:
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise UsageError(f"`{reference}` names no Secret", hint=f"write `{FORM}`")
    return match[1], match[2]


def _read(member: str, reference: str, context: KeyContext) -> bytes:
    namespace, name = _names(reference)
    hint = f"`assaymark generate-key-pair {reference}` makes a key there"
    with connect(context) as api:
        reply = api.call("GET", f"/api/v1/namespaces/{namespace}/secrets/{name}")
        if reply.status == 404:
            raise UsageError(f"the Secret `{reference}` does not exist", hint=hint)
        held = _data(api, reply).get(member)
        if not isinstance(held, str):
            raise UsageError(f"the Secret `{reference}` has no `{member}`", hint=hint)
        try:
            return a2b_base64(held, strict_mode=True)
        except Base64Error as exc:
            raise NetworkError(f"`{member}` of the Secret `{reference}` is not base64") from exc


def _public(reference: str, context: KeyContext) -> bytes:
    return _read(_PUBLIC, reference, context)


def _private(reference: str, context: KeyContext) -> bytes:
    return _read(_PRIVATE, reference, context)


def _password(reference: str, context: KeyContext) -> bytes:
    password = _read(_PASSWORD, reference, context)
    context.conceal(password.decode("utf-8", "replace"))
    return password


def _create(reference: str, context: KeyContext) -> PublicKey:
    namespace, name = _names(reference)
    secrets = f"/api/v1/namespaces/{namespace}/secrets"
    with connect(context) as api:
        found = api.call("GET", f"{secrets}/{name}")
        data = {} if found.status == 404 else _data(api, found)
        if _PRIVATE in data:
            agree(context, reference)
        pair = seal_new_key(context)
        values = {_PRIVATE: pair.private_pem, _PUBLIC: pair.public.pem, _PASSWORD: pair.password}
        sealed = {**data, **{member: b64encode(value).decode() for member, value in values.items()}}
        if found.status == 404:
            kind: dict[str, Any] = {"apiVersion": "v1", "kind": "Secret", "type": "Opaque"}
            kind["metadata"] = {"name": name, "namespace": namespace}
            reply = api.call("POST", secrets, {**kind, "data": sealed, "immutable": True})
        else:
            changed = {**found.document, "data": sealed, "immutable": True}
            reply = api.call("PUT", f"{secrets}/{name}", changed)
        _check_written(api, reply, reference)
    return pair.public


def _data(api: Api, reply: Reply) -> dict[str, Any]:
    data = reply.document.get("data") or {}
    if reply.status != 200 or not isinstance(data, dict):
        raise api.failure(reply, "give the Secret")
    return data


def _check_written(api: Api, reply: Reply, reference: str) -> None:
    if reply.status == 409:
        raise ConflictError(f"somebody else changed the Secret `{reference}` at the same time", hint="try again")
    if reply.status == 422:
        namespace, name = _names(reference)
        hint = f"an immutable Secret cannot be changed: `kubectl delete secret --namespace {namespace} {name}`"
        raise NetworkError(f"the Kubernetes API does not take the Secret: {reply.said}", hint=hint)
    if reply.status not in (200, 201):
        raise api.failure(reply, f"write the Secret `{reference}`")


KEY_SCHEME: Final = armoured_scheme(
    ("k8s",), FORM, _public, read_private=_private, read_password=_password, create=_create
)
