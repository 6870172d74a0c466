"""The flags that verify what was just signed with a key: its public half, wherever the key is kept."""

from __future__ import annotations

from argparse import Namespace

import pytest
from tests.support.forgery import key

from assaymark.attest.attach import Attestation
from assaymark.attest.dsse import sign_payload
from assaymark.attest.predicate import VULN_TYPE, parse_predicate_type
from assaymark.cli.evidence_words import signer_words
from assaymark.model.descriptor import Descriptor
from assaymark.model.digest import Digest

TOKEN = "pkcs11:token=card;object=release?module-path=/lib/m.so"


def attestation() -> Attestation:
    ours = key("ours")
    return Attestation(
        subject=Descriptor(media_type="", digest=Digest("sha256:00"), size=0),
        predicate_type=parse_predicate_type(VULN_TYPE),
        envelope=sign_payload(b"{}", ours),
        public=ours.public,
        bundle=b"",
        legacy=b"",
    )


@pytest.mark.parametrize(
    ("reference", "ours", "cosigns"),
    [
        pytest.param("keys/a.key", "keys/a.pub", "keys/a.pub", id="a key file has its public half beside it"),
        pytest.param("a.pem", "cosign.pub", "cosign.pub", id="another file's is not known"),
        pytest.param("env://KEY", "cosign.pub", "cosign.pub", id="a variable holds the private half alone"),
        pytest.param("https://x/a.key", "cosign.pub", "cosign.pub", id="so does an address"),
        pytest.param("awskms:///alias/a", "awskms:///alias/a", "awskms:///alias/a", id="a service has both"),
        pytest.param("k8s://n/a", "k8s://n/a", "k8s://n/a", id="so has a cluster"),
        pytest.param("mine://a.key", "mine://a.key", "mine://a.key", id="so has a program"),
        pytest.param(
            "azurekms://v.vault.azure.net/a",
            "azurekms://v.vault.azure.net/a",
            "cosign.pub",
            id="cosign reads no EC keys",
        ),
        pytest.param(f"{TOKEN}&pin-value=1234", TOKEN, "cosign.pub", id="a token's without its PIN"),
    ],
)
def test_a_key_s_public_half(reference: str, ours: str, cosigns: str) -> None:
    assert (["--key", ours], ["--key", cosigns]) == signer_words(attestation(), Namespace(key=reference))
