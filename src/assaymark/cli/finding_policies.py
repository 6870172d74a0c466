"""`--findings-policy` and `--ignore-policy`: files of the user's that judge findings, read before the scan.

Both come from the working directory, never from what is scanned. A mistake in one must not cost a scan, so a policy in
Rego is compiled here, too.
"""

from __future__ import annotations

from argparse import Namespace, _ActionsContainer
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from posixpath import normpath
from typing import TYPE_CHECKING, Final

from assaymark.errors import UsageError
from assaymark.limits import Limits
from assaymark.safeio.files import local_error
from assaymark.safeio.readers import read_bounded

if TYPE_CHECKING:
    from assaymark.matching.policy.rego import RegoPolicy
    from assaymark.matching.policy.rules import FindingsPolicy

_WITHOUT_OPA: Final = (
    "put `opa` on PATH (https://www.openpolicyagent.org), or write rules for `--findings-policy`, which needs none"
)


def add_finding_policies(group: _ActionsContainer) -> None:
    """Add the flags."""
    group.add_argument(
        "--findings-policy", default="", metavar="FILE", help="rules that ignore or deny findings (docs/filters.md)"
    )
    group.add_argument(
        "--ignore-policy", default="", metavar="FILE", help="findings to ignore, in Rego; needs `opa` on PATH"
    )


def findings_policy_from(args: Namespace, *, now: datetime, folder: Path, limits: Limits) -> FindingsPolicy | None:
    """The rules that `--findings-policy` names; None where it names none.

    Raises:
        UsageError: there is no such file, or it is no policy.
        LocalError: it cannot be read.
    """
    if not args.findings_policy:
        return None
    from assaymark.matching.policy.document import parse_findings_policy

    data = _read("--findings-policy", args.findings_policy, folder, limits)
    return parse_findings_policy(data, path=args.findings_policy, now=now, limits=limits)


def ignore_policy_from(
    args: Namespace, *, environ: Mapping[str, str], folder: Path, limits: Limits
) -> RegoPolicy | None:
    """The policy that `--ignore-policy` names, compiled; None where it names none.

    Raises:
        UsageError: there is no such file, or it is not Rego.
        LocalError: it cannot be read, or there is no `opa`.
    """
    if not args.ignore_policy:
        return None
    from assaymark.matching.policy.rego import RegoPolicy
    from assaymark.model.digest import sha256_digest
    from assaymark.safeio.opa import Opa

    data = _read("--ignore-policy", args.ignore_policy, folder, limits)
    connects = not getattr(args, "offline", False)
    policy = RegoPolicy(
        path=normpath(args.ignore_policy),
        digest=sha256_digest(data),
        text=data,
        opa=Opa(environment=environ, connects=connects, hint=_WITHOUT_OPA, limits=limits),
    )
    policy.check()
    return policy


def _read(flag: str, name: str, folder: Path, limits: Limits) -> bytes:
    path = folder / name
    if not path.exists():
        raise UsageError(f"`{flag}`: there is no file `{name}`")
    try:
        with path.open("rb") as stream:
            return read_bounded(stream, limit=limits.configuration_bytes, what=name)
    except OSError as exc:
        raise local_error("read", path, exc) from exc
