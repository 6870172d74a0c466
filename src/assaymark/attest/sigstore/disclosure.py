"""What becomes public by signing, shown before it is sent.

Two things are published, at two moments, and neither can be taken back:

1. with the certificate: who signs. The authority writes every certificate into a public log, with the address or the
   name of the workflow in it. What it will say is what the token says now;
2. with the log entry: that this was signed. A log of version 1 is sent the whole attestation and publishes hashes, the
   signature and the certificate or key; one of version 2 is sent exactly what it publishes. A timestamp authority is
   sent a hash and publishes nothing.

`Consent` shows each and asks, unless the user said yes beforehand; where nobody can be asked it fails at once, before
anything was sent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from assaymark.attest.dsse import Envelope
from assaymark.attest.sigstore.oidc.token import Claims
from assaymark.attest.sigstore.rekor_client import Verifier, logged_body, proposal
from assaymark.attest.sigstore.signing_config import Log
from assaymark.errors import SigningError
from assaymark.safeio.text import decode_utf8, printable

# claims of build services that Fulcio repeats in certificates (fulcio, "OID information" and its issuers' code)
_REPEATED: Final = frozenset(
    {
        "actor", "build_number", "ci_config_ref_uri", "ci_config_sha", "event_name", "head_ref", "job_id",
        "job_workflow_ref", "job_workflow_sha", "kubernetes.io", "namespace_id", "namespace_path", "organization_slug",
        "pipeline_id", "pipeline_slug", "pipeline_source", "project_id", "project_path", "project_visibility", "ref",
        "ref_path", "repository", "repository_id", "repository_owner", "repository_owner_id", "repository_visibility",
        "run_attempt", "run_id", "runner_environment", "sha", "workflow", "workflow_ref", "workflow_sha",
    }
)  # fmt: skip


class Disclosure(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that becomes public.

    Attributes:
        summary: what happens, on one line.
        facts: names and values that anybody will be able to read.
        recipient: the service that publishes it.
        public: the exact bytes that will be published, where they are known beforehand.
        sent: how many bytes the recipient gets to see; it publishes no more of them than stands here.
    """

    summary: str
    facts: tuple[tuple[str, str], ...]
    recipient: str
    public: bytes = b""
    sent: int = 0

    def text(self) -> str:
        """For people: lines of plain text, nothing left out."""
        lines = [self.summary, *(f"  {name}: {printable(value)}" for name, value in self.facts)]
        lines += [f"  {printable(decode_utf8(self.public))}"] if self.public else []
        return "\n".join(lines)


def identity_disclosure(claims: Claims, *, authority: str) -> Disclosure:
    """What the certificate will say about whom `claims` are."""
    # newer certificates repeat the subject, which for accounts is the provider's own number of the person
    subject = [("subject", claims.subject)] if claims.subject not in ("", claims.identity) else []
    repeated = [(name, value) for name, value in claims.texts if name in _REPEATED and value]
    return Disclosure(
        summary="Your identity will be written into a certificate and into a public log, for good:",
        facts=(("identity", claims.identity), ("issuer", claims.account_issuer), *subject, *repeated),
        recipient=authority,
    )


def log_disclosure(log: Log, envelope: Envelope, verifier: Verifier) -> Disclosure:
    """What the transparency log is sent and will publish."""
    public, sent = logged_body(log, envelope, verifier), len(proposal(log, envelope, verifier))
    scope = "nothing else" if log.version > 1 else "the whole attestation, of which it publishes nothing else"
    return Disclosure(
        summary=f"This will be in the transparency log at {printable(log.url)}, for good:",
        facts=(("sent to the log", f"{sent} bytes, {scope}"),),
        recipient=log.url,
        public=public,
        sent=sent,
    )


class Consent:
    """Shows disclosures and asks.

    Args:
        confirmed: whether the user said yes beforehand (`-y`, `COSIGN_YES`).
        terminal: whether there is somebody to ask.
        show: prints text.
        ask: asks a question; the answer is yes or no.
    """

    def __init__(
        self, *, confirmed: bool, terminal: bool, show: Callable[[str], None], ask: Callable[[str], bool]
    ) -> None:
        self._confirmed = confirmed
        self._terminal = terminal
        self._show = show
        self._ask = ask

    def require_possible(self) -> None:
        """Fail at once where a question would have to be asked and nobody can answer.

        Raises:
            SigningError: `NOT_CONFIRMED`.
        """
        if not self._confirmed and not self._terminal:
            raise SigningError(
                "signing makes things public, and there is no terminal to ask whether it may",
                hint="say so beforehand with `-y`, or with `COSIGN_YES=true`",
                reason="NOT_CONFIRMED",
            )

    def give(self, disclosure: Disclosure) -> None:
        """Show `disclosure`, and ask unless the user said yes beforehand.

        Raises:
            SigningError: `NOT_CONFIRMED`: nobody can be asked, or the answer is no.
        """
        self.require_possible()
        self._show(disclosure.text())
        if not self._confirmed and not self._ask(f"Publish this at {printable(disclosure.recipient)}?"):
            raise SigningError("not confirmed: nothing of this was sent", reason="NOT_CONFIRMED")
