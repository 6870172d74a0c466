"""A credential that a program gives, or that is around it, is in no error, in no cause of one, and in no warning."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.support.commands import key_file
from tests.support.loopback import Loopback
from tests.support.programs import Surroundings
from tests.support.repeating import CANARY, SPELLINGS, USER, repeat

import assaymark

GIVEN = {
    "a password": assaymark.Credentials(USER, CANARY),
    "a token": assaymark.Credentials(token=CANARY),
}


@pytest.fixture(params=[401, 403], ids=lambda status: f"answered with {status}")
def server(request: pytest.FixtureRequest) -> Iterator[Loopback]:
    with Loopback(lambda asked: repeat(asked, request.param)) as running:
        yield running


def leaks(error: BaseException) -> list[str]:
    """Spellings of the canary in what Python prints of an exception that nobody catches."""
    printed = "".join(traceback.format_exception(error)) + getattr(error, "hint", "")
    return [spelling for spelling in SPELLINGS for line in printed.splitlines() if spelling in line]


@pytest.mark.parametrize("credentials", GIVEN.values(), ids=GIVEN)
@pytest.mark.parametrize("name", ["scan", "attest", "verify"])
def test_what_a_registry_repeats(
    server: Loopback, around: Surroundings, name: str, credentials: assaymark.Credentials
) -> None:
    image = server.url.removeprefix("http://") + "/a/b:1"
    asked: dict[str, Any] = {"settings": around.settings(credentials=credentials, environ={"TOKEN": CANARY})}
    calls: dict[str, Callable[[], object]] = {
        "scan": lambda: assaymark.scan(image, **asked),
        "attest": lambda: assaymark.attest(image, b"{}", key=around.key, password=CANARY, **asked),
        "verify": lambda: assaymark.verify(image, key=around.public, **asked),
    }
    with pytest.raises(assaymark.Error) as caught:
        calls[name]()
    assert server.requests
    assert leaks(caught.value) == []
    assert "***" in str(caught.value)


@pytest.mark.parametrize("key", ["hashivault://canary", "gitlab://1"])
def test_what_a_service_repeats_that_keeps_keys(server: Loopback, around: Surroundings, key: str) -> None:
    environ = {"VAULT_TOKEN": CANARY, "VAULT_ADDR": server.url, "GITLAB_TOKEN": CANARY, "GITLAB_HOST": server.url}
    settings, image = around.settings(environ=environ), around.image()
    with pytest.raises(assaymark.Error) as caught:
        assaymark.verify(image, key=key, settings=settings)
    assert leaks(caught.value) == []
    with pytest.raises(assaymark.Error) as refused:
        assaymark.attest(image, b"{}", key=key, type="custom", settings=settings)
    assert leaks(refused.value) == []


def test_a_key_that_does_not_open(around: Surroundings) -> None:
    (around.folder / "broken.key").write_bytes(key_file()[:60] + CANARY.encode())
    for file, password in (("ours.key", CANARY), ("broken.key", CANARY)):
        with pytest.raises(assaymark.Error) as caught:
            assaymark.attest(
                around.image(),
                b"{}",
                key=str(around.folder / file),
                password=password,
                type="custom",
                settings=around.settings(),
            )
        assert leaks(caught.value) == []
