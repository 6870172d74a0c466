"""`--template`: which template a report is written by, with the reference's rules.

1. `@FILE` is a file whose name ends in `.tpl`; anything else is the template itself.
2. Where `FILE` does not exist and is one of the templates that come with the reference (`contrib/` beside its sources,
   `templates/` of its packages), the report of ours with that name is written instead.
3. `--template` beside another format changes nothing, and that is told. `--format template` without one is an error.
4. A template sees variables, but none that hold credentials. It is read before anything is scanned, and its mistakes of
   grammar are told then.
"""

from __future__ import annotations

from argparse import Namespace, _ActionsContainer
from pathlib import Path
from typing import TYPE_CHECKING, Final

from assaymark.errors import UsageError
from assaymark.safeio.redaction import credential_variables

if TYPE_CHECKING:
    from assaymark.cli.console import Console
    from assaymark.report.format import Template

TEMPLATE: Final = "template"
_SHIPPED: Final = frozenset({"asff", "gitlab", "gitlab-codequality", "html", "junit"})
_FOLDERS: Final = frozenset({"contrib", "templates"})
_ENDING: Final = ".tpl"
_INLINE: Final = "--template"


def add_template_flags(group: _ActionsContainer) -> None:
    """Add it to the flags of reports."""
    group.add_argument(
        "--template",
        "-t",
        default="",
        metavar="@FILE",
        help="the template of `--format template`: @FILE.tpl, or the template itself",
    )


def format_name(args: Namespace, default: str) -> str:
    """The format that is written: for a template that we have a report for, that one (rule 2)."""
    name = str(args.format or default)
    return (_shipped(args.template) or name) if name == TEMPLATE else name


def check_template_flags(args: Namespace, console: Console) -> None:
    """Tell of a template that nobody uses (rule 3)."""
    also = any(each.partition("=")[0] == TEMPLATE for each in getattr(args, "also", ()))
    if args.template and args.format != TEMPLATE and not also:
        said = f"`--format {args.format}` is given" if args.format else "`--format template` is not given"
        console.warn(f"`--template` is ignored because {said}")


def template_from(args: Namespace, console: Console) -> Template:
    """The template that the flags name, read and known to be one.

    Raises:
        UsageError: there is none, its file has another ending, or it is no template.
        LocalError: its file cannot be read.
    """
    from assaymark.report.format import Template
    from assaymark.report.template import check

    if not args.template:
        raise UsageError("`--format template` needs a template", hint="give `--template @FILE.tpl`")
    name, text = _read(args.template, console)
    withheld = credential_variables(console.environ)
    template = Template(
        name=name,
        text=text,
        environment={key: value for key, value in console.environ.items() if key not in withheld},
        withheld=withheld,
    )
    check(template)
    return template


def _read(value: str, console: Console) -> tuple[str, str]:
    from assaymark.cli.files import read_input
    from assaymark.limits import DEFAULT_LIMITS

    if not value.startswith("@"):
        return _INLINE, value
    file = value[1:]
    if Path(file).suffix != _ENDING:
        raise UsageError(f"the template `{file}` does not end in `{_ENDING}`", hint="rename it")
    data = read_input(file, console, limit=DEFAULT_LIMITS.template_bytes)
    try:
        return file, data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise UsageError(f"the template `{file}` is not UTF-8") from exc


def _shipped(value: str) -> str:
    """The format of ours for a template that comes with the reference; empty where a file or nothing else is meant."""
    path = Path(value.removeprefix("@"))
    known = value.startswith("@") and path.suffix == _ENDING and path.stem in _SHIPPED
    return path.stem if known and path.parent.name in _FOLDERS and not path.exists() else ""
