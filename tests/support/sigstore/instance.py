"""A whole Sigstore instance without a socket: its authority, logs, timestamps and token keys, and what clients trust.

`instance.trusted_root()` is made anew for each call, as a dictionary: a test that wants another root changes what it got.
Years before `epoch`, when the instance was made, lie outside every window; a day before lies inside.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.support.sigstore import tokens
from tests.support.sigstore.accounts import Account
from tests.support.sigstore.authority import Authority, CtLog, PublicKey, spki
from tests.support.sigstore.entries import Body, base64_text, hashedrekord_v001, hashedrekord_v002
from tests.support.sigstore.identities import Identity, identity
from tests.support.sigstore.keys import key_details, sign_message
from tests.support.sigstore.log import Generation, Log, Logged
from tests.support.sigstore.switches import NONE, Switch, Switches, prefix
from tests.support.sigstore.timestamping import TimestampAuthority

TRUSTED_ROOT: Final = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"
SIGNING_CONFIG: Final = "application/vnd.dev.sigstore.signingconfig.v0.2+json"
CLIENT_TRUST: Final = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"
AUDIENCE: Final = "sigstore"

Clock = Callable[[], datetime]


def now() -> datetime:
    return datetime.now(UTC)


class Instance:
    """Everything that has a key.

    Args:
        url: where its services are, or would be.
        clock: the time at every service.
        seeded: whether the logs begin with an entry. Without, the first entry has the index 0 and an empty proof,
            which ProtoJSON leaves out.
    """

    def __init__(self, url: str = "http://sigstore.test", *, clock: Clock = now, seeded: bool = True) -> None:
        self.url = url
        self.clock = clock
        self.epoch = clock()
        self.authority, self.lookalike = Authority(self.epoch), Authority(self.epoch)
        self.ct = CtLog(self.epoch)
        host = urlsplit(url).hostname or ""
        self.logs = {generation: Log(generation, host=host) for generation in Generation}
        self.timestamps = TimestampAuthority(self.epoch)
        if seeded:
            for generation in Generation:
                self.logs[generation].add(_seed(generation), self.epoch)

    @property
    def issuer(self) -> str:
        """The issuer of tokens that is served here."""
        return f"{self.url}/auth"

    def token(
        self,
        account: Account,
        *switches: Switch,
        issuer: str = "",
        lifetime: timedelta = timedelta(minutes=10),
        **claims: Any,
    ) -> str:
        """An identity token of `account`, with claims besides its own."""
        moment = self.clock() - (timedelta(days=1) if Switch.EXPIRED_TOKEN in switches else timedelta())
        times = {"iat": int(moment.timestamp()), "exp": int((moment + lifetime).timestamp())}
        audience = "somebody-else" if Switch.WRONG_AUDIENCE in switches else AUDIENCE
        whole = {"iss": account.issuer or issuer or self.issuer, "aud": audience, **times, **account.claims, **claims}
        if Switch.UNVERIFIED_EMAIL in switches:
            whole["email_verified"] = False
        if Switch.ALG_NONE in switches:
            return tokens.sign(whole, None)
        return tokens.sign(
            whole, tokens.signing_key(tokens.FOREIGN if Switch.FOREIGN_TOKEN_KEY in switches else tokens.OURS)
        )

    def authenticate(self, token: str) -> Identity:
        """Who a token names.

        Raises:
            ValueError: it is not signed here, has ended, is for another audience, or its issuer is not known.
        """
        claims = tokens.verify(token, tokens.signing_key(tokens.OURS))
        if claims["exp"] <= self.clock().timestamp():
            raise ValueError("the token has ended")
        if AUDIENCE not in (claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]):
            raise ValueError("the token is for another audience")
        issuer = claims["iss"]
        served = issuer.startswith(f"{self.url}/") and issuer.endswith("/auth")
        return identity(claims, served_issuer=issuer if served else self.issuer)

    def certify(self, key: PublicKey, holder: Identity, *, switches: Switches = NONE) -> list[x509.Certificate]:
        """A leaf for `key`, the intermediate and the root."""
        authority = self.lookalike if Switch.WRONG_CA in switches else self.authority
        return [authority.issue(key, holder, self.clock(), log=self.ct, switches=switches), *authority.chain]

    def log(self, generation: Generation, body: Body, *, switches: Switches = NONE) -> Logged:
        """Log a body, or find it where it was logged before."""
        log = self.logs[generation]
        index = log.find(body)
        return log.tell(log.add(body, self.clock()) if index is None else index, switches=switches)

    def trusted_root(self) -> dict[str, Any]:
        """What clients trust, as its document."""
        window = {"start": _text(self.epoch - timedelta(days=1))}
        details = {Generation.V1: "PKIX_ECDSA_P256_SHA_256", Generation.V2: "PKIX_ED25519"}
        return {
            "mediaType": TRUSTED_ROOT,
            "tlogs": [
                _log(self.url, log.public_key, log.key_id, details[generation], window)
                for generation, log in self.logs.items()
            ],
            "certificateAuthorities": [_authority(self.url, self.authority.chain, window)],
            "ctlogs": [_log(f"{self.url}/ct", self.ct.public_key, self.ct.key_id, details[Generation.V1], window)],
            "timestampAuthorities": [_authority(f"{self.url}/api/v1/timestamp", self.timestamps.chain, window)],
        }

    def signing_config(
        self,
        *,
        logs: Collection[Generation] = (Generation.V1,),
        timestamps: bool = False,
        keyless: bool = True,
        switches: Collection[Switch] = (),
    ) -> dict[str, Any]:
        """Which services to sign with, as its document; their addresses carry the switches."""
        base = self.url + prefix(switches)
        versions = {Generation.V1: 1, Generation.V2: 2}
        start = _text(self.epoch - timedelta(days=1))
        return {
            "mediaType": SIGNING_CONFIG,
            "caUrls": [_service(base, 1, start)] if keyless else [],
            "oidcUrls": [_service(f"{base}/auth", 1, start)] if keyless else [],
            "rekorTlogUrls": [_service(base, versions[generation], start) for generation in logs],
            "rekorTlogConfig": {"selector": "ANY"},
            "tsaUrls": [_service(f"{base}/api/v1/timestamp", 1, start)] if timestamps else [],
            "tsaConfig": {"selector": "ANY"},
        }

    def client_trust(self, **parts: Any) -> dict[str, Any]:
        """Both documents in one, as sigstore-python reads them; `parts` are those of `signing_config`."""
        documents = {"trustedRoot": self.trusted_root(), "signingConfig": self.signing_config(**parts)}
        return {"mediaType": CLIENT_TRUST, **documents}


def _seed(generation: Generation) -> Body:
    key = ec.generate_private_key(ec.SECP256R1())
    data = b"what was logged before everything else"
    signature, digest = sign_message(key, data)
    if generation is Generation.V1:
        pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return hashedrekord_v001(digest, signature, pem)
    raw = {"rawBytes": base64_text(spki(key.public_key()))}
    return hashedrekord_v002(digest, signature, {"publicKey": raw, "keyDetails": key_details(key.public_key())})


def _log(url: str, key: bytes, key_id: bytes, details: str, window: dict[str, str]) -> dict[str, Any]:
    return {
        "baseUrl": url,
        "hashAlgorithm": "SHA2_256",
        "publicKey": {"rawBytes": base64_text(key), "keyDetails": details, "validFor": dict(window)},
        "logId": {"keyId": base64_text(key_id)},
    }


def _authority(url: str, chain: Collection[x509.Certificate], window: dict[str, str]) -> dict[str, Any]:
    certificates = [{"rawBytes": base64_text(certificate.public_bytes(Encoding.DER))} for certificate in chain]
    return {
        "subject": {"organization": "sigstore.test", "commonName": "fake"},
        "uri": url,
        "certChain": {"certificates": certificates},
        "validFor": dict(window),
    }


def _service(url: str, version: int, start: str) -> dict[str, Any]:
    return {"url": url, "majorApiVersion": version, "validFor": {"start": start}, "operator": "sigstore.test"}


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
