"""The real cosign in a folder of its own, and what it is given to attest."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

BLOB: Final = b"what is attested"
RECORD: Final = {
    "invocation": {"parameters": None, "uri": "", "event_id": "", "builder.id": ""},
    "scanner": {
        "uri": "pkg:pypi/scanner",
        "version": "1",
        "db": {"uri": "registry.test/db", "version": "2"},
        "result": {},
    },
    "metadata": {"scanStartedOn": "2026-01-02T03:04:05Z", "scanFinishedOn": "2026-01-02T03:04:06Z"},
}


def statement_about(digest: str) -> bytes:
    """A vulnerability statement about what has this digest."""
    document = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "subject", "digest": {"sha256": digest.removeprefix("sha256:")}}],
        "predicateType": "https://cosign.sigstore.dev/attestation/vuln/v1",
        "predicate": RECORD,
    }
    return json.dumps(document).encode()


STATEMENT: Final = statement_about(hashlib.sha256(BLOB).hexdigest())
"""About `BLOB`."""


class Cosign:
    """The program; `folder` is its home and holds `blob` and `vuln.json`."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self._folder = folder
        self._environment = {
            "HOME": str(folder),
            "PATH": f"{folder / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            "COSIGN_PASSWORD": "",
            **(environment or {}),
        }
        (folder / "blob").write_bytes(BLOB)
        (folder / "vuln.json").write_text(json.dumps(RECORD))

    def __call__(self, *arguments: str | Path, code: int = 0) -> str:
        """Run it to its end; what it printed, and it must have ended with `code`."""
        done = subprocess.run(
            ["cosign", *map(str, arguments)],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert code == done.returncode, done.stderr
        return done.stdout + done.stderr
