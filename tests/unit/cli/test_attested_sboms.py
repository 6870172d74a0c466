"""`sbom` of an attestation: scanned as it is without a signer, and only when it is proven with one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.boms import FLASK, MUSL, bom
from tests.support.commands import place_keys
from tests.support.forgery import bundle_document, key, sealed, statement
from tests.support.sigstore.accounts import GOOGLE
from tests.support.sigstore.fake import FakeSigstore
from tests.support.sigstore.signing import sign_envelope
from tests.support.workshop import Ran, Workshop

from assaymark.attest.dsse import encode_line
from assaymark.model.digest import sha256_digest

CYCLONEDX, SPDX = "https://cyclonedx.org/bom", "https://spdx.dev/Document"
FLASKS = "CVE-2018-1000656"
TAG_VALUE = """\
SPDXVersion: SPDX-2.3
SPDXID: SPDXRef-DOCUMENT

PackageName: flask
SPDXID: SPDXRef-flask
PackageVersion: 0.12
ExternalRef: PACKAGE-MANAGER purl pkg:pypi/flask@0.12
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """The working directory has two keys."""
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path, "ours", "theirs")
    return Workshop(tmp_path)


def said(predicate: Any, kind: str = CYCLONEDX) -> bytes:
    return json.dumps(statement(predicateType=kind, predicate=predicate)).encode()


def line(payload: bytes, signer: str = "ours") -> bytes:
    return encode_line(sealed(payload, signer=key(signer)))


def bundle(payload: bytes, signer: str = "ours") -> bytes:
    return json.dumps(bundle_document(sealed(payload, signer=key(signer)), signer=key(signer))).encode()


def scan(shop: Workshop, data: bytes, *flags: str, form: str = "json") -> Ran:
    (shop.folder / "a.file").write_bytes(data)
    return shop.run("sbom", f"--format={form}", *flags, "a.file")


FORMS = [
    pytest.param(line(said(bom(FLASK))), id="an envelope"),
    pytest.param(bundle(said(bom(FLASK))), id="a bundle"),
    pytest.param(line(said({"Data": bom(FLASK)})), id="the predicate of Cosign 1"),
    pytest.param(line(said(TAG_VALUE, SPDX)), id="a text"),
    pytest.param(line(said({}, "https://x/vuln")) + b"\n" + line(said(bom(FLASK))), id="lines"),
]


@pytest.mark.parametrize("data", FORMS)
def test_who_signed_is_said_to_be_unknown_without_a_signer(shop: Workshop, data: bytes) -> None:
    ran = scan(shop, data)

    assert (ran.code, ran.findings, ran.report["ArtifactName"]) == (0, [FLASKS], "a.file")
    assert "warning: `a.file` is an attestation, and nobody verified who signed it" in ran.err


@pytest.mark.parametrize("data", FORMS)
@pytest.mark.parametrize("flag", ["--key", "--sbom-key"])
def test_what_the_key_signed_is_scanned(shop: Workshop, data: bytes, flag: str) -> None:
    ran = scan(shop, data, flag, "ours.pub")

    assert (ran.code, ran.findings) == (0, [FLASKS])
    assert "`a.file`: the SBOM is signed by ours.pub" in ran.err
    assert "not checked: subject" in ran.err
    assert "nobody verified" not in ran.err


def test_the_record_says_which_sbom_was_scanned_and_who_signed_it(shop: Workshop) -> None:
    def recorded(*flags: str) -> Any:
        return scan(shop, line(said(TAG_VALUE, SPDX)), *flags, form="cosign-vuln").report["invocation"]["parameters"][
            "sbom"
        ]

    digest = sha256_digest(TAG_VALUE.encode())
    assert recorded("--key=ours.pub") == {"digest": digest, "signer": "ours.pub"}
    assert recorded() == {"digest": digest}


@pytest.mark.parametrize(
    ("data", "reason", "message"),
    [
        pytest.param(line(said(bom(FLASK)), "theirs"), "BAD_SIGNATURE", "no attestation could be", id="another key"),
        pytest.param(bundle(said(bom(FLASK)), "theirs"), "WRONG_KEY", "no attestation could be", id="another key's bundle"),
        pytest.param(
            line(said(bom(FLASK))).replace(b'"sig":"', b'"sig":"AAAA'), "BAD_SIGNATURE", "", id="another signature"
        ),
        pytest.param(
            b'{"payload": "e30=", ' + line(said(bom(FLASK)))[1:], "DUPLICATE_KEYS", "", id="two payloads in one envelope"
        ),
        pytest.param(said(bom(FLASK)), "NO_ATTESTATION", "a statement without a signature", id="a statement"),
        pytest.param(json.dumps(bom(FLASK)).encode(), "NO_ATTESTATION", "is no attestation: nobody", id="an SBOM"),
    ],
)  # fmt: skip
def test_what_proves_nothing_is_not_scanned(shop: Workshop, data: bytes, reason: str, message: str) -> None:
    ran = scan(shop, data, "--key=ours.pub")

    assert (ran.code, ran.out) == (7, "")
    assert f"[{reason}]" in ran.err
    assert message in ran.err


