"""When a request is sent again, and how long is waited before.

1. 408, 429 and 5xx (501 aside) and failures of the connection are worth another try, within `retry_tries` and
   `retry_budget_seconds`.
2. A request that must not be done twice is repeated only when it certainly was not done: nobody was reached, or 429.
3. `Retry-After` (RFC 9110, 10.2.3: seconds or a date) is obeyed up to `retry_after_seconds`; a server that asks for
   more is not asked again.
4. Without it the wait is a random part ("full jitter") of a bound that doubles, so that a thousand clients that failed
   together do not come back together.
"""

from __future__ import annotations

from collections.abc import Callable

from assaymark.limits import Limits

_FIRST_SECONDS = 0.5
_LONGEST_SECONDS = 16.0


class Retries:
    """The tries of one request."""

    def __init__(
        self,
        limits: Limits,
        *,
        clock: Callable[[], float],
        wall: Callable[[], float],
        sleep: Callable[[float], None],
        random: Callable[[], float],
    ) -> None:
        self.tries = 1
        self._limits = limits
        self._clock = clock
        self._wall = wall
        self._sleep = sleep
        self._random = random
        self._end = clock() + limits.retry_budget_seconds

    def wait(self, retry_after: str = "", *, most: int | None = None) -> bool:
        """Wait for the next try; False, at once, where there is none."""
        if self.tries >= min(self._limits.retry_tries, most or self._limits.retry_tries):
            return False
        bound = min(_FIRST_SECONDS * 2 ** (self.tries - 1), _LONGEST_SECONDS)
        asked = self._asked(retry_after)
        seconds = asked if asked is not None else self._random() * bound
        if seconds > self._limits.retry_after_seconds or self._clock() + seconds >= self._end:
            return False
        self.tries += 1
        if seconds > 0:
            self._sleep(seconds)
        return True

    def _asked(self, retry_after: str) -> float | None:
        """The seconds that the server asks for; None where it does not say, or says nothing sensible."""
        if not retry_after:
            return None
        if retry_after.isascii() and retry_after.isdigit():
            return float(retry_after[:12])
        from email.utils import parsedate_to_datetime

        try:
            return max(0.0, parsedate_to_datetime(retry_after).timestamp() - self._wall())
        except (ValueError, OverflowError):
            return None


def is_worth_repeating(status: int, *, repeatable: bool) -> bool:
    """Whether a status may be different the next time, and asking again does no harm."""
    if not repeatable:
        return status == 429
    return status in (408, 429) or (status >= 500 and status != 501)
