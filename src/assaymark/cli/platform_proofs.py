"""Which platforms of an index must be verified, as flags and policies say it (`assaymark.attest.platform_proofs`)."""

from __future__ import annotations

from argparse import Namespace

from assaymark.attest.judging import Judge
from assaymark.attest.platform_proofs import Asked
from assaymark.errors import UsageError
from assaymark.model.platform import parse_platforms


def asked_from(args: Namespace, judge: Judge | None) -> Asked:
    """What the flags and the policy say.

    Raises:
        UsageError: they contradict each other, or a text is no platform.
    """
    required = judge.policy.platforms if judge is not None else ()
    if args.index and (args.platform or required):
        flag = "--platform" if args.platform else "--require-platforms"
        raise UsageError(f"`--index` is about the index alone, and `{flag}` about its platforms")
    wishes = parse_platforms(args.platform) if args.platform else None
    return Asked(wishes=wishes, required=required, index_alone=args.index)
