"""What holds for all tests."""

from __future__ import annotations

import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # a shell starts its background jobs deaf to Ctrl-C, and what they start inherits that; tests send that signal
    signal.signal(signal.SIGINT, signal.default_int_handler)
