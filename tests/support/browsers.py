"""A browser without a screen: it opens a page on a thread of its own and follows where it is sent."""

from __future__ import annotations

import threading
from http.client import HTTPConnection
from urllib.parse import urljoin, urlsplit

_HOPS = 10


class Browser:
    """Call it with a URL, as a program opens a browser.

    Attributes:
        pages: status and text of the last page of each visit.
        opened: the URLs that it was called with.
    """

    def __init__(self, *, account: str = "", works: bool = True) -> None:
        self._account = account
        self._works = works
        self._threads: list[threading.Thread] = []
        self.opened: list[str] = []
        self.pages: list[tuple[int, str]] = []

    def __call__(self, url: str) -> bool:
        self.opened.append(url)
        if self._works:
            chosen = f"{url}&account={self._account}" if self._account else url
            thread = threading.Thread(target=self._visit, args=(chosen,), daemon=True)
            self._threads.append(thread)
            thread.start()
        return self._works

    def finish(self) -> None:
        """Wait until every visit is over."""
        for thread in self._threads:
            thread.join(10)

    def _visit(self, url: str) -> None:
        for _ in range(_HOPS):
            status, text, location = fetch(url)
            if not location:
                self.pages.append((status, text))
                return
            url = urljoin(url, location)


def fetch(url: str, *, method: str = "GET", host: str = "") -> tuple[int, str, str]:
    """Status, text and `Location` of one answer; redirects are not followed."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port or 80, timeout=5)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, headers={"Host": host} if host else {})
        answer = connection.getresponse()
        return answer.status, answer.read(100_000).decode(), answer.getheader("Location", "")
    finally:
        connection.close()
