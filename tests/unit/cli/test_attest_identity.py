"""`attest` with an identity, as a user types it: the fake Sigstore signs, a registry in memory stores."""

from __future__ import annotations

import json
import shlex
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from tests.support.browsers import Browser
from tests.support.commands import Ran, attest, place_image, place_keys, run
from tests.support.consoles import BytesTerminal, recorded_console
from tests.support.registry import MemoryRegistry
from tests.support.sigstore.accounts import GOOGLE, github_actions, google
from tests.support.sigstore.fake import FakeSigstore
from tests.support.sigstore.log import Generation
from tests.support.sigstore.switches import Switch

from assaymark.attest.blob import MEDIA_TYPE
from assaymark.attest.strict import decode_base64
from assaymark.cli.main import main

V1, V2 = Generation.V1, Generation.V2
CERTIFICATE, STAMP, LOG1, LOG2 = (
    "/api/v2/signingCert",
    "/api/v1/timestamp",
    "/api/v1/log/entries",
    "/api/v2/log/entries",
)
CONFIGURED: Final = ("--signing-config=signing_config.json", "--trusted-root=trusted_root.json")
ALICE: Final = "alice@gmail.test"


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as made:
        yield made


@pytest.fixture
def fake() -> Iterator[FakeSigstore]:
    with FakeSigstore() as running:
        yield running


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with keys and a record."""
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path)
    return tmp_path


def sign(fake: FakeSigstore, *arguments: str, key: str = "", account: Any = None, **environ: str) -> Ran:
    """`attest` without a key, with a token of Alice's, and with a cache of its own."""
    token = "" if key else fake.instance.token(account or google())
    variables = {"ASSAYMARK_CACHE_DIR": "cache", "SIGSTORE_ID_TOKEN": token, **environ}
    return attest(*arguments, key=key, environ={name: value for name, value in variables.items() if value})


def stored(registry: MemoryRegistry, image: str) -> int:
    """How many manifests there are besides the image."""
    return len(registry.repository("app").manifests) - 1


@pytest.mark.parametrize(
    ("logs", "timestamps", "format_", "paths"),
    [
        pytest.param((V1,), False, "bundle", [CERTIFICATE, LOG1], id="a log of version 1"),
        pytest.param((V1,), True, "both", [CERTIFICATE, STAMP, LOG1], id="and a timestamp, in both formats"),
        pytest.param((V1,), False, "legacy", [CERTIFICATE, LOG1], id="at the .att tag"),
        pytest.param((V2,), True, "bundle", [CERTIFICATE, STAMP, LOG2], id="a log of version 2 with a timestamp"),
    ],
)
def test_an_identity_signs_and_the_lines_that_verify_it_are_told(
    registry: MemoryRegistry,
    fake: FakeSigstore,
    here: Path,
    logs: tuple[Generation, ...],
    format_: str,
    paths: list[str],
    *,
    timestamps: bool,
) -> None:
    fake.write(here, logs=logs, timestamps=timestamps)
    image, digest = place_image(registry)
    ran = sign(fake, *CONFIGURED, "-y", "--attestation-format", format_, image)
    assert (ran.code, ran.out, fake.paths("POST")) == (0, "", paths), ran.err
    assert [word in ran.err for word in (f"identity: {ALICE}", f"issuer: {GOOGLE}", "in the transparency log at")] == [
        True
    ] * 3
    flags = f"--certificate-identity {ALICE} --certificate-oidc-issuer {GOOGLE} --type vuln --trusted-root"
    legacy = "--new-bundle-format=false " if format_ == "legacy" else ""
    pinned = f"{registry.host}/app@{digest}"
    assert [line for line in ran.err.splitlines() if "verify-attestation" in line] == [
        f"  assaymark verify-attestation {flags} trusted_root.json {pinned}",
        f"  cosign verify-attestation {flags} trusted_root.json {legacy}{pinned}",
    ]


