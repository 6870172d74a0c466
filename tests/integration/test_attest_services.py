"""What assaymark signs with services, real cosign verifies: by the very line that assaymark prints.

Identities and keys, both formats, every combination of logs and timestamps that the formats can hold, on registries in
memory with the referrers API and with the fallback tag. `test_interop_matrix.py` has the registries of others.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from _pytest.mark import ParameterSet
from tests.support.commands import attest, place_image, place_keys, run
from tests.support.peers import NEEDS_COSIGN
from tests.support.registry import Behaviour, MemoryRegistry
from tests.support.sigstore.accounts import ACCOUNTS, google
from tests.support.sigstore.cosign import Cosign
from tests.support.sigstore.fake import FakeSigstore
from tests.support.sigstore.log import Generation

pytestmark = [pytest.mark.integration, NEEDS_COSIGN]

V1, V2 = Generation.V1, Generation.V2
SERVICES: Final = {
    "Rekor v1": ((V1,), False),
    "Rekor v1 and a timestamp": ((V1,), True),
    "Rekor v2 and a timestamp": ((V2,), True),
    "Rekor v2": ((V2,), False),
    "a timestamp": ((), True),
}
CONFIGURED: Final = ("--signing-config=signing_config.json", "--trusted-root=trusted_root.json", "-y")


@pytest.fixture
def fake() -> Iterator[FakeSigstore]:
    with FakeSigstore() as running:
        yield running


@pytest.fixture(params=[True, False], ids=["with the referrers API", "with the fallback tag"])
def registry(request: pytest.FixtureRequest) -> Iterator[MemoryRegistry]:
    with MemoryRegistry(Behaviour(referrers=request.param)) as made:
        yield made


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path)
    return tmp_path


def printed(err: str) -> list[str]:
    """The arguments of the line for cosign."""
    (line,) = [line for line in err.splitlines() if line.startswith("  cosign ")]
    return shlex.split(line)[1:]


def ways() -> Iterator[ParameterSet]:
    for signer in ("identity", "key"):
        for name, (logs, timestamps) in SERVICES.items():
            if signer == "identity" and (not logs or (logs == (V2,) and not timestamps)):
                continue  # proves nothing: it cannot be signed
            for format_ in ("bundle", "legacy", "both"):
                if format_ != "bundle" and V2 in logs:
                    continue  # the .att tag has no place for it
                yield pytest.param(signer, logs, timestamps, format_, id=f"{signer}, {name}, {format_}")


@pytest.mark.parametrize(("signer", "logs", "timestamps", "format_"), [*ways()])
def test_cosign_verifies_by_the_line_that_we_print(
    fake: FakeSigstore,
    registry: MemoryRegistry,
    here: Path,
    signer: str,
    logs: tuple[Generation, ...],
    format_: str,
    *,
    timestamps: bool,
) -> None:
    fake.write(here, logs=logs, timestamps=timestamps)
    image, _ = place_image(registry)
    token = fake.instance.token(google())
    ran = attest(
        *CONFIGURED,
        f"--attestation-format={format_}",
        image,
        key="ours.key" if signer == "key" else "",
        environ={"SIGSTORE_ID_TOKEN": token, "ASSAYMARK_CACHE_DIR": "cache"},
    )
    assert ran.code == 0, ran.err
    out = Cosign(here)(*printed(ran.err))
    assert any(line.startswith('{"payload') for line in out.splitlines())
    if signer == "identity":
        words = printed(ran.err)
        words[words.index("--certificate-identity") + 1] = "mallory@gmail.test"
        Cosign(here)(*words, code=1)


@pytest.mark.parametrize("account", ["google", "github", "microsoft", "github-actions", "gitlab", "spiffe"])
def test_every_kind_of_signer(fake: FakeSigstore, here: Path, account: str) -> None:
    with MemoryRegistry() as registry:
        fake.write(here)
        image, _ = place_image(registry)
        token = fake.instance.token(ACCOUNTS[account])
        ran = attest(*CONFIGURED, "--identity-token", token, image, key="", environ={"ASSAYMARK_CACHE_DIR": "cache"})
        assert (ran.code, token in ran.err) == (0, False), ran.err
        Cosign(here)(*printed(ran.err))


def test_the_mirror_s_services_sign(fake: FakeSigstore, here: Path) -> None:
    """Without a file: trust data and services come by TUF."""
    with MemoryRegistry() as registry:
        fake.write(here)
        image, _ = place_image(registry)
        environ = {
            "SIGSTORE_ID_TOKEN": fake.instance.token(google()),
            "ASSAYMARK_CACHE_DIR": "cache",
            "TUF_MIRROR": fake.tuf_url,
            "TUF_ROOT_JSON": "root.json",
            "COSIGN_YES": "true",
            "COSIGN_EXPERIMENTAL": "1",
        }
        ran = run("attest", "--type=vuln", "--predicate=vuln.json", image, environ=environ)
        assert ran.code == 0, ran.err
        Cosign(here)(*printed(ran.err), "--trusted-root", "trusted_root.json")
        assert json.loads((here / "root.json").read_bytes())["signed"]["_type"] == "root"
