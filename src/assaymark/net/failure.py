"""Why nobody answered, in one line: what the libraries raise becomes an `AttemptError`."""

from __future__ import annotations

import socket
import ssl
from typing import Final

from urllib3.exceptions import (
    ConnectTimeoutError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
)

from assaymark.net.attempt import AttemptError, CertificateError, PlainTextError
from assaymark.safeio.text import printable

_DNS_TRIES: Final = 2
_REFUSED_TRIES: Final = 2
_TEMPORARY_DNS: Final = frozenset({socket.EAI_AGAIN})


def failure_of(exc: Exception, url: str) -> AttemptError:
    """What went wrong with a request to `url`."""
    cause = _root(exc)
    if isinstance(exc, ProxyError):
        return _proxy_failure(cause, url)
    if isinstance(cause, ssl.SSLError):
        return _tls_failure(cause, url)
    if isinstance(exc, NameResolutionError):
        code = getattr(exc.__cause__, "errno", None)
        most = _DNS_TRIES if code in _TEMPORARY_DNS else 1
        return AttemptError("the host's name does not resolve", url, unsent=True, most_tries=most)
    if isinstance(exc, NewConnectionError):  # a kind of ConnectTimeoutError
        return AttemptError(printable(_text(exc.__cause__ or exc)), url, unsent=True, most_tries=_REFUSED_TRIES)
    if isinstance(exc, ConnectTimeoutError):
        return AttemptError("no connection in time", url, unsent=True)
    if isinstance(exc, (ReadTimeoutError, TimeoutError)):
        return AttemptError("no answer in time", url)
    return AttemptError(printable(_text(cause))[:200], url)


def _tls_failure(cause: ssl.SSLError, url: str) -> AttemptError:
    if isinstance(cause, ssl.SSLCertVerificationError):
        reason = f"its certificate does not verify: {printable(cause.verify_message or str(cause))[:200]}"
        hint = "trust its authority with `--cacert FILE`, or place it under /etc/docker/certs.d"
        return AttemptError(reason, url, unsent=True, most_tries=1, hint=hint, kind=CertificateError)
    if cause.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"):
        hint = "if it is meant to be plain http, say so with `--allow-http-registry`"
        return AttemptError("it does not speak TLS", url, unsent=True, most_tries=1, hint=hint, kind=PlainTextError)
    if cause.reason and "ALERT" in cause.reason:
        # the server refuses us: our certificate is missing or not to its liking; the next time is no better
        return AttemptError(f"TLS was refused: {cause.reason.lower().replace('_', ' ')}", url, most_tries=1)
    return AttemptError(f"TLS failed: {printable(cause.reason or str(cause)).lower().replace('_', ' ')}", url)


def _proxy_failure(cause: BaseException, url: str) -> AttemptError:
    reason = printable(_text(cause))[:200]
    if isinstance(cause, ssl.SSLError):
        return _tls_failure(cause, url)
    if "407" in reason:
        hint = "put user and password into the proxy's URL: http://user:password@host:port"
        return AttemptError("the proxy wants a user and a password", url, unsent=True, most_tries=1, hint=hint)
    # a proxy that says no (403) will say it again; one that is overloaded may not
    final = 1 if "403" in reason else None
    return AttemptError(
        f"the proxy failed: {reason}", url, unsent=True, most_tries=final, hint="check HTTPS_PROXY, NO_PROXY"
    )


def _root(exc: BaseException) -> BaseException:
    """The innermost exception: urllib3 wraps what happened once or twice."""
    for _ in range(8):
        inner = getattr(exc, "original_error", None) or next(
            (value for value in exc.args if isinstance(value, BaseException)), None
        )
        if inner is None:
            return exc
        exc = inner
    return exc


def _text(cause: BaseException) -> str:
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror.lower()
    return str(cause).lower() or type(cause).__name__
