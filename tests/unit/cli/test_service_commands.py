"""`trusted-root create` and `signing-config create` as a user types them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.commands import Ran, run
from tests.support.sigstore.fake import FakeSigstore
from tests.support.sigstore.parts import config_flags, root_flags

from assaymark.attest.sigstore.signing_config import parse_signing_config
from assaymark.attest.sigstore.trusted_root import parse_trusted_root

CACHE = ("--cache-dir", "cache")


@pytest.fixture
def fake() -> Iterator[FakeSigstore]:
    with FakeSigstore() as running:
        yield running


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def initialize(fake: FakeSigstore, here: Path) -> None:
    (here / "root.json").write_bytes(fake.tuf.initial_root)
    assert run("initialize", "--mirror", fake.tuf_url, "--root", "root.json", *CACHE).code == 0


def count(ran: Ran) -> dict[str, int]:
    """How many entries each section of the document on stdout has."""
    assert ran.code == 0, ran.err
    return {name: len(entries) for name, entries in ran.json.items() if name != "mediaType"}


class TestTrustedRoots:
    def test_a_root_of_given_services(self, fake: FakeSigstore, here: Path) -> None:
        ran = run("trusted-root", "create", *root_flags(fake.instance, here), "--out", "made.json", "--offline")
        assert ran == (0, "", "")
        root = parse_trusted_root((here / "made.json").read_bytes())
        assert {log.log_id for log in root.logs} == {log.key_id for log in fake.instance.logs.values()}

    def test_the_mirrors_services_and_ones_own(self, fake: FakeSigstore, here: Path) -> None:
        initialize(fake, here)
        flags = root_flags(fake.instance, here)
        mirrors = {"tlogs": 2, "certificateAuthorities": 1, "ctlogs": 1, "timestampAuthorities": 1}
        create = ("trusted-root", "create", "--with-default-services", *CACHE)
        assert mirrors == count(run(*create))
        assert mirrors | {"certificateAuthorities": 2} == count(run(*create, *flags[:3]))  # the logs are the same
        assert count(run(*create, "--no-default-fulcio", "--no-default-ctfe", "--no-default-tsa", *flags[1:2])) == {
            "tlogs": 2
        }
        assert count(run(*create, "--no-default-rekor", "--no-default-ctfe")) == {
            "certificateAuthorities": 1,
            "timestampAuthorities": 1,
        }

    def test_a_root_that_believes_nobody_is_refused(self) -> None:
        ran = run("trusted-root", "create")
        assert (ran.code, ran.out, ran.first) == (2, "", "error: a trusted root that names nobody believes nobody")

    def test_flags_of_older_versions_are_explained(self) -> None:
        ran = run("trusted-root", "create", "--rekor-key", "rekor.pub")
        assert (
            ran.code,
            ran.first,
        ) == (2, "error: `--rekor-key`: the parts of a service are named together since cosign 3.1")

    def test_a_file_that_is_not_there_is_named(self) -> None:
        ran = run("trusted-root", "create", "--fulcio", "url=https://ca.test,certificate-chain=none.pem")
        assert (ran.code, ran.out, "none.pem" in ran.first) == (9, "", True)


class TestSigningConfigs:
    def test_a_configuration_of_given_services(self, fake: FakeSigstore, here: Path) -> None:
        ran = run("signing-config", "create", *config_flags(fake.instance), "--out", "made.json")
        assert ran == (0, "", "")
        config = parse_signing_config((here / "made.json").read_bytes())
        assert [(fake.url, 2)] == [(log.url, log.version) for log in config.logs]
        assert json.loads((here / "made.json").read_bytes())["oidcUrls"][0]["validFor"]["end"] == (
            "2099-12-31T23:59:59.500Z"
        )

    def test_services_replace_those_of_a_file_and_add_to_those_of_the_mirror(
        self, fake: FakeSigstore, here: Path
    ) -> None:
        initialize(fake, here)
        (here / "base.json").write_text(json.dumps(fake.instance.signing_config(timestamps=True)))
        flags = config_flags(fake.instance)
        own = (flags[0], *flags[2:4])
        base = run("signing-config", "create", "--base-config", "base.json", *own).json
        assert [log["majorApiVersion"] for log in base["rekorTlogUrls"]] == [2]
        assert (len(base["caUrls"]), len(base["oidcUrls"]), len(base["tsaUrls"])) == (1, 1, 1)
        mirror = run("signing-config", "create", "--with-default-services", *CACHE, *own).json
        assert [log["majorApiVersion"] for log in mirror["rekorTlogUrls"]] == [1, 2]
        assert len(mirror["caUrls"]) == 2

    def test_parts_are_left_out(self, here: Path, fake: FakeSigstore) -> None:
        (here / "base.json").write_text(json.dumps(fake.instance.signing_config(timestamps=True)))
        without = [f"--no-default-{kind}" for kind in ("fulcio", "oidc", "rekor", "tsa")]
        ran = run("signing-config", "create", "--base-config", "base.json", *without)
        assert ran.json == {"mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json"}

    @pytest.mark.parametrize(
        ("flags", "message"),
        [
            pytest.param(["--rekor", "x"], "`--rekor` needs `--rekor-config`", id="logs without a rule"),
            pytest.param(["--tsa", "x"], "`--tsa` needs `--tsa-config`", id="authorities without a rule"),
            pytest.param(
                ["--base-config", "x", "--with-default-services"],
                "`--base-config` and `--with-default-services` exclude each other",
                id="two beginnings",
            ),
            pytest.param(
                ["--with-default-services", "--with-default-rekor-v2"],
                "`--with-default-rekor-v2`: the mirror's configuration for Rekor 2 is not supported by this version",
                id="the mirror's second log",
            ),
        ],
    )
    def test_contradictions_are_refused(self, flags: list[str], message: str) -> None:
        ran = run("signing-config", "create", *flags)
        assert (2, "", f"error: {message}") == (ran.code, ran.out, ran.first)
