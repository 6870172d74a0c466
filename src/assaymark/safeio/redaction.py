"""Credentials never reach an output: what is taken out of every log record, error and line for people.

Two nets, because each has holes. *Known values*: passwords and tokens that came from flags, prompts, variables and
files are registered and replaced wherever they turn up, in their percent-encoded and base64 forms too. *Shapes*:
what looks like a credential although nobody registered it: `Authorization` headers (RFC 9110, 11.6.2), user-info in
URLs (RFC 3986, 3.2.1), secret query parameters of signed URLs (S3, Google Cloud Storage, Azure), `password=` pairs,
JSON Web Tokens, PEM private keys.

A registered value shorter than `SHORTEST` characters is not searched for: replacing every `demo` would mangle facts and
tell the password. Every pattern is bounded, so it runs in linear time on hostile text.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

MASK: Final = "***"
SHORTEST: Final = 8
_SHORTEST_GUESSED: Final = 8

VARIABLES: Final = frozenset(
    {
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        "ASSAYMARK_PASSWORD",
        "ASSAYMARK_REGISTRY_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AZURE_CLIENT_SECRET",
        "CI_JOB_TOKEN",
        "CI_REGISTRY_PASSWORD",
        "COSIGN_PASSWORD",
        "COSIGN_PRIVATE_KEY",
        "COSIGN_PKCS11_PIN",
        "GH_TOKEN",
        "GITHUB_TOKEN",
        "GITLAB_TOKEN",
        "SIGSTORE_ID_TOKEN",
        "TRIVY_PASSWORD",
        "TRIVY_REGISTRY_TOKEN",
        "TRIVY_TOKEN",
        "VAULT_TOKEN",
    }
)
"""Variables whose documented meaning is a credential."""

FLAGS: Final = frozenset(
    {
        "identity-token",
        "oidc-client-secret",
        "password",
        "pin",
        "registry-password",
        "registry-token",
        "sk-pin",
        "token",
    }
)
"""Flags whose value is a credential."""

_GUESSED_VARIABLE = re.compile(r"PASSWORD|PASSWD|PASSPHRASE|TOKEN|SECRET|PRIVATE_?KEY|API_?KEY|CREDENTIAL|ACCESS_?KEY")
_DIGEST: Final = re.compile(r"[a-z0-9+._-]{1,20}:[0-9a-fA-F]{32}")
_PROXY_VARIABLES: Final = frozenset({"http_proxy", "https_proxy", "all_proxy"})

_NAMES: Final = (
    r"(?:[\w-]{0,40}(?:password|passwd|passphrase|secret|token)|identitytoken|registrytoken|api[_-]?key|sig|signature"
    r"|pin-value|x-amz-(?:signature|credential|security-token)|x-goog-(?:signature|credential)|auth)"
)
_SHAPES: Final = (
    # a whole header, whatever its scheme, as a line, a dict or a struct prints it
    (
        re.compile(
            r"(?i)((?:proxy-)?authorization|x-registry-(?:auth|config)|private-token|job-token)"
            r"(['\"]?\s{0,4}[:=]\s{0,4}['\"\[]{0,2}(?:(?:basic|bearer|negotiate|digest)\s{1,4})?)[^\s'\",\]}]+"
        ),
        rf"\1\2{MASK}",
    ),
    (re.compile(r"\b(Bearer|bearer)(\s{1,4})[A-Za-z0-9+/=._~-]{16,}"), rf"\1\2{MASK}"),
    (re.compile(r"\b(Basic|basic)(\s{1,4})(?=[A-Za-z]{0,40}[0-9=+/A-Z])[A-Za-z0-9+/=]{6,}"), rf"\1\2{MASK}"),
    (re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,30}://)[^\s/?#\"'<>`]+@"), rf"\1{MASK}@"),
    (re.compile(rf"(?i)([?&;]{_NAMES}=)[^&\s\"'<>#`]+"), rf"\1{MASK}"),
    # `pkcs11:token=` is the label of a smart card
    (re.compile(rf"(?i)((?<!pkcs11:)\b{_NAMES}=)(?!\*\*\*)[^&\s\"'<>#`,;]+"), rf"\1{MASK}"),
    (re.compile(rf"(?i)([\"']{_NAMES}[\"']\s{{0,4}}:\s{{0,4}}[\"'])[^\"']+"), rf"\1{MASK}"),
    (re.compile(r"(--(?:[a-z-]{0,30}password|[a-z-]{0,30}token|[a-z-]{0,30}secret)[ =])\S+"), rf"\1{MASK}"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]*"), MASK),
    (re.compile(r"\b(?:gh[opsur]_|github_pat_|glpat-|dckr_pat_|hvs\.)[A-Za-z0-9_-]{16,}"), MASK),
    (
        re.compile(
            r"(?s)-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.{0,20000}?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)"
        ),
        MASK,
    ),
)


class Redaction:
    """What must not be told; grows while the program learns of credentials."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str | bytes) -> None:
        """Never print this value again, nor its percent-encoded or base64 form."""
        text = secret.decode("utf-8", "replace") if isinstance(secret, bytes) else secret
        text = text.strip("\r\n")
        if len(text) < SHORTEST:
            return
        self._known.update(_spellings(text))
        # longest first: a password that begins with another one is replaced whole
        self._pattern = re.compile("|".join(map(re.escape, sorted(self._known, key=len, reverse=True))))

    def clean(self, text: str) -> str:
        """`text` without credentials."""
        if self._pattern is not None:
            text = self._pattern.sub(MASK, text)
        for pattern, replacement in _SHAPES:
            text = pattern.sub(replacement, text)
        return text


