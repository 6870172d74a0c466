"""Commands of Trivy and cosign that are not here, so that a pasted line ends with a sentence instead of a guess.

What has another name here, or is done by another program, is said with it; what is out of the field is said to be. A
word that becomes a command of ours leaves this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from assaymark.errors import UsageError

_IMAGES_ONLY_ATTESTED: Final = "assaymark signs statements about images, not images by themselves"
_ATTEST: Final = "`assaymark attest --type vuln --predicate vuln.json IMAGE` signs and attaches a record"
_VERIFY: Final = "`assaymark verify-attestation --type vuln IMAGE` verifies one"
_VULNERABILITIES_ONLY: Final = "assaymark finds vulnerabilities only"
_LEAVE_TO_COSIGN: Final = "cosign works with the same keys and registries"
_NO_CLUSTERS: Final = "assaymark does not scan clusters"
_ONE_IMAGE: Final = "scan each image with `assaymark image IMAGE`"

NOT_HERE: Final[Mapping[str, tuple[str, str]]] = {
    # cosign
    "sign": (_IMAGES_ONLY_ATTESTED, _ATTEST),
    "sign-blob": ("assaymark signs statements about files, not files by themselves", "`assaymark attest-blob` does"),
    "verify": (_IMAGES_ONLY_ATTESTED, _VERIFY),
    "verify-blob": (
        "assaymark verifies statements about files, not bare signatures",
        "`assaymark verify-blob-attestation` does",
    ),
    "attach": ("what is attached is made here, too", _ATTEST),
    "upload": ("assaymark stores attestations only", _LEAVE_TO_COSIGN),
    "triangulate": ("places of attestations are listed, not computed", "`assaymark tree IMAGE` lists what is attached"),
    "dockerfile": ("files that name images are not read", "`assaymark verify-attestation IMAGE…` takes several images"),
    "manifest": ("files that name images are not read", "`assaymark verify-attestation IMAGE…` takes several images"),
    "piv-tool": (
        "hardware keys are reached through PKCS#11 alone",
        "`assaymark pkcs11-tool list-keys-uris` lists them",
    ),
    "env": ("there is no list of variables", "every flag has one: `--cache-dir` is ASSAYMARK_CACHE_DIR"),
    # Trivy
    "server": ("there is no server", "leave it out: `assaymark image IMAGE` does everything by itself"),
    "client": ("there is no server", "leave it out: `assaymark image IMAGE` does everything by itself"),
    "plugin": ("there are no plug-ins", "`assaymark --help` lists what is there"),
    "module": ("there are no modules", "`assaymark --help` lists what is there"),
    "vm": ("images of virtual machines are not read", "mount one, and scan it with `assaymark rootfs FOLDER`"),
    "kubernetes": (_NO_CLUSTERS, _ONE_IMAGE),
    "k8s": (_NO_CLUSTERS, _ONE_IMAGE),
    "aws": (f"{_VULNERABILITIES_ONLY}, not settings of accounts", ""),
    "config": (f"{_VULNERABILITIES_ONLY}, not misconfiguration", "`assaymark fs FOLDER` scans lockfiles and packages"),
    "vex": ("`vex` alone is no command", "`assaymark vex repo list`, or `init`, or `download`"),
    "registry": ("`registry` alone is no command", "`assaymark registry login`, or `assaymark registry logout`"),
}
"""A command by its name: what is so, and what to do instead."""


def refuse_peer_command(name: str) -> None:
    """Say of a command of the peers that it is not here; nothing where `name` is none.

    Raises:
        UsageError: it is one.
    """
    if name in NOT_HERE:
        reason, hint = NOT_HERE[name]
        raise UsageError(f"there is no command `{name}`: {reason}", hint=hint)
