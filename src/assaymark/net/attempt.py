"""One try of a request that got no answer, and the two kinds of it that callers tell apart."""

from __future__ import annotations

from assaymark.errors import NetworkError


class CertificateError(NetworkError):
    """The other side's certificate does not verify: nothing was sent."""


class PlainTextError(NetworkError):
    """The other side does not speak TLS: nothing was sent."""


class AttemptError(Exception):
    """One try that got no answer; stays inside `assaymark.net`.

    Attributes:
        unsent: whether the request certainly did not reach anybody.
        most_tries: how often it is worth trying; 1 means that this is final.
    """

    def __init__(
        self,
        reason: str,
        url: str,
        *,
        unsent: bool = False,
        most_tries: int | None = None,
        hint: str = "",
        kind: type[NetworkError] = NetworkError,
    ) -> None:
        super().__init__(reason)
        self.unsent = unsent
        self.most_tries = most_tries
        self._url = url
        self._hint = hint
        self._kind = kind

    def error(self, tries: int) -> NetworkError:
        """What the caller of the network sees."""
        count = f" ({tries} tries)" if tries > 1 else ""
        return self._kind(f"cannot reach `{self._url}`: {self}{count}", hint=self._hint)
