"""The listener that a browser comes back to: what it takes, what it refuses, and when it ends."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec
import pytest
from tests.support.browsers import fetch

from assaymark.errors import LocalError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.net.loopback import Listener, listen


def accept(query: dict[str, str]) -> str | None:
    """Awaits `?ours=…`."""
    return f"Thank you & <good> bye, {query['ours']}" if "ours" in query else None


def in_background(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def visited(listener: Listener, *visits: Callable[[], object], seconds: float = 5.0) -> bool:
    """Whether the awaited came while these visits were made, one after the other."""
    thread = in_background(lambda: [visit() for visit in visits])
    came = listener.wait(accept, seconds=seconds)
    thread.join(5)
    return came


def raw(listener: Listener, data: bytes) -> bytes:
    """What is answered to these very bytes."""
    with socket.create_connection(("127.0.0.1", listener.port), timeout=5) as connection:
        connection.sendall(data)
        return connection.makefile("rb").read()


def test_the_awaited_query_is_taken_and_answered() -> None:
    pages: list[tuple[int, str, str]] = []
    with listen("/back") as listener:
        assert listener.url == f"http://localhost:{listener.port}/back"
        assert visited(listener, lambda: pages.append(fetch(f"{listener.url}?ours=Zo%C3%AB&empty=")))
    status, text, _ = pages[0]
    assert status == 200
    assert "<p>Thank you &amp; &lt;good&gt; bye, Zoë</p>" in text


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "LOCALHOST"])
def test_this_machine_has_several_names(host: str) -> None:
    statuses: list[int] = []
    with listen("/back") as listener:
        name = f"{host}:{listener.port}"
        assert visited(listener, lambda: statuses.append(fetch(f"{listener.url}?ours=x", host=name)[0]))
    assert statuses == [200]


def test_it_can_be_reached_over_both_kinds_of_addresses() -> None:
    with listen("/back") as listener:
        if len(listener._sockets) == 1:
            pytest.skip("there is no IPv6 here")
        assert visited(listener, lambda: fetch(f"http://[::1]:{listener.port}/back?ours=x"))


def test_nobody_else_on_the_network_can_reach_it() -> None:
    with listen("/back") as listener:
        bound = {opened.getsockname()[0] for opened in listener._sockets}
    assert bound <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize(
    ("request_line", "fields", "status"),
    [
        pytest.param("GET /back?theirs=1 HTTP/1.1", "Host: {host}", 400, id="a query that nobody awaits"),
        pytest.param("GET /other?ours=1 HTTP/1.1", "Host: {host}", 404, id="another path"),
        pytest.param("POST /back?ours=1 HTTP/1.1", "Host: {host}", 405, id="another method"),
        pytest.param("GET /back?ours=1 HTTP/1.1", "Host: evil.test", 400, id="a name that was bent to us"),
        pytest.param("GET /back?ours=1 HTTP/1.1", "Host: localhost:1", 400, id="another port"),
        pytest.param("GET /back?ours=1 HTTP/1.1", "X: y", 400, id="no host"),
        pytest.param("GET /back?ours=1 HTTP/1.1", "Host: {host}\r\nHost: {host}", 400, id="two hosts"),
        pytest.param("GET /back?ours=1", "Host: {host}", 400, id="no version"),
        pytest.param("GET /back?ours=1&ours=2 HTTP/1.1", "Host: {host}", 400, id="a name twice"),
        pytest.param("GET /back?" + "a&" * 30 + "ours=1 HTTP/1.1", "Host: {host}", 400, id="too many names"),
        pytest.param("GET http://[bad/back?ours=1 HTTP/1.1", "Host: {host}", 400, id="no URL"),
        pytest.param("\x16\x03\x01", "", 400, id="TLS"),
    ],
)
def test_everything_else_changes_nothing(request_line: str, fields: str, status: int) -> None:
    with listen("/back") as listener:
        host = f"localhost:{listener.port}"
        data = f"{request_line}\r\n{fields.format(host=host)}\r\n\r\n".encode("latin-1")
        answers: list[bytes] = []
        assert not visited(listener, lambda: answers.append(raw(listener, data)), seconds=0.3)
        assert answers[0].startswith(f"HTTP/1.1 {status} ".encode())
        assert visited(listener, lambda: fetch(f"{listener.url}?ours=1"))


def test_a_request_may_come_in_pieces() -> None:
    with listen("/back") as listener:

        def dribble() -> None:
            with socket.create_connection(("127.0.0.1", listener.port), timeout=5) as connection:
                for piece in (
                    b"GET /back?ou",
                    b"rs=1 HTTP/1.1\r\nHost: ",
                    f"localhost:{listener.port}\r\n\r".encode(),
                    b"\n",
                ):
                    connection.sendall(piece)
                    time.sleep(0.02)
                connection.recv(10)

        assert visited(listener, dribble)


def test_a_head_without_end_is_cut_off() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, callback_bytes=1000)
    with listen("/back", limits=limits) as listener:

        def flood() -> None:
            with socket.create_connection(("127.0.0.1", listener.port), timeout=5) as connection:
                try:
                    for _ in range(1000):
                        connection.sendall(b"x" * 10_000)
                except OSError:
                    return
                raise AssertionError("it read everything")

        assert visited(listener, flood, lambda: fetch(f"{listener.url}?ours=1"))


def test_connections_that_say_nothing_do_not_hold_it_up() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, callback_connections=4)
    with listen("/back", limits=limits) as listener:
        silent: list[socket.socket] = []

        def crowd() -> None:
            silent.extend(socket.create_connection(("127.0.0.1", listener.port), timeout=5) for _ in range(10))

        begun = time.monotonic()
        assert visited(listener, crowd, lambda: fetch(f"{listener.url}?ours=1"))
        assert time.monotonic() - begun < 3
        for connection in silent:
            connection.close()


def test_who_leaves_at_once_is_no_trouble() -> None:
    with listen("/back") as listener:

        def leave() -> None:
            connection = socket.create_connection(("127.0.0.1", listener.port), timeout=5)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            connection.sendall(b"GET")
            connection.close()

        assert visited(listener, leave, lambda: fetch(f"{listener.url}?ours=1"))


def test_the_wait_ends() -> None:
    with listen("/back") as listener:
        begun = time.monotonic()
        assert not listener.wait(accept, seconds=0.2)
        assert 0.1 < time.monotonic() - begun < 2


def test_a_port_of_one_s_choice() -> None:
    with listen("/back") as probe:
        port = probe.port
    with listen("/back", port=port) as listener:
        assert urlsplit(listener.url).port == port
        with pytest.raises(LocalError, match=f"cannot listen on port {port}") as caught, listen("/x", port=port):
            pass
        assert "device" in caught.value.hint