def test_nothing_is_asked_before_somebody_agreed(registry: MemoryRegistry, fake: FakeSigstore, here: Path) -> None:
    fake.write(here)
    image, _ = place_image(registry)
    ran = sign(fake, *CONFIGURED, image)
    assert (ran.code, ran.err.splitlines()[-2:], fake.paths("POST"), stored(registry, image)) == (
        6,
        [
            "error [NOT_CONFIRMED]: signing makes things public, and there is no terminal to ask whether it may",
            "hint: say so beforehand with `-y`, or with `COSIGN_YES=true`",
        ],
        [],
        0,
    )
    assert sign(fake, *CONFIGURED, image, COSIGN_YES="true", COSIGN_EXPERIMENTAL="1").code == 0


def test_what_is_shown_is_what_the_log_publishes_byte_for_byte(
    registry: MemoryRegistry, fake: FakeSigstore, here: Path
) -> None:
    fake.write(here)
    image, _ = place_image(registry)
    ran = sign(fake, *CONFIGURED, "-y", "--bundle=b.json", "-q", image)
    (entry,) = json.loads((here / "b.json").read_bytes())["verificationMaterial"]["tlogEntries"]
    assert f"  {decode_base64(entry['canonicalizedBody']).decode()}" in ran.err.splitlines()


def test_as_json_lines_nothing_is_taken_out_either(registry: MemoryRegistry, fake: FakeSigstore, here: Path) -> None:
    fake.write(here)
    image, _ = place_image(registry)
    ran = sign(fake, *CONFIGURED, "-y", "--bundle=b.json", "--log-format=json", image)
    (entry,) = json.loads((here / "b.json").read_bytes())["verificationMaterial"]["tlogEntries"]
    body = decode_base64(entry["canonicalizedBody"]).decode()
    assert [body in json.loads(line)["message"] for line in ran.err.splitlines()].count(True) == 1


def test_services_named_one_by_one(registry: MemoryRegistry, fake: FakeSigstore, here: Path) -> None:
    fake.write(here)
    image, _ = place_image(registry)
    urls = (f"--fulcio-url={fake.url}", f"--rekor-url={fake.url}", f"--timestamp-server-url={fake.url}{STAMP}")
    ran = sign(fake, *urls, "--trusted-root=trusted_root.json", "-y", image)
    assert (ran.code, fake.paths("POST")) == (0, [CERTIFICATE, STAMP, LOG1])


def mirrored(fake: FakeSigstore, here: Path) -> dict[str, str]:
    """The environment of somebody whose trust data come from the fake's mirror."""
    fake.write(here)
    return {"TUF_MIRROR": fake.tuf_url, "TUF_ROOT_JSON": "root.json"}


@pytest.mark.parametrize(
    ("key", "flags", "paths"),
    [
        pytest.param("", (), [CERTIFICATE, LOG1], id="an identity"),
        pytest.param("ours.key", ("--log=public",), [LOG1], id="a key that is to be logged"),
        pytest.param("ours.key", ("--tlog-upload",), [LOG1], id="cosign's word for it"),
        pytest.param("ours.key", ("--use-signing-config",), [LOG1], id="another word of cosign's"),
    ],
)
def test_services_of_the_mirror(
    registry: MemoryRegistry, fake: FakeSigstore, here: Path, key: str, flags: tuple[str, ...], paths: list[str]
) -> None:
    image, _ = place_image(registry)
    ran = sign(fake, *flags, "-y", image, key=key, **mirrored(fake, here))
    assert (ran.code, fake.paths("POST"), stored(registry, image)) == (0, paths, 1), ran.err
    assert "in the transparency log at" in ran.err


