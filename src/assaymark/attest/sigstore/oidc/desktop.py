"""Whether there is a browser to sign in with, and opening it.

On Linux a browser needs a display; without one the standard library would start a text browser in the middle of the
terminal. A session over SSH has the browser of the wrong machine, even where X11 is forwarded. `BROWSER` overrules
both.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Final

_DISPLAYS: Final = ("DISPLAY", "WAYLAND_DISPLAY")
_REMOTE: Final = ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY")


def find_browser(environment: Mapping[str, str], *, platform: str = sys.platform) -> Callable[[str], bool] | None:
    """What opens a URL in the person's browser; None where there is none."""
    if not has_browser(environment, platform=platform):
        return None
    return open_in_browser


def has_browser(environment: Mapping[str, str], *, platform: str = sys.platform) -> bool:
    """Whether opening a browser makes sense."""
    if environment.get("BROWSER"):
        return True
    if any(environment.get(name) for name in _REMOTE):
        return False
    return not platform.startswith("linux") or any(environment.get(name) for name in _DISPLAYS)


def open_in_browser(url: str) -> bool:
    """Open `url`; False where nothing could be started."""
    import webbrowser

    try:
        return webbrowser.open(url)
    except (webbrowser.Error, OSError):
        return False
