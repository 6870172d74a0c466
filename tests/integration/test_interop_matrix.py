"""Every way of signing, by each program, on each registry, verified by all: `docs/interoperability.md` is what this gives.

Needs `cosign` 3.1, `docker-registry`, Go (for the registry with the referrers API) and the package `sigstore`, each for its part;
loopback alone. `make interop` writes the page anew.
"""

from __future__ import annotations

import pytest
from tests.support.interop.bench import Bench, Image
from tests.support.interop.matrix import AT_HAND, Evidence, Format, Material, Signing, Storage, signings
from tests.support.interop.measuring import Results, measure, missing
from tests.support.interop.page import PAGE, page
from tests.support.interop.signing import sign

from assaymark.attest.store.attestation import fallback_tag

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("signing", list(signings()), ids=", ".join)
def test_who_verifies_what_was_signed(
    bench: Bench, stored: tuple[Storage, str], signing: Signing, interoperability: Results
) -> None:
    if signing.signer not in AT_HAND:
        pytest.skip(f"{signing.signer} is not on this machine")
    storage, host = stored
    interoperability[signing, storage] = measure(bench, signing, host)


def test_each_kind_of_registry_is_used_as_such(bench: Bench, stored: tuple[Storage, str]) -> None:
    storage, host = stored
    image = Image(host, "kind")
    for signer in AT_HAND:
        assert sign(bench, Signing(signer, Material.KEYLESS, Format.BUNDLE, Evidence.V1), image).code == 0
    listed = image.store.referrers(image.subject.digest)
    tagged = image.store.resolve(fallback_tag(image.subject.digest))
    if storage is Storage.FALLBACK:
        assert (listed, tagged is None) == (None, False)
    else:
        assert (len(listed or ()), tagged) == (len(AT_HAND), None)


def test_the_page_says_what_was_measured(request: pytest.FixtureRequest, interoperability: Results) -> None:
    if absent := missing(interoperability, signings()):
        pytest.skip(f"this run did not measure {absent[0]}" + (f" and {len(absent) - 1} more" if absent[1:] else ""))
    if request.config.getoption("--write-interoperability"):
        PAGE.write_text(page(interoperability), encoding="utf-8")
    assert page(interoperability).splitlines() == PAGE.read_text(encoding="utf-8").splitlines()
