"""Inclusion promises: that a log said when it took an entry (sigstore/rekor, "signed entry timestamp").

Only Rekor v1 makes them. What is signed is JSON in its canonical form (RFC 8785) of four members. They are numbers, hex
and base64, of which the canonical form is what stands below.

Rules: the log's key was in use at the time that the promise states; that time is believed only because it is signed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from assaymark.attest.bundle import LogEntry
from assaymark.attest.keys.algorithms import verify_signature
from assaymark.attest.reasons import Reason, refuse
from assaymark.attest.sigstore.trusted_root import TrustedLog
from assaymark.attest.strict import encode_base64

_LAST_SECOND = 253402300799  # of the year 9999


def verify_promise(entry: LogEntry, named: Sequence[TrustedLog]) -> tuple[TrustedLog, datetime]:
    """The log that made the promise, and when.

    Args:
        entry: with a promise.
        named: what the trusted root holds under the entry's log id: at least one.

    Raises:
        VerificationError: `BAD_PROMISE` or `LOG_OUTSIDE_VALIDITY`.
    """
    message = b'{"body":"%b","integratedTime":%d,"logID":"%b","logIndex":%d}' % (
        encode_base64(entry.body).encode(),
        entry.integrated_time,
        entry.log_id.hex().encode(),
        entry.log_index,
    )
    signers = [log for log in named if verify_signature(log.key, signature=entry.promise, message=message)]
    if not signers or not 0 < entry.integrated_time <= _LAST_SECOND:
        raise refuse(
            Reason.BAD_PROMISE, f"the promise of the log `{named[0].base_url}` is not the log's over this entry"
        )
    moment = datetime.fromtimestamp(entry.integrated_time, tz=UTC)
    for log in signers:
        if log.window.contains(moment):
            return log, moment
    text = f"the log `{named[0].base_url}` was not believed at {moment.isoformat()}"
    raise refuse(Reason.LOG_OUTSIDE_VALIDITY, text)
