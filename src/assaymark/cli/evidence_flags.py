"""What must vouch for a signature besides its signer, as flags say it: logs, timestamps, certificate logs.

| | with a key | with an identity |
|---|---|---|
| nothing | the signature alone; entries and timestamps are counted, and said not to be verified | a log entry; what else is there is right |
| `--trusted-root` | what is there is right | the same, against that file |
| `--require-log` | a log entry | the same |
| `--use-signed-timestamps` | a timestamp; a log entry that is there is right | a timestamp besides |
| `--insecure-ignore-tlog` | nobody looks at log entries | the same: then a timestamp has to tell the time |
| `--insecure-ignore-sct` | nothing: keys have no certificates | nobody looks for certificate logs |

Each `--insecure-…` removes that check and nothing else, and a check that was not made is reported as such.
"""  # noqa: E501 - a table

from __future__ import annotations

from argparse import SUPPRESS, Namespace, _ActionsContainer
from typing import TYPE_CHECKING

from assaymark.cli.cosign_flags import VERIFYING, add_accepted
from assaymark.cli.flags import Filled, add_switch
from assaymark.cli.unsupported_flags import add_unsupported, refuse_unsupported
from assaymark.errors import UsageError

if TYPE_CHECKING:
    from assaymark.attest.sigstore.expectation import Demand


def add_evidence_flags(parser: _ActionsContainer) -> None:
    """Add them under their own heading."""
    group = parser.add_argument_group("Evidence flags")
    group.add_argument(
        "--trusted-root",
        action=Filled,
        default="",
        metavar="FILE",
        help="the authorities and logs to believe (default: those of the TUF mirror, see `assaymark initialize`)",
    )
    group.add_argument("--cache-dir", default="", metavar="DIR", help="where trust data is kept")
    add_switch(group, "--require-log", about="demand a transparency log entry with a key, too")
    add_switch(group, "--use-signed-timestamps", about="demand a timestamp of a trusted authority")
    add_switch(group, "--insecure-ignore-tlog", about="do not look at transparency log entries")
    add_switch(group, "--insecure-ignore-sct", about="do not ask whether a certificate log saw the certificate")
    add_switch(parser, "--private-infrastructure", about=SUPPRESS)  # --insecure-ignore-tlog under its older name
    add_unsupported(parser, VERIFYING)
    add_accepted(parser, "--signature-digest-algorithm", "--experimental-oci11", "--registry-referrers-mode")


def check_evidence_flags(args: Namespace) -> None:
    """Refuse what contradicts itself, and what this version does not have.

    Raises:
        UsageError: such a flag was given.
    """
    refuse_unsupported(args, VERIFYING)
    if args.require_log and _ignores_log(args):
        raise UsageError("`--require-log` and `--insecure-ignore-tlog` exclude each other")


def needs_trust(args: Namespace) -> bool:
    """Whether a signature of a key needs more than the key."""
    trusts = bool(args.trusted_root) and not _ignores_log(args)
    return bool(trusts or args.require_log or args.use_signed_timestamps)


def log_demand(args: Namespace) -> Demand:
    """What is demanded of log entries where a certificate signed."""
    from assaymark.attest.sigstore.expectation import Demand

    return Demand.IGNORED if _ignores_log(args) else Demand.REQUIRED


def key_log_demand(args: Namespace) -> Demand:
    """What is demanded of log entries where a key signed, and there is a trusted root."""
    from assaymark.attest.sigstore.expectation import Demand

    if _ignores_log(args):
        return Demand.IGNORED
    return Demand.REQUIRED if args.require_log else Demand.CHECKED


def timestamp_demand(args: Namespace) -> Demand:
    """What is demanded of timestamps."""
    from assaymark.attest.sigstore.expectation import Demand

    return Demand.REQUIRED if args.use_signed_timestamps else Demand.CHECKED


def sct_demand(args: Namespace) -> Demand:
    """What is demanded of certificate logs."""
    from assaymark.attest.sigstore.expectation import Demand

    return Demand.IGNORED if args.insecure_ignore_sct else Demand.REQUIRED


def _ignores_log(args: Namespace) -> bool:
    return bool(args.insecure_ignore_tlog or args.private_infrastructure)
