"""Flags of cosign that ask for what this version does not have: hardware keys, certificates in files.

They are known by name, so that a pasted command ends with a sentence about the flag instead of a guess, and they are
not in `--help`. Saying no to such a thing (`--sk=false`) is what this version does anyway. What has no effect with a
key, or none here, is taken in silence: `ACCEPTED`.
"""

from __future__ import annotations

from argparse import SUPPRESS, _ActionsContainer
from enum import Enum
from typing import Final

from assaymark.cli.flags import add_switch
from assaymark.cli.unsupported_flags import Unsupported

NOT_YET: Final = "not supported by this version"
USE_A_KEY: Final = "use a key: `--key cosign.key` to sign, `--key cosign.pub` to verify"


class Lack(Enum):
    """What this version does not have."""

    CERTIFICATES = f"certificates that were made beforehand are {NOT_YET}"
    KEY_CERTIFICATES = f"a certificate for a key of one's own is {NOT_YET}"
    CLIENT_CERTIFICATES = f"showing a certificate to a timestamp authority is {NOT_YET}"
    CERTIFICATE_FILES = f"certificates in files of their own are {NOT_YET}"
    PARTS_OF_TRUST = f"authorities in files of their own are {NOT_YET}"
    LOG_SEARCH = f"searching a transparency log is {NOT_YET}"
    HARDWARE = f"hardware keys are {NOT_YET}"
    CLUSTER = f"credentials of a Kubernetes cluster are {NOT_YET}"
    STATEMENTS = "a whole statement cannot be attested: give its predicate with `--predicate`, and `--type`"
    TAG_PREFIXES = f"a prefix for cosign's tags is {NOT_YET}: `COSIGN_REPOSITORY` names another repository"
    OLDER_SERVICES = "the parts of a service are named together since cosign 3.1"
    SECOND_LOG = f"the mirror's configuration for Rekor 2 is {NOT_YET}"
    RECURSION = "`--platform` attests one platform of an index, and `assaymark image --attest` all of them"


_HINTS: Final = {
    Lack.CERTIFICATES: "sign with `--key`, or leave both out: an identity gets its certificate when it signs",
    Lack.KEY_CERTIFICATES: "leave it out, or leave `--key` out: an identity gets its certificate when it signs",
    Lack.CLIENT_CERTIFICATES: "name an authority that asks for none with `--timestamp-server-url`",
    Lack.CLUSTER: "leave it out: `assaymark login`, `--registry-token` or a Docker configuration has credentials",
    Lack.TAG_PREFIXES: "leave it out: bundles are found without a tag",
    Lack.RECURSION: "leave it out",
    Lack.STATEMENTS: "`attest-blob --statement` signs one",
    Lack.CERTIFICATE_FILES: "attestations carry their certificates themselves",
    Lack.PARTS_OF_TRUST: "a trusted root holds all of them: `--trusted-root FILE`",
    Lack.LOG_SEARCH: "leave it out: attestations carry their log entries themselves",
    Lack.HARDWARE: USE_A_KEY,
    Lack.OLDER_SERVICES: "write `--fulcio url=…,certificate-chain=…`, and `--rekor`, `--ctfe`, `--tsa` likewise",
    Lack.SECOND_LOG: "name the log: `--no-default-rekor --rekor url=…,api-version=2,… --rekor-config ANY`",
}


def _lacking(name: str, lack: Lack, *, switch: bool = False) -> Unsupported:
    hint = f"leave it out, or say `{name}=false`" if switch and lack not in _HINTS else _HINTS.get(lack, "")
    return Unsupported(name, lack.value, hint, switch=switch)


REGISTRY: Final = (_lacking("--k8s-keychain", Lack.CLUSTER, switch=True),)
HARDWARE: Final = (_lacking("--sk", Lack.HARDWARE, switch=True), _lacking("--slot", Lack.HARDWARE))
SIGNING: Final = (
    *HARDWARE,
    _lacking("--timestamp-server-name", Lack.CLIENT_CERTIFICATES),
    _lacking("--timestamp-client-cacert", Lack.CLIENT_CERTIFICATES),
    _lacking("--timestamp-client-cert", Lack.CLIENT_CERTIFICATES),
    _lacking("--timestamp-client-key", Lack.CLIENT_CERTIFICATES),
    _lacking("--issue-certificate", Lack.KEY_CERTIFICATES, switch=True),
    _lacking("--certificate", Lack.CERTIFICATES),
    _lacking("--certificate-chain", Lack.CERTIFICATES),
)
STORING: Final = (
    _lacking("--attachment-tag-prefix", Lack.TAG_PREFIXES),
    _lacking("--recursive", Lack.RECURSION, switch=True),
    _lacking("--statement", Lack.STATEMENTS),
)
VERIFYING: Final = (
    *HARDWARE,
    _lacking("--rekor-url", Lack.LOG_SEARCH),
    _lacking("--timestamp-certificate-chain", Lack.PARTS_OF_TRUST),
    _lacking("--certificate-chain", Lack.PARTS_OF_TRUST),
    _lacking("--ca-roots", Lack.PARTS_OF_TRUST),
    _lacking("--ca-intermediates", Lack.PARTS_OF_TRUST),
    _lacking("--sct", Lack.CERTIFICATE_FILES),
    _lacking("--attachment-tag-prefix", Lack.TAG_PREFIXES),
)
BESIDE_IMAGES: Final = (_lacking("--certificate", Lack.CERTIFICATE_FILES),)
SERVICE_PARTS: Final = tuple(
    _lacking(f"--{name}", Lack.OLDER_SERVICES)
    for name in (
        "certificate-chain", "fulcio-uri", "ctfe-key", "ctfe-start-time", "ctfe-end-time", "ctfe-url", "rekor-key",
        "rekor-start-time", "rekor-end-time", "rekor-url", "timestamp-certificate-chain", "timestamp-uri",
    )
)  # fmt: skip
DEFAULT_SERVICES: Final = (_lacking("--with-default-rekor-v2", Lack.SECOND_LOG, switch=True),)

ACCEPTED: Final = {
    # about the program's own look at a log or a certificate that a key has not
    "--rekor-entry-type": False,
    "--signature-digest-algorithm": False,  # both of a key's digests are tried
    # about formats that are written and read anyway
    "--record-creation-timestamp": True,  # bundles say it always, and the .att tag never
    "--registry-referrers-mode": False,
    "--experimental-oci11": True,
}
"""Names, and whether each is a switch."""


def add_accepted(parser: _ActionsContainer, *names: str) -> None:
    """Take these flags in silence."""
    for name in names:
        if ACCEPTED[name]:
            add_switch(parser, name, about=SUPPRESS)
        else:
            parser.add_argument(name, default="", help=SUPPRESS)
