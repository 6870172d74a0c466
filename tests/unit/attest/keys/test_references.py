"""What `--key` may be."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.support.forgery import key

from assaymark.attest.keys.file import encrypt_key, write_key_pair
from assaymark.attest.keys.pem import encode_pem
from assaymark.attest.keys.private import Signer
from assaymark.attest.keys.reference import create_key, load_public_key, load_signer, scheme_name
from assaymark.attest.keys.scheme import KeyContext, key_schemes
from assaymark.errors import LimitError, LocalError, NetworkError, OfflineError, SigningError, UsageError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.net.address import Locality
from assaymark.net.network import Content, Headers, NoNetwork, Response
from assaymark.net.tls import TlsOptions

SEALED = encrypt_key(key(), b"")


class OneAnswer:
    """A network on which every request gets the same answer."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self.body = body
        self.asked: list[str] = []

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Content | None = None,
        repeatable: bool | None = None,
        redirects: bool = True,
        nearest: Locality = Locality.LOOPBACK,
        tls: TlsOptions | None = None,
    ) -> Response:
        self.asked.append(f"{method} {url}")
        return Response(
            status=self.status, headers=Headers(), url=url, source=io.BytesIO(self.body), limits=DEFAULT_LIMITS
        )

    def locality(self, host: str) -> Locality:
        return Locality.UNKNOWN


class Context:
    """A context that remembers what the user was told."""

    def __init__(self, *, network: OneAnswer | NoNetwork | None = None, **environment: str) -> None:
        self.warnings: list[str] = []
        self.context = KeyContext(environment=environment, network=network, warn=self.warnings.append)


def public(signer: Signer) -> bytes:
    return signer.public.spki


def test_a_path_names_a_file(tmp_path: Path) -> None:
    write_key_pair(tmp_path / "cosign", key(), b"")
    there = Context()
    assert load_public_key(str(tmp_path / "cosign.pub"), there.context) == key().public
    assert public(load_signer(str(tmp_path / "cosign.key"), there.context)) == key().public.spki
    assert there.warnings == []


def test_an_open_key_file_is_warned_about(tmp_path: Path) -> None:
    write_key_pair(tmp_path / "cosign", key(), b"")
    (tmp_path / "cosign.key").chmod(0o644)
    there = Context()
    load_signer(str(tmp_path / "cosign.key"), there.context)
    assert len(there.warnings) == 1


def test_the_password_is_not_asked_for_what_is_no_key_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(key().public.pem)

    def ask() -> bytes:
        raise AssertionError

    with pytest.raises(SigningError):
        load_signer(str(tmp_path / "x"), KeyContext(environment={}, password=ask))


def test_an_environment_variable_holds_the_text() -> None:
    there = Context(PUB=key().public.pem.decode(), KEY=SEALED.decode())
    assert load_public_key("env://PUB", there.context) == key().public
    assert public(load_signer("env://KEY", there.context)) == key().public.spki


def test_the_web_is_asked_once() -> None:
    network = OneAnswer(200, key().public.pem)
    there = Context(network=network)
    assert load_public_key("https://keys.test/cosign.pub", there.context) == key().public
    assert (network.asked, there.warnings) == (["GET https://keys.test/cosign.pub"], [])


def test_plain_http_is_warned_about() -> None:
    there = Context(network=OneAnswer(200, key().public.pem))
    load_public_key("HTTP://keys.test/cosign.pub", there.context)
    assert "plain http" in there.warnings[0]


FAILURES: dict[str, tuple[str, Context, type[Exception], str]] = {
    "nothing": ("", Context(), UsageError, "empty"),
    "no such file": ("none.pub", Context(), LocalError, "none.pub"),
    "no such variable": ("env://NONE", Context(), UsageError, "NONE"),
    "no network": ("https://keys.test/k", Context(), UsageError, "cannot be fetched"),
    "offline": ("https://keys.test/k", Context(network=NoNetwork()), OfflineError, "--offline"),
    "not found on the web": ("https://keys.test/k", Context(network=OneAnswer(404, b"")), NetworkError, "404"),
    "endless": ("https://keys.test/k", Context(network=OneAnswer(200, b"x" * 70_000)), LimitError, "65536"),
    "a point off the curve": (
        "env://K",
        Context(
            K=encode_pem("PUBLIC KEY", key().public.spki[:-64] + b"\1" * 64).decode(),
        ),
        UsageError,
        "not on the curve",
    ),
    "a key management service without a network": (
        "awskms:///alias/x",
        Context(),
        UsageError,
        "AWS KMS cannot be asked here",
    ),
    "a key management service offline": (
        "awskms:///alias/x",
        Context(network=NoNetwork()),
        OfflineError,
        "AWS KMS makes connections of its own, and `--offline` forbids",
    ),
    "anything else": ("x://y", Context(), UsageError, "no program `sigstore-kms-x` is on PATH"),
}


@pytest.mark.parametrize(("reference", "there", "error", "text"), FAILURES.values(), ids=FAILURES.keys())
def test_what_cannot_be_had_is_said(reference: str, there: Context, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        load_public_key(reference, there.context)


def test_the_way_out_names_what_works() -> None:
    with pytest.raises(UsageError) as caught:
        load_signer("gpckms://x", Context().context)
    assert caught.value.hint == f"these are known: {', '.join(f'`{scheme.form}`' for scheme in key_schemes())}"
    assert {"`PATH`", "`env://NAME`", "`awskms:///KEY`"} <= set(caught.value.hint.partition(": ")[2].split(", "))


def test_keys_are_not_made_where_nobody_keeps_them() -> None:
    with pytest.raises(UsageError, match="no keys are made in `env://KEY`") as caught:
        create_key("env://KEY", Context().context)
    assert "`hashivault://KEY`" in caught.value.hint


@pytest.mark.parametrize(("reference", "name"), [("a/b.pub", ""), ("C:\\k", ""), ("ENV://X", "env"), ("a b://c", "")])
def test_scheme_names(reference: str, name: str) -> None:
    assert scheme_name(reference) == name
