"""What must be proven: by whom, of what, and with which evidence.

Each piece of evidence has its own demand, and a weaker one removes that check and nothing else:

- `REQUIRED`: there is such evidence, and it is right;
- `CHECKED`: what there is must be right, and there may be none;
- `IGNORED`: nobody looks at it. It is no evidence then for anything else either: a log that is ignored gives no time.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import msgspec

from assaymark.attest.keys.public import PublicKey
from assaymark.attest.predicate import PredicateType
from assaymark.attest.sigstore.artifact import Artifact
from assaymark.attest.sigstore.identity import Identities


class Demand(Enum):
    """How much a piece of evidence matters."""

    REQUIRED = "required"
    CHECKED = "checked where present"
    IGNORED = "ignored"


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """What must be proven.

    Attributes:
        keys: any of these may have signed. A key never stands in for a certificate, nor the other way round.
        identities: any of these may have signed with a certificate; None where none was named, which ends every
            verification with the name of the signer.
        artifact: what it must be about; None where the caller does not care.
        predicate_type: what a statement must claim; None for any, and for signatures over artifacts themselves.
        log: entries in transparency logs.
        key_log: the same where a key signed, which may well do without; None where it is as `log` says.
        timestamp: timestamps of authorities.
        sct: certificate logs; `CHECKED` is as `REQUIRED`, because a certificate without is not as it should be.
        assumed_time: when a certificate was used, if nothing signed says so: the caller's word, and said in the result.
    """

    keys: tuple[PublicKey, ...] = ()
    identities: Identities | None = None
    artifact: Artifact | None
    predicate_type: PredicateType | None = None
    log: Demand = Demand.REQUIRED
    key_log: Demand | None = None
    timestamp: Demand = Demand.CHECKED
    sct: Demand = Demand.REQUIRED
    assumed_time: datetime | None = None
