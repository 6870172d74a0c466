"""`attest` as a user types it: what is stored, what is said, what is refused."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.commands import attest, place_image, place_keys, record, run, verify
from tests.support.forgery import RECORD
from tests.support.registry import Behaviour, MemoryRegistry

from assaymark.attest.strict import decode_base64


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as made:
        yield made


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with keys and a record."""
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path)
    return tmp_path


def tags(registry: MemoryRegistry, name: str = "app") -> set[str]:
    return set(registry.repository(name).tags)


def test_everything_that_is_said(registry: MemoryRegistry) -> None:
    image, digest = place_image(registry)
    pinned = f"{registry.host}/app@{digest}"
    ran = attest(image)
    (stored,) = set(registry.repository("app").manifests) - {digest}
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.splitlines() == [
        f"`{image}` is a tag; what is attested is {digest}",
        f"attached as bundle: {registry.host}/app@{stored}",
        "verified; it is not in a transparency log. To verify it again:",
        f"  assaymark verify-attestation --key ours.pub --type vuln {pinned}",
        f"  cosign verify-attestation --key ours.pub --type vuln --insecure-ignore-tlog {pinned}",
    ]
    assert verify(pinned).code == 0


def test_a_digest_needs_no_word(registry: MemoryRegistry) -> None:
    _, digest = place_image(registry)
    ran = attest(f"{registry.host}/app@{digest}", "-q")
    assert (ran.code, ran.first[:19]) == (0, "attached as bundle:")


@pytest.mark.parametrize(
    ("flags", "formats"),
    [
        pytest.param((), ["bundle"], id="a bundle by itself"),
        pytest.param(("--attestation-format", "legacy"), ["legacy"], id="legacy"),
        pytest.param(("--attestation-format=both",), ["bundle", "legacy"], id="both"),
        pytest.param(("--new-bundle-format=false", "--tlog-upload=false"), ["legacy"], id="cosign's words for legacy"),
        pytest.param(("--new-bundle-format=F", "--use-signing-config=0"), ["legacy"], id="Go's words for false"),
        pytest.param(("--new-bundle-format=false", "--attestation-format=bundle"), ["bundle"], id="our word wins"),
    ],
)
@pytest.mark.parametrize("api", [True, False], ids=["with the referrers API", "with the fallback tag"])
def test_formats(flags: tuple[str, ...], formats: list[str], api: bool) -> None:
    with MemoryRegistry(Behaviour(referrers=api)) as registry:
        image, digest = place_image(registry)
        ran = attest(*flags, image)
        told = [line.split()[2].rstrip(":") for line in ran.err.splitlines() if line.startswith("attached as")]
        assert (ran.code, told) == (0, formats)
        plain = digest.replace(":", "-")
        legacy = {f"{plain}.att"} if "legacy" in formats else set()
        fallback = {plain} if "bundle" in formats and not api else set()
        assert tags(registry) == {"v1"} | legacy | fallback
        assert len(verify(image).lines) == len(formats)
        assert ("--new-bundle-format=false" in ran.err) == (formats == ["legacy"])


def test_variables_are_flags(registry: MemoryRegistry) -> None:
    image, digest = place_image(registry)
    variables = {
        "COSIGN_KEY": "ours.key",
        "COSIGN_TYPE": "vuln",
        "COSIGN_PREDICATE": "vuln.json",
        "COSIGN_YES": "true",
        "COSIGN_TLOG_UPLOAD": "false",
        "COSIGN_NEW_BUNDLE_FORMAT": "false",
        "COSIGN_EXPERIMENTAL": "1",
    }
    assert run("attest", image, environ=variables).code == 0
    assert tags(registry) == {"v1", f"{digest.replace(':', '-')}.att"}


def test_several_images_and_a_predicate_on_stdin(registry: MemoryRegistry) -> None:
    images = [place_image(registry, name)[0] for name in ("one", "two")]
    ran = attest(*images, predicate="-", stdin=RECORD)
    assert (ran.code, ran.err.count("attached as")) == (0, 2)
    assert len(verify(*images).lines) == 2


def test_nothing_is_written_when_one_of_several_images_is_missing(registry: MemoryRegistry) -> None:
    image, digest = place_image(registry)
    ran = attest(image, f"{registry.host}/none:v1")
    assert (ran.code, ran.first) == (5, f"error: there is no image `{registry.host}/none:v1`")
    assert set(registry.repository("app").manifests) == {digest}


