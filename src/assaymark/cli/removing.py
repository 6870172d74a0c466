"""What `clean` and `prune` tell: what goes, what the registry would not let go, and the question before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from assaymark.errors import NetworkError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assaymark.attest.store.removal import Removal
    from assaymark.cli.console import Console

_HINT: Final = "ask the registry's administrator: docker-registry deletes with `storage: delete: enabled: true`"


def ask_to_remove(console: Console, lines: Sequence[str], image: str, *, force: bool) -> None:
    """Show what goes, and go on only when it is agreed to.

    Raises:
        UsageError: it is not.
    """
    for line in lines:
        console.err(f"  {line}")
    if force:
        return
    if not console.confirm(f"Remove {'this' if len(lines) == 1 else f'these {len(lines)}'} from {image}?"):
        raise UsageError("nothing was removed, because nobody agreed", hint="`--force` removes without asking")


def tell_removed(console: Console, removal: Removal, image: str) -> None:
    """What is gone.

    Raises:
        NetworkError: something is not.
    """
    for each in removal.refused:
        console.warn(
            f"`{each.manifest}` {'is no longer listed, but stays' if each.unlisted else 'stays'}: {each.message}"
        )
    if removal.removed:
        console.err(f"removed {len(removal.removed)} from {image}")
    left = [each for each in removal.refused if not each.unlisted]
    if left:
        raise NetworkError(f"the registry refuses to delete {len(left)} of {image}", hint=_HINT)
