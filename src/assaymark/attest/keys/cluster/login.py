"""Login programs of kubeconfig (`exec`): who we are, asked of a program of the user's own.

The protocol is `client.authentication.k8s.io`, versions `v1` and `v1beta1` (kubernetes.io, "Authenticating", "client-go
credential plugins"). Rules:

1. A token or certificate in the configuration itself counts, and then no program is started, as with kubectl.
2. Started are the programs that `assaymark.safeio.process` lists, as PATH finds them. A configuration that names a path
   must name the very file that PATH finds: configurations are passed around, programs are installed.
3. `env` may not choose what code runs (`PATH`, `LD_PRELOAD`, `PYTHONPATH` and their like).
4. The program is told in KUBERNETES_EXEC_INFO what it logs in to, when the configuration says so
   (`provideClusterInfo`). It has no stdin, so what wants to talk there (`interactiveMode: Always`) is not started; its
   stderr is the user's. Its time and its output are bounded.
5. It answers with an object of the version that it was asked in: a token, a certificate with its key, or all of them.
"""

from __future__ import annotations

import re
import shlex
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from assaymark.attest.keys.cluster.config import Access, read_file, text_member
from assaymark.attest.keys.managed import require_network
from assaymark.attest.keys.scheme import KeyContext
from assaymark.errors import ArtifactError, AuthenticationError, UsageError
from assaymark.net.secret import Secret
from assaymark.safeio.json import decode_go
from assaymark.safeio.text import printable

_VERSIONS: Final = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
_EXTENSION: Final = "client.authentication.k8s.io/exec"
_CHOOSES_CODE: Final = re.compile(r"PATH|(LD|DYLD)_.*|PYTHON.*|CLOUDSDK_PYTHON.*|NODE_.*|BASH_ENV|ENV|IFS")
_WAY_OUT: Final = "give the user a `token` (`kubectl create token ACCOUNT`) or a client certificate"


class Login(msgspec.Struct, frozen=True):
    """What a program answered.

    Attributes:
        certificate, key: PEM; both or neither.
    """

    token: Secret = Secret()
    certificate: bytes = b""
    key: Secret = Secret()


def log_in(access: Access, context: KeyContext) -> Login:
    """What the login program of the user says; nothing where there is none, or none is needed.

    Raises:
        UsageError: it is not followed here.
        OfflineError: a program makes connections of its own.
        LocalError: it is missing, does not run or takes too long.
        AuthenticationError: it does not log in.
    """
    user, order = access.user, access.user.get("exec")
    has_own = any(user.get(name) for name in ("token", "tokenFile", "client-certificate", "client-certificate-data"))
    if not isinstance(order, Mapping) or has_own:
        return Login()
    version = text_member(order, "apiVersion")
    if version not in _VERSIONS:
        raise UsageError(
            f"kubeconfig's login program speaks `{printable(version)[:100]}`",
            hint=f"one of {', '.join(_VERSIONS)} is understood",
        )
    if text_member(order, "interactiveMode") == "Always":
        raise UsageError("kubeconfig's login program wants to be typed to (`interactiveMode: Always`)", hint=_WAY_OUT)
    answer = _run(order, _information(access, order, version, context), context)
    return _login(answer, version, context)


def _run(order: Mapping[str, Any], information: bytes, context: KeyContext) -> bytes:
    from assaymark.safeio.process import ProgramKind, run_program

    limits, name = context.limits, _program(order, context)
    require_network(context, f"the login program `{name}`")
    environment = {**context.environment, **dict(_variables(order)), "KUBERNETES_EXEC_INFO": information.decode()}
    done = run_program(
        ProgramKind.LOGIN_PROGRAM,
        name,
        [str(each) for each in order.get("args") or ()],
        timeout=limits.login_program_seconds,
        environment=environment,
        shows_errors=True,
        output_bytes=limits.login_program_bytes,
    )
    if done.code:
        raise AuthenticationError(f"the login program `{name}` ended with code {done.code}", hint=_shown(order))
    return done.stdout


