"""The flags of the table: which halves of it are shown, and who needs what is vulnerable.

Names and rules are the reference's: `--table-mode` beside another format is an error, `--dependency-tree` beside one
changes nothing and is told; a tree of some of the relationships would have gaps.
"""

from __future__ import annotations

from argparse import Namespace, _ActionsContainer
from typing import TYPE_CHECKING, Final

import msgspec

from assaymark.cli.flags import add_switch, add_values
from assaymark.errors import UsageError

if TYPE_CHECKING:
    from assaymark.cli.console import Console
    from assaymark.report.format import Rendering

TABLE: Final = "table"
_HALVES: Final = ("summary", "detailed")
_RELATIONSHIPS: Final = 5


def add_table_flags(group: _ActionsContainer) -> None:
    """Add them to the flags of reports."""
    add_values(group, "--table-mode", default=_HALVES, allowed=_HALVES, about="which halves of the table are shown")
    add_switch(group, "--dependency-tree", about="the table also tells who needs what is vulnerable")


def check_table_flags(args: Namespace, console: Console) -> None:
    """Refuse what contradicts itself, and tell what changes nothing.

    Raises:
        UsageError: half a table in another format, or a tree with gaps.
    """
    is_table = args.format in {"", TABLE} or any(text.startswith(f"{TABLE}=") for text in args.also)
    if not is_table and set(args.table_mode) != set(_HALVES):
        raise UsageError("`--table-mode` is for the table alone", hint="leave it out, or say `--format table`")
    if not args.table_mode:
        raise UsageError("`--table-mode` names no half", hint=" or ".join(_HALVES))
    if not args.dependency_tree:
        return
    if "dependency_tree" in args.explicit and not is_table:
        console.warn("`--dependency-tree` is for the table alone, and changes nothing here")
    if is_table and len(args.pkg_relationships) < _RELATIONSHIPS:
        raise UsageError(
            "`--dependency-tree` needs packages of every relationship", hint="leave `--pkg-relationships` out"
        )


def table_rendering(rendering: Rendering, args: Namespace) -> Rendering:
    """The rendering with what the flags say of the table."""
    return msgspec.structs.replace(
        rendering,
        summary="summary" in args.table_mode,
        detailed="detailed" in args.table_mode,
        dependency_tree=args.dependency_tree,
    )