@pytest.mark.parametrize(
    ("flags", "paths"),
    [
        pytest.param(("--rekor-url={url}",), [LOG1], id="a log"),
        pytest.param(("--rekor-url={url}", "--log=private"), [LOG1], id="a private log"),
        pytest.param(("--timestamp-server-url={url}/api/v1/timestamp",), [STAMP], id="timestamps alone"),
        pytest.param(("--signing-config=signing_config.json", "--log=none"), [STAMP], id="a configuration, no log"),
        pytest.param(("--signing-config=signing_config.json",), [STAMP, LOG1], id="a configuration"),
    ],
)
def test_a_key_and_services(
    registry: MemoryRegistry, fake: FakeSigstore, here: Path, flags: tuple[str, ...], paths: list[str]
) -> None:
    fake.write(here, timestamps=True)
    image, digest = place_image(registry)
    named = [flag.format(url=fake.url) for flag in flags]
    ran = sign(fake, *named, "--trusted-root=trusted_root.json", "-y", image, key="ours.key")
    assert (ran.code, fake.paths("POST")) == (0, paths), ran.err
    (line,) = [line for line in ran.err.splitlines() if line.startswith("  assaymark")]
    evidence = "--require-log" if LOG1 in paths else "--use-signed-timestamps"
    words = f"--key ours.pub --type vuln {evidence} --trusted-root trusted_root.json {registry.host}/app@{digest}"
    assert line == f"  assaymark verify-attestation {words}"


@pytest.mark.parametrize(
    ("key", "flags", "code", "told"),
    [
        pytest.param("", ("--log=none",), 2, "`--log none`: an identity's signature proves nothing", id="no log"),
        pytest.param("", ("--tlog-upload=false",), 2, "`--tlog-upload=false`: an identity's", id="cosign's no log"),
        pytest.param(
            "k", ("--log=none", "--rekor-url=http://x"), 2, "`--rekor-url` and `--log none`", id="a log and none"
        ),
        pytest.param("k", ("--log=private",), 2, "`--log private` needs a log", id="a private log without a name"),
        pytest.param("", ("--fulcio-url=https://ca.test",), 6, "needs a transparency log", id="an authority alone"),
        pytest.param("", ("--rekor-url=https://r.test",), 6, "needs a certificate authority", id="a log alone"),
        pytest.param("", ("--use-signing-config=false",), 6, "needs a certificate authority", id="no configuration"),
        pytest.param("", ("--rekor-url=nowhere",), 2, "`--rekor-url` cannot be used", id="no URL"),
        pytest.param(
            "",
            ("--signing-config=x", "--oidc-issuer=https://x"),
            2,
            "`--oidc-issuer` and `--signing-config`",
            id="both",
        ),
    ],
)
def test_what_contradicts_itself(
    registry: MemoryRegistry, fake: FakeSigstore, key: str, flags: tuple[str, ...], code: int, told: str
) -> None:
    image, _ = place_image(registry)
    ran = sign(fake, *flags, "-y", image, key=key)
    assert (ran.code, told in ran.err, fake.requests) == (code, True, []), ran.err


def test_the_att_tag_has_no_place_for_a_log_of_version_2(
    registry: MemoryRegistry, fake: FakeSigstore, here: Path
) -> None:
    fake.write(here, logs=(V2,), timestamps=True)
    image, _ = place_image(registry)
    ran = sign(fake, *CONFIGURED, "-y", "--attestation-format=both", image)
    assert (ran.code, "error [LEGACY_LOG]" in ran.err, fake.requests) == (6, True, [])


