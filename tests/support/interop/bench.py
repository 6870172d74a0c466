"""A folder with keys, a record and trust data, in which the three programs sign and verify.

assaymark and cosign are processes of their own, as users start them; sigstore-python is a library, and used as one.
Both programs read the same key files. Whatever a service of the public instance would answer comes from the fake one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from tests.support.forgery import RECORD, key
from tests.support.interop.matrix import Evidence, Material
from tests.support.process import SOURCES
from tests.support.sigstore.accounts import google
from tests.support.sigstore.fake import FakeSigstore

from assaymark.attest.keys.file import write_key_pair
from assaymark.attest.keys.public import Algorithm
from assaymark.model.descriptor import OCI_CONFIG, OCI_MANIFEST, Descriptor
from assaymark.model.reference import parse_reference
from assaymark.net.http import Http
from assaymark.oci.content import ContentStore
from assaymark.oci.registry import Registry

PASSWORD: Final = "pass word"
EMAIL: Final = "alice@gmail.test"
STRANGER: Final = "mallory@gmail.test"
KEYS: Final = {Material.P256: Algorithm.ECDSA_P256, Material.RSA: Algorithm.RSA}
SECONDS: Final = 60


class Ran(NamedTuple):
    """How a program ended and what it said, on both streams."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err


class Image:
    """A small image of its own, `NAME:1`."""

    def __init__(self, host: str, name: str) -> None:
        self.reference = f"{host}/{name}:1"
        self.store: ContentStore = Registry(Http()).repository(parse_reference(self.reference))
        text = msgspec.json.encode({"architecture": "amd64", "os": "linux", "author": name})
        config = self.store.push_blob(text, media_type=OCI_CONFIG)
        parts = {"mediaType": OCI_CONFIG, "digest": config.digest, "size": config.size}
        document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": parts, "layers": []}
        manifest = msgspec.json.encode(document)
        self.subject: Descriptor = self.store.push_manifest(manifest, media_type=OCI_MANIFEST, tag="1")


class Bench:
    """The folder; every program is started in it."""

    def __init__(self, folder: Path, sigstore: FakeSigstore) -> None:
        self.folder = folder
        self.sigstore = sigstore
        (folder / "vuln.json").write_bytes(RECORD)
        for material, algorithm in KEYS.items():
            write_key_pair(folder / material.name.lower(), key("interop", algorithm), PASSWORD.encode())
            (folder / f"stranger-{material.name.lower()}.pub").write_bytes(key("stranger", algorithm).public.pem)
        sigstore.write(folder)
        for evidence in Evidence:
            for keyless in (True, False):
                services = sigstore.instance.signing_config(
                    logs=evidence.logs, timestamps=evidence.timestamps, keyless=keyless
                )
                (folder / self.signing_config(evidence, keyless=keyless)).write_text(json.dumps(services))
        self.cosign("initialize", "--mirror", sigstore.tuf_url, "--root", "root.json")

    @staticmethod
    def signing_config(evidence: Evidence, *, keyless: bool) -> str:
        """The file that names the services."""
        return f"{evidence.name.lower()}-{'keyless' if keyless else 'key'}.json"

    def key_file(self, material: Material, suffix: str) -> str:
        """The file of a key."""
        return f"{material.name.lower()}.{suffix}"

    @cached_property
    def environment(self) -> dict[str, str]:
        """What both programs find; trust data that nobody named comes from the fake mirror."""
        return {
            "HOME": str(self.folder),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(SOURCES),
            "LANG": "C.UTF-8",
            "COSIGN_PASSWORD": PASSWORD,
            "TUF_MIRROR": self.sigstore.tuf_url,
            "TUF_ROOT_JSON": str(self.folder / "root.json"),
        }

    def token(self, email: str = EMAIL) -> str:
        """An identity token, good for one signature and more."""
        return self.sigstore.instance.token(google(email))

    def assaymark(self, *arguments: str, environ: Mapping[str, str] | None = None) -> Ran:
        """Run our program."""
        return self._run([sys.executable, "-m", "assaymark", *arguments], environ)

    def cosign(self, *arguments: str, environ: Mapping[str, str] | None = None) -> Ran:
        """Run cosign, where it is installed."""
        return self._run(["cosign", *arguments], environ)

    def start(self, *arguments: str, environ: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start our program, to have several at once."""
        return self._popen([sys.executable, "-m", "assaymark", *arguments], environ)

    def _run(self, command: Sequence[str], environ: Mapping[str, str] | None) -> Ran:
        with self._popen(command, environ) as process:
            try:
                out, err = process.communicate(timeout=SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return Ran(process.returncode, out, err)

    def _popen(self, command: Sequence[str], environ: Mapping[str, str] | None, **more: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env={**self.environment, **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **more,
        )
