"""Who signed and what vouches for it, for people and for programs, from proofs against a trusted root.

Also what to say to those who named nobody: whom they would have to name. Names in certificates are chosen by whoever
signed, so the command to paste is quoted for a shell, and says that it is for those who expect this signer.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from assaymark.attest.reasons import Reason
from assaymark.attest.sigstore.attestations import ProvenAttestation
from assaymark.attest.sigstore.proof import Certified, CheckName
from assaymark.errors import VerificationError

if TYPE_CHECKING:
    from assaymark.attest.sigstore.certificate import SigningCertificate

_SIGNERS_NAMED: Final = 5
_SAID_ELSEWHERE: Final = frozenset(
    {CheckName.SIGNATURE, CheckName.IDENTITY, CheckName.TYPE, CheckName.SUBJECT, CheckName.PREDICATE}
)


def signer_text(item: ProvenAttestation, keys: Mapping[str, str]) -> str:
    """Who signed, on one line; `keys` are the references of keys, as typed, by their fingerprints."""
    signer = item.proof.signer
    if isinstance(signer, Certified):
        return _certified_text(signer.certificate)
    return f"{keys[signer.fingerprint]} ({signer.fingerprint})"


def evidence_lines(item: ProvenAttestation) -> list[str]:
    """What was found out about logs, timestamps and certificates, and what nobody looked at."""
    passed = [check for check in item.proof.checks if check.passed and check.name not in _SAID_ELSEWHERE]
    lines = [f"{check.name.value}: {check.detail}" for check in passed]
    if item.times:
        lines.append(f"trusted time: {_time(item.times[0])}")
    return [*lines, *item.notes]


def signer_json(item: ProvenAttestation, keys: Mapping[str, str]) -> dict[str, Any]:
    """`signer` of `--report json`."""
    signer, scheme = item.proof.signer, item.proof.scheme.value
    if not isinstance(signer, Certified):
        return {"key": keys[signer.fingerprint], "sha256": signer.fingerprint, "scheme": scheme}
    leaf = signer.certificate
    return {
        "identity": leaf.identity,
        "identityKind": leaf.identity_kind.value,
        "issuer": leaf.issuer,
        "claims": dict(leaf.claims),
        "authority": signer.authority.uri,
        "certificate": {"notBefore": _time(leaf.not_before), "notAfter": _time(leaf.not_after)},
        "scheme": scheme,
    }


def evidence_json(item: ProvenAttestation) -> dict[str, Any]:
    """What stands beside `signer`: log entries, timestamps, the trusted time, and every check."""
    return {
        "logEntries": [
            {
                "log": entry.log.base_url,
                "index": entry.index,
                "kind": f"{entry.kind} {entry.kind_version}",
                "integratedTime": _time(entry.integrated) if entry.integrated is not None else None,
                "included": entry.included,
            }
            for entry in item.proof.entries
        ],
        "timestamps": [
            {"authority": stamp.authority.uri, "time": _time(stamp.moment)} for stamp in item.proof.timestamps
        ],
        "trustedTime": _time(item.times[0]) if item.times else None,
        "checks": [
            {"name": check.name.value, "passed": check.passed, "detail": check.detail} for check in item.proof.checks
        ],
    }


def signers_json(items: Iterable[ProvenAttestation]) -> list[dict[str, Any]]:
    """Those who signed, each once."""
    return [{"identity": leaf.identity, "issuer": leaf.issuer} for leaf in _certificates(items)]


def identity_required(
    items: Iterable[ProvenAttestation], typed: Sequence[str], *, command: str = "verify-attestation"
) -> VerificationError:
    """The error for those who named nobody.

    Args:
        items: what passed every step but that one.
        typed: the arguments of the command.
        command: what they are the arguments of.
    """
    signers = _certificates(items)
    names = "; ".join(_certified_text(leaf) for leaf in signers[:_SIGNERS_NAMED])
    more = f" and {len(signers) - _SIGNERS_NAMED} more" if len(signers) > _SIGNERS_NAMED else ""
    named = ["--certificate-identity", signers[0].identity, "--certificate-oidc-issuer", signers[0].issuer]
    command = shlex.join(["assaymark", command, *named, *typed])
    return VerificationError(
        f"nobody was named who must have signed, so nothing is proven; all else is right, and signed by {names}{more}",
        hint=f"to trust somebody for good, write `verify: identities:` into `assaymark.yaml`; "
        f"if that is whom you expect: {command}",
        reason=Reason.IDENTITY_REQUIRED.value,
    )


def _certificates(items: Iterable[ProvenAttestation]) -> list[SigningCertificate]:
    """One certificate of each signer, in order of appearance."""
    found: dict[tuple[str, str], SigningCertificate] = {}
    for item in items:
        if isinstance(item.proof.signer, Certified):
            leaf = item.proof.signer.certificate
            found.setdefault((leaf.identity, leaf.issuer), leaf)
    return list(found.values())


def _certified_text(leaf: SigningCertificate) -> str:
    return f"`{leaf.identity}`, for whom `{leaf.issuer}` vouched"


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
