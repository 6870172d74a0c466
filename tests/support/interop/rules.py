"""What does not work and why: what every refusal says, and how much of the evidence has to be left out for a yes.

Each rule was measured, and each is measured again by every run: what is refused here must be seen refused.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from tests.support.interop.matrix import Evidence, Format, Program, Signing
from tests.support.sigstore.log import Generation

UNLOGGED: Final = (Evidence.TSA, Evidence.NONE)


class Refusal(NamedTuple):
    """What is refused.

    Attributes:
        said: what the program says then.
        why: a sentence for the page.
        without: what may not be demanded, for it to be verified nevertheless; empty when nothing helps.
        weaker: the flags that demand the rest.
    """

    said: str
    why: str
    without: str = ""
    weaker: tuple[str, ...] = ()


def refusal_to_sign(signing: Signing) -> Refusal | None:
    """Why this way of signing ends with an error; None when it works."""
    if signing.signer is Program.ASSAYMARK:
        return _ours_of_signing(signing) if signing.keyless else None
    if signing.signer is Program.SIGSTORE:
        return _SIGSTORE_UNSIGNED.get(signing.evidence)
    if signing.format is Format.LEGACY:
        return _COSIGN_LAYER if Generation.V2 in signing.evidence.logs else None
    return _COSIGN_UNTIMED if signing.keyless and signing.evidence is Evidence.V2 else None


def refusal_to_verify(signing: Signing, verifier: Program) -> Refusal | None:
    """Why this program does not verify with everything demanded; None when it does."""
    if verifier is Program.SIGSTORE:
        return _sigstores(signing)
    if signing.format is Format.LEGACY and Generation.V2 in signing.evidence.logs:
        return _unlogged_layer(signing, verifier)
    if verifier is Program.ASSAYMARK:
        return _UNTIMED if signing.keyless and signing.evidence is Evidence.NONE else None
    if signing.format is Format.LEGACY and signing.evidence.timestamps:
        kept = () if signing.evidence.logs else ("--insecure-ignore-tlog",)
        return _COSIGN_STAMP._replace(weaker=kept)
    return None


def refusal_of_a_stranger(signing: Signing, verifier: Program) -> Refusal:
    """What is said of a good signature that somebody else should have made."""
    if verifier is Program.COSIGN:
        return Refusal("no matching attestations: ", "")
    if verifier is Program.SIGSTORE:
        return Refusal("SANs do not match", "")
    if signing.keyless:
        return Refusal("[WRONG_IDENTITY]", "")
    return Refusal("[WRONG_KEY]" if signing.format is Format.BUNDLE else "[BAD_SIGNATURE]", "")  # a layer names no key


def _ours_of_signing(signing: Signing) -> Refusal | None:
    if signing.evidence in UNLOGGED:
        return _UNLOGGED
    if signing.evidence is Evidence.V2:
        return _NO_TIME
    held = signing.format is Format.BUNDLE or signing.evidence is not Evidence.V2_TSA
    return None if held else _LAYER


def _sigstores(signing: Signing) -> Refusal | None:
    if signing.format is Format.LEGACY:
        return _NO_LAYERS
    if signing.evidence in UNLOGGED:
        return _NO_UNLOGGED
    return None if signing.keyless else _NO_KEYS


def _unlogged_layer(signing: Signing, verifier: Program) -> Refusal:
    stamped = signing.evidence.timestamps
    if verifier is Program.ASSAYMARK:
        kept = ("--use-signed-timestamps",) if stamped else ()
        return _UNHELD._replace(said="NO_LOG_ENTRY", weaker=kept)
    if stamped:
        return _UNHELD_STAMP
    return _UNHELD._replace(said="no matching attestations", weaker=("--insecure-ignore-tlog",))


_UNLOGGED: Final = Refusal(
    "[NO_LOG]",
    "assaymark signs with an identity only where a log publishes it: what nobody can see nobody can contest.",
)
_NO_TIME: Final = Refusal(
    "[NO_TRUSTED_TIME]",
    "A log of version 2 states no time, so without a timestamp nothing would prove that the certificate was valid.",
)
_LAYER: Final = Refusal(
    "[LEGACY_LOG]", "The `.att` tag cannot hold entries of a log of version 2, without which no identity is verified."
)
_UNHELD: Final = Refusal(
    "",
    "The `.att` tag cannot hold entries of a log of version 2: assaymark stores the rest, with a warning.",
    without="the log entry",
)
_UNHELD_STAMP: Final = Refusal(
    "expected at least one verified timestamp",
    "The `.att` tag cannot hold entries of a log of version 2, and cosign refuses the timestamp beside them.",
    without="both",
    weaker=("--insecure-ignore-tlog",),
)
_COSIGN_LAYER: Final = Refusal(
    "must provide --new-bundle-format",
    "cosign finds a log of version 2 through a signing configuration only, which it refuses for the `.att` tag.",
)
_COSIGN_UNTIMED: Final = Refusal(
    "a timestamp authority must be provided", "cosign too asks for a timestamp where the log states no time."
)
_COSIGN_STAMP: Final = Refusal(
    "expected at least one verified timestamp",
    "At the `.att` tag the timestamp is that of the signature, as cosign writes it since 3.1; cosign's own reader expects "
    "one of the whole envelope there.",
    without="the timestamp",
)
_UNTIMED: Final = Refusal(
    "[NO_TRUSTED_TIME]",
    "Nothing signed says when the certificate was used. cosign takes the present time, and refuses the same attestation "
    "ten minutes later.",
)
_NO_LAYERS: Final = Refusal(
    "failed to load bundle", "sigstore-python reads Sigstore bundles; at the `.att` tag there is an envelope."
)
_NO_UNLOGGED: Final = Refusal("failed to load bundle", "sigstore-python reads no bundle without a log entry.")
_NO_KEYS: Final = Refusal("expected certificate in bundle", "sigstore-python knows identities only, no keys.")
_SIGSTORE_UNSIGNED: Final = {
    Evidence.V2: Refusal(
        "bundle must contain an inclusion promise or signed timestamp",
        "sigstore-python finds its own bundle without a time.",
    ),
    Evidence.TSA: Refusal("No valid Rekor transparency log", "sigstore-python signs with exactly one log."),
    Evidence.NONE: Refusal("No valid Rekor transparency log", "sigstore-python signs with exactly one log."),
}
