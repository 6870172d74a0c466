"""How each program is told to sign."""

from __future__ import annotations

import json

from tests.support.forgery import CREATED
from tests.support.interop.bench import Bench, Image, Ran
from tests.support.interop.matrix import Evidence, Format, Program, Signing
from tests.support.sigstore.cosign import statement_about
from tests.support.sigstore.log import Generation

from assaymark.attest.predicate import VULN_TYPE
from assaymark.attest.store.bundle_store import push_bundle


def sign(bench: Bench, signing: Signing, image: Image) -> Ran:
    """Attest to `image`; nothing is stored when the code is not 0."""
    if signing.signer is Program.SIGSTORE:
        return _sign_with_sigstore(bench, signing.evidence, image)
    what = ["--type", "vuln", "--predicate", "vuln.json", "-y", *_signer(bench, signing)]
    if signing.signer is Program.ASSAYMARK:
        config = bench.signing_config(signing.evidence, keyless=signing.keyless)
        how = ["--signing-config", config, "--attestation-format", signing.format]
        return bench.assaymark("attest", *what, *how, "--trusted-root", "trusted_root.json", image.reference)
    how = _cosigns_bundle(bench, signing) if signing.format is Format.BUNDLE else _cosigns_layer(bench, signing)
    return bench.cosign("attest", *what, *how, "--trusted-root", "trusted_root.json", image.reference)


def _signer(bench: Bench, signing: Signing) -> list[str]:
    if signing.keyless:
        return ["--identity-token", bench.token()]
    return ["--key", bench.key_file(signing.material, "key")]


def _cosigns_bundle(bench: Bench, signing: Signing) -> list[str]:
    return ["--signing-config", bench.signing_config(signing.evidence, keyless=signing.keyless)]


def _cosigns_layer(bench: Bench, signing: Signing) -> list[str]:
    """The `.att` tag: services by their addresses, which know the first log only."""
    if Generation.V2 in signing.evidence.logs:
        return ["--new-bundle-format=false", *_cosigns_bundle(bench, signing)]
    url = bench.sigstore.url
    log = ["--rekor-url", url] if signing.evidence.logs else ["--tlog-upload=false"]
    stamp = ["--timestamp-server-url", f"{url}/api/v1/timestamp"] if signing.evidence.timestamps else []
    return ["--new-bundle-format=false", "--use-signing-config=false", "--fulcio-url", url, *log, *stamp]


def _sign_with_sigstore(bench: Bench, evidence: Evidence, image: Image) -> Ran:
    from sigstore.dsse import Statement
    from sigstore.models import ClientTrustConfig
    from sigstore.oidc import IdentityToken
    from sigstore.sign import SigningContext

    parts = {"logs": evidence.logs, "timestamps": evidence.timestamps}
    trust = ClientTrustConfig.from_json(json.dumps(bench.sigstore.instance.client_trust(**parts)))
    try:
        with SigningContext.from_trust_config(trust).signer(IdentityToken(bench.token())) as signer:
            bundle = signer.sign_dsse(Statement(statement_about(image.subject.digest)))
    except Exception as exc:  # whatever it ends with is what it said
        return Ran(1, "", f"{type(exc).__name__}: {exc}")
    data = bundle.to_json().encode()
    push_bundle(image.store, image.subject, data, predicate_type=VULN_TYPE, created=CREATED)
    return Ran(0, data.decode(), "")