class TestResuming:
    """A log that is down loses nothing."""

    def unfinished(
        self, registry: MemoryRegistry, fake: FakeSigstore, here: Path, *flags: str, key: str = ""
    ) -> list[str]:
        """The command that finishes what the log left unfinished."""
        fake.write(here, timestamps=True)
        outage = fake.fail(400, times=99, path=LOG1)
        image, _ = place_image(registry)
        ran = sign(fake, *CONFIGURED, "-y", *flags, image, key=key)
        fake.faults.remove(outage)
        assert (ran.code, "error [SIGNED_NOT_FINISHED]" in ran.err, stored(registry, image)) == (5, True, 0), ran.err
        return shlex.split(ran.err.splitlines()[-1].removeprefix("hint: when the service answers again: "))[1:]

    @pytest.mark.parametrize("key", ["", "ours.key"], ids=["an identity", "a key"])
    def test_it_is_finished_by_the_command_that_was_told(
        self, registry: MemoryRegistry, fake: FakeSigstore, here: Path, key: str
    ) -> None:
        words = self.unfinished(registry, fake, here, "--attestation-format=both", key=key)
        fake.requests.clear()
        ran = run(*words, "-y")
        assert (ran.code, fake.paths("POST"), ran.err.count("attached as")) == (0, [LOG1], 2), ran.err
        assert list((here / "cache/assaymark/sigstore/pending").iterdir()) == []
        assert ("--key cosign.pub" if key else f"--certificate-identity {ALICE}") in ran.err

    def test_down_again(self, registry: MemoryRegistry, fake: FakeSigstore, here: Path) -> None:
        words = self.unfinished(registry, fake, here)
        fake.fail(400, times=99, path=LOG1)
        ran = run(*words, "-y")
        assert (ran.code, ran.err.splitlines()[-1].endswith(shlex.join(words))) == (5, True), ran.err

    def test_nobody_agreed(self, registry: MemoryRegistry, fake: FakeSigstore, here: Path) -> None:
        ran = run(*self.unfinished(registry, fake, here))
        assert (ran.code, "error [NOT_CONFIRMED]" in ran.err) == (6, True)

    def test_another_image(self, registry: MemoryRegistry, fake: FakeSigstore, here: Path) -> None:
        *words, _ = self.unfinished(registry, fake, here)
        ran = run(*words, "-y", place_image(registry, "other")[0])
        assert (ran.code, "error: what was signed is about" in ran.err) == (2, True)
        assert run(*words, "-y", "one", "two").code == 2

    def test_all_that_matters_is_told(self, registry: MemoryRegistry, fake: FakeSigstore, here: Path) -> None:
        words = self.unfinished(registry, fake, here, "--new-bundle-format=false", "--allow-http-registry")
        assert words[5:8] == ["--attestation-format", "legacy", "--allow-http-registry"]

    def test_a_file_s_attestation(self, registry: MemoryRegistry, fake: FakeSigstore, here: Path) -> None:
        words = self.unfinished(registry, fake, here)
        kept = Path(words[2])
        kept.write_bytes(msgspec.json.encode({**json.loads(kept.read_bytes()), "media_type": MEDIA_TYPE}))
        ran = run(*words, "-y")
        assert (ran.code, "what was signed is about a file, `" in ran.first) == (2, True), ran.err
        assert "`attest-blob --resume FILE`" in ran.err

    def test_no_such_file(self, registry: MemoryRegistry) -> None:
        assert run("attest", "--resume=none.json", "-y", place_image(registry)[0]).code == 9


@pytest.mark.parametrize(
    ("switch", "code", "told"),
    [
        (Switch.NO_SCT, 6, "error [SCT_MISSING]: the certificate cannot be verified, and nothing was signed with it"),
        (Switch.WRONG_SCT, 6, "error [BAD_SCT]: the certificate cannot be verified"),
        (Switch.WRONG_CA, 6, "error [UNTRUSTED_CERTIFICATE]: the certificate cannot be verified"),
        (Switch.OTHER_SAN, 5, "the certificate is for somebody else, `mallory@example.test`"),
    ],
    ids=["no certificate log saw it", "another certificate's log entry", "another authority's", "somebody else's"],
)
def test_a_certificate_that_proves_nothing_is_not_logged(
    registry: MemoryRegistry, fake: FakeSigstore, here: Path, switch: Switch, code: int, told: str
) -> None:
    fake.write(here)
    image, _ = place_image(registry)
    with fake.broken(switch):
        ran = sign(fake, *CONFIGURED, "-y", image)
    assert (ran.code, told in ran.err, stored(registry, image)) == (code, True, 0), ran.err
    assert LOG1 not in fake.paths("POST")


def test_what_could_not_be_verified_is_not_stored(registry: MemoryRegistry, fake: FakeSigstore, here: Path) -> None:
    fake.write(here)
    image, _ = place_image(registry)
    with fake.broken(Switch.BAD_PROOF):
        ran = sign(fake, *CONFIGURED, "-y", image)
    assert (ran.code, ": what was signed cannot be verified" in ran.err) == (6, True), ran.err
    assert stored(registry, image) == 0


