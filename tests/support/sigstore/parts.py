"""The keys and certificates of the fake Sigstore in files, and the flags that make a trusted root of them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)
from tests.support.sigstore.instance import Instance
from tests.support.sigstore.log import Generation

BEGUN = "2020-01-01T00:00:00Z"


def write_chain(path: Path, chain: Collection[x509.Certificate]) -> str:
    """Certificates in PEM; the name of the file."""
    path.write_bytes(b"".join(certificate.public_bytes(Encoding.PEM) for certificate in chain))
    return path.name


def write_key(path: Path, spki: bytes) -> str:
    """A public key in PEM; the name of the file."""
    pem = load_der_public_key(spki).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    path.write_bytes(pem)
    return path.name


def root_flags(instance: Instance, folder: Path) -> list[str]:
    """The flags of `trusted-root create` for every service of `instance`; the files are in `folder`."""
    url, host = instance.url, urlsplit(instance.url).hostname
    stamping = f"url={url}/api/v1/timestamp"
    first, second = instance.logs[Generation.V1], instance.logs[Generation.V2]
    begun = f"start-time={BEGUN}"
    return [
        f"--fulcio=url={url},certificate-chain={write_chain(folder / 'ca.pem', instance.authority.chain)},{begun}",
        f"--rekor=url={url},public-key={write_key(folder / 'log1.pem', first.public_key)},{begun}",
        f"--rekor=url={url},public-key={write_key(folder / 'log2.pem', second.public_key)},{begun},origin={host}",
        f"--ctfe=url={url}/ct,public-key={write_key(folder / 'ct.pem', instance.ct.public_key)},{begun}",
        f"--tsa={stamping},certificate-chain={write_chain(folder / 'tsa.pem', instance.timestamps.chain)},{begun}",
    ]


def config_flags(instance: Instance) -> list[str]:
    """The flags of `signing-config create` for an identity, a log of version 2 and a timestamp authority."""
    rest = f"start-time={BEGUN},operator=sigstore.test"
    return [
        f"--fulcio=url={instance.url},api-version=1,{rest}",
        f"--oidc-provider=url={instance.issuer},api-version=1,{rest},end-time=2099-12-31T23:59:59.5Z",
        f"--rekor=url={instance.url},api-version=2,{rest}",
        "--rekor-config=ANY",
        f"--tsa=url={instance.url}/api/v1/timestamp,api-version=1,{rest}",
        "--tsa-config=EXACT:1",
    ]
