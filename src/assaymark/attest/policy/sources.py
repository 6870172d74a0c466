"""Where policies come from: files in YAML, CUE and Rego, told apart by name; and who is asked about the latter two."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from assaymark.attest.policy.rules import Policy, Program
from assaymark.errors import UsageError

if TYPE_CHECKING:
    from assaymark.attest.policy.programs import Ask

_PROGRAMS: Final = (".cue", ".rego")
_WRITTEN: Final = (".yaml", ".yml")


def read_policy(name: str, read: Callable[[str], bytes]) -> Policy:
    """The policy in the file `name`, whose content `read` gives.

    Raises:
        UsageError: it is no policy.
        LocalError: it cannot be read.
    """
    suffix = PurePath(name).suffix
    if suffix not in (*_PROGRAMS, *_WRITTEN):
        raise UsageError(f"`--policy {name}` is no policy by its name", hint="it ends with .yaml, .cue or .rego")
    data = read(name)
    if suffix in _WRITTEN:
        from assaymark.attest.policy.written import parse_policy

        return parse_policy(data, name)
    if not data.strip():
        raise UsageError(f"the policy `{name}` is empty", hint="it would be satisfied by everything, or by nothing")
    return Policy(programs=(Program(name=name, text=data),))


def check_joined(policy: Policy) -> Policy:
    """The same policy, which all sources together make; each of them may leave something to another.

    Raises:
        UsageError: a part of it is about something that is not there, and would be taken for a check.
    """
    if policy.allow and not policy.severities:
        raise UsageError("`--allow` takes from `--max-severity`, which is not there")
    if policy.trust_signer_time and policy.max_age is None:
        raise UsageError("`--trust-signer-time` is about `--max-age`, which is not there")
    return policy


def find_asker(policy: Policy, environ: Mapping[str, str], *, connects: bool) -> Ask | None:
    """Who asks CUE and Rego; None where there is nothing to ask.

    Args:
        policy: with its programs.
        environ: where `cue` and `opa` are found.
        connects: whether a policy in Rego may connect to anybody.

    Raises:
        LocalError: a program is not on PATH.
    """
    if not policy.programs:
        return None
    from assaymark.attest.policy.programs import CUE, REGO, asker
    from assaymark.safeio.cue import Cue
    from assaymark.safeio.opa import Opa

    cue, opa = Cue(environment=environ), Opa(environment=environ, connects=connects)
    for suffix, program in ((CUE, cue), (REGO, opa)):
        if any(each.name.endswith(suffix) for each in policy.programs):
            program.check()
    return asker(policy.programs, cue=cue, opa=opa)
