"""A Sigstore on loopback, and what signing needs from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.support.people import QUICK
from tests.support.sigstore.accounts import Account, google
from tests.support.sigstore.fake import FakeSigstore
from tests.support.sigstore.switches import Switch

from assaymark.attest.sigstore.disclosure import Consent
from assaymark.attest.sigstore.oidc.token import IdentityToken, parse_token
from assaymark.attest.sigstore.pending import PendingStore
from assaymark.attest.sigstore.sign import Surroundings
from assaymark.net.http import Http
from assaymark.net.secret import Secret


@pytest.fixture
def fake() -> Iterator[FakeSigstore]:
    with FakeSigstore() as running:
        yield running


@pytest.fixture
def http() -> Iterator[Http]:
    """A client that never sleeps and tries twice."""
    client = Http(limits=QUICK, sleep=lambda _: None)
    yield client
    client.close()


@pytest.fixture
def shown() -> list[str]:
    """What was disclosed."""
    return []


@pytest.fixture
def around(http: Http, shown: list[str], tmp_path: Path) -> Surroundings:
    """The user said yes beforehand; time and randomness are real."""
    consent = Consent(confirmed=True, terminal=False, show=shown.append, ask=lambda _: False)
    return Surroundings(network=http, consent=consent, pending=PendingStore(tmp_path / "pending"), limits=QUICK)


@pytest.fixture
def token_of(fake: FakeSigstore) -> Callable[..., IdentityToken]:
    """Makes tokens of accounts at the fake."""

    def make(account: Account | None = None, *switches: Switch) -> IdentityToken:
        return parse_token(Secret(fake.instance.token(account or google(), *switches)), source="the test")

    return make
