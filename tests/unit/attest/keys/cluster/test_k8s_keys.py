"""Keys in Secrets of Kubernetes: who we are, whom we trust, what is written, and what is refused."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.kubernetes import READER, TOKEN, Cluster, inline, write_kubeconfig
from tests.support.loopback import Answer, Loopback
from tests.support.tls import Authority

from assaymark.attest.keys.cluster.connect import connect
from assaymark.attest.keys.file import decrypt_key
from assaymark.attest.keys.reference import create_key, load_public_key, load_signer
from assaymark.attest.keys.scheme import KeyContext
from assaymark.errors import (
    AuthenticationError,
    ConflictError,
    Error,
    LocalError,
    NetworkError,
    OfflineError,
    UsageError,
)
from assaymark.net.http import Http
from assaymark.net.network import NoNetwork

PLACE = "k8s://signing/release"


def context(kubeconfig: object, **more: Any) -> KeyContext:
    given = {"network": Http(), "password": lambda: b"kept beside it", **more}
    return KeyContext(environment={"KUBECONFIG": str(kubeconfig), "HOME": "/none"}, **given)


def config(tmp_path: Path, url: str, *, token: str = TOKEN, **more: str) -> Path:
    return write_kubeconfig(tmp_path / "config", url, user=f"token: {token}", **more)


def test_a_key_is_made_read_and_used(tmp_path: Path) -> None:
    cluster = Cluster()
    with Loopback(cluster.serve) as server:
        there = context(config(tmp_path, server.url))
        public = create_key(PLACE, there)
        concealed: list[str] = []
        signer = load_signer(PLACE, context(tmp_path / "config", conceal=concealed.append))
        assert (signer.public, load_public_key(PLACE, there)) == (public, public)
        assert set(concealed) == {TOKEN, "kept beside it"}
    secret = cluster.secrets["signing/release"]
    data = {name: b64decode(value) for name, value in secret["data"].items()}
    assert (secret["immutable"], secret["type"], data["cosign.pub"]) == (True, "Opaque", public.pem)
    assert decrypt_key(data["cosign.key"], lambda: data["cosign.password"], what="it").public == public
    assert set(data) == {"cosign.key", "cosign.pub", "cosign.password"}


@pytest.mark.parametrize("held", [True, False], ids=["in the configuration", "in files beside it"])
def test_certificates_show_who_both_are(tmp_path: Path, held: bool) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.certify("client", client=True)
    if held:
        trust = f"certificate-authority-data: {inline(authority.file)}"
        user = f"client-certificate-data: {inline(certificate)}, client-key-data: {inline(key)}"
    else:
        trust, user = "certificate-authority: ca.pem", "client-certificate: client.cert, client-key: client.key"
    with Loopback(Cluster(certified=True).serve, tls=authority.server("cluster.test", clients=True)) as server:
        path = write_kubeconfig(
            tmp_path / "config", server.url, cluster=f"{trust}, tls-server-name: cluster.test", user=user
        )
        public = create_key(PLACE, context(path))
        assert load_public_key(PLACE, context(path)) == public


def test_only_the_clusters_own_authority_is_trusted(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    authority, other = Authority(tmp_path), Authority(tmp_path / "other")
    with Loopback(Cluster().serve, tls=authority.server("127.0.0.1")) as server:
        path = config(tmp_path, server.url, cluster=f"certificate-authority-data: {inline(other.file)}")
        with pytest.raises(NetworkError, match="certificate"):
            load_public_key(PLACE, context(path))
        warnings: list[str] = []
        path = config(tmp_path, server.url, cluster="insecure-skip-tls-verify: true")
        create_key(PLACE, context(path, warn=warnings.append))
        assert len(warnings) == 1


def test_plain_http_needs_a_word(tmp_path: Path) -> None:
    path = config(tmp_path, "http://cluster.test", cluster="insecure-skip-tls-verify: true")
    with connect(context(path)) as api:
        assert api.name == "the Kubernetes API"
    with pytest.raises(UsageError, match="plain http"), connect(context(config(tmp_path, "http://cluster.test"))):
        pass


def test_keys_of_the_configuration_leave_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    authority = Authority(tmp_path)
    path = config(tmp_path, "https://127.0.0.1:9", cluster=f"certificate-authority-data: {inline(authority.file)}")
    with connect(context(path)):
        (folder,) = (tmp_path / "temporary").iterdir()
        (file,) = folder.iterdir()
        assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)
    assert list((tmp_path / "temporary").iterdir()) == []


def test_several_files_are_one_configuration(tmp_path: Path) -> None:
    cluster = Cluster()
    with Loopback(cluster.serve) as server:
        first, second = tmp_path / "first", tmp_path / "second"
        first.write_text(f"users: [{{name: u, user: {{token: {TOKEN}}}}}]\nclusters: null\n")
        write_kubeconfig(second, server.url, user="token: wrong")
        assert create_key(PLACE, context(f"{tmp_path / 'missing'}:{first}:{second}"))


def test_a_pod_has_an_account(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    (tmp_path / "ca.crt").write_bytes(authority.file.read_bytes())
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    with Loopback(Cluster().serve, tls=authority.server("127.0.0.1")) as server:
        variables = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(server.port)}
        there = KeyContext(environment={"HOME": "/none", **variables}, network=Http())
        with connect(there, pod=tmp_path) as api:
            assert api.call("GET", "/api/v1/namespaces/a/secrets/b").status == 404


def test_a_key_is_replaced_when_agreed_and_the_rest_stays(tmp_path: Path) -> None:
    cluster = Cluster()
    labels = {"name": "release", "labels": {"team": "a"}}
    data = {"other": "eA==", "cosign.key": "eA=="}
    with Loopback(cluster.serve) as server:
        path = config(tmp_path, server.url)
        cluster.secrets["signing/release"] = {"metadata": {**labels, "resourceVersion": "7"}, "data": data}
        with pytest.raises(LocalError, match="left as it is"):
            create_key(PLACE, context(path))
        public = create_key(PLACE, context(path, confirm=lambda _: True))
        secret = cluster.secrets["signing/release"]
        assert (secret["metadata"]["labels"], secret["data"]["other"]) == ({"team": "a"}, "eA==")
        assert load_public_key(PLACE, context(path)) == public
        with pytest.raises(NetworkError, match="immutable") as caught:
            create_key(PLACE, context(path, confirm=lambda _: True))
        assert caught.value.hint.endswith("`kubectl delete secret --namespace signing release`")


@pytest.mark.parametrize("there", [True, False], ids=["changed", "made"])
def test_somebody_else_was_faster(tmp_path: Path, there: bool) -> None:
    cluster = Cluster(meanwhile=True)
    if there:
        cluster.secrets["signing/release"] = {"metadata": {"resourceVersion": "1"}}
    with Loopback(cluster.serve) as server, pytest.raises(ConflictError, match="at the same time"):
        create_key(PLACE, context(config(tmp_path, server.url)))


FAILURES: dict[str, tuple[str, dict[str, Any], type[Error], str]] = {
    "no such Secret": (PLACE, {}, UsageError, "does not exist"),
    "no key in it": ("k8s://signing/empty", {}, UsageError, "has no `cosign"),
    "damaged": ("k8s://signing/damaged", {}, NetworkError, "not base64"),
    "a wrong token": (PLACE, {"token": "x"}, AuthenticationError, "does not take the credentials: Unauthorized"),
    "a namespace that is closed": ("k8s://kube-system/x", {}, AuthenticationError, "secrets is forbidden"),
    "no name": ("k8s://signing", {}, UsageError, "names no Secret"),
    "a path": ("k8s://signing/../x", {}, UsageError, "names no Secret"),
    "a name in capitals": ("k8s://signing/X", {}, UsageError, "names no Secret"),
}


@pytest.mark.parametrize(("place", "more", "kind", "text"), FAILURES.values(), ids=FAILURES.keys())
@pytest.mark.parametrize("load", [load_public_key, load_signer])
def test_what_cannot_be_read_is_said(
    load: Callable[[str, KeyContext], Any],
    tmp_path: Path,
    place: str,
    more: dict[str, Any],
    kind: type[Error],
    text: str,
) -> None:
    broken = dict.fromkeys(("cosign.key", "cosign.pub", "cosign.password"), "?")
    secrets: dict[str, dict[str, Any]] = {"signing/empty": {"data": None}, "signing/damaged": {"data": broken}}
    with Loopback(Cluster(secrets=secrets).serve) as server, pytest.raises(kind, match=text):
        load(place, context(config(tmp_path, server.url, **more)))


def test_an_account_that_may_only_read(tmp_path: Path) -> None:
    with Loopback(Cluster().serve) as server, pytest.raises(AuthenticationError, match="does not allow it") as caught:
        create_key(PLACE, context(config(tmp_path, server.url, token=READER)))
    assert "kubectl auth can-i" in caught.value.hint


def test_an_error_page_is_an_error(tmp_path: Path) -> None:
    with Loopback(lambda _: Answer(502, "<html>")) as server, pytest.raises(NetworkError, match="HTTP status 502"):
        load_public_key(PLACE, context(config(tmp_path, server.url)))


REFUSED = {
    "impersonation": ("", "as: admin", "`as` of the user `u`"),
    "a name and a password": ("", "username: x, password: y", "`username` of the user"),
    "a proxy": ("proxy-url: http://x", "token: x", "`proxy-url` of the cluster"),
    "half a certificate": ("", "client-certificate: x.pem", "without its key"),
    "damaged data": ("certificate-authority-data: '?'", "token: x", "not base64"),
}


@pytest.mark.parametrize(("cluster", "user", "text"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_followed_is_refused_before_anything_is_sent(
    tmp_path: Path, cluster: str, user: str, text: str
) -> None:
    path = write_kubeconfig(tmp_path / "config", "https://127.0.0.1:9", cluster=cluster, user=user)
    with pytest.raises(UsageError, match=text):
        load_public_key(PLACE, context(path))


ABSURD = {
    "nothing at all": (None, "no Kubernetes cluster is configured"),
    "no current context": ("clusters: []", "no Kubernetes cluster is configured"),
    "a list": ("[1]", "not a kubeconfig file"),
    "a context that is nowhere": ("current-context: x", "context `x` is in no kubeconfig file"),
    "no server": (
        "current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\nclusters: [{name: c, cluster: {}}]",
        "has no `server`",
    ),
    "plain http": (
        "current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: 'http://c.test'}}]",
        "plain http",
    ),
}


@pytest.mark.parametrize(("text", "why"), ABSURD.values(), ids=ABSURD.keys())
def test_configurations_that_lead_nowhere(tmp_path: Path, text: str | None, why: str) -> None:
    if text is not None:
        (tmp_path / "config").write_text(text)
    with pytest.raises(UsageError, match=why):
        load_public_key(PLACE, context(tmp_path / "config"))


def test_offline_is_offline(tmp_path: Path) -> None:
    with pytest.raises(OfflineError):
        load_public_key(PLACE, context(config(tmp_path, "https://127.0.0.1:9"), network=NoNetwork()))


def test_a_password_may_be_any_bytes(tmp_path: Path) -> None:
    cluster = Cluster()
    with Loopback(cluster.serve) as server:
        there = context(config(tmp_path, server.url), password=lambda: b"\xff\0")
        assert create_key(PLACE, there) == load_signer(PLACE, there).public
    assert cluster.secrets["signing/release"]["data"]["cosign.password"] == b64encode(b"\xff\0").decode()
