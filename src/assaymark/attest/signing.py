"""How somebody signs: with a key alone, or with an identity or a key and the services that were chosen.

Nothing is published by surprise (`SigningChoice.log`, `--log`):

- `auto`: an identity's signature is logged, because it proves nothing otherwise; a key's where services are named
  (`--signing-config`, `--rekor-url`, `--timestamp-server-url`) or cosign's words ask for it (`--tlog-upload`,
  `--use-signing-config`);
- `public`: logged, by the services of the trust data where none are named;
- `private`: logged by the services that are named, and an error where none are;
- `none`: not logged; of a signing configuration the timestamps remain. `--tlog-upload=false` is cosign's word for it.

Services, in order: a signing configuration; the ones that are named by their addresses (and with a key a timestamp
authority alone), so that what was meant for a private instance never ends at the public one; else those of the trust
data, of which an issuer and a timestamp authority that are named replace one each. A key needs no authority and no
issuer.

Everything that can fail without having asked anybody fails in `open_signing`, before an image is scanned.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec

from assaymark.attest.attach import KeySigning, Signing
from assaymark.attest.store.attestation import AttestationFormat
from assaymark.errors import UsageError

if TYPE_CHECKING:
    from assaymark.attest.keys.private import Signer
    from assaymark.attest.sigstore.disclosure import Consent
    from assaymark.attest.sigstore.oidc.token import IdentityToken
    from assaymark.attest.sigstore.sign import Surroundings
    from assaymark.attest.sigstore.signing_config import Services
    from assaymark.attest.sigstore.trust import Trust

_URLS: Final = ("fulcio_url", "rekor_url", "timestamp_server_url", "oidc_issuer")


class SigningChoice(msgspec.Struct, frozen=True, kw_only=True):
    """What was said about how to sign; names and meaning are those of the flags.

    Attributes:
        key: reference of a key; empty for an identity.
        log: `auto`, `public`, `private` or `none`.
        tlog_upload, use_signing_config: cosign's words; None where they were not said.
    """

    key: str = ""
    format: AttestationFormat = AttestationFormat.BUNDLE
    log: str = "auto"
    tlog_upload: bool | None = None
    use_signing_config: bool | None = None
    signing_config: str = ""
    fulcio_url: str = ""
    rekor_url: str = ""
    timestamp_server_url: str = ""
    oidc_issuer: str = ""

    def check(self) -> None:
        """Refuse what contradicts itself.

        Raises:
            UsageError: two things exclude each other, or one needs another.
        """
        named = [name for name in _URLS if getattr(self, name)]
        if self.signing_config and named:
            raise UsageError(
                f"`{_flag(named[0])}` and `--signing-config` exclude each other", hint="the file names the services"
            )
        refused = "--tlog-upload=false" if self.tlog_upload is False else "--log none"
        if not self.logs_allowed and not self.key:
            raise UsageError(
                f"`{refused}`: an identity's signature proves nothing without a log", hint="sign with `--key`"
            )
        if not self.logs_allowed and self.rekor_url:
            raise UsageError(f"`--rekor-url` and `{refused}` exclude each other")
        if self.log == "private" and not (self.signing_config or self.rekor_url):
            raise UsageError("`--log private` needs a log", hint="name it with `--signing-config` or `--rekor-url`")

    @property
    def wants_services(self) -> bool:
        """Whether anybody is asked for anything."""
        if not self.key or self.signing_config or self.rekor_url or self.timestamp_server_url:
            return True
        return self.logs_allowed and self.logs_demanded

    @property
    def logs_demanded(self) -> bool:
        """Whether a log was asked for by name."""
        return bool(self.log in ("public", "private") or self.tlog_upload or self.use_signing_config)

    @property
    def logs_allowed(self) -> bool:
        """Whether anything may be logged."""
        return self.log != "none" and self.tlog_upload is not False

    @property
    def is_complete(self) -> bool:
        """Whether its own services are meant, and the mirror's are none of its business."""
        if self.fulcio_url or self.rekor_url or self.use_signing_config is False:
            return True
        return bool(self.key and not self.logs_demanded)