class TestNoUpload:
    def test_the_envelope_is_printed_and_nothing_written(self, registry: MemoryRegistry, here: Path) -> None:
        image, digest = place_image(registry)
        ran = attest(image, "--no-upload", "--bundle", "b.json")
        assert (ran.code, len(ran.lines)) == (0, 1)
        assert set(registry.repository("app").manifests) == {digest}
        statement = msgspec.json.decode(decode_base64(ran.json["payload"]))
        assert statement["subject"] == [{"name": f"{registry.host}/app", "digest": {"sha256": digest[7:]}}]
        bundle = json.loads((here / "b.json").read_bytes())
        assert bundle["dsseEnvelope"] == ran.json
        assert (here / "b.json").stat().st_mode & 0o777 == 0o600
        assert not [request for request in registry.requests if request.method not in {"GET", "HEAD"}]
        words = f"--key ours.pub --type vuln --bundle b.json{{}} --digest {digest[7:]} --digestAlg sha256"
        assert ran.err.splitlines()[-4:] == [
            "verified; it is not in a transparency log",
            "wrote `b.json`. To verify it without the image:",
            f"  assaymark verify-blob-attestation {words.format('')}",
            f"  cosign verify-blob-attestation {words.format(' --insecure-ignore-tlog')}",
        ]
        assert run(*shlex.split(ran.err.splitlines()[-2])[1:]).code == 0

    def test_a_bundle_is_told_of_beside_what_was_attached(self, registry: MemoryRegistry) -> None:
        image, _ = place_image(registry)
        told = attest(image, "--bundle", "b.json").err
        assert told.index("attached as bundle") < told.index("wrote `b.json`. To verify it without the image:")

    def test_a_legacy_envelope_is_printed_as_it_would_be_stored(self, registry: MemoryRegistry) -> None:
        image, _ = place_image(registry)
        ran = attest(image, "--no-upload=true", "--attestation-format=legacy")
        assert list(ran.json) == ["payloadType", "payload", "signatures"]
        assert ran.json["signatures"][0]["keyid"] == ""

    def test_one_file_holds_one_bundle(self, registry: MemoryRegistry) -> None:
        image, _ = place_image(registry)
        ran = attest(image, image, "--bundle", "b.json")
        assert (ran.code, ran.first) == (2, "error: `--bundle` writes one file, and there are several images")


REFUSED: dict[str, tuple[bytes, str, str]] = {
    "nothing": (b"", "PREDICATE_EMPTY", ""),
    "an empty object": (b"{}", "PREDICATE_EMPTY", "--allow-empty-predicate"),
    "a raw report": (b'{"SchemaVersion":2,"Results":[]}', "PREDICATE_FOREIGN", "--allow-foreign-predicate"),
    "another image's record": (
        record({"SchemaVersion": 2, "Metadata": {"RepoDigests": [f"r/x@sha256:{'0' * 64}"]}}),
        "SUBJECT_MISMATCH",
        "--allow-subject-mismatch",
    ),
    "an incomplete scan": (record({"Coverage": {"Complete": False}}), "SCAN_INCOMPLETE", "--allow-incomplete"),
    "the sample database": (
        record({"Results": []}, invocation={"parameters": {"database": {"sample": True}}}),
        "SAMPLE_DATABASE",
        "--allow-sample-db",
    ),
    "a wrong time": (record({}, metadata={"scanStartedOn": "yesterday"}), "PREDICATE_MALFORMED", ""),
    "duplicate keys": (b'{"scanner":{},"scanner":{}}', "PREDICATE_MALFORMED", ""),
}


