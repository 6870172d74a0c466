"""CircleCI (circleci.com/docs, "OpenID Connect tokens"): the job's own program gives a token for an audience.

It is called `circleci`. The ready-made variables hold tokens for another audience and are of no use. The token is asked
of the root issuer, which does not depend on the organisation.
"""

from __future__ import annotations

from typing import Final

import msgspec

from assaymark.attest.sigstore.oidc.provider import Ambient, AmbientProvider, require_secret
from assaymark.errors import SigningError
from assaymark.net.secret import Secret
from assaymark.safeio.process import ProgramKind, run_program
from assaymark.safeio.text import decode_utf8, printable


def _token(ambient: Ambient) -> Secret | None:
    if not ambient.variable("CIRCLECI"):
        return None
    claims = msgspec.json.encode({"aud": ambient.audience}).decode()
    done = run_program(
        ProgramKind.CI_IDENTITY,
        "circleci",
        ("run", "oidc", "get", "--claims", claims, "--root-issuer"),
        timeout=ambient.limits.token_program_seconds,
    )
    if done.code:
        words = printable(" ".join(decode_utf8(done.stderr[:2000]).split()))[:300]
        raise SigningError(f"`circleci run oidc get` failed with code {done.code}: {words}", reason="NO_TOKEN")
    return require_secret(decode_utf8(done.stdout[: ambient.limits.token_bytes]), source="CircleCI")


PROVIDER: Final = AmbientProvider(name="circleci", position=90, token=_token)