class SigningMeans(msgspec.Struct, frozen=True, kw_only=True):
    """What signing may use, each asked for when it is first needed.

    Attributes:
        signer: opens the key.
        consent: whom to ask before something is published.
        trust: whom to believe.
        around: what signing with services needs from outside.
        token: how the identity token will be had, given the services.
    """

    signer: Callable[[], Signer]
    consent: Callable[[], Consent]
    trust: Callable[[], Trust]
    around: Callable[[Consent], Surroundings]
    token: Callable[[Services, Surroundings], Callable[[], IdentityToken]]


def open_signing(choice: SigningChoice, means: SigningMeans) -> Signing:
    """The way to sign that was chosen; `choice` was checked.

    Raises:
        UsageError: what was said, a file or the surroundings do not suffice.
        SigningError: the key does not open, nobody can be asked, or the services do not suffice.
        NetworkError: there is no trust data, and none can be had.
    """
    if not choice.wants_services:
        return KeySigning(means.signer())
    from assaymark.attest.sigstore.attach import ServiceSigning, check_format
    from assaymark.attest.sigstore.sign import check_services

    consent, keyless = means.consent(), not choice.key
    if keyless:
        consent.require_possible()
    trust = means.trust()
    services = choose_services(choice, trust)
    if not keyless and not (services.logs or services.timestamps):
        _require_log(choice, services)
        return KeySigning(means.signer())
    check_services(services, keyless=keyless)
    check_format(services, choice.format, keyless=keyless)
    _require_log(choice, services)
    if services.logs:
        consent.require_possible()
    around = means.around(consent)
    return ServiceSigning(
        services=services,
        around=around,
        trust=trust.root(),
        token=means.token(services, around),
        signer=None if keyless else means.signer(),
    )


def choose_services(choice: SigningChoice, trust: Trust) -> Services:
    """The services that are named, else the mirror's.

    Raises:
        UsageError: a URL is none, or none of the services that a configuration lists can be used.
        NetworkError: there is no trust data, and none can be had.
    """
    from assaymark.attest.sigstore.signing_config import Services

    named = _named_services(choice)
    chosen = named
    if choice.signing_config:
        chosen = _configured(trust, choice.signing_config)
    elif not choice.is_complete:
        chosen = _configured(trust, "")
        given = {name: value for name, value in msgspec.structs.asdict(named).items() if value}
        chosen = msgspec.structs.replace(chosen, **given)
    if not choice.logs_allowed:
        chosen = msgspec.structs.replace(chosen, logs=())
    return Services(logs=chosen.logs, timestamps=chosen.timestamps) if choice.key else chosen


def _named_services(choice: SigningChoice) -> Services:
    from assaymark.attest.sigstore.signing_config import Log, Services, check_url

    for name in _URLS:
        try:
            check_url(getattr(choice, name) or "https://localhost")
        except ValueError as exc:
            raise UsageError(f"`{_flag(name)}` cannot be used: {exc}") from exc
    return Services(
        authority=choice.fulcio_url,
        issuer=choice.oidc_issuer,
        logs=(Log(url=choice.rekor_url),) if choice.rekor_url else (),
        timestamps=(choice.timestamp_server_url,) if choice.timestamp_server_url else (),
    )


def _configured(trust: Trust, name: str) -> Services:
    from secrets import SystemRandom

    from assaymark.attest.sigstore.signing_config import select_services

    config = trust.signing_config(name)
    return select_services(config, now=datetime.now(UTC), choose=SystemRandom().sample)


def _require_log(choice: SigningChoice, services: Services) -> None:
    if choice.log in ("public", "private") and not services.logs:
        raise UsageError(f"`--log {choice.log}`: the services that were chosen have no transparency log")


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