@pytest.mark.parametrize(("data", "reason", "override"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_signed(registry: MemoryRegistry, here: Path, data: bytes, reason: str, override: str) -> None:
    image, digest = place_image(registry)
    (here / "p.json").write_bytes(data)
    ran = attest(image, predicate="p.json")
    assert (ran.code, ran.out, ran.first.partition("]")[0]) == (6, "", f"error [{reason}")
    assert set(registry.repository("app").manifests) == {digest}
    if override:
        assert override in ran.err
        allowed = attest(image, override, predicate="p.json")
        assert allowed.code == 0
        text = ran.first.partition("]: ")[2]
        assert f"warning: {text}; signed nevertheless, because of `{override}`" in allowed.err


def test_a_tag_that_moved_between_scan_and_attestation(registry: MemoryRegistry, here: Path) -> None:
    image, scanned = place_image(registry)
    (here / "p.json").write_bytes(
        record({"SchemaVersion": 2, "Metadata": {"RepoDigests": [f"{registry.host}/app@{scanned}"]}})
    )
    registry.repository("app").tags["v1"] = moved = place_image(registry, tag="v2")[1]
    ran = attest(image, predicate="p.json")
    at = f"{registry.host}/app@"
    expected = f"error [SUBJECT_MISMATCH]: the record is about `{at}{scanned}`, not about `{at}{moved}`"
    assert (ran.code, ran.first) == (6, expected)
    assert attest(at + scanned, predicate="p.json").code == 0


def test_other_predicates(registry: MemoryRegistry, here: Path) -> None:
    image, _ = place_image(registry)
    (here / "text").write_bytes(b"plain")
    assert attest(image, type="", predicate="text").code == 0
    (line,) = run("verify-attestation", "--key", "ours.pub", image).lines
    assert json.loads(decode_base64(json.loads(line)["payload"]))["predicate"]["Data"] == "plain"
    ran = attest(image, type="VULN")
    assert (ran.code, ran.first) == (2, "error: `VULN` is not a predicate type")


UNUSABLE: dict[str, tuple[dict[str, str], int, str]] = {
    "no key": ({"key": ""}, 6, "error [NOT_CONFIRMED]: signing makes things public, and there is no terminal to ask"),
    "a key that is not there": ({"key": "none.key"}, 9, "error: cannot read the key file `none.key`"),
    "a public key": ({"key": "ours.pub"}, 6, "error [KEY_LABEL]: `ours.pub` is not an encrypted key file"),
    "a key elsewhere": ({"key": "k8s://a/b"}, 2, "error: no Kubernetes cluster is configured"),
    "no predicate": ({"predicate": ""}, 2, "error: no `--predicate`"),
    "a predicate that is not there": ({"predicate": "none.json"}, 9, "error: cannot read `none.json`"),
}


@pytest.mark.parametrize(("flags", "code", "told"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_what_cannot_be_used(registry: MemoryRegistry, flags: dict[str, str], code: int, told: str) -> None:
    image, _ = place_image(registry)
    ran = attest(image, environ=None, stdin=b"", **flags)
    lines = [line for line in ran.err.splitlines() if line.startswith("error")]
    assert (ran.code, ran.out, lines[0][: len(told)]) == (code, "", told)


@pytest.mark.parametrize(
    "flag",
    ["--key", "--signing-config", "--trusted-root", "--fulcio-url", "--rekor-url", "--identity-token", "--oidc-issuer"],
)
def test_a_variable_that_is_not_set_means_nobody_else(registry: MemoryRegistry, flag: str) -> None:
    ran = attest(flag, "", "-y", place_image(registry)[0])
    assert (ran.code, ran.first) == (2, f"error: `{flag}` is empty"), ran.err


@pytest.mark.parametrize(
    ("environ", "stdin", "code", "told"),
    [
        pytest.param({"COSIGN_PASSWORD": "wrong"}, b"", 6, "error [KEY_PASSWORD]", id="a wrong password"),
        pytest.param({"COSIGN_PASSWORD": "(unset)"}, b"pass word\n", 0, "", id="a password on stdin"),
        pytest.param({"COSIGN_PASSWORD": "(unset)"}, b"", 2, "error: a password is needed", id="nobody to ask"),
    ],
)
def test_passwords(registry: MemoryRegistry, environ: dict[str, str], stdin: bytes, code: int, told: str) -> None:
    image, _ = place_image(registry)
    ran = attest(image, "-q", environ=environ, stdin=stdin)
    assert (ran.code, ran.first.startswith(told)) == (code, True)
    assert "pass word" not in ran.err


UNSUPPORTED = {
    ("--timestamp-client-cert", "c.pem"): "showing a certificate to a timestamp authority",
    ("--certificate", "c.pem"): "certificates that were made beforehand",
    ("--sk",): "hardware keys are not supported by this version",
    ("--k8s-keychain",): "credentials of a Kubernetes cluster are not supported by this version",
    ("--attachment-tag-prefix", "x"): "a prefix for cosign's tags is not supported by this version",
    ("--statement", "s.json"): "a whole statement cannot be attested",
    ("--recursive",): "`--platform` attests one platform of an index",
}


@pytest.mark.parametrize(("flags", "told"), UNSUPPORTED.items(), ids=lambda item: item[0] if item else "")
def test_flags_of_cosign_that_cannot_be_had(registry: MemoryRegistry, flags: tuple[str, ...], told: str) -> None:
    image, _ = place_image(registry)
    ran = attest(*flags, image)
    name = flags[0].partition("=")[0]
    assert (ran.code, ran.first.startswith(f"error: `{name}`: {told}")) == (2, True)


def test_flags_of_cosign_that_ask_for_nothing_else(registry: MemoryRegistry, here: Path) -> None:
    image, _ = place_image(registry)
    (here / "none.json").write_text('{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json"}')
    switches = ("--sk=false", "--k8s-keychain=false", "--issue-certificate=F", "--record-creation-timestamp")
    values = ("--signing-config", "none.json", "--trusted-root", "r.json", "--rekor-entry-type", "dsse", "--log=none")
    assert attest(*switches, *values, "-y", image).code == 0


CONFIG = '{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","rekorTlogConfig":{"selector":"ANY"}'
SERVICE = '{"url":"https://r.test","majorApiVersion":1}'


@pytest.mark.parametrize(
    ("content", "code", "told"),
    [
        (f'{CONFIG},"rekorTlogUrls":[{SERVICE}]}}', 6, "error [NOT_CONFIRMED]"),
        (f'{CONFIG},"tsaUrls":[{SERVICE}]}}', 2, "error: the signing configuration asks for `UNDEFINED` of 1 services"),
        ("[]", 2, "error: `s.json` cannot be used"),
        ("{", 2, "error: `s.json` cannot be used"),
        (None, 9, "error: cannot read `s.json`"),
    ],
    ids=["a log", "timestamps", "a list", "no JSON", "no file"],
)
def test_signing_configurations(registry: MemoryRegistry, here: Path, content: Any, code: int, told: str) -> None:
    image, _ = place_image(registry)
    if content is not None:
        (here / "s.json").write_text(content)
    ran = attest(image, "--signing-config", "s.json")
    assert (ran.code, ran.first[: len(told)]) == (code, told)


def test_replacing(registry: MemoryRegistry, here: Path) -> None:
    place_keys(here, "ours", "theirs")
    image, _ = place_image(registry)
    for _ in range(2):
        assert attest(image, "--attestation-format=both").code == 0
    assert attest(image, "--attestation-format=both", key="theirs.key").code == 0
    assert attest(image, "--attestation-format=both", type="custom").code == 0
    ran = attest(image, "--replace")
    assert (ran.code, "replaced 2 older attestations of the same signer and type" in ran.err) == (0, True)
    assert (len(verify(image).lines), len(verify(image, "--new-bundle-format=false").lines)) == (3, 2)
    assert "replaced 2" in attest(image, "--attestation-format=legacy", "--replace").err
    assert len(verify(image, "--new-bundle-format=false").lines) == 1
    for key, kind in (("theirs.pub", "vuln"), ("ours.pub", "custom")):
        assert len(run("verify-attestation", "--key", key, "--type", kind, image).lines) == 2


def test_replacing_where_nothing_is_deleted(registry: MemoryRegistry) -> None:
    registry.behaviour = Behaviour(deletes=False)
    image, _ = place_image(registry)
    for _ in range(2):
        ran = attest(image, "--replace")
        assert ran.code == 0
    assert ("stays, and the newer one counts" in ran.err, len(verify(image).lines)) == (True, 2)


def test_dockers_media_types(registry: MemoryRegistry) -> None:
    image, digest = place_image(registry)
    assert attest(image, "--attestation-format=legacy", environ={"COSIGN_DOCKER_MEDIA_TYPES": "1"}).code == 0
    stored = registry.repository("app").tags[f"{digest.replace(':', '-')}.att"]
    assert "docker" in registry.repository("app").manifests[stored][1]
