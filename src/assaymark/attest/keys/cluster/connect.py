"""A connection with an API server: its certificates, and who we are.

Rules:

- An authority in the configuration replaces the system's: a cluster's certificates are not everybody's.
- Keys and certificates that stand in the configuration itself are put into files of ours (mode 0600, in a folder of
  mode 0700) for as long as the connection lasts, because OpenSSL reads files.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from assaymark.attest.keys.cluster.config import POD_FOLDER, Access, find_access, read_file
from assaymark.attest.keys.cluster.login import Login, log_in
from assaymark.attest.keys.scheme import KeyContext
from assaymark.attest.keys.stored import Api
from assaymark.errors import UsageError
from assaymark.limits import Limits
from assaymark.net.secret import Secret
from assaymark.net.tls import TlsOptions
from assaymark.safeio.files import write_atomic

_LOGIN: Final = "`kubectl auth can-i get secrets` shows whether your account may; the verbs are get, create and update"


@contextmanager
def connect(context: KeyContext, *, pod: Path = POD_FOLDER) -> Iterator[Api]:
    """The API server that the configuration names.

    Raises:
        UsageError: there is none, or the configuration is not followed here.
        LocalError: a file cannot be read, or a login program does not run.
        AuthenticationError: a login program does not log in.
    """
    access = find_access(context.environment, context.limits, pod=pod)
    login = log_in(access, context)
    user = {**access.user, **_certificate(login)}
    with TemporaryDirectory(prefix="assaymark-") as folder:
        files = _Files(Path(folder))
        token = login.token or Secret(_token(user, access.user_folder, context.limits))
        if token:
            context.conceal(token.reveal())
        server = str(access.cluster["server"]).rstrip("/")
        tls = _tls(access, user, files, context)
        yield Api(server, context, name="the Kubernetes API", token=token, login=_LOGIN, tls=tls)


class _Files:
    """Places what stands in the configuration into files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, members: Mapping[str, Any], name: str, start: Path) -> Path | None:
        """The file that a member names or holds; None where there is neither."""
        held, named = members.get(f"{name}-data"), members.get(name)
        if held:
            path = self._folder / name
            write_atomic(path, _decoded(str(held), name), mode=0o600, durable=False)
            return path
        return start / str(named) if named else None


def _tls(access: Access, user: Mapping[str, Any], files: _Files, context: KeyContext) -> TlsOptions:
    cluster = access.cluster
    insecure = str(cluster.get("insecure-skip-tls-verify", "")).lower() == "true"
    if insecure:
        context.warn("kubeconfig says `insecure-skip-tls-verify`: anybody on the way can give another key")
    certificate = files.path(user, "client-certificate", access.user_folder)
    key = files.path(user, "client-key", access.user_folder)
    if (certificate is None) != (key is None):
        raise UsageError("kubeconfig has a client certificate without its key, or a key without its certificate")
    return TlsOptions(
        trust_file=None if insecure else files.path(cluster, "certificate-authority", access.folder),
        certificate=certificate,
        key=key,
        server_name=str(cluster.get("tls-server-name") or ""),
        insecure=insecure,
    )


def _certificate(login: Login) -> dict[str, str]:
    """What a login program gave, as a configuration would hold it."""
    if not login.key:
        return {}
    held = {"client-certificate-data": login.certificate, "client-key-data": login.key.reveal().encode()}
    return {name: b64encode(value).decode() for name, value in held.items()}


def _token(user: Mapping[str, Any], folder: Path, limits: Limits) -> str:
    if user.get("tokenFile"):
        return read_file(folder / str(user["tokenFile"]), limits).decode("utf-8", "replace").strip()
    return str(user.get("token") or "")


def _decoded(text: str, name: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except Base64Error as exc:
        raise UsageError(f"`{name}-data` in kubeconfig is not base64") from exc
