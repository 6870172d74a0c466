"""Logs and timestamps together: which entries and times are proven (steps 6 and 7 of `verify`).

Rules: entries and timestamps of services that the trusted root does not know prove nothing and spoil nothing, as with
witnesses nobody knows: they could be taken away as well. Whatever claims to be of a known service is right. One entry
that is listed twice is refused: it would count for two.
"""

from __future__ import annotations

from collections.abc import Mapping

from assaymark.attest.keys.public import PublicKey
from assaymark.attest.reasons import Reason, refuse
from assaymark.attest.sigstore.expectation import Demand
from assaymark.attest.sigstore.material import Material
from assaymark.attest.sigstore.proof import Check, CheckName
from assaymark.attest.sigstore.rekor import VerifiedEntry, verify_entry
from assaymark.attest.sigstore.timestamp import VerifiedTimestamp, verify_timestamp
from assaymark.attest.sigstore.trusted_root import TrustedRoot
from assaymark.attest.skipped import ignored_entries, ignored_timestamps, no_log_entry
from assaymark.errors import VerificationError
from assaymark.limits import Limits


def verify_log(
    material: Material,
    key: PublicKey,
    artifact: Mapping[str, bytes],
    trust: TrustedRoot,
    demand: Demand,
    *,
    limits: Limits,
) -> tuple[tuple[VerifiedEntry, ...], Check]:
    """The entries that are proven, and what to say about it.

    Raises:
        VerificationError: an entry of a known log is wrong (`assaymark.attest.sigstore.rekor`), or
            `LOG_ENTRY_DUPLICATE`, `UNKNOWN_LOG` or `NO_LOG_ENTRY`.
    """
    if demand is Demand.IGNORED:
        return (), Check(name=CheckName.LOG, passed=False, detail=ignored_entries(len(material.log_entries)))
    places = [(entry.log_id, entry.log_index) for entry in material.log_entries]
    if len(set(places)) != len(places):
        raise refuse(Reason.LOG_ENTRY_DUPLICATE, "one log entry is listed twice")
    verified, unknown = [], []
    for entry in material.log_entries:
        named = [log for log in trust.logs if log.log_id == entry.log_id]
        if named:
            verified.append(verify_entry(entry, named, material, key, artifact, limits=limits))
        else:
            unknown.append(f"`{entry.log_id.hex()[:16]}…`")
    if not verified:
        reason = Reason.UNKNOWN_LOG if unknown else Reason.NO_LOG_ENTRY
        optional = not material.certificates and demand is not Demand.REQUIRED
        absent = no_log_entry(with_key=optional)
        detail = f"the trusted root knows none of the logs {', '.join(unknown)}" if unknown else absent
        if demand is Demand.REQUIRED:
            raise refuse(reason, detail)
        return (), Check(name=CheckName.LOG, passed=False, detail=detail, reason=reason)
    said = [f"entry {entry.index} of `{entry.log.base_url}`" for entry in verified]
    others = [f"not trusted and passed over: {', '.join(unknown)}"] if unknown else []
    return tuple(verified), Check(name=CheckName.LOG, passed=True, detail="; ".join([*said, *others]))


def verify_timestamps(
    material: Material, trust: TrustedRoot, demand: Demand
) -> tuple[tuple[VerifiedTimestamp, ...], Check]:
    """The timestamps that are proven, and what to say about it.

    Raises:
        VerificationError: a timestamp of a known authority is wrong (`assaymark.attest.sigstore.timestamp`), or
            `UNKNOWN_TIMESTAMP_AUTHORITY` or `NO_TIMESTAMP`.
    """
    if demand is Demand.IGNORED:
        detail = ignored_timestamps(len(material.timestamps))
        return (), Check(name=CheckName.TIMESTAMP, passed=False, detail=detail)
    signed = [material.signature, *([material.stored] if material.stored is not None else [])]
    verified: list[VerifiedTimestamp] = []
    unknown: list[VerificationError] = []
    for data in material.timestamps:
        try:
            verified.append(verify_timestamp(data, trust.timestamp_authorities, signed))
        except VerificationError as exc:
            if exc.reason != Reason.UNKNOWN_TIMESTAMP_AUTHORITY.value:
                raise
            unknown.append(exc)
    if not verified:
        reason = Reason.UNKNOWN_TIMESTAMP_AUTHORITY if unknown else Reason.NO_TIMESTAMP
        detail = "; ".join(map(str, unknown)) or "there is no timestamp"
        if demand is Demand.REQUIRED:
            raise refuse(reason, detail)
        return (), Check(name=CheckName.TIMESTAMP, passed=False, detail=detail, reason=reason)
    said = [f"{each.moment.isoformat()} by `{each.authority.uri}`" for each in verified]
    return tuple(verified), Check(name=CheckName.TIMESTAMP, passed=True, detail="; ".join([*said, *map(str, unknown)]))