def test_somebody_else_s_services_need_their_trusted_root(
    registry: MemoryRegistry, fake: FakeSigstore, here: Path
) -> None:
    with FakeSigstore() as other:
        other.write(here)
    (here / "theirs.json").write_bytes((here / "trusted_root.json").read_bytes())
    fake.write(here)
    image, _ = place_image(registry)
    ran = sign(fake, CONFIGURED[0], "--trusted-root=theirs.json", "-y", image)
    assert (ran.code, ran.err.splitlines()[-1]) == (
        6,
        "hint: give the trusted root of these services with `--trusted-root`",
    )


def test_several_images_one_identity(registry: MemoryRegistry, fake: FakeSigstore, here: Path) -> None:
    fake.write(here)
    images = [place_image(registry, name)[0] for name in ("one", "two")]
    ran = sign(fake, *CONFIGURED, "-y", *images)
    assert (ran.code, fake.paths("POST"), ran.err.count("attached as")) == (0, [CERTIFICATE, LOG1] * 2, 2)


def test_the_identity_of_a_job(registry: MemoryRegistry, fake: FakeSigstore, here: Path) -> None:
    fake.write(here)
    image, _ = place_image(registry)
    job = {**fake.environment("github-actions"), "SIGSTORE_ID_TOKEN": "(unset)"}
    ran = sign(fake, *CONFIGURED, "-y", image, **job)
    assert (ran.code, github_actions().claims["workflow_ref"] in ran.err) == (0, True), ran.err
    disabled = sign(
        fake, *CONFIGURED, "-y", "--oidc-disable-ambient-providers", "--fulcio-auth-flow=token", image, **job
    )
    assert (disabled.code, "`--fulcio-auth-flow token` needs a token" in disabled.err) == (2, True)


def test_offline_nobody_is_asked(fake: FakeSigstore, here: Path, registry: MemoryRegistry) -> None:
    fake.write(here)
    image, _ = place_image(registry)
    assert (sign(fake, *CONFIGURED, "-y", "--offline", image).code, fake.requests) == (5, [])


def at_a_terminal(fake: FakeSigstore, image: str, answers: bytes, *flags: str) -> Ran:
    """`attest` by somebody who sits there, without an identity in the surroundings."""
    environ = {"HOME": "/nonexistent", "ASSAYMARK_CACHE_DIR": "cache", "BROWSER": "a browser"}
    recorded = recorded_console(environ=environ, terminal=True)
    recorded.console.stdin = BytesTerminal(answers)
    words = ("attest", "--type=vuln", "--predicate=vuln.json", *CONFIGURED, *flags, image)
    fake.provider.account = google()
    return Ran(main(words, recorded.console), recorded.out, recorded.err)


class TestSigningIn:
    def test_by_browser(
        self, registry: MemoryRegistry, fake: FakeSigstore, here: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fake.write(here)
        browser = Browser()
        monkeypatch.setattr(webbrowser, "open", browser)
        image, _ = place_image(registry)
        ran = at_a_terminal(fake, image, b"y\ny\n")
        browser.finish()
        assert (ran.code, len(browser.opened), ran.err.count("? [y/N]")) == (0, 1, 2), ran.err
        assert f"--certificate-identity {ALICE} --certificate-oidc-issuer {GOOGLE}" in ran.err

    def test_a_no_sends_nothing(
        self, registry: MemoryRegistry, fake: FakeSigstore, here: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fake.write(here)
        monkeypatch.setattr(webbrowser, "open", Browser())
        image, _ = place_image(registry)
        ran = at_a_terminal(fake, image, b"n\n")
        assert (ran.code, "error [NOT_CONFIRMED]" in ran.err, stored(registry, image)) == (6, True, 0)
        assert CERTIFICATE not in fake.paths("POST")

    def test_with_a_code_on_another_device(self, registry: MemoryRegistry, fake: FakeSigstore, here: Path) -> None:
        fake.write(here)
        image, _ = place_image(registry)
        ran = at_a_terminal(fake, image, b"y\ny\n", "--fulcio-auth-flow=device")
        assert (ran.code, "enter the code" in ran.err) == (0, True), ran.err
