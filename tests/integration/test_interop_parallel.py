"""Several jobs attest to one image at the same time, and nothing is lost: whole processes, on every registry at hand.

On a registry without the referrers API every job rewrites the fallback tag, and the `.att` tag is rewritten on all of them:
whoever comes late must notice and add to what is there. cosign does not, so it takes part only where there is the API.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pytest
from tests.support.interop.bench import EMAIL, Bench, Image, Ran
from tests.support.interop.matrix import Evidence, Material
from tests.support.peers import NEEDS_COSIGN
from tests.support.registry import Behaviour, MemoryRegistry
from tests.support.sigstore.accounts import GOOGLE

from assaymark.attest.store.attestation import AttestationFormat, Candidate
from assaymark.attest.store.read import read_attestations

pytestmark = pytest.mark.integration

JOBS: Final = 8
WHO: Final = ("--certificate-identity", EMAIL, "--certificate-oidc-issuer", GOOGLE)
MEMORIES: Final = {
    "a registry in memory": Behaviour(),
    "a fallback tag with conditional requests": Behaviour(referrers=False),
    "a fallback tag without": Behaviour(referrers=False, conditional=False),
}
Job = Callable[[], Ran]


@pytest.fixture(params=["docker-registry", "ociserver", *MEMORIES])
def host(request: pytest.FixtureRequest) -> Iterator[str]:
    """Every registry at hand."""
    real = {"docker-registry": "fallback_host", "ociserver": "referrers_host"}
    if request.param in real:
        yield request.getfixturevalue(real[request.param])
        return
    with MemoryRegistry(MEMORIES[request.param]) as memory:
        yield memory.host


def at_once(jobs: Sequence[Job]) -> None:
    """Run them at the same time; each must end well."""
    with ThreadPoolExecutor(len(jobs)) as pool:
        ended = list(pool.map(lambda job: job(), jobs))
    assert [ran.code for ran in ended] == [0] * len(jobs), "\n".join(ran.err for ran in ended)


def ours(bench: Bench, image: Image, *flags: str) -> Job:
    """A job of our program; with an identity, unless the flags name a key."""
    return attesting(bench, bench.assaymark, image, *flags)


def attesting(bench: Bench, program: Callable[..., Ran], image: Image, *flags: str) -> Job:
    keyless = "--key" not in flags
    signer = ("--signing-config", bench.signing_config(Evidence.V1, keyless=keyless))
    token = ("--identity-token", bench.token()) if keyless else ()
    what = ("--type", "vuln", "--predicate", "vuln.json", "--trusted-root", "trusted_root.json", "-y")
    return lambda: program("attest", *what, *signer, *token, *flags, image.reference)


def attached(image: Image, format_: AttestationFormat) -> int:
    """How many attestations there are, of one format; each counts once."""
    found = list(read_attestations(image.store, image.subject.digest, formats=(format_,)))
    return len({item.data for item in found if isinstance(item, Candidate)})


def verified(bench: Bench, image: Image, *who: str) -> int:
    """How many verify."""
    flags = ("--type", "vuln", "--trusted-root", "trusted_root.json", *who)
    ran = bench.assaymark("verify-attestation", *flags, image.reference)
    assert ran.code == 0, ran.err
    return len(ran.lines)


def test_eight_identities_leave_eight_referrers(bench: Bench, host: str) -> None:
    image = Image(host, "eight")
    at_once([ours(bench, image)] * JOBS)
    assert attached(image, AttestationFormat.BUNDLE) == JOBS
    assert verified(bench, image, *WHO) == JOBS


def test_keys_identities_and_both_formats_at_once(bench: Bench, host: str) -> None:
    image = Image(host, "mixed")
    p256, rsa = (("--key", bench.key_file(material, "key")) for material in (Material.P256, Material.RSA))
    signers = [(), p256, (), p256, (), p256, (), rsa]  # one RSA: it would sign the same statement by the same bytes
    at_once([ours(bench, image, *flags, "--attestation-format", "both") for flags in signers])
    assert [attached(image, format_) for format_ in (AttestationFormat.BUNDLE, AttestationFormat.LEGACY)] == [JOBS] * 2
    assert verified(bench, image, *WHO) == JOBS
    by_key = {Material.P256: 3 * 2, Material.RSA: 2}
    for material, number in by_key.items():
        assert verified(bench, image, "--key", bench.key_file(material, "pub"), "--require-log") == number


@NEEDS_COSIGN
def test_cosign_attests_beside_us(bench: Bench, referrers_host: str) -> None:
    image = Image(referrers_host, "beside")
    at_once([ours(bench, image), attesting(bench, bench.cosign, image)] * (JOBS // 2))
    assert attached(image, AttestationFormat.BUNDLE) == JOBS
    assert verified(bench, image, *WHO) == JOBS


@NEEDS_COSIGN
def test_cosign_finds_all_of_them(bench: Bench, host: str) -> None:
    image = Image(host, "found")
    at_once([ours(bench, image)] * JOBS)
    listed = bench.cosign("download", "attestation", image.reference)
    flags = ("--type", "vuln", "--trusted-root", "trusted_root.json", *WHO)
    proven = bench.cosign("verify-attestation", *flags, image.reference)
    assert (len(listed.lines), len(proven.lines)) == (JOBS, JOBS), proven.err
