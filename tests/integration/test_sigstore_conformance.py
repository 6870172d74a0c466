"""The verification cases of sigstore-conformance, and the inclusion vectors of transparency-dev, without a network.

Each case is run twice, as the suite does: with the artifact, and with its digest alone. The vectors are not part of this
repository; they are read from the shared folder beside it where there is one.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import subprocess
import sys
import tarfile
from base64 import b64decode
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from assaymark.attest.sigstore.merkle import root_from_inclusion

ROOT = Path(__file__).parents[2]
VECTORS = ROOT.parent / "shared/data/vectors/vectors.tar.xz"
ADAPTER = ROOT / "scripts/conformance.py"
IDENTITY = (
    "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/"
    "extremely-dangerous-oidc-beacon.yml@refs/heads/main"
)
ISSUER = "https://token.actions.githubusercontent.com"

# what each case is about, as the suite's READMEs say, in our codes
REASONS = {
    "bundle-empty-certificate-chain": "MALFORMED_BUNDLE",
    "bundle-from-wrong-instance": "UNTRUSTED_CERTIFICATE",
    "bundle-invalid-base64-signature": "MALFORMED_BUNDLE",
    "bundle-malformed-json": "MALFORMED_BUNDLE",
    "bundle-negative-log-index": "MALFORMED_BUNDLE",
    "bundle-unknown-version": "BUNDLE_VERSION",
    "bundle-with-root-cert": "ROOT_IN_CHAIN",
    "checkpoint-bad-keyhint": "CHECKPOINT_UNSIGNED",
    "checkpoint-wrong-roothash": "CHECKPOINT_MISMATCH",
    "dsse-invalid-sig": "BAD_SIGNATURE",
    "dsse-mismatch-envelope": "LOG_ENTRY_CONTENT",
    "dsse-mismatch-sig": "LOG_ENTRY_SIGNATURE",
    "inclusion-proof-corrupted-hash": "BAD_PROOF",
    "incorrect-public-key": "LOG_ENTRY_KEY",
    "integrated-time-in-future": "TIME_OUTSIDE_CERTIFICATE",
    "intoto-expired-certificate": "AUTHORITY_OUTSIDE_VALIDITY",
    "intoto-log-entry-mismatch": "LOG_ENTRY_SIGNATURE",
    "intoto-missing-inclusion-proof": "PROOF_MISSING",
    "intoto-set-outside-signing-cert-validity": "TIME_OUTSIDE_CERTIFICATE",
    "intoto-tsa-timestamp-outside-cert-validity": "TIME_OUTSIDE_CERTIFICATE",
    "invalid-checkpoint-signature": "BAD_CHECKPOINT",
    "invalid-ct-key": "UNKNOWN_CT_LOG",
    "invalid-inclusion-proof": "BAD_PROOF",
    "managed-key-no-key": "KEY_NOT_CERTIFICATE",
    "managed-key-wrong-key": "WRONG_KEY",
    "message-digest-mismatch": "MESSAGE_DIGEST_MISMATCH",
    "rekor2-checkpoint-missing-log-signature": "CHECKPOINT_UNSIGNED",
    "rekor2-checkpoint-missing-origin": "CHECKPOINT_MALFORMED",
    "rekor2-checkpoint-missing-root-hash": "CHECKPOINT_MALFORMED",
    "rekor2-checkpoint-missing-size": "CHECKPOINT_MALFORMED",
    "rekor2-checkpoint-no-matching-signature": "CHECKPOINT_UNSIGNED",
    "rekor2-dsse-invalid-sig": "BAD_SIGNATURE",
    "rekor2-dsse-mismatch-envelope": "LOG_ENTRY_CONTENT",
    "rekor2-dsse-mismatch-sig": "LOG_ENTRY_SIGNATURE",
    "rekor2-no-inclusion-proof": "PROOF_MISSING",
    "rekor2-no-timestamp": "NO_TRUSTED_TIME",
    "rekor2-timestamp-outside-trust-root-tsa-validity": "TIMESTAMP_OUTSIDE_AUTHORITY",
    "rekor2-timestamp-outside-tsa-cert-validity": "TIMESTAMP_OUTSIDE_CERTIFICATE",
    "rekor2-timestamp-payload-mismatch": "TIMESTAMP_MISMATCH",
    "rekor2-timestamp-untrusted-tsa-with-embedded-cert": "UNKNOWN_TIMESTAMP_AUTHORITY",
    "rekor2-timestamp-untrusted-tsa-without-embedded-cert": "UNKNOWN_TIMESTAMP_AUTHORITY",
    "rekor2-timestamp-with-incorrect-time": "TIME_OUTSIDE_CERTIFICATE",
    "set-invalid-signature": "BAD_PROMISE",
    "signature-mismatch": "BAD_SIGNATURE",
    "trust-root-tlog-missing-validity-start": "TRUSTED_ROOT_MALFORMED",
    "wrong-hashedrekord-artifact": "LOG_ENTRY_CONTENT",
    "wrong-hashedrekord-cert-and-sig": "LOG_ENTRY_SIGNATURE",
    "wrong-hashedrekord-entry": "LOG_ENTRY_CONTENT",
    "wrong-material": "ARTIFACT_MISMATCH",
}

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not VECTORS.exists(), reason=f"there are no vectors at {VECTORS}"),
]


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vectors")
    with tarfile.open(VECTORS) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="module")
def adapter() -> Callable[[Sequence[str]], int]:
    spec = importlib.util.spec_from_file_location("conformance", ADAPTER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    main: Callable[[Sequence[str]], int] = module.main
    return main


def arguments(case: Path, *, by_digest: bool) -> list[str]:
    artifact = case / "artifact" if (case / "artifact").exists() else case.parent / "a.txt"
    signer = ["--certificate-identity", text(case / "identity", IDENTITY)]
    signer += ["--certificate-oidc-issuer", text(case / "issuer", ISSUER)]
    if (case / "key.pub").exists():
        signer = ["--key", str(case / "key.pub")]
    root = ["--trusted-root", str(case / "trusted_root.json")] if (case / "trusted_root.json").exists() else []
    name = f"sha256:{hashlib.sha256(artifact.read_bytes()).hexdigest()}" if by_digest else str(artifact)
    return ["verify-bundle", "--bundle", str(case / "bundle.sigstore.json"), *signer, *root, name]


def text(path: Path, default: str) -> str:
    return path.read_text().strip() if path.exists() else default


@pytest.mark.parametrize("by_digest", [False, True], ids=["with the artifact", "with its digest"])
def test_every_case_ends_as_it_should_and_for_the_right_reason(
    vectors: Path,
    adapter: Callable[[Sequence[str]], int],
    capsys: pytest.CaptureFixture[str],
    by_digest: bool,
) -> None:
    outcomes, expected = {}, {}
    for case in sorted(path for path in (vectors / "conformance").iterdir() if path.is_dir()):
        code = adapter(arguments(case, by_digest=by_digest))
        reason = capsys.readouterr().err.partition(":")[0]
        outcomes[case.name] = (code, reason)
        refused = case.name.endswith("_fail")
        expected[case.name] = (7, REASONS[case.name.removesuffix("_fail")]) if refused else (0, "")
    assert outcomes == expected
    assert len(outcomes) == 70
    assert len(REASONS) == 49


def test_the_adapter_is_a_program(vectors: Path) -> None:
    cases = [vectors / "conformance" / name for name in ("happy-path-v0.3", "set-invalid-signature_fail")]
    done = [
        subprocess.run(
            [sys.executable, str(ADAPTER), *arguments(case, by_digest=False)],
            capture_output=True,
            text=True,
            check=False,
            env={"PYTHONPATH": str(ROOT / "src")},
        )
        for case in cases
    ]
    assert [each.returncode for each in done] == [0, 7]
    assert done[1].stderr.startswith("BAD_PROMISE: ")
    assert done[1].stderr.count("\n") == 1


def test_every_inclusion_vector_is_right(vectors: Path) -> None:
    wrong = []
    paths = sorted((vectors / "merkle").rglob("*.json"))
    for path in paths:
        vector = json.loads(path.read_text())
        if is_included(vector) == vector["wantErr"]:
            wrong.append(f"{path.parent.name}/{path.name}: {vector['desc']}")
    assert wrong == []
    assert len(paths) == 98


def is_included(vector: dict[str, object]) -> bool:
    def data(value: object) -> bytes:
        return b64decode(str(value or ""))

    listed = vector["proof"]
    try:
        root = root_from_inclusion(
            leaf=data(vector["leafHash"]),
            index=int(str(vector["leafIdx"])),
            size=int(str(vector["treeSize"])),
            hashes=[data(item) for item in listed] if isinstance(listed, list) else [],
        )
    except ValueError:
        return False
    return root == data(vector["root"])
