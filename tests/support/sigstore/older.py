"""What cosign 1 and 2 wrote in the place of a bundle."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.sigstore.entries import base64_text
from tests.support.sigstore.signing import Signed


def older(signed: Signed, folder: Path) -> None:
    """The same as cosign 1 and 2 wrote it, in one file and in several."""
    noted = signed.annotations
    certificate = noted["dev.sigstore.cosign/certificate"].encode()
    local = {"base64Signature": base64_text(signed.envelope), "cert": base64_text(certificate)}
    entry = json.loads(noted["dev.sigstore.cosign/bundle"])
    (folder / "old.json").write_text(json.dumps(local | {"rekorBundle": entry}))
    (folder / "envelope").write_bytes(signed.envelope)
    (folder / "certificate").write_bytes(base64_text(certificate).encode())
    if "dev.sigstore.cosign/rfc3161timestamp" in noted:
        (folder / "timestamp").write_text(noted["dev.sigstore.cosign/rfc3161timestamp"])
