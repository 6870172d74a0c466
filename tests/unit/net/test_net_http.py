"""The HTTP client against real servers on loopback: retries, redirects, certificates, proxies, time limits."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.proxy import Proxy
from tests.support.registry import Fault, MemoryRegistry
from tests.support.tls import Authority

from assaymark.errors import LimitError, LocalError, NetworkError, UsageError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.net.address import Locality
from assaymark.net.attempt import CertificateError, PlainTextError
from assaymark.net.http import Http
from assaymark.net.network import TransferError
from assaymark.net.proxies import proxies_from
from assaymark.net.tls import TlsOptions, tls_from

SECRETS = {"Authorization": "Bearer canary-token", "Cookie": "canary-cookie"}


def client(**keywords: Any) -> Http:
    """A client that never sleeps."""
    return Http(**{"sleep": lambda seconds: None, **keywords})


def limits(**changes: float) -> Limits:
    return msgspec.structs.replace(DEFAULT_LIMITS, **changes)


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as running:
        yield running


def get(http: Http, url: str, **keywords: Any) -> tuple[int, bytes]:
    with http.request("GET", url, **keywords) as response:
        return response.status, response.bounded(100_000, what="reply")


def test_a_request_says_who_we_are(registry: MemoryRegistry) -> None:
    assert get(client(), f"{registry.url}/v2/") == (200, b"{}")
    sent = registry.requests[0].headers
    assert sent["user-agent"].startswith("assaymark/")
    assert sent["accept-encoding"] == "identity"


def test_failures_are_asked_again_and_the_last_answer_is_given(registry: MemoryRegistry) -> None:
    slept: list[float] = []
    registry.fail(503, times=-1, headers={"Retry-After": "2"})
    with client(sleep=slept.append).request("GET", f"{registry.url}/v2/") as response:
        assert (response.status, response.tries, slept) == (503, 5, [2.0] * 4)


@pytest.mark.parametrize(
    ("status", "method", "repeatable", "count"),
    [
        pytest.param(503, "POST", None, 1, id="a POST is not repeated"),
        pytest.param(503, "POST", True, 2, id="unless the caller says that it may"),
        pytest.param(429, "PUT", None, 2, id="what was turned away is repeated"),
        pytest.param(404, "GET", None, 1, id="an answer is an answer"),
    ],
)
def test_what_is_repeated(
    registry: MemoryRegistry, status: int, method: str, repeatable: bool | None, count: int
) -> None:
    registry.fail(status, times=1)
    client().request(method, f"{registry.url}/v2/", body=b"x", repeatable=repeatable).close()
    assert len(registry.requests) == count


def test_connections_are_shared(registry: MemoryRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Any] = []
    connect = socket.socket.connect

    def counted(self: socket.socket, address: Any) -> None:
        opened.append(address)
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", counted)
    http = client()
    for _ in range(3):
        get(http, f"{registry.url}/v2/")
    http.close()
    assert len(opened) == 1


def test_credentials_stay_with_their_origin(registry: MemoryRegistry) -> None:
    with MemoryRegistry() as other:
        registry.fault(Fault(status=307, headers={"Location": f"{other.url}/v2/"}))
        other.fault(Fault(status=302, headers={"Location": f"{registry.url}/v2/again"}))
        get(client(), f"{registry.url}/v2/", headers=SECRETS)
        registry.fault(Fault(status=307, headers={"Location": "/v2/"}))
        get(client(), f"{registry.url}/v2/", headers=SECRETS)
    carried = [request.headers.get("authorization") for request in registry.requests]
    assert carried == ["Bearer canary-token", None, "Bearer canary-token", "Bearer canary-token"]
    assert not {"authorization", "cookie"} & set(other.requests[0].headers)


def test_a_post_follows_only_redirects_that_keep_it(registry: MemoryRegistry) -> None:
    registry.fault(Fault(status=302, headers={"Location": "/v2/"}))
    assert client().request("POST", f"{registry.url}/v2/", body=b"x").status == 302
    registry.fault(Fault(status=307, headers={"Location": "/v2/"}))
    client().request("POST", f"{registry.url}/v2/", body=b"x").close()
    assert [request.body for request in registry.requests] == [b"x", b"x", b"x"]


@pytest.mark.parametrize(
    ("location", "message"),
    [
        pytest.param("http://169.254.169.254/latest/", "metadata", id="the metadata service"),
        pytest.param("file:///etc/passwd", "not an http", id="a file"),
        pytest.param("/v2/", "more than 10 times", id="for ever"),
        pytest.param("http://u:canary@0xa9fea9fe/?canary", "metadata", id="the metadata service as a number"),
    ],
)
def test_redirects_that_are_refused(registry: MemoryRegistry, location: str, message: str) -> None:
    registry.fault(Fault(times=-1, status=307, headers={"Location": location}))
    with pytest.raises(NetworkError, match=message) as caught:
        get(client(), f"{registry.url}/v2/")
    assert "canary" not in str(caught.value)
    assert len(registry.requests) <= 11


def test_a_name_that_leads_to_a_refused_address(registry: MemoryRegistry) -> None:
    def resolve(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        address = {"rebound.example": "169.254.169.254", "inside.example": "10.0.0.1"}[host]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    http = client(resolve=resolve)
    with pytest.raises(NetworkError, match="link-local or metadata"):
        get(http, "http://rebound.example/")
    with pytest.raises(NetworkError, match=r"private address `10\.0\.0\.1`"):
        get(http, "http://inside.example/", nearest=Locality.PUBLIC)
    with pytest.raises(NetworkError, match="private address"):
        get(http, f"{registry.url}/", nearest=Locality.PRIVATE)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        pytest.param("http://127.0.0.1:1/x?canary", "connection refused", id="nobody listens"),
        pytest.param("http://nowhere.invalid/x?canary", "does not resolve", id="no such name"),
    ],
)
def test_nobody_answers(url: str, reason: str) -> None:
    def resolve(host: str, port: int, **keywords: Any) -> Any:
        if host.endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return socket.getaddrinfo(host, port, **keywords)

    with pytest.raises(NetworkError, match=reason) as caught:
        get(client(resolve=resolve), url)
    assert "canary" not in str(caught.value)


def test_a_header_that_does_not_come(registry: MemoryRegistry) -> None:
    registry.fault(Fault(delay=10))
    begun = time.monotonic()
    with pytest.raises(NetworkError, match="no answer in time"):
        get(client(limits=limits(first_byte_seconds=0.2, retry_tries=1)), f"{registry.url}/v2/")
    assert time.monotonic() - begun < 3


def test_a_header_that_drips_is_cut_off() -> None:
    import threading

    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                while not stop.wait(0.05):
                    try:
                        connection.sendall(b"H")
                    except OSError:
                        return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        begun = time.monotonic()
        with pytest.raises(NetworkError):
            get(
                client(limits=limits(first_byte_seconds=0.5, retry_tries=1)),
                f"http://127.0.0.1:{server.getsockname()[1]}/",
            )
        stop.set()
        thread.join(5)
    assert time.monotonic() - begun < 3


def test_a_body_that_drips_is_a_stall(registry: MemoryRegistry) -> None:
    registry.fault(Fault(body=b"x" * 200, byte_delay=0.02))
    http = client(limits=limits(stall_seconds=0.3))
    with http.request("GET", f"{registry.url}/v2/") as response, pytest.raises(TransferError, match="stalled"):
        response.read()


def test_a_body_that_breaks_off_and_one_without_end(registry: MemoryRegistry) -> None:
    registry.fault(Fault(body=b"x" * 100, cut_after=10))
    with client().request("GET", f"{registry.url}/v2/") as response, pytest.raises(TransferError, match="broke off"):
        response.read()
    registry.fault(Fault(endless=True))
    with client().request("GET", f"{registry.url}/v2/") as response, pytest.raises(LimitError):
        response.bounded(1000, what="endless")


def test_certificates(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with MemoryRegistry(tls=authority.server("127.0.0.1")) as secure, MemoryRegistry() as plain:
        trusted = TlsOptions(authorities=(authority.file,))
        assert get(client(tls=trusted), f"{secure.url}/v2/")[0] == 200
        assert get(client(tls=tls_from({"SSL_CERT_FILE": str(authority.file)})), f"{secure.url}/v2/")[0] == 200
        assert get(client(tls=TlsOptions(insecure=True)), f"{secure.url}/v2/")[0] == 200
        with pytest.raises(CertificateError, match="does not verify") as caught:
            get(client(), f"{secure.url}/v2/")
        assert "--cacert" in caught.value.hint
        with pytest.raises(CertificateError):
            get(client(tls=msgspec.structs.replace(trusted, server_name="other")), f"{secure.url}/v2/")
        with pytest.raises(PlainTextError):
            get(client(), plain.url.replace("http:", "https:"))
        assert len(secure.requests) == 3


def test_a_folder_for_the_host_and_client_certificates(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.certify("me", client=True)
    with MemoryRegistry(tls=authority.server("127.0.0.1", clients=True)) as registry:
        folder = tmp_path / "certs.d" / registry.host
        folder.mkdir(parents=True)
        (folder / "ca.crt").write_bytes(authority.file.read_bytes())
        by_folder = TlsOptions(host_folders=(tmp_path / "certs.d",))
        with pytest.raises(NetworkError):
            get(client(tls=by_folder), f"{registry.url}/v2/")
        (folder / "me.cert").write_bytes(certificate.read_bytes())
        with pytest.raises(LocalError, match=r"me\.key"):
            get(client(tls=by_folder), f"{registry.url}/v2/")
        (folder / "me.key").write_bytes(key.read_bytes())
        assert get(client(tls=by_folder), f"{registry.url}/v2/")[0] == 200
        own = TlsOptions(certificate=certificate, key=key)
        trusted = TlsOptions(authorities=(authority.file,))
        assert get(client(tls=trusted), f"{registry.url}/v2/", tls=own)[0] == 200


def test_a_folder_of_trusted_certificates(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    folder = tmp_path / "trusted"
    folder.mkdir()
    (folder / f"{authority.subject_hash}.0").write_bytes(authority.file.read_bytes())
    with MemoryRegistry(tls=authority.server("127.0.0.1")) as registry:
        environ = {"SSL_CERT_DIR": f"/nonexistent:{folder}"}
        assert get(client(tls=tls_from(environ)), f"{registry.url}/v2/")[0] == 200


def test_certificates_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "bad.pem").write_text("nothing")
    with pytest.raises(UsageError, match="no certificate"):
        get(client(tls=TlsOptions(authorities=(tmp_path / "bad.pem",))), "https://127.0.0.1:1/")
    with pytest.raises(LocalError, match="no such file"):
        get(client(tls=TlsOptions(authorities=(tmp_path / "none.pem",))), "https://127.0.0.1:1/")


def test_proxies(registry: MemoryRegistry, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with (
        MemoryRegistry(tls=authority.server("secure.example")) as secure,
        Proxy(
            {"plain.example:80": registry.port, "secure.example:443": secure.port}, user="u", password="canary"
        ) as proxy,
    ):
        address = proxy.url.replace("//", "//u:canary@")
        rules = proxies_from({"ALL_PROXY": address})
        http = client(proxies=rules, tls=TlsOptions(authorities=(authority.file,)))
        assert get(http, "http://plain.example/v2/")[0] == get(http, "https://secure.example/v2/")[0] == 200
        assert proxy.asked == ["GET plain.example:80", "CONNECT secure.example:443"] or len(proxy.asked) == 2
        assert "proxy-authorization" not in {**registry.requests[0].headers, **secure.requests[0].headers}
        assert http.locality("secure.example") is Locality.UNKNOWN
        wrong = client(proxies=proxies_from({"ALL_PROXY": proxy.url}))
        with pytest.raises(NetworkError, match="the proxy wants a user and a password"):
            get(wrong, "https://secure.example/v2/")
        with pytest.raises(NetworkError, match="the proxy failed") as caught:
            get(http, "https://elsewhere.example/v2/")
        assert "canary" not in f"{caught.value} {caught.value.hint}"


def test_nothing_secret_is_logged(registry: MemoryRegistry, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="assaymark")
    registry.fail(503)
    get(client(), f"{registry.url}/v2/?X-Signature=canary", headers=SECRETS)
    assert "status 503, once more" in caplog.text
    assert "canary" not in caplog.text
