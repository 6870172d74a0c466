"""Large records against real parts: a log that takes four megabytes, two kinds of registry, and cosign as the verifier.

Needs `cosign` 3, `docker-registry` and Go (for the registry with the referrers API), each for its part; loopback alone.
"""

from __future__ import annotations

import json

import pytest
from tests.support.interop.bench import EMAIL, Bench, Image
from tests.support.interop.matrix import Evidence, Format, Storage
from tests.support.large_scans import large_scan
from tests.support.peers import NEEDS_COSIGN
from tests.support.scans import rendered
from tests.support.sigstore.accounts import GOOGLE

from assaymark.attest.strict import decode_base64

pytestmark = [pytest.mark.integration, NEEDS_COSIGN]

FINDINGS = 5_000
TRUST = ("--trusted-root", "trusted_root.json")
WHO = ("--certificate-identity", EMAIL, "--certificate-oidc-issuer", GOOGLE)


@pytest.fixture(scope="module")
def large(bench: Bench) -> str:
    """The name of a record of more than ten megabytes."""
    record = rendered(large_scan(FINDINGS), "cosign-vuln")
    assert len(record) > 10_000_000
    (bench.folder / "large.json").write_bytes(record)
    return "large.json"


@pytest.mark.parametrize("format_", list(Format))
def test_cosign_verifies_in_short_what_no_log_takes_in_full(
    bench: Bench, stored: tuple[Storage, str], large: str, format_: Format
) -> None:
    _, host = stored
    image = Image(host, f"large-{format_}")
    config = bench.signing_config(Evidence.V1, keyless=True)
    what = ["--type", "vuln", "--predicate", large, "-y", "--identity-token", bench.token()]
    how = ["--signing-config", config, *TRUST, "--attestation-format", format_, image.reference]

    refused = bench.assaymark("attest", *what, *how)
    assert (refused.code, "[LOG_TOO_LARGE]" in refused.err, "`--compact`" in refused.err) == (6, True, True)
    taken = bench.assaymark("attest", "--compact", *what, *how)
    assert taken.code == 0, taken.err

    for program in (bench.assaymark, bench.cosign):
        proven = program("verify-attestation", "--type", "vuln", *TRUST, *WHO, image.reference)
        assert proven.code == 0, proven.err
        (line,) = proven.lines
        result = json.loads(decode_base64(json.loads(line)["payload"]))["predicate"]["scanner"]["result"]
        assert sum(len(target["Vulnerabilities"]) for target in result["Results"]) == FINDINGS


def test_cosign_lists_the_full_report_and_is_not_confused_by_it(bench: Bench, stored: tuple[Storage, str]) -> None:
    _, host = stored
    (bench.folder / "small.json").write_bytes(rendered(large_scan(3), "cosign-vuln"))
    image = Image(host, "large-tree")
    what = ["--type", "vuln", "--predicate", "small.json", "--key", "p256.key", "--compact", image.reference]
    assert bench.assaymark("attest", *what).code == 0
    assert (
        "application/vnd.assaymark.report.v2+json artifacts via OCI referrer"
        in bench.cosign("tree", image.reference).out
    )
    assert (
        bench.cosign(
            "verify-attestation", "--key", "p256.pub", "--type", "vuln", "--insecure-ignore-tlog", image.reference
        ).code
        == 0
    )
