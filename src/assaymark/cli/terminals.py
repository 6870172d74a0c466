"""Which terminals follow links that stand behind a text (OSC 8).

A terminal cannot be asked. Those that are known to do it say who they are in the environment; others print the text and
swallow the address, or print rubbish, so they get addresses in plain sight. `FORCE_HYPERLINK` (0 or 1) knows better.
A multiplexer in between may do anything, and counts as a terminal that is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_FORCED: Final = "FORCE_HYPERLINK"
_PROGRAMS: Final = frozenset({"iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "rio", "Tabby"})
_KINDS: Final = ("xterm-kitty", "alacritty", "foot", "xterm-ghostty", "contour", "wezterm")
_SESSIONS: Final = ("WT_SESSION", "KONSOLE_VERSION", "KITTY_WINDOW_ID")
_LEAST_VTE: Final = 5000  # 0.50: GNOME Terminal, Tilix and others
_MULTIPLEXERS: Final = ("TMUX", "STY")


def follows_links(environ: Mapping[str, str]) -> bool:
    """Whether the terminal that these variables describe does."""
    forced = environ.get(_FORCED, "")
    if forced:
        return forced not in {"0", "false"}
    if any(environ.get(name) for name in _MULTIPLEXERS):
        return False
    vte = environ.get("VTE_VERSION", "")
    return (
        environ.get("TERM_PROGRAM", "") in _PROGRAMS
        or environ.get("TERM", "").startswith(_KINDS)
        or any(environ.get(name) for name in _SESSIONS)
        or (vte.isascii() and vte.isdigit() and len(vte) < 8 and int(vte) >= _LEAST_VTE)
    )
