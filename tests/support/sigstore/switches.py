"""What can go wrong at a Sigstore service, one switch a fault.

A test sets switches for everything (`with fake.broken(Switch.NO_SCT):`), for one signature (`instance.sign(…, switches=…)`) or,
because real programs take no headers from us, in an address: `/fault/no-sct+bad-set/api/v2/signingCert` is the service
at `/api/v2/signingCert` with two faults.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

PREFIX: Final = "/fault/"


class Switch(StrEnum):
    """One fault; all else about the answer stays right."""

    # Fulcio and the certificate log
    EXPIRED_LEAF = "expired-leaf"  # the certificate ended hours ago
    FUTURE_LEAF = "future-leaf"  # … or begins in some hours
    NO_SCT = "no-sct"
    WRONG_SCT = "wrong-sct"  # a signature over another certificate
    OTHER_CT_LOG = "other-ct-log"  # rightly signed, by a log that nobody trusts
    OLD_SCT = "old-sct"  # rightly signed, before the log's key was in use
    WRONG_CA = "wrong-ca"  # an authority with the same names and other keys
    NO_CODE_SIGNING = "no-code-signing"  # the extended usage is another one
    OTHER_SAN = "other-san"
    OTHER_ISSUER_EXTENSION = "other-issuer-extension"
    OTHER_KEY = "other-key"  # a certificate for a key that did not ask
    # Rekor, both generations
    NO_PROOF = "no-proof"
    BAD_PROOF = "bad-proof"  # one bit of one hash
    NO_CHECKPOINT = "no-checkpoint"
    BAD_CHECKPOINT = "bad-checkpoint"  # one bit of the signature
    OTHER_ROOT = "other-root"  # a checkpoint that is rightly signed, of another tree
    OTHER_LOG = "other-log"  # all right, by a log that nobody trusts
    OTHER_ENTRY = "other-entry"  # all right, about something else
    # Rekor v1 alone
    BAD_SET = "bad-set"
    NO_SET = "no-set"
    LATE_ENTRY = "late-entry"  # logged an hour after the certificate ended, rightly signed
    CONFLICT = "conflict"  # the entry is taken, and the answer says that it was there before
    LOG_DOWN = "log-down"  # 503 to all that is logged
    # the timestamp authority
    TSA_OUTSIDE_WINDOW = "tsa-outside-window"  # before the authority's window began
    TSA_WRONG_HASH = "tsa-wrong-hash"  # a timestamp of something else
    TSA_SHA1 = "tsa-sha1"
    TSA_UNTRUSTED_LEAF = "tsa-untrusted-leaf"
    TSA_BAD_SIGNATURE = "tsa-bad-signature"
    TSA_WRONG_NONCE = "tsa-wrong-nonce"
    TSA_REFUSED = "tsa-refused"  # a reply whose status is a rejection
    # the issuer of tokens
    DENIED_CONSENT = "denied-consent"
    WRONG_AUDIENCE = "wrong-audience"
    EXPIRED_TOKEN = "expired-token"
    ALG_NONE = "alg-none"
    FOREIGN_TOKEN_KEY = "foreign-token-key"  # signed by a key that is not in the issuer's set
    UNVERIFIED_EMAIL = "unverified-email"
    NO_PKCE = "no-pkce"  # the discovery document does not offer it
    OTHER_DISCOVERY_ISSUER = "other-discovery-issuer"
    WRONG_NONCE = "wrong-nonce"
    WRONG_STATE = "wrong-state"
    WRONG_AT_HASH = "wrong-at-hash"
    DEVICE_SLOW_DOWN = "device-slow-down"
    DEVICE_EXPIRED = "device-expired"
    # every service
    SLOW = "slow"  # half a second before each reply
    UNAVAILABLE = "unavailable"  # 503 to everything


Switches = frozenset[Switch]
NONE: Final[Switches] = frozenset()


def prefix(switches: Iterable[Switch]) -> str:
    """What stands before a path so that its reply has these faults; empty for none."""
    names = "+".join(sorted(switches))
    return f"{PREFIX}{names}" if names else ""


def split(path: str) -> tuple[Switches, str]:
    """The switches in front of a path, and the path without them.

    Raises:
        ValueError: a name that is no switch.
    """
    if not path.startswith(PREFIX):
        return NONE, path
    names, slash, rest = path.removeprefix(PREFIX).partition("/")
    return frozenset(Switch(name) for name in names.split("+")), slash + rest
