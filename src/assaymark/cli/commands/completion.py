"""`completion`: a script that completes commands, flags and their values in a shell."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser, Namespace
from typing import TYPE_CHECKING, Final

from assaymark.cli.command import Command
from assaymark.cli.flags import FlagParser, add_switch
from assaymark.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from assaymark.cli.console import Console

EXAMPLES: Final = """\
Where it goes:
  source <(assaymark completion bash)        ~/.bashrc
  source <(assaymark completion zsh)         ~/.zshrc, behind compinit
  assaymark completion fish | source         ~/.config/fish/config.fish
"""


def _configure(parser: ArgumentParser) -> None:
    parser.description = "Print a script for a shell that completes commands, flags, their values and names of files."
    parser.add_argument("shell", nargs="?", default="", metavar="bash|zsh|fish", help="which shell")
    if isinstance(parser, FlagParser):
        parser.epilogue = lambda: EXAMPLES
    add_switch(parser, "--no-descriptions", about=SUPPRESS)  # of the peers' command, for menus of theirs


def _run(args: Namespace, console: Console) -> int:
    from assaymark.cli.completion.words import all_words

    match args.shell:
        case "bash":
            from assaymark.cli.completion.bash import write_bash as write
        case "zsh":
            from assaymark.cli.completion.zsh import write_zsh as write
        case "fish":
            from assaymark.cli.completion.fish import write_fish as write
        case "":
            raise UsageError("no shell", hint="`assaymark completion bash`, zsh or fish")
        case _:
            raise UsageError(f"no completions for `{args.shell}`", hint="there are some for bash, zsh and fish")
    console.out_bytes(write(all_words()).encode())
    return ExitCode.DONE


COMMAND: Final = Command(
    name="completion",
    summary="print a script that completes in a shell",
    group="Shells",
    configure=_configure,
    run=_run,
)
