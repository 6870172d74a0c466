"""What a record must say to be good enough, as flags and files say it; of several all must be satisfied.

| flag | a record passes if |
|---|---|
| `--max-severity L` | no finding is worse than L; `NONE` tolerates none. UNKNOWN counts as `--unknown-severity` |
| `--fixable-only` | the same, of findings that have a fix |
| `--deny CVE` | it has no such finding, whatever its severity |
| `--allow CVE` | (takes these from `--max-severity`) |
| `--max-age AGE` | it was signed and scanned no longer ago, by trusted time, or by `--trust-signer-time` |
| `--max-db-age AGE` | its database is no older |
| `--require-complete` | it says that the scan looked at everything |
| `--require-platforms P` | of an index: each of these platforms is verified |
| `--policy FILE` | the same in YAML, or the statement fits CUE (`.cue`) or Rego (`.rego`) |

An empty value is refused: it reads as a check and would be none.
"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from assaymark.cli.flags import Filled, Values, add_switch
from assaymark.errors import UsageError

if TYPE_CHECKING:
    from assaymark.attest.policy.programs import Ask
    from assaymark.attest.policy.rules import Policy, SeverityLimit
    from assaymark.cli.console import Console

GROUP: Final = "Policy flags"
Value = TypeVar("Value")


class _FilledValues(Values):
    """A list that names something where it is typed."""

    def __call__(self, parser: Any, namespace: Namespace, values: Any, option: str | None = None) -> None:
        """Add what stands between commas.

        Raises:
            UsageError: there is nothing.
        """
        if not any(part.strip() for part in values.split(",")):
            raise UsageError(f"`{option}` is empty", hint="name something, or leave it out")
        super().__call__(parser, namespace, values, option)


class _FilledAppend(Filled):
    """A text that may come several times, and is not empty."""

    def __call__(self, parser: Any, namespace: Namespace, values: Any, option: str | None = None) -> None:
        """Add it."""
        given = (*getattr(namespace, f"_{self.dest}_given", ()), values)
        super().__call__(parser, namespace, values, option)
        setattr(namespace, f"_{self.dest}_given", given)
        setattr(namespace, self.dest, given)


def add_policy_flags(parser: ArgumentParser, *, images: bool) -> None:
    """Add them under their own heading; `images` for those that are about several attestations and platforms."""
    from assaymark.attest.policy.rules import LEVELS

    group = parser.add_argument_group(GROUP)
    level: dict[str, Any] = {"type": str.upper, "default": None, "choices": LEVELS}
    age: dict[str, Any] = {"type": _typed(_age), "default": None, "metavar": "AGE"}
    group.add_argument("--max-severity", help="the worst severity that is tolerated", **level)
    group.add_argument("--unknown-severity", help="what UNKNOWN counts as (default CRITICAL)", **level)
    add_switch(group, "--fixable-only", about="only findings with a fixed version count for `--max-severity`")
    _add_list(group, "--deny", "CVES", "findings that must not be there, whatever their severity")
    _add_list(group, "--allow", "CVES", "findings that do not count for `--max-severity`")
    group.add_argument("--max-age", help="how long ago the scan may be, by trusted time: 36h, 7d, 2w", **age)
    add_switch(group, "--trust-signer-time", about="take the signer's word for `--max-age` where nobody else tells")
    group.add_argument("--max-db-age", help="how old the vulnerability database may be", **age)
    add_switch(group, "--require-complete", about="the record must say that the scan looked at everything")
    if images:
        _add_list(group, "--require-platforms", "PLATFORMS", "platforms of an index that must all be verified")
        add_switch(group, "--all", about="judge superseded attestations, too: every one must pass")
    else:
        parser.set_defaults(require_platforms=(), all=False)
    group.add_argument(
        "--policy",
        action=_FilledAppend,
        default=(),
        metavar="FILE",
        help="a policy in YAML, CUE or Rego (.yaml, .cue, .rego); of several all must be satisfied",
    )


def policy_from(args: Namespace, console: Console) -> Policy:
    """What flags and files ask for; a policy that asks for nothing where none is given.

    Raises:
        UsageError: flags contradict each other, or a file is no policy.
        LocalError: a file cannot be read.
    """
    from assaymark.attest.policy.rules import join_policies
    from assaymark.attest.policy.sources import check_joined

    policy = check_joined(join_policies([_from_flags(args), *(_from_file(name, console) for name in args.policy)]))
    if policy.platforms and "platform" not in args:
        raise UsageError("`require-platforms` is about images, and a file has no platform")
    return policy


def ask_programs(policy: Policy, args: Namespace, console: Console) -> Ask | None:
    """Who asks CUE and Rego; None where there is nothing to ask.

    Raises:
        LocalError: a program is not on PATH.
    """
    from assaymark.attest.policy.sources import find_asker

    return find_asker(policy, console.environ, connects=not args.offline)


def _from_flags(args: Namespace) -> Policy:
    from assaymark.attest.policy.rules import Allowance, Denial, Policy, parse_identifier
    from assaymark.model.platform import parse_platform

    limit = _severity_limit(args)
    denied = _each(parse_identifier, args.deny, "--deny")
    allowed = _each(parse_identifier, args.allow, "--allow")
    both = sorted(set(denied) & set(allowed))
    if both:
        raise UsageError(f"`{both[0]}` is denied and allowed", hint="a denied finding stays denied: leave one out")
    return Policy(
        severities=(limit,) if limit is not None else (),
        deny=tuple(Denial(id=each) for each in denied),
        allow=tuple(Allowance(id=each) for each in allowed),
        max_age=args.max_age,
        max_database_age=args.max_db_age,
        trust_signer_time=args.trust_signer_time,
        require_complete=args.require_complete,
        platforms=tuple(parse_platform(each) for each in args.require_platforms),
    )


def _severity_limit(args: Namespace) -> SeverityLimit | None:
    from assaymark.attest.policy.rules import SeverityLimit

    if args.max_severity is None:
        given = {"--fixable-only": args.fixable_only, "--unknown-severity": args.unknown_severity is not None}
        for flag in (flag for flag, is_given in given.items() if is_given):
            raise UsageError(f"`{flag}` is about `--max-severity`, which is not there")
        return None
    unknown = {"unknown": args.unknown_severity} if args.unknown_severity is not None else {}
    return SeverityLimit(highest=args.max_severity, fixable_only=args.fixable_only, **unknown)


def _from_file(name: str, console: Console) -> Policy:
    from assaymark.attest.policy.sources import read_policy
    from assaymark.cli.files import read_input
    from assaymark.limits import DEFAULT_LIMITS

    return read_policy(name, lambda file: read_input(file, console, limit=DEFAULT_LIMITS.configuration_bytes))


def _each(parse: Callable[[str], str], texts: tuple[str, ...], flag: str) -> list[str]:
    try:
        return [parse(text) for text in texts]
    except ValueError as exc:
        raise UsageError(f"`{flag}`: {exc}") from exc


def _add_list(group: Any, flag: str, metavar: str, about: str) -> None:
    group.add_argument(flag, action=_FilledValues, default=(), metavar=metavar, help=about)


def _typed(parse: Callable[[str], Value]) -> Callable[[str], Value]:
    """A type for argparse, whose message is the parser's own."""

    def read(text: str) -> Value:
        try:
            return parse(text)
        except ValueError as exc:
            raise ArgumentTypeError(str(exc)) from exc

    return read


def _age(text: str) -> object:
    from assaymark.attest.policy.rules import parse_age

    return parse_age(text)
