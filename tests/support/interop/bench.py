"""A folder with keys, a record and trust data, in which the three programs sign and verify.

assaymark and cosign are processes of their own, as users start them; sigstore-python is a library, and used as one.
Both programs read the same key files. Whatever a service of the public instance would answer comes from the fake one.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

from tests.support.forgery import RECORD, key
from tests.support.images import BuiltImage, build_image
from tests.support.interop.matrix import AT_HAND, Evidence, Material, Program
from tests.support.process import SOURCES
from tests.support.sigstore.accounts import google
from tests.support.sigstore.fake import FakeSigstore

from assaymark.attest.keys.file import write_key_pair
from assaymark.attest.keys.public import Algorithm
from assaymark.model.descriptor import Descriptor
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

    @property
    def lines(self) -> list[str]:
        """stdout, line by line."""
        return self.out.splitlines()

    def told(self, program: str) -> list[str]:
        """The arguments of the line for `program` that can be pasted."""
        (line,) = [line for line in self.err.splitlines() if line.startswith(f"  {program} ")]
        return shlex.split(line)[1:]


class Image:
    """An image of its own, `NAME:1`; a tiny one unless it is given."""

    def __init__(self, host: str, name: str, built: BuiltImage | None = None) -> None:
        self.reference = f"{host}/{name}:1"
        self.store: ContentStore = Registry(Http()).repository(parse_reference(self.reference))
        self.subject: Descriptor = (built or build_image([{"name": name}])).push(self.store, tag="1")


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
        if Program.COSIGN in AT_HAND:
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

    def token(self) -> str:
        """An identity token, good for one signature and more."""
        return self.sigstore.instance.token(google(EMAIL))

    def assaymark(self, *arguments: str, environ: Mapping[str, str] | None = None) -> Ran:
        """Run our program."""
        return self._run([sys.executable, "-m", "assaymark", *arguments], environ)

    def cosign(self, *arguments: str, environ: Mapping[str, str] | None = None) -> Ran:
        """Run cosign."""
        return self._run(["cosign", *arguments], environ)

    def _run(self, command: Sequence[str], environ: Mapping[str, str] | None) -> Ran:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**self.environment, **(environ or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)
