"""`assaymark.verify`: who signed, what counts, and every way in which nothing is proven."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.programs import PATCHED, Surroundings
from tests.support.sigstore.accounts import GOOGLE, google
from tests.support.sigstore.fake import FakeSigstore

import assaymark
from assaymark.model.descriptor import OCI_MANIFEST

ALICE = "alice@shop.test"


def attested(around: Surroundings, files: Any = None, **more: Any) -> str:
    """An image with an attested record; how its bytes are named."""
    image, settings = around.image(files), around.settings()
    done = assaymark.attest(image, assaymark.scan(image, settings=settings), key=around.key, settings=settings, **more)
    return done.image


def refusal(around: Surroundings, image: str, **asked: Any) -> assaymark.VerificationError:
    with pytest.raises(assaymark.VerificationError) as caught:
        assaymark.verify(image, settings=around.settings(), **asked)
    assert str(caught.value).startswith(f"`{image}`: ")
    return caught.value


def test_reasons_for_which_nothing_is_proven(around: Surroundings) -> None:
    bare, image = around.image(PATCHED, tag="bare"), attested(around)
    assert refusal(around, bare, key=around.public).reason == "NO_ATTESTATION"
    assert refusal(around, image, key=around.stranger).reason == "WRONG_KEY"
    assert refusal(around, image, key=around.public, type="openvex").reason == "WRONG_TYPE"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, "nobody is named who must have signed"),
        ({"key": ""}, "nobody is named who must have signed"),
        ({"key": []}, "nobody is named who must have signed"),
        ({"identity": ALICE}, "an identity is one name and one issuer"),
        ({"issuer": "https://issuer.test"}, "an identity is one name and one issuer"),
        (
            {"identity": ALICE, "identity_regexp": ".*", "issuer": "https://issuer.test"},
            "an identity is one name and one issuer",
        ),
    ],
)
def test_somebody_has_to_be_named(around: Surroundings, asked: dict[str, Any], told: str) -> None:
    with pytest.raises(assaymark.UsageError, match=told):
        assaymark.verify("registry.test/app", settings=around.settings(offline=True), **asked)


def test_any_of_several_keys_will_do_and_is_named(around: Surroundings) -> None:
    image = attested(around)
    proven = assaymark.verify(image, key=[around.stranger, around.public], settings=around.settings())
    assert [each.signer.key for each in proven.attestations] == [around.public]
    assert proven.attestations[0].signer.fingerprint.startswith("sha256:")
    assert [note for note in proven.attestations[0].notes if "transparency log" in note]


def policy(around: Surroundings, text: str) -> str:
    (around.folder / "policy.yaml").write_text(text)
    return str(around.folder / "policy.yaml")


def test_a_policy_that_is_satisfied(around: Surroundings) -> None:
    image = attested(around, PATCHED)
    file = policy(around, "max-severity: NONE\nrequire-complete: true\n")
    assert len(assaymark.verify(image, key=around.public, policy=file, settings=around.settings()).attestations) == 1


def test_a_policy_that_is_not_satisfied_notes_every_broken_rule(around: Surroundings) -> None:
    image = attested(around)
    error = refusal(around, image, key=around.public, policy=policy(around, "max-severity: MEDIUM\n"))
    assert error.reason == "POLICY_SEVERITY"
    notes = "\n".join(error.__notes__)
    assert "CVE-2019-14697" in notes
    assert "CVE-2018-25032" in notes
    assert "CVE-2020-28928" not in notes


def test_a_file_that_is_no_policy(around: Surroundings) -> None:
    for name, text in (
        ("policy.txt", "x"),
        ("policy.yaml", ""),
        ("policy.yaml", "max-severty: LOW\n"),
        ("policy.yaml", "allow: [CVE-2024-0001]\n"),
        ("policy.yaml", "max-severity: LOW\ntrust-signer-time: true\n"),
        ("policy.rego", " "),
    ):
        (around.folder / name).write_text(text)
        with pytest.raises(assaymark.UsageError):
            assaymark.verify("x/y", key=around.public, policy=around.folder / name, settings=around.settings())
    with pytest.raises(assaymark.LocalError):
        assaymark.verify("x/y", key=around.public, policy=around.folder / "none.yaml", settings=around.settings())


def test_rego_needs_a_program(around: Surroundings) -> None:
    (around.folder / "policy.rego").write_text("package signature\nallow { true }\n")
    settings = around.settings(environ={**around.environ, "PATH": ""})
    with pytest.raises(assaymark.LocalError, match="opa"):
        assaymark.verify("x/y", key=around.public, policy=around.folder / "policy.rego", settings=settings)


def test_a_newer_attestation_supersedes_an_older_one(around: Surroundings) -> None:
    """The old scan is of a day on which less was known; both are of the same bytes and by the same signer."""
    image = attested(around)
    newer = attested(around)
    assert image == newer
    proven = assaymark.verify(image, key=around.public, settings=around.settings())
    assert len(proven.attestations) == 2
    (old,) = proven.superseded
    assert {old.manifest, old.by} == {each.manifest for each in proven.attestations}
    assert old.by_word
    judged = assaymark.verify(
        image, key=around.public, policy=policy(around, "deny: [CVE-1999-0001]\n"), settings=around.settings()
    )
    assert [each.manifest for each in judged.attestations] == [old.by]
    both = assaymark.verify(
        image,
        key=around.public,
        policy=policy(around, "deny: [CVE-1999-0001]\n"),
        every=True,
        settings=around.settings(),
    )
    assert len(both.attestations) == 2


def test_an_identity_signs_and_is_verified(around: Surroundings) -> None:
    with FakeSigstore() as fake:
        files = fake.write(around.folder, timestamps=True)
        account, settings = google(ALICE), around.settings()
        image = around.image()
        report = assaymark.scan(image, settings=settings)
        signing: dict[str, Any] = {
            "identity_token": fake.instance.token(account),
            "signing_config": files.signing_config,
            "trusted_root": files.trusted_root,
            "settings": settings,
        }
        with pytest.raises(assaymark.SigningError) as caught:
            assaymark.attest(image, report, **signing)
        assert caught.value.reason == "NOT_CONFIRMED"
        done = assaymark.attest(image, report, publish=True, **signing)
        asked: dict[str, Any] = {"issuer": GOOGLE, "trusted_root": files.trusted_root}
        (found,) = assaymark.verify(done.image, identity=ALICE, settings=settings, **asked).attestations
        assert (found.signer.identity, found.signer.issuer, found.signer.key) == (ALICE, GOOGLE, "")
        assert found.time is not None
        by_pattern = assaymark.verify(done.image, identity_regexp=r".*@shop\.test", settings=settings, **asked)
        assert by_pattern.attestations[0].predicate == found.predicate
        assert refusal(around, done.image, identity="bob@shop.test", **asked).reason == "WRONG_IDENTITY"
        wrong = {**asked, "issuer": "https://issuer.test"}
        assert refusal(around, done.image, identity=ALICE, **wrong).reason == "WRONG_ISSUER"


def test_evidence_is_demanded_of_a_key(around: Surroundings) -> None:
    image = attested(around)
    with FakeSigstore() as fake:
        root = fake.write(around.folder, timestamps=True).trusted_root
        assert refusal(around, image, key=around.public, require_log=True, trusted_root=root).reason == "NO_LOG_ENTRY"
        asked = {"key": around.public, "require_timestamp": True, "trusted_root": root}
        assert refusal(around, image, **asked).reason == "NO_TIMESTAMP"
        assert (
            len(assaymark.verify(image, key=around.public, trusted_root=root, settings=around.settings()).attestations)
            == 1
        )


def index_of(around: Surroundings, **images: str) -> str:
    """An index of manifests that are there, by architecture; its name."""
    entries = []
    for architecture, image in images.items():
        digest = image.partition("@")[2]
        data, _ = around.registry.repository("app").manifests[digest]
        platform = {"os": "linux", "architecture": architecture}
        entries.append({"mediaType": OCI_MANIFEST, "digest": digest, "size": len(data), "platform": platform})
    around.registry.put_index("app", "all", entries)
    return f"{around.registry.host}/app:all"


def test_the_platforms_of_an_index(around: Surroundings) -> None:
    affected, patched, settings = attested(around), attested(around, PATCHED), around.settings()
    index = index_of(around, amd64=patched, arm64=affected)
    proven = assaymark.verify(index, key=around.public, settings=settings)
    assert [(each.platform, each.digest) for each in proven.attestations] == [
        ("linux/amd64", patched.partition("@")[2]),
        ("linux/arm64", affected.partition("@")[2]),
    ]
    assert proven.digest == around.registry.tag_digest("app", "all")
    one = assaymark.verify(index, key=around.public, platform="linux/arm64", settings=settings)
    assert (one.image, [each.platform for each in one.attestations]) == (affected, ["linux/arm64"])
    assert len(assaymark.verify(index, key=around.public, platform="all", settings=settings).attestations) == 2


def test_one_platform_that_fails_fails_the_index_and_is_named(around: Surroundings) -> None:
    affected, patched = attested(around), attested(around, PATCHED)
    index = index_of(around, amd64=patched, arm64=affected)
    file = policy(around, "max-severity: HIGH\n")
    with pytest.raises(assaymark.VerificationError) as caught:
        assaymark.verify(index, key=around.public, policy=file, settings=around.settings())
    assert caught.value.reason == "POLICY_SEVERITY"
    assert [note for note in caught.value.__notes__ if "CVE-2019-14697" in note and note.endswith("(linux/arm64)")]
    assaymark.verify(index, key=around.public, policy=file, platform="linux/amd64", settings=around.settings())


def test_platforms_that_are_not_there(around: Surroundings) -> None:
    bare = around.image({"etc/alpine-release": "3.10.1\n"}, tag="bare")
    bare = f"{bare}@{around.registry.tag_digest('app', 'bare')}"
    index = index_of(around, amd64=attested(around), arm64=bare)
    for platform, reason in (
        ("linux/s390x", "PLATFORM_NOT_OFFERED"),
        ("linux/arm64", "PLATFORM_NOT_ATTESTED"),
        ("", "PLATFORM_NOT_ATTESTED"),
    ):
        with pytest.raises(assaymark.VerificationError) as caught:
            assaymark.verify(index, key=around.public, platform=platform, settings=around.settings())
        assert caught.value.reason == reason


@pytest.mark.parametrize(("required", "reason"), [("linux/amd64", ""), ("linux/arm64", "POLICY_PLATFORM")])
def test_platforms_that_a_policy_requires(around: Surroundings, required: str, reason: str) -> None:
    image = attested(around)
    file = policy(around, f"require-platforms: [{required}]\n")
    if reason:
        assert refusal(around, image, key=around.public, policy=file).reason == reason
    else:
        assert assaymark.verify(image, key=around.public, policy=file, settings=around.settings()).image == image


def test_a_timestamp_publishes_nothing_and_needs_no_word(around: Surroundings) -> None:
    with FakeSigstore() as fake:
        root, settings = fake.write(around.folder, timestamps=True).trusted_root, around.settings()
        image = around.image()
        report = assaymark.scan(image, settings=settings)
        authority = f"{fake.url}/api/v1/timestamp"
        asked: dict[str, Any] = {"key": around.key, "trusted_root": root, "settings": settings}
        done = assaymark.attest(image, report, timestamp_server_url=authority, **asked)
        with pytest.raises(assaymark.SigningError, match="was not agreed to") as caught:
            assaymark.attest(image, report, rekor_url=fake.url, **asked)
        assert (caught.value.reason, "publish=True" in caught.value.hint) == ("NOT_CONFIRMED", True)
        demanded: dict[str, Any] = {"require_timestamp": True, "trusted_root": root, "settings": settings}
        (found,) = assaymark.verify(done.image, key=around.public, **demanded).attestations
        assert found.time is not None
        logged = assaymark.attest(image, report, rekor_url=fake.url, publish=True, **asked)
        both = assaymark.verify(logged.image, key=around.public, trusted_root=root, settings=settings)
        assert len(both.attestations) == 2
        in_log = assaymark.verify(
            logged.image, key=around.public, require_log=True, trusted_root=root, settings=settings
        )
        assert len(in_log.attestations) == 1
