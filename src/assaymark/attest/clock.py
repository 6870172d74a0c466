"""When an attestation says that it was made.

`SOURCE_DATE_EPOCH` (reproducible-builds.org, "SOURCE_DATE_EPOCH specification") takes the place of the clock, so that
the same input gives the same manifest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from assaymark.model.epoch import find_source_date


def creation_time(environment: Mapping[str, str], clock: Callable[[], float]) -> str:
    """RFC 3339 in UTC, to the second.

    Raises:
        UsageError: `SOURCE_DATE_EPOCH` is not a number of seconds.
    """
    moment = find_source_date(environment) or datetime.fromtimestamp(int(clock()), tz=UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
