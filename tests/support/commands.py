"""Commands as a user types them, run in this process against registries in memory or folders."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from tests.support.consoles import recorded_console
from tests.support.forgery import RECORD, key
from tests.support.registry import MemoryRegistry

from assaymark.attest.keys.file import encrypt_key
from assaymark.cli.main import main

PASSWORD = "pass word"
ENVIRONMENT: Mapping[str, str] = {"HOME": "/nonexistent", "COSIGN_PASSWORD": PASSWORD}

ATTESTING: Mapping[str, str] = {"type": "vuln", "predicate": "vuln.json", "key": "ours.key"}


class Ran(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def first(self) -> str:
        """The first line on stderr."""
        return self.err.partition("\n")[0]

    @property
    def json(self) -> Any:
        """The document on stdout."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        """stdout, line by line."""
        return self.out.splitlines()


def run(*arguments: str, environ: Mapping[str, str] | None = None, stdin: bytes = b"", terminal: bool = False) -> Ran:
    """Run `assaymark ARGUMENTS`; `environ` is added to a password and a home that does not exist."""
    variables = {name: value for name, value in {**ENVIRONMENT, **(environ or {})}.items() if value != "(unset)"}
    recorded = recorded_console(stdin=stdin, environ=variables, terminal=terminal)
    code = main(arguments, recorded.console)
    return Ran(code, recorded.out, recorded.err)


def attest(*arguments: str, environ: Mapping[str, str] | None = None, stdin: bytes = b"", **flags: str) -> Ran:
    """`attest` with our key and record in the working directory; `flags` replace, and empty ones are left out."""
    typed = [word for name, value in {**ATTESTING, **flags}.items() if value for word in (f"--{name}", value)]
    return run("attest", *typed, *arguments, environ=environ, stdin=stdin)


def verify(*arguments: str, environ: Mapping[str, str] | None = None) -> Ran:
    """`verify-attestation` with our public key in the working directory."""
    return run("verify-attestation", "--key", "ours.pub", "--type", "vuln", *arguments, environ=environ)


@cache
def key_file(name: str = "ours") -> bytes:
    """The encrypted key of `tests.support.forgery.key`; made once, because scrypt is slow on purpose."""
    return encrypt_key(key(name), PASSWORD.encode())


def place_keys(folder: Path, *names: str) -> None:
    """Write `NAME.key` and `NAME.pub`, and `vuln.json`, a record that may be signed."""
    for name in names or ("ours",):
        private = folder / f"{name}.key"
        private.touch(mode=0o600)
        private.write_bytes(key_file(name))
        (folder / f"{name}.pub").write_bytes(key(name).public.pem)
    (folder / "vuln.json").write_bytes(RECORD)


def record(result: Any, **changes: Any) -> bytes:
    """A vulnerability record with another result."""
    document = msgspec.json.decode(RECORD)
    return msgspec.json.encode(document | {"scanner": document["scanner"] | {"result": result}} | changes)


def place_image(registry: MemoryRegistry, name: str = "app", *, tag: str = "v1") -> tuple[str, str]:
    """An image of its own; how it is typed, and its digest."""
    config = json.dumps({"architecture": "amd64", "os": "linux", "author": f"{name}:{tag}"}).encode()
    pushed = registry.put_image(name, tag, config=config)
    return f"{registry.host}/{name}:{tag}", pushed.digest
