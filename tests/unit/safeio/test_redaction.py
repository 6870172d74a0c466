from __future__ import annotations

import base64
import time

import pytest

from assaymark.safeio.redaction import (
    FLAGS,
    VARIABLES,
    Redaction,
    secrets_of_arguments,
    secrets_of_environment,
    strip_user_info,
)

CANARY = "c4nary+S3cret/4711="


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Authorization: Basic am9lOnB3", "Authorization: Basic ***"),
        ("{'Authorization': 'Bearer abc.def'}", "{'Authorization': 'Bearer ***'}"),
        ('"authorization":["Bearer abc"]', '"authorization":["Bearer ***"]'),
        ("Proxy-Authorization: Basic am9lOnB3", "Proxy-Authorization: Basic ***"),
        ("X-Registry-Auth: eyJ1Ijoi", "X-Registry-Auth: ***"),
        ("PRIVATE-TOKEN: abcdef", "PRIVATE-TOKEN: ***"),
        ("sent Basic am9lOnBhc3M= to it", "sent Basic *** to it"),
        ("sent Bearer 0123456789abcdef0 to it", "sent Bearer *** to it"),
        ("https://joe:pw@host/v2/", "https://***@host/v2/"),
        ("https://token@host/v2/", "https://***@host/v2/"),
        ("https://joe:p@w@host/v2/", "https://***@host/v2/"),
        ("GET /x?scope=a&token=abc&y=1", "GET /x?scope=a&token=***&y=1"),
        ("https://s3/x?X-Amz-Signature=abc&X-Amz-Date=1", "https://s3/x?X-Amz-Signature=***&X-Amz-Date=1"),
        ("https://blob/x?sv=1&sig=a%2Bb", "https://blob/x?sv=1&sig=***"),
        ("password=hunter2, user=joe", "password=***, user=joe"),
        ("COSIGN_PASSWORD=hunter2", "COSIGN_PASSWORD=***"),
        ('{"identitytoken": "abc", "n": 1}', '{"identitytoken": "***", "n": 1}'),
        ("--password hunter2 --username joe", "--password *** --username joe"),
        ("--registry-token=abc", "--registry-token=***"),
        ("got eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln now", "got *** now"),
        ("ghp_0123456789abcdefABCDEF", "***"),
        ("a -----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY----- b", "a *** b"),
        ("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\neyJr", "***"),
    ],
)
def test_what_looks_like_a_credential_is_taken_out(text: str, cleaned: str) -> None:
    assert Redaction().clean(text) == cleaned
    assert Redaction().clean(cleaned) == cleaned


@pytest.mark.parametrize(
    "text",
    [
        'WWW-Authenticate: Bearer realm="https://auth.example/token",service="r"',
        "the registry wants Basic authentication",
        "no token: use `--registry-token`",
        "git@github.com:org/repo.git",
        "pkg:npm/%40scope/name@1.0",
        "alpine@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "https://host/a@b/c",
        "-----BEGIN PUBLIC KEY-----\nMFk",
        "the signature is wrong",
    ],
)
def test_what_is_no_credential_stays(text: str) -> None:
    assert Redaction().clean(text) == text


@pytest.mark.parametrize(
    "text",
    [
        CANARY,
        f"a{CANARY}b",
        "c4nary%2BS3cret%2F4711%3D",
        base64.b64encode(CANARY.encode()).decode(),
    ],
    ids=["as it is", "inside a word", "percent-encoded", "base64"],
)
def test_a_known_value_is_taken_out_in_every_spelling(text: str) -> None:
    cleaned = Redaction([CANARY]).clean(text)
    assert "***" in cleaned
    assert "4711" not in cleaned
    assert "YzRuYXJ5" not in cleaned


def test_of_two_values_the_longer_is_taken_out_whole() -> None:
    assert Redaction(["a-secret", "a-secret-longer"]).clean("a-secret-longer a-secret") == "*** ***"


def test_values_may_be_bytes_and_come_with_a_line_feed() -> None:
    redaction = Redaction()
    redaction.add(b"from-a-file\n")
    assert redaction.clean("[from-a-file]") == "[***]"


def test_very_short_values_are_not_searched_for() -> None:
    assert Redaction(["a", "abc", ""]).clean("abc banana") == "abc banana"


@pytest.mark.parametrize("name", sorted(VARIABLES))
def test_every_documented_credential_variable_is_known(name: str) -> None:
    assert list(secrets_of_environment({name: CANARY, "HOME": "/root", "PATH": "/bin"})) == [CANARY]


@pytest.mark.parametrize(
    ("environ", "secrets"),
    [
        ({"NPM_TOKEN": CANARY}, [CANARY]),
        ({"MY_API_KEY": CANARY}, [CANARY]),
        ({"USE_TOKEN": "true"}, []),
        ({"https_proxy": "http://joe:p%40ss@proxy:3128"}, ["p%40ss", "p@ss"]),
        ({"HTTPS_PROXY": "joe:pass@proxy:3128"}, ["pass", "pass"]),
        ({"HTTP_PROXY": "http://proxy:3128"}, []),
    ],
    ids=[
        "a token by its name",
        "a key by its name",
        "a switch",
        "a proxy's password",
        "without scheme",
        "without user",
    ],
)
def test_other_variables_are_known_by_their_name(environ: dict[str, str], secrets: list[str]) -> None:
    assert list(secrets_of_environment(environ)) == secrets


@pytest.mark.parametrize("flag", sorted(FLAGS))
def test_every_credential_flag_is_known_in_both_spellings(flag: str) -> None:
    assert list(secrets_of_arguments(["image", f"--{flag}", CANARY, "alpine"])) == [CANARY]
    assert list(secrets_of_arguments(["image", f"--{flag}={CANARY}", "alpine"])) == [CANARY]


def test_passwords_in_urls_of_the_command_line_are_known_and_nothing_else() -> None:
    assert list(secrets_of_arguments(["repo", f"https://joe:{CANARY[:-1]}@host/x", "--vex=https://host/a@b"])) == []
    assert list(secrets_of_arguments(["repo", "https://joe:canary@host/x", "--password"])) == ["canary", "canary", ""]
    assert list(secrets_of_arguments(["joe:canary@host/x", "-pcanary"])) == ["canary", "canary", "canary"]
    assert list(secrets_of_arguments(["alpine:3.10", f"alpine:edge-2026@sha256:{'a' * 64}"])) == []


def test_urls_lose_their_user_info_and_their_secret_parameters() -> None:
    assert strip_user_info("https://joe:pw@host/x?token=abc&y=1") == "https://host/x?token=***&y=1"
    assert strip_user_info("oci://host/x") == "oci://host/x"


@pytest.mark.parametrize(
    "bait",
    ["a" * 200_000, "a://" * 50_000, "?token" * 40_000, '"' * 200_000, "--" * 100_000, "-----BEGIN PRIVATE KEY-----" * 2_000, "Basic " * 40_000, "eyJ" * 70_000, "a-" * 100_000],
)  # fmt: skip
def test_hostile_text_is_cleaned_in_linear_time(bait: str) -> None:
    began = time.process_time()
    Redaction([CANARY]).clean(bait)
    assert time.process_time() - began < 3.0
