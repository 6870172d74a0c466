"""People who sign in: they read what they are shown and do it."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec
from tests.support.browsers import fetch

from assaymark.attest.sigstore.oidc.flow import Person
from assaymark.limits import DEFAULT_LIMITS

QUICK = msgspec.structs.replace(DEFAULT_LIMITS, login_seconds=5.0, workload_seconds=2.0, retry_tries=2)

_URL = re.compile(r"http://\S+")
_CODE = re.compile(r"<code>([^<]+)</code>")


class Somebody:
    """Opens every page that it is shown, on a device of its own, as `account`.

    Attributes:
        said: what it was shown and asked.
    """

    def __init__(self, *, account: str = "", code: str = "") -> None:
        self._account = account
        self._code = code
        self.said: list[str] = []

    def person(self, browser: Callable[[str], bool] | None = None) -> Person:
        """How assaymark sees it."""
        return Person(show=self._show, ask=self._ask, open_browser=browser)

    def _show(self, text: str) -> None:
        self.said.append(text)
        found = _URL.search(text)
        if found is None or not self._account:
            return
        _, page, _ = fetch(f"{found.group()}&account={self._account}")
        code = _CODE.search(page)
        self._code = code.group(1) if code else self._code

    def _ask(self, question: str) -> str:
        self.said.append(question)
        return self._code
