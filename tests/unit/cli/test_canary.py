"""A canary in every credential flag, variable and file: it comes out nowhere, at any log level, whatever goes wrong.

Each case runs the whole program against a registry that wants credentials: with the right ones, and with a registry
that repeats what it was given in its errors. Looked for is the canary itself, percent-encoded, and in base64 with and
without a name in front.
"""

from __future__ import annotations

import base64
import json
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import msgspec
import pytest
from tests.support.bombs import honest_layer, raw_image
from tests.support.crashes import publish
from tests.support.process import ALPINE, Ended, Machine
from tests.support.proxy import Proxy
from tests.support.registry import Behaviour, Fault, MemoryRegistry

CANARY: Final = "canary+7/f3 a9"
USER: Final = "robin"
MODES: Final = (("--debug",), ("--debug", "--log-format", "json"))
"""Whatever is said without `--debug` is said with it, too."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """How the credential gets in."""

    flags: tuple[str, ...] = ()
    environ: Mapping[str, str] = {}
    stdin: bytes = b""
    docker: Mapping[str, Any] = {}  # config.json without hosts: `HOST` stands for the registry
    podman: Mapping[str, Any] = {}
    helper: str = ""  # body of `docker-credential-canary`
    auth: Any = "basic"
    opens: bool = True


BASIC: Final = base64.b64encode(f"{USER}:{CANARY}".encode()).decode()
ANSWER: Final = json.dumps({"Username": USER, "Secret": CANARY})
CASES: Final = {
    "--password": Case(flags=("--username", USER, "--password", CANARY)),
    "--password=": Case(flags=(f"--username={USER}", f"--password={CANARY}")),
    "--registry-password": Case(flags=("--registry-username", USER, "--registry-password", CANARY)),
    "--registry-token": Case(flags=("--registry-token", CANARY), auth="token", opens=False),
    "--password-stdin": Case(flags=("--username", USER, "--password-stdin"), stdin=f"{CANARY}\n".encode()),
    "TRIVY_PASSWORD": Case(environ={"TRIVY_USERNAME": USER, "TRIVY_PASSWORD": CANARY}),
    "TRIVY_REGISTRY_TOKEN": Case(environ={"TRIVY_REGISTRY_TOKEN": CANARY}, opens=False),
    "config.json, auth": Case(docker={"auths": {"HOST": {"auth": BASIC}}}),
    "config.json, password": Case(docker={"auths": {"HOST": {"username": USER, "password": CANARY}}}),
    "config.json, identitytoken": Case(docker={"auths": {"HOST": {"identitytoken": CANARY}}}, auth="token"),
    "config.json, registrytoken": Case(docker={"auths": {"HOST": {"registrytoken": CANARY}}}, auth="token", opens=False),
    "config.json that is broken": Case(docker={"auths": {"HOST": {"auth": f"{CANARY}%"}}, "credHelpers": CANARY}, opens=False),
    "auth.json": Case(podman={"auths": {"HOST": {"auth": BASIC}}}),
    "credential helper": Case(docker={"credHelpers": {"HOST": "canary"}}, helper=f"echo '{ANSWER}'"),
    "credsStore": Case(docker={"credsStore": "canary"}, helper=f"echo '{ANSWER}'"),
    "a helper that fails": Case(docker={"credsStore": "canary"}, helper=f"echo '{CANARY}'; echo '{CANARY}' >&2; exit 3", opens=False),
    "a helper that babbles": Case(docker={"credsStore": "canary"}, helper=f"echo 'not JSON {CANARY}'", opens=False),
    "a token through the token service": Case(flags=("--username", USER, "--password", CANARY), auth="token"),
}  # fmt: skip


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    made.place_database()
    return made


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    behaviour = Behaviour(auth="basic", accounts={USER: CANARY}, identity_token=CANARY)
    with MemoryRegistry(behaviour) as made:
        image = raw_image([honest_layer(ALPINE)])
        for data in image.blobs.values():
            made.put_blob("a/b", data)
        made.put_manifest("a/b", image.manifest, tag="1")
        yield made


def leaks(*outputs: bytes) -> list[str]:
    """Spellings of the canary, and of secrets that the registry gave out, in any of `outputs`."""
    spellings = {
        CANARY,
        quote(CANARY, safe=""),
        quote(CANARY),
        CANARY.replace(" ", "+"),
        json.dumps(CANARY)[1:-1],
        base64.b64encode(CANARY.encode()).decode().rstrip("="),
        BASIC.rstrip("="),
        "canary+7",
        "-secret",  # tokens, presigned addresses and upload states of the registry
    }
    return [spelling for spelling in spellings for output in outputs if spelling.encode() in output]


def prepare(machine: Machine, registry: MemoryRegistry, case: Case) -> dict[str, str]:
    """Put files where the case wants them; the environment."""
    registry.behaviour.auth = case.auth
    environ = dict(case.environ)
    for folder, content in ((".docker", case.docker), (".podman", case.podman)):
        if content:
            (machine.home / folder).mkdir()
            text = json.dumps(content).replace('"HOST"', json.dumps(registry.host))
            (machine.home / folder / "config.json").write_text(text)
    if case.podman:
        environ["REGISTRY_AUTH_FILE"] = str(machine.home / ".podman" / "config.json")
    if case.helper:
        program = machine.home / "docker-credential-canary"
        program.write_text(f"#!/bin/sh\n{case.helper}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        environ["PATH"] = f"{machine.home}:{machine.environ()['PATH']}"
    return environ


def check(machine: Machine, *ended: Ended) -> None:
    """Nothing came out, neither in a stream nor in a file."""
    files = [
        path.read_bytes() for folder in (machine.work, machine.cache) for path in folder.rglob("*") if path.is_file()
    ]
    streams = [stream for each in ended for stream in (each.out, each.err.encode())]
    assert leaks(*streams, *files) == []


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: " ".join(mode) or "plain")
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_credential_of_a_registry(
    machine: Machine, registry: MemoryRegistry, case: Case, mode: tuple[str, ...]
) -> None:
    environ = prepare(machine, registry, case)
    command = (
        "image",
        "--image-src",
        "remote",
        f"{registry.host}/a/b:1",
        "-o",
        "out",
        *case.flags,
        *mode,
        *machine.flags,
    )

    ended = [
        machine.run(*command, "--format", format_, stdin=case.stdin, environ=environ)
        for format_ in (("json", "cosign-vuln", "table") if mode == MODES[1] else ("json",))
    ]

    assert {each.code for each in ended} == {0 if case.opens else 5}, ended[0].err
    check(machine, *ended)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
@pytest.mark.parametrize("name", ["--password", "--registry-token", "config.json, auth", "credential helper"])
def test_a_registry_that_repeats_what_it_was_given(
    machine: Machine, registry: MemoryRegistry, name: str, status: int
) -> None:
    case = CASES[name]
    environ = prepare(machine, registry, case)
    said = json.dumps(
        {"errors": [{"code": "DENIED", "message": f"Authorization: Basic {BASIC} of {USER}:{CANARY} denied"}]}
    )
    registry.fault(
        Fault(
            times=-1,
            path="/manifests/",
            skip=0 if name == "--registry-token" else 1,  # the first answer asks for what is repeated afterwards
            status=status,
            body=said.encode(),
            headers={"Content-Type": "application/json", "Retry-After": "0"},
        )
    )
    command = ("image", "--image-src", "remote", f"{registry.host}/a/b:1", *case.flags, "--debug", *machine.flags)

    ended = machine.run(*command, environ=environ, stdin=case.stdin)

    assert ended.code == 5
    check(machine, ended)


@pytest.mark.parametrize("location", ["relative", "absolute"])
def test_presigned_addresses_tokens_and_upload_states(
    machine: Machine, registry: MemoryRegistry, location: Any
) -> None:
    registry.behaviour.auth, registry.behaviour.location = "token", location
    environ = {"COSIGN_PASSWORD": CANARY, "TRIVY_USERNAME": USER, "TRIVY_PASSWORD": CANARY}
    image = f"{registry.host}/a/b:1"
    with MemoryRegistry() as storage:
        storage.repositories = registry.repositories
        registry.behaviour.blob_redirect = storage.url
        attest = ("image", "--attest", "--key", "cosign.key", image, "--debug", *machine.flags)
        verify = ("verify-attestation", "--key", "cosign.pub", "--type", "vuln", "--report", "json", image, "--debug")
        ended = [
            machine.run("generate-key-pair", "--debug", environ=environ),
            machine.run(*attest, environ=environ),
            machine.run(*verify, environ=environ),
            machine.run("tree", image, "--debug", environ=environ),
            machine.run("download", "attestation", image, "--debug", environ=environ),
        ]

    assert [each.code for each in ended] == [0] * 5, [each.err for each in ended]
    check(machine, *ended)
    stored = [data for content in registry.repositories.values() for data in content.blobs.values()]
    assert leaks(*stored) == []


KEYS: Final = {
    "the wrong password": (("public-key", "--key", "cosign.key"), {"COSIGN_PASSWORD": CANARY}, b""),
    "a password on stdin": (("public-key", "--key", "cosign.key"), {}, f"{CANARY}\n".encode()),
    "a new password on stdin": (("generate-key-pair", "--output-key-prefix", "new"), {}, f"{CANARY}\n".encode()),
    "a key that is none": (("public-key", "--key", "env://COSIGN_PRIVATE_KEY"), {"COSIGN_PRIVATE_KEY": CANARY, "COSIGN_PASSWORD": ""}, b""),
    "a broken key": (
        ("public-key", "--key", "env://KEY"),
        {"KEY": f"-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n{CANARY}\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----", "COSIGN_PASSWORD": ""},
        b"",
    ),
    "an import of something else": (("import-key-pair", "--key", "secret.pem"), {"COSIGN_PASSWORD": CANARY}, b""),
}  # fmt: skip


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: " ".join(mode) or "plain")
@pytest.mark.parametrize("name", KEYS)
def test_passwords_of_keys(machine: Machine, name: str, mode: tuple[str, ...]) -> None:
    arguments, environ, stdin = KEYS[name]
    assert machine.run("generate-key-pair", environ={"COSIGN_PASSWORD": "another"}).code == 0
    (machine.home / "secret.pem").write_text(f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----\n")
    (machine.work / "secret.pem").symlink_to(machine.home / "secret.pem")

    ended = machine.run(*arguments, *mode, environ=environ, stdin=stdin)

    assert (ended.code == 0) == (name == "a new password on stdin")
    (machine.work / "secret.pem").unlink()
    check(machine, ended)


WORDS: Final = quote(CANARY, safe="")
TYPED: Final = {
    "user-info in an image": ("image", f"https://{USER}:{WORDS}@registry.test/a/b:1", "--offline"),
    "user-info in front of an image": ("tree", f"{USER}:{WORDS}@registry.test/a/b:1", "--offline"),
    "user-info in a key": ("verify-attestation", "--key", f"https://{USER}:{WORDS}@127.0.0.1:9/key", "image"),
    "user-info in a database": ("image", "--input", "image", "--cache-dir", "x", "--db-repository", f"https://{USER}:{WORDS}@127.0.0.1:9/a/b:2"),
    "a login": ("login", "127.0.0.1:9", "-u", USER, "-p", CANARY),
    "a login with everything in one word": ("login", "127.0.0.1:9", f"-u{USER}", f"-p{CANARY}"),
    "a login at a URL": ("login", f"https://{USER}:{WORDS}@127.0.0.1:9"),
    "a flag that is not supported": ("attest", "--identity-token", CANARY, "image"),
    "a flag that is not supported, in one word": ("attest", f"--identity-token={CANARY}", "image"),
    "a flag that is misspelled": ("image", f"--pasword={CANARY}", "alpine"),
    "a flag that is misspelled, in two words": ("image", "--registry-tokn", CANARY, "alpine"),
    "a credential without its partner": ("image", "--registry-password", CANARY, "alpine"),
    "a command in the wrong place": ("--password", CANARY, "image"),
}  # fmt: skip


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: " ".join(mode) or "plain")
@pytest.mark.parametrize("name", TYPED)
def test_credentials_on_a_command_line_that_fails(machine: Machine, name: str, mode: tuple[str, ...]) -> None:
    ended = machine.run(*TYPED[name], *mode)

    assert ended.code not in (0, 70)
    check(machine, ended)


def test_user_info_of_a_proxy(machine: Machine, registry: MemoryRegistry) -> None:
    """One that lets us through, and one that does not know us."""
    registry.behaviour.auth = "none"
    with Proxy({"registry.test:80": registry.port}, user=USER, password=CANARY) as proxy:
        for password, code in ((WORDS, 0), (f"{WORDS}x", 5)):
            address = proxy.url.replace("//", f"//{USER}:{password}@")
            environ = {"HTTPS_PROXY": address, "HTTP_PROXY": address}
            for mode in MODES:
                command = ("tree", "registry.test/a/b:1", "--allow-http-registry")
                ended = machine.run(*command, *mode, environ=environ)
                assert ended.code == code, ended.err
                check(machine, ended)


TOKENS: Final = (
    *("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_RUNTIME_TOKEN", "AWS_SECRET_ACCESS_KEY"),
    *(
        "AWS_SESSION_TOKEN",
        "AZURE_CLIENT_SECRET",
        "BUILDKITE_AGENT_ACCESS_TOKEN",
        "CI_JOB_TOKEN",
        "CI_REGISTRY_PASSWORD",
    ),
    *("COSIGN_PASSWORD", "COSIGN_PRIVATE_KEY", "GH_TOKEN", "GITHUB_TOKEN", "GITLAB_TOKEN", "SIGSTORE_ID_TOKEN"),
    *("TRIVY_TOKEN", "VAULT_TOKEN", "MY_API_KEY"),
)
URLS: Final = (
    *("BUILDKITE_BUILD_URL", "BUILDKITE_REPO", "BUILD_URL", "CIRCLE_BUILD_URL", "CIRCLE_REPOSITORY_URL", "CI_JOB_URL"),
    *(
        "CI_PIPELINE_URL",
        "CI_PROJECT_URL",
        "CI_REPOSITORY_URL",
        "CI_SERVER_URL",
        "GITHUB_SERVER_URL",
        "GIT_URL",
        "JOB_URL",
    ),
)
SYSTEMS: Final = {
    "GitHub": {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "a/b", "GITHUB_RUN_ID": "1"},
    "GitLab": {"GITLAB_CI": "true", "CI_JOB_ID": "1", "CI_PIPELINE_ID": "2"},
    "Buildkite": {"BUILDKITE": "true", "BUILDKITE_BUILD_ID": "1"},
    "Jenkins": {"JENKINS_URL": f"https://{USER}:{WORDS}@ci.test/", "BUILD_TAG": "1", "BUILD_ID": "1"},
    "CircleCI": {"CIRCLECI": "true", "CIRCLE_WORKFLOW_ID": "1"},
}


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_environment_of_a_build(machine: Machine, registry: MemoryRegistry, system: str) -> None:
    """The record tells of the run that made it, and of none of its secrets."""
    registry.behaviour.auth = "none"
    environ = {
        **dict.fromkeys(TOKENS, CANARY),
        **dict.fromkeys(URLS, f"https://{USER}:{WORDS}@ci.test/run?token={WORDS}"),
        **SYSTEMS[system],
    }
    flags = (*publish(registry), "--cache-dir", str(machine.root / "cache-of-builds"))
    image = ("image", "--image-src", "remote", f"{registry.host}/a/b:1", "--debug")

    ended = [
        machine.run(*image, *flags, "--format", format_, environ=environ)
        for format_ in ("json", "cosign-vuln", "table")
    ]

    assert [each.code for each in ended] == [0, 0, 0], ended[0].err
    assert b"ci.test" in ended[1].out
    check(machine, *ended)
