"""kubeconfig files (kubernetes.io, "Organizing Cluster Access Using kubeconfig Files"), and the account of a pod.

Rules:

- The files of KUBECONFIG, else `~/.kube/config`. Of several the first that names a cluster, user or context wins, and
  the first current context; files that are missing are passed over. Paths in a file start at its folder.
- Without any of them the pod's own service account: KUBERNETES_SERVICE_HOST and its mounted token and authority.
- `…-data` wins over the file of the same name, `tokenFile` over `token`, as with kubectl.
- What would change who we are or where we go, and is not followed here, is refused by name: `auth-provider` (gone since
  Kubernetes 1.26), `username` (gone since 1.19), `as` (impersonation), `proxy-url` (HTTPS_PROXY does it).
- Login programs (`exec`) are in `assaymark.attest.keys.cluster.login`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from assaymark.errors import LocalError, UsageError
from assaymark.limits import Limits
from assaymark.safeio.readers import read_bounded
from assaymark.safeio.yaml import decode_yaml

POD_FOLDER: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_REFUSED: Final = {"user": ("auth-provider", "username", "as"), "cluster": ("proxy-url",)}
_WAY_OUT: Final = {"proxy-url": "set HTTPS_PROXY"}


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """One cluster and one user, as they were written down.

    Attributes:
        folder: where relative paths start.
        cluster, user: the members of kubeconfig's entries of these names.
    """

    folder: Path
    cluster: Mapping[str, Any]
    user: Mapping[str, Any]
    user_folder: Path


def find_access(environment: Mapping[str, str], limits: Limits, *, pod: Path = POD_FOLDER) -> Access:
    """The cluster that is meant when nobody names one.

    Raises:
        UsageError: there is none, or the configuration is not followed here.
        LocalError: a file cannot be read.
    """
    documents = list(_documents(environment, limits))
    current = next((name for _, each in documents if (name := text_member(each, "current-context"))), "")
    if current:
        return _access(documents, current)
    host, port = environment.get("KUBERNETES_SERVICE_HOST", ""), environment.get("KUBERNETES_SERVICE_PORT", "443")
    if not host:
        hint = "set KUBECONFIG, or choose a context: `kubectl config use-context NAME`"
        raise UsageError("no Kubernetes cluster is configured", hint=hint)
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    cluster = {"server": server, "certificate-authority": "ca.crt"}
    return Access(folder=pod, cluster=cluster, user={"tokenFile": "token"}, user_folder=pod)


def read_file(path: Path, limits: Limits) -> bytes:
    """A file that a configuration names.

    Raises:
        LocalError: it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return read_bounded(stream, limit=limits.kubeconfig_bytes, what=f"`{path}`")
    except OSError as exc:
        raise LocalError(f"cannot read `{path}`: {exc.strerror}") from exc


def _documents(environment: Mapping[str, str], limits: Limits) -> Iterator[tuple[Path, dict[str, Any]]]:
    listed = [Path(name) for name in environment.get("KUBECONFIG", "").split(":") if name]
    for path in listed or [Path(environment.get("HOME", "/")) / ".kube" / "config"]:
        if path.exists():
            document = decode_yaml(read_file(path, limits), limits=limits, what=str(path))
            if not isinstance(document, dict):
                raise UsageError(f"`{path}` is not a kubeconfig file")
            yield path.absolute().parent, document


def _access(documents: list[tuple[Path, dict[str, Any]]], current: str) -> Access:
    _, context = _entry(documents, "context", current)
    folder, cluster = _entry(documents, "cluster", text_member(context, "cluster"))
    user_folder, user = _entry(documents, "user", text_member(context, "user")) if context.get("user") else (folder, {})
    if not text_member(cluster, "server"):
        raise UsageError(f"the cluster of the context `{current}` has no `server`")
    return Access(folder=folder, cluster=cluster, user=user, user_folder=user_folder)


def _entry(documents: list[tuple[Path, dict[str, Any]]], kind: str, name: str) -> tuple[Path, dict[str, Any]]:
    for folder, document in documents:
        entries = document.get(f"{kind}s")
        for entry in entries if isinstance(entries, list) else []:
            if isinstance(entry, dict) and entry.get("name") == name and isinstance(entry.get(kind), dict):
                _refuse(entry[kind], kind, name)
                return folder, entry[kind]
    raise UsageError(f"the {kind} `{name}` is in no kubeconfig file")


def _refuse(members: Mapping[str, Any], kind: str, name: str) -> None:
    for member in _REFUSED.get(kind, ()):
        if members.get(member):
            hint = _WAY_OUT.get(member, "give the user a `token` or a client certificate")
            raise UsageError(f"`{member}` of the {kind} `{name}` in kubeconfig is not supported", hint=hint)


def text_member(members: Mapping[str, Any], name: str) -> str:
    """A member that is a text; empty where there is none."""
    value = members.get(name)
    return value if isinstance(value, str) else ""