def test_the_first_line_that_is_proven_counts(shop: Workshop) -> None:
    lines = (line(said(bom(FLASK)), "theirs"), bundle(said(bom(MUSL, system("3.10.9")))), line(said(bom(FLASK))))

    ran = scan(shop, b"\n".join(lines), "--key=ours.pub")

    assert (ran.code, ran.findings) == (0, ["CVE-2020-28928"])


def system(version: str) -> dict[str, str]:
    return {"type": "operating-system", "name": "alpine", "version": version}


def test_several_are_told_where_nobody_chooses(shop: Workshop) -> None:
    ran = scan(shop, b"\n".join([line(said(bom(FLASK))), line(said(bom()))]))

    assert (ran.code, ran.findings) == (0, [FLASKS])
    assert "`a.file` has 2 attestations of SBOMs; the first one is scanned" in ran.err


def test_an_identity(shop: Workshop) -> None:
    with FakeSigstore() as fake:
        fake.write(shop.folder)
        data = sign_envelope(fake.instance, said(bom(FLASK))).data

        def by(who: str) -> Ran:
            flags = ("--certificate-identity", who, "--certificate-oidc-issuer", GOOGLE)
            return scan(shop, data, *flags, "--trusted-root=trusted_root.json")

        ours, others = by("alice@gmail.test"), by("mallory@gmail.test")
        keyed = scan(shop, data, "--key=ours.pub")

    assert (keyed.code, "[CERTIFICATE_NOT_KEY]" in keyed.err) == (7, True)
    assert "hint: name its owner with `--certificate-identity`" in keyed.err
    assert (ours.code, ours.findings) == (0, [FLASKS])
    assert f"the SBOM is signed by alice@gmail.test ({GOOGLE})" in ours.err
    assert (others.code, others.out, "[WRONG_IDENTITY]" in others.err) == (7, "", True)


def test_a_proven_sbom_is_written_again_with_what_was_found(shop: Workshop) -> None:
    document = json.loads(
        scan(shop, bundle(said(bom(FLASK))), "--key=ours.pub", "--scanners=vuln", form="cyclonedx").out
    )

    assert [each["name"] for each in document["components"]] == ["flask"]
    assert [each["id"] for each in document["vulnerabilities"]] == [FLASKS]


def test_xml_is_scanned_and_written_as_a_new_document(shop: Workshop) -> None:
    xml = (
        b'<bom xmlns="http://cyclonedx.org/schema/bom/1.4"><components><component type="library">'
        b"<name>flask</name><version>0.12</version><purl>pkg:pypi/flask@0.12</purl></component></components></bom>"
    )
    document = json.loads(scan(shop, xml, "--scanners=vuln", form="cyclonedx").out)

    assert scan(shop, xml).findings == [FLASKS]
    assert [each["name"] for each in document["components"]] == ["flask"]
    assert [each["id"] for each in document["vulnerabilities"]] == [FLASKS]


@pytest.mark.parametrize(
    ("flags", "code", "message"),
    [
        pytest.param(("--sbom-identity=a@b.example",), 2, "belong together", id="half an identity"),
        pytest.param(
            ("--certificate-oidc-issuer=https://x",),
            2,
            "`--certificate-identity` and `--certificate-oidc-issuer` belong together",
            id="the other half",
        ),
        pytest.param(
            ("--key=ours.pub", "--sbom-identity=a", "--sbom-oidc-issuer=https://x"), 2, "one signer", id="two signers"
        ),
        pytest.param(("--key=",), 2, "is empty", id="an empty key"),
        pytest.param(("--key=missing.pub",), 9, "missing.pub", id="a missing key"),
        pytest.param(
            ("--key=ours.pub", "--trusted-root=ours.pub"), 7, "[TRUSTED_ROOT_MALFORMED]", id="no trusted root"
        ),
    ],
)
def test_mistakes(shop: Workshop, flags: tuple[str, ...], code: int, message: str) -> None:
    ran = scan(shop, line(said(bom(FLASK))), *flags)

    assert (ran.code, ran.out) == (code, "")
    assert message in ran.err


def test_attestations_of_other_things_are_refused_by_name(shop: Workshop) -> None:
    ran = scan(shop, line(said({}, "https://x/vuln")))

    assert ran.code == 8
    assert "`a.file` is an attestation of `https://x/vuln`, which is no SBOM" in ran.err
