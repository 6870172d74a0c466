"""When an attestation says that it was made.

`SOURCE_DATE_EPOCH` (reproducible-builds.org, "SOURCE_DATE_EPOCH specification") takes the place of the clock, so that
the same input gives the same manifest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from assaymark.errors import UsageError

_EPOCH = re.compile(r"[0-9]{1,11}\Z")


def creation_time(environment: Mapping[str, str], clock: Callable[[], float]) -> str:
    """RFC 3339 in UTC, to the second.

    Raises:
        UsageError: `SOURCE_DATE_EPOCH` is not a number of seconds.
    """
    epoch = environment.get("SOURCE_DATE_EPOCH", "")
    if epoch and not _EPOCH.match(epoch):
        raise UsageError(f"`SOURCE_DATE_EPOCH` is `{epoch[:40]}`, not a number of seconds")
    moment = datetime.fromtimestamp(int(epoch or clock()), tz=UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