def secrets_of_environment(environ: Mapping[str, str]) -> Iterator[str]:
    """Values of variables that hold credentials, by their documented meaning or by their name."""
    for name, value in environ.items():
        if name in VARIABLES:
            yield value
        elif name.lower() in _PROXY_VARIABLES:
            yield from _url_password(value)
        elif len(value) >= _SHORTEST_GUESSED and _GUESSED_VARIABLE.search(name.upper()):
            yield value


def credential_variables(environ: Mapping[str, str]) -> frozenset[str]:
    """Names of the variables that hold credentials: those whose values nobody may see."""
    return frozenset(name for name, value in environ.items() if any(secrets_of_environment({name: value})))


def secrets_of_arguments(arguments: Sequence[str]) -> Iterator[str]:
    """Values of credential flags and passwords in URLs on a command line, before anything can complain about it."""
    for position, argument in enumerate(arguments):
        name, equals, value = argument.lstrip("-").partition("=")
        if argument.startswith("-") and (name in FLAGS or name == "p"):
            yield value if equals else "".join(arguments[position + 1 : position + 2])
        elif argument.startswith("-p") and not equals:
            yield argument[2:]
        else:
            yield from _url_password(value if argument.startswith("-") else argument)


def strip_user_info(url: str) -> str:
    """`url` without `user:password@`, and without the values of secret query parameters."""
    for pattern, replacement in _SHAPES[3:5]:
        url = pattern.sub(replacement, url)
    return url.replace(f"://{MASK}@", "://")


def _spellings(text: str) -> Iterator[str]:
    from urllib.parse import quote, quote_plus

    yield text
    for encoded in (quote(text, safe=""), quote_plus(text), base64.b64encode(text.encode()).decode()):
        yield encoded
        yield encoded.rstrip("=")


def _url_password(url: str) -> Iterator[str]:
    from urllib.parse import unquote

    before, separator, after = url.partition("://")
    user_info, at, host = (after if separator else before).partition("/")[0].rpartition("@")
    password = user_info.partition(":")[2]
    if at and password and not _DIGEST.match(host):  # `name:tag@sha256:…` is a reference
        yield password
        yield unquote(password)
