"""The error tree: one exit code and an optional hint for each kind of failure.

Everything assaymark raises on purpose derives from `Error`. The command line prints the message and the hint, each on
one line of stderr, and ends with `exit_code`. The table of codes is in `docs/architecture.md`.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """What the process tells its caller; user-set codes (`--exit-code`, `--exit-on-eol`) come on top."""

    DONE = 0
    FINDINGS = 1
    USAGE = 2
    INCOMPLETE = 3
    DATABASE = 4
    NETWORK = 5
    SIGNING = 6
    VERIFICATION = 7
    ARTIFACT = 8
    LOCAL = 9
    DEFECT = 70
    INTERRUPTED = 130
    TERMINATED = 143


class Error(Exception):
    """A failure with a message in lower case, an exit code, and a hint where the user can act.

    Attributes:
        exit_code: what the process ends with.
        reason: a stable, upper-case code for programs, such as `SUBJECT_MISMATCH`; empty where there is none.
        hint: what the user can do about it; empty where there is nothing.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.DEFECT

    def __init__(self, message: str, *, hint: str = "", reason: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        self.reason = reason


class UsageError(Error):
    """The command line or the configuration asks for something that cannot be."""

    exit_code = ExitCode.USAGE


class IncompleteError(Error):
    """The scan could not look at everything, and completeness was asked for."""

    exit_code = ExitCode.INCOMPLETE


class DatabaseError(Error):
    """No usable vulnerability database."""

    exit_code = ExitCode.DATABASE


class NetworkError(Error):
    """A registry or another service could not be reached, refused, or answered with an error."""

    exit_code = ExitCode.NETWORK


class OfflineError(NetworkError):
    """A network connection was needed although `--offline` forbids every one."""


class AuthenticationError(NetworkError):
    """A registry wants credentials, or refuses those it was given."""


class NotFoundError(NetworkError):
    """The registry answered that a manifest, blob or repository does not exist."""


class ConflictError(NetworkError):
    """Somebody else changed a tag between our reading and our writing it."""


class SigningError(Error):
    """A key, a predicate or a signature could not be made or used."""

    exit_code = ExitCode.SIGNING


class VerificationError(Error):
    """Nothing was proven: no attestation, a bad signature, a wrong identity, type, subject or policy."""

    exit_code = ExitCode.VERIFICATION


class ArtifactError(Error):
    """The artifact is malformed, does not match its digest, or exceeds a limit."""

    exit_code = ExitCode.ARTIFACT


class LimitError(ArtifactError):
    """Untrusted input is larger, deeper or longer than `Limits` allows."""


class DigestMismatchError(ArtifactError):
    """Bytes do not have the digest or size that was promised for them."""


class LocalError(Error):
    """Local input or output failed: disk, permissions, locks."""

    exit_code = ExitCode.LOCAL
