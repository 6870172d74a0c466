"""The flags about the network, and `login` and `logout` as a user runs them."""

from __future__ import annotations

import io
import json
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.support.consoles import recorded_console
from tests.support.registry import Behaviour, MemoryRegistry
from tests.support.tls import Authority

from assaymark.cli.commands.login import registry_host
from assaymark.cli.flags import FlagParser
from assaymark.cli.main import main
from assaymark.cli.network_flags import add_network_flags, network_from, read_password, registry_from
from assaymark.cli.variables import take_variables
from assaymark.errors import Error, LimitError, OfflineError, UsageError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.net.network import NoNetwork
from assaymark.safeio.redaction import Redaction


def parsed(*arguments: str, environ: Mapping[str, str] | None = None) -> Namespace:
    parser = FlagParser(prog="assaymark")
    add_network_flags(parser)
    take_variables(parser, environ or {}, scans=False, redaction=Redaction())
    return parser.parse(arguments)


def pull(
    registry: MemoryRegistry, *arguments: str, environ: Mapping[str, str] | None = None, stdin: bytes = b""
) -> object:
    variables = {"HOME": "/nonexistent", **(environ or {})}
    args = parsed(*arguments, environ=variables)
    network = network_from(args, variables, DEFAULT_LIMITS)
    made = registry_from(args, variables, network, DEFAULT_LIMITS, stdin=io.BytesIO(stdin))
    return made.repository(registry.reference("a/b:1")).resolve("1")


@pytest.mark.parametrize(
    ("arguments", "environ", "stdin", "works"),
    [
        pytest.param(("--username", "robin", "--password", "correct horse"), {}, b"", True, id="user and password"),
        pytest.param(("--username=robin", "--password-stdin"), {}, b"correct horse\n", True, id="a password on stdin"),
        pytest.param(("--username", "x,robin", "--password", "y,correct horse"), {}, b"", True, id="the second of two"),
        pytest.param((), {"TRIVY_USERNAME": "robin", "TRIVY_PASSWORD": "correct horse"}, b"", True, id="variables"),
        pytest.param(("--registry-username", "robin", "--registry-password", "correct horse"), {}, b"", True, id="cosign's"),
        pytest.param(
            ("--registry-username", "robin", "--registry-password", "x", "--username", "robin", "--password", "correct horse"),
            {}, b"", False, id="cosign's pair alone",
        ),
        pytest.param(("--registry-token", "t"), {"TRIVY_USERNAME": "robin", "TRIVY_PASSWORD": "correct horse"}, b"", False,
                     id="a token replaces the others"),
        pytest.param((), {}, b"", False, id="nothing"),
    ],
)  # fmt: skip
def test_credentials(arguments: tuple[str, ...], environ: Mapping[str, str], stdin: bytes, works: bool) -> None:
    with MemoryRegistry(Behaviour(auth="basic")) as registry:
        registry.put_image("a/b", "1")
        if works:
            assert pull(registry, *arguments, environ=environ, stdin=stdin) is not None
        else:
            with pytest.raises(Error, match="401"):
                pull(registry, *arguments, environ=environ, stdin=stdin)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--username", "a"), "1 user names and 0 passwords"),
        (("--password", "a", "--password-stdin"), "exclude each other"),
        (("--registry-password", "a"), "needs `--registry-username`"),
        (("--registry-client-key", "a"), "needs `--registry-client-cert`"),
        (("--registry-mirror", "x"), "is no mirror"),
    ],
)
def test_flags_that_contradict(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        registry_from(parsed(*arguments), {}, NoNetwork(), DEFAULT_LIMITS, stdin=io.BytesIO(b"x"))


def test_offline() -> None:
    with MemoryRegistry() as registry, pytest.raises(OfflineError, match="--offline"):
        pull(registry, "--offline")
    assert registry.requests == []


def test_certificates_and_mirrors(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with MemoryRegistry(tls=authority.server("127.0.0.1")) as registry, MemoryRegistry() as mirror:
        registry.put_image("a/b", "1")
        for flag in ("--cacert", "--registry-cacert"):
            assert pull(registry, flag, str(authority.file)) is not None
        assert pull(registry, environ={"TRIVY_CACERT": str(authority.file)}) is not None
        for flag in ("--insecure", "--allow-insecure-registry"):
            assert pull(registry, flag) is not None
        assert pull(registry, environ={"TRIVY_INSECURE": "true"}) is not None
        with pytest.raises(Error, match="does not verify"):
            pull(registry)
        mirror.put_image("a/b", "1")
        assert pull(registry, "--registry-mirror", f"{registry.host}={mirror.host}") is not None


def test_passwords_on_stdin() -> None:
    assert [read_password(io.BytesIO(text)) for text in (b"p\n", b"p\r\n", b"p", b" p \n")] == ["p", "p", "p", " p "]
    with pytest.raises(UsageError):
        read_password(io.BytesIO(b"\n"))
    with pytest.raises(LimitError):
        read_password(io.BytesIO(b"x" * 100_000))


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("", "index.docker.io"), ("ghcr.io", "ghcr.io"), ("https://index.docker.io/v1/", "index.docker.io"),
        ("localhost:5000", "localhost:5000"), ("https://a.io/", "a.io"), ("registry", "registry:443"),
    ],
)  # fmt: skip
def test_what_people_call_a_registry(text: str, host: str) -> None:
    assert registry_host(text) == host


@pytest.mark.parametrize("text", ["ghcr.io/owner", "https://u:canary@a.io"])
def test_what_is_no_registry(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        registry_host(text)
    assert "canary" not in str(caught.value)


def run(*arguments: str, home: Path, stdin: bytes = b"") -> tuple[int, str]:
    recorded = recorded_console(stdin=stdin, environ={"HOME": str(home)})
    code = main(arguments, recorded.console)
    return code, recorded.out + recorded.err


@pytest.mark.parametrize("auth", ["basic", "token"])
def test_login_then_logout(tmp_path: Path, auth: Any) -> None:
    path = tmp_path / ".docker/config.json"
    with MemoryRegistry(Behaviour(auth=auth)) as registry:
        host = registry.host
        code, told = run("login", host, "-u", "robin", "--password-stdin", home=tmp_path, stdin=b"correct horse\n")
        assert (code, f"logged in to {host}" in told, "unencrypted" in told) == (0, True, True)
        assert "correct horse" not in told
        assert json.loads(path.read_text()) == {"auths": {host: {"auth": "cm9iaW46Y29ycmVjdCBob3JzZQ=="}}}
        assert run("logout", host, home=tmp_path) == (0, f"logged out of {host}\n")
        assert run("logout", host, home=tmp_path) == (0, f"there are no credentials for {host}\n")


def test_refused_credentials_are_not_kept(tmp_path: Path) -> None:
    with MemoryRegistry(Behaviour(auth="basic")) as registry:
        code, told = run("login", registry.host, "-u", "robin", "-p", "canary-password", home=tmp_path)
    assert code == 5
    assert "does not accept the credentials" in told
    assert "canary" not in told
    assert not (tmp_path / ".docker").exists()


def test_login_needs_a_name(tmp_path: Path) -> None:
    assert run("login", "a.io", "-p", "x", home=tmp_path)[0] == 2
