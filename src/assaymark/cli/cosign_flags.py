"""Flags of cosign that ask for what this version does not have: hardware keys, certificates in files, policies.

They are known by name, so that a pasted command ends with a sentence about the flag instead of a guess, and they are
not in `--help`. Saying no to such a thing (`--sk=false`) is what this version does anyway. What has no effect with a
key, or none here, is taken in silence: `ACCEPTED`.
"""

from __future__ import annotations

from argparse import SUPPRESS, Namespace, _ActionsContainer
from collections.abc import Iterable
from enum import Enum
from typing import Final

import msgspec

from assaymark.cli.flags import add_switch
from assaymark.errors import UsageError

NOT_YET: Final = "not supported by this version"
USE_A_KEY: Final = "use a key: `--key cosign.key` to sign, `--key cosign.pub` to verify"


class Lack(Enum):
    """What this version does not have."""

    CERTIFICATES = f"certificates are {NOT_YET}"
    CERTIFICATE_FILES = f"certificates in files of their own are {NOT_YET}"
    PARTS_OF_TRUST = f"authorities in files of their own are {NOT_YET}"
    LOG_SEARCH = f"searching a transparency log is {NOT_YET}"
    HARDWARE = f"hardware keys are {NOT_YET}"
    POLICIES = f"policies are {NOT_YET}"
    CLUSTER = f"credentials of a Kubernetes cluster are {NOT_YET}"
    STATEMENTS = "a whole statement cannot be attested: give its predicate with `--predicate`, and `--type`"
    TAG_PREFIXES = f"a prefix for cosign's tags is {NOT_YET}: `COSIGN_REPOSITORY` names another repository"
    OLDER_SERVICES = "the parts of a service are named together since cosign 3.1"
    SECOND_LOG = f"the mirror's configuration for Rekor 2 is {NOT_YET}"
    RECURSION = "an index is attested as a whole: name the manifests of its platforms by digest"


_HINTS: Final = {
    Lack.CERTIFICATES: USE_A_KEY,
    Lack.CERTIFICATE_FILES: "attestations carry their certificates themselves",
    Lack.PARTS_OF_TRUST: "a trusted root holds all of them: `--trusted-root FILE`",
    Lack.LOG_SEARCH: "leave it out: attestations carry their log entries themselves",
    Lack.HARDWARE: USE_A_KEY,
    Lack.OLDER_SERVICES: "write `--fulcio url=…,certificate-chain=…`, and `--rekor`, `--ctfe`, `--tsa` likewise",
    Lack.SECOND_LOG: "name the log: `--no-default-rekor --rekor url=…,api-version=2,… --rekor-config ANY`",
}


class Unsupported(msgspec.Struct, frozen=True):
    """One flag; a switch is refused when it is on, another when it has a value."""

    name: str
    lack: Lack
    switch: bool = False

    @property
    def dest(self) -> str:
        """Its name in the parsed arguments."""
        return self.name.removeprefix("--").replace("-", "_")


REGISTRY: Final = (Unsupported("--k8s-keychain", Lack.CLUSTER, switch=True),)
HARDWARE: Final = (Unsupported("--sk", Lack.HARDWARE, switch=True), Unsupported("--slot", Lack.HARDWARE))
SIGNING: Final = (
    *HARDWARE,
    Unsupported("--timestamp-server-name", Lack.CERTIFICATES),
    Unsupported("--timestamp-client-cacert", Lack.CERTIFICATES),
    Unsupported("--timestamp-client-cert", Lack.CERTIFICATES),
    Unsupported("--timestamp-client-key", Lack.CERTIFICATES),
    Unsupported("--issue-certificate", Lack.CERTIFICATES, switch=True),
    Unsupported("--certificate", Lack.CERTIFICATES),
    Unsupported("--certificate-chain", Lack.CERTIFICATES),
)
STORING: Final = (
    Unsupported("--attachment-tag-prefix", Lack.TAG_PREFIXES),
    Unsupported("--recursive", Lack.RECURSION, switch=True),
    Unsupported("--statement", Lack.STATEMENTS),
)
VERIFYING: Final = (
    *HARDWARE,
    Unsupported("--rekor-url", Lack.LOG_SEARCH),
    Unsupported("--timestamp-certificate-chain", Lack.PARTS_OF_TRUST),
    Unsupported("--certificate-chain", Lack.PARTS_OF_TRUST),
    Unsupported("--ca-roots", Lack.PARTS_OF_TRUST),
    Unsupported("--ca-intermediates", Lack.PARTS_OF_TRUST),
    Unsupported("--sct", Lack.CERTIFICATE_FILES),
    Unsupported("--policy", Lack.POLICIES),
    Unsupported("--attachment-tag-prefix", Lack.TAG_PREFIXES),
)
BESIDE_IMAGES: Final = (Unsupported("--certificate", Lack.CERTIFICATE_FILES),)
SERVICE_PARTS: Final = tuple(
    Unsupported(f"--{name}", Lack.OLDER_SERVICES)
    for name in (
        "certificate-chain", "fulcio-uri", "ctfe-key", "ctfe-start-time", "ctfe-end-time", "ctfe-url", "rekor-key",
        "rekor-start-time", "rekor-end-time", "rekor-url", "timestamp-certificate-chain", "timestamp-uri",
    )
)  # fmt: skip
DEFAULT_SERVICES: Final = (Unsupported("--with-default-rekor-v2", Lack.SECOND_LOG, switch=True),)

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


def add_unsupported(parser: _ActionsContainer, flags: Iterable[Unsupported]) -> None:
    """Know these flags, without showing them."""
    for flag in flags:
        if flag.switch:
            add_switch(parser, flag.name, about=SUPPRESS)
        else:
            parser.add_argument(flag.name, default="", help=SUPPRESS)


def add_accepted(parser: _ActionsContainer, *names: str) -> None:
    """Take these flags in silence."""
    for name in names:
        if ACCEPTED[name]:
            add_switch(parser, name, about=SUPPRESS)
        else:
            parser.add_argument(name, default="", help=SUPPRESS)


def refuse_unsupported(args: Namespace, flags: Iterable[Unsupported]) -> None:
    """Raise `UsageError` for the first of these flags that was given."""
    for flag in flags:
        if getattr(args, flag.dest):
            hint = f"leave it out, or say `{flag.name}=false`" if flag.switch else _HINTS.get(flag.lack, "")
            raise UsageError(f"`{flag.name}`: {flag.lack.value}", hint=hint)
