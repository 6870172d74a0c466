"""How old a database is, and what a report has to say about the database it was made with."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from assaymark.advisories.go_time import ZERO, parse_time
from assaymark.advisories.metadata import Metadata
from assaymark.model.advisory import DatabaseInfo
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.moment import age

_AGELESS: Final = "nobody knows when the vulnerability database was built"
_OVERDUE: Final = timedelta(days=7)  # publishers promise a day; a week without one is a database nobody updates


def database_info(metadata: Metadata, *, uri: str) -> DatabaseInfo:
    """What a record states of the database that this metadata describes."""
    day = "" if metadata.updated_at == ZERO else f"-{metadata.updated_at[:10]}"
    return DatabaseInfo(
        uri=uri,
        version=f"{metadata.version}{day}",
        updated_at=metadata.updated_at,
        next_update=metadata.next_update,
        downloaded_at="" if metadata.downloaded_at == ZERO else metadata.downloaded_at,
        schema=metadata.version,
    )


def database_issues(info: DatabaseInfo, now: datetime) -> tuple[Issue, ...]:
    """What a report says of the database it was made with: that it is the sample, or long overdue."""
    if info.sample:
        message = "the sample database holds a few hundred advisories: what it does not know may still be vulnerable"
        return (Issue(code=IssueCode.DATABASE_SAMPLE, message=message, blocking=False),)
    if now - parse_time(info.next_update or ZERO) > _OVERDUE:
        built = age(parse_time(info.updated_at), now) if info.updated_at not in ("", ZERO) else ""
        message = f"the vulnerability database was built {built} ago" if built else _AGELESS
        return (Issue(code=IssueCode.DATABASE_OLD, message=message, blocking=False),)
    return ()