def _program(order: Mapping[str, Any], context: KeyContext) -> str:
    """The bare name (rule 2)."""
    from assaymark.safeio.process import ProgramKind, find_program, is_listed

    command = text_member(order, "command")
    name = command.rpartition("/")[2]
    if not is_listed(ProgramKind.LOGIN_PROGRAM, name):
        raise UsageError(
            f"kubeconfig's login program `{printable(command)[:100]}` is none of those that are started", hint=_WAY_OUT
        )
    found = find_program(ProgramKind.LOGIN_PROGRAM, name, environment=context.environment)
    if found and command not in (name, found):
        raise UsageError(
            f"kubeconfig names the login program `{printable(command)[:200]}`, and PATH finds `{printable(found)}`",
            hint=f"put its folder in front of PATH, or write `command: {name}`",
        )
    if found is None and order.get("installHint"):
        context.warn(printable(text_member(order, "installHint").strip().partition("\n")[0])[:300])
    return name


def _variables(order: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Rule 3."""
    listed = order.get("env") or ()
    for each in listed if isinstance(listed, list) else ():
        name = text_member(each, "name") if isinstance(each, Mapping) else ""
        if not name or "=" in name or "\0" in name or _CHOOSES_CODE.fullmatch(name):
            raise UsageError(
                f"kubeconfig's login program may not be given the variable `{printable(name)[:100]}`",
                hint="set it yourself, where it is needed",
            )
        yield name, text_member(each, "value")


def _information(access: Access, order: Mapping[str, Any], version: str, context: KeyContext) -> bytes:
    """Rule 4: the object that asks."""
    spec: dict[str, Any] = {"interactive": False}
    if str(order.get("provideClusterInfo", "")).lower() == "true":
        spec = {"cluster": _cluster(access, context), **spec}
    return msgspec.json.encode({"kind": "ExecCredential", "apiVersion": version, "spec": spec})


def _cluster(access: Access, context: KeyContext) -> dict[str, Any]:
    members = access.cluster
    authority = text_member(members, "certificate-authority-data")
    path = text_member(members, "certificate-authority")
    if path and not authority:
        authority = b64encode(read_file(access.folder / path, context.limits)).decode()
    told = {
        "server": text_member(members, "server"),
        "tls-server-name": text_member(members, "tls-server-name"),
        "insecure-skip-tls-verify": str(members.get("insecure-skip-tls-verify", "")).lower() == "true",
        "certificate-authority-data": authority,
    }
    return {**{name: value for name, value in told.items() if value}, "config": _extension(members)}


def _extension(cluster: Mapping[str, Any]) -> Any:
    """What the configuration of a cluster holds for login programs."""
    listed = cluster.get("extensions")
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, Mapping) and each.get("name") == _EXTENSION:
            return each.get("extension")
    return None


def _login(data: bytes, version: str, context: KeyContext) -> Login:
    """Rule 5."""
    try:
        document = decode_go(data, limits=context.limits)
    except ArtifactError as exc:
        raise AuthenticationError("the login program did not answer with JSON", hint=_WAY_OUT) from exc
    status = document.get("status") if isinstance(document, dict) else None
    if not isinstance(status, dict) or document.get("kind") != "ExecCredential":
        raise AuthenticationError("the login program's answer holds no credentials", hint=_WAY_OUT)
    if document.get("apiVersion") != version:
        said = printable(str(document.get("apiVersion")))[:100]
        raise AuthenticationError(f"the login program was asked in `{version}` and answered in `{said}`")
    token, certificate, key = (
        text_member(status, name) for name in ("token", "clientCertificateData", "clientKeyData")
    )
    if bool(certificate) != bool(key) or not (token or key):
        raise AuthenticationError("the login program's answer has no token, and no certificate with its key")
    return Login(Secret(token), certificate.encode(), Secret(key))


def _shown(order: Mapping[str, Any]) -> str:
    words = [text_member(order, "command"), *(str(each) for each in order.get("args") or ())]
    return f"try it: {printable(shlex.join(words))[:300]}"
