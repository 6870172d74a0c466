"""URLs, addresses, proxies, secrets and waits: the pure part of the network."""

from __future__ import annotations

import copy
import pickle
import socket
from collections.abc import Mapping

import msgspec
import pytest

from assaymark.errors import NetworkError, OfflineError, UsageError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.net.address import Locality, is_loopback, locality, refuse_address, refuse_host
from assaymark.net.network import NoNetwork
from assaymark.net.proxies import Proxy, ProxyRules, SpecialProxy, proxies_from, proxy_variables
from assaymark.net.retry import Retries, is_worth_repeating
from assaymark.net.secret import Secret
from assaymark.net.url import parse_url, shown


@pytest.mark.parametrize(
    ("text", "full"),
    [
        pytest.param("HTTPS://Example.ORG:443/a?b#c", "https://example.org/a?b", id="case, default port and fragment"),
        pytest.param("http://u:p@example.org:81", "http://example.org:81/", id="user-info is dropped"),
        pytest.param("http://[::1]:5000/x", "http://[::1]:5000/x", id="IPv6"),
        pytest.param("https://example.org./x", "https://example.org/x", id="a trailing dot"),
    ],
)
def test_urls(text: str, full: str) -> None:
    assert parse_url(text).full == full


@pytest.mark.parametrize(
    "text",
    [
        "file:///etc/passwd", "ftp://example.org/", "https:///x", "https://", "x", "http://a:99999/", "http://a:b/",
        "https://exa mple.org/", "https://example.org/a b", "https://example.org/é", "http://[::1/", "https://ex\\ample/",
    ],
)  # fmt: skip
def test_what_is_no_url(text: str) -> None:
    with pytest.raises(NetworkError):
        parse_url(text)


def test_relative_urls_and_what_is_shown() -> None:
    base = parse_url("https://example.org/v2/")
    target = parse_url("../x?X-Amz-Signature=canary", base=base)
    assert (target.full, str(target)) == ("https://example.org/x?X-Amz-Signature=canary", "https://example.org/x")
    assert repr(target) == str(target)
    assert shown("https://u:canary@example.org/a\x1b?canary") == "https://example.org/a\\x1b"


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254", "0xa9fea9fe", "2852039166", "169.254.43518", "0251.0376.0251.0376", "fe80::1", "fe80::1%eth0",
        "::ffff:169.254.169.254", "[fd00:ec2::254]", "100.100.100.200", "168.63.129.16", "metadata.google.internal",
        "METADATA.google.internal.",
    ],
)  # fmt: skip
def test_metadata_addresses_are_refused_in_every_spelling(host: str) -> None:
    with pytest.raises(NetworkError, match="metadata"):
        refuse_host(host)


def test_what_dns_gives_is_looked_at_too() -> None:
    refuse_address("93.184.216.34", host="example.org")
    for address in ("169.254.169.254", "fe80::1", "nonsense"):
        with pytest.raises(NetworkError, match=r"example\.org"):
            refuse_address(address, host="example.org")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        pytest.param("localhost", True, id="localhost"),
        pytest.param("registry.localhost", True, id="below localhost"),
        pytest.param("127.9.9.9", True, id="127/8"),
        pytest.param("::1", True, id="IPv6"),
        pytest.param("0x7f000001", True, id="hexadecimal"),
        pytest.param("localhost.example.org", False, id="a name that begins so"),
        pytest.param("10.0.0.1", False, id="private"),
        pytest.param("registry.local", False, id="multicast DNS is somebody else"),
    ],
)
def test_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("host", "answers", "expected"),
    [
        ("127.0.0.1", [], Locality.LOOPBACK),
        ("192.168.0.1", [], Locality.PRIVATE),
        ("93.184.216.34", [], Locality.PUBLIC),
        ("a.example", ["93.184.216.34"], Locality.PUBLIC),
        ("a.example", ["93.184.216.34", "10.0.0.1"], Locality.PRIVATE),
        ("a.example", [], Locality.UNKNOWN),
    ],
)
def test_how_near_a_host_is(host: str, answers: list[str], expected: Locality) -> None:
    def resolve(name: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        if not answers:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answer, 0)) for answer in answers]

    assert locality(host, resolve=resolve) is expected


BOTH = {"HTTP_PROXY": "http://plain:3128", "https_proxy": "secure:3129"}


@pytest.mark.parametrize(
    ("environ", "url", "proxy"),
    [
        pytest.param(BOTH, "http://a.org/", "http://plain:3128", id="http"),
        pytest.param(BOTH, "https://a.org/", "http://secure:3129", id="https, lower case, without a scheme"),
        pytest.param({"ALL_PROXY": "https://all"}, "https://a.org/", "https://all:443", id="one for all"),
        pytest.param({**BOTH, "ALL_PROXY": "http://all:1"}, "http://a.org/", "http://plain:3128", id="special first"),
        pytest.param({**BOTH, "http_proxy": "http://b:1"}, "http://a.org/", "http://plain:3128", id="upper case first"),
        pytest.param({**BOTH, "REQUEST_METHOD": "GET"}, "http://a.org/", None, id="HTTP_PROXY inside CGI"),
        pytest.param(BOTH, "http://localhost:5000/", None, id="loopback by name"),
        pytest.param(BOTH, "http://127.0.0.1:5000/", None, id="loopback by address"),
        pytest.param({}, "https://a.org/", None, id="no proxy at all"),
    ],
)
def test_which_proxy(environ: Mapping[str, str], url: str, proxy: str | None) -> None:
    found = proxies_from(environ).find(parse_url(url))
    assert (found.url if found else None) == proxy


@pytest.mark.parametrize(
    ("no_proxy", "url", "direct"),
    [
        pytest.param("*", "https://a.org/", True, id="everything"),
        pytest.param("a.org", "https://a.org/", True, id="a name"),
        pytest.param("a.org", "https://b.A.org/", True, id="its subdomains"),
        pytest.param("a.org", "https://ba.org/", False, id="not what ends alike"),
        pytest.param(".a.org", "https://a.org/", False, id="only subdomains, by a dot"),
        pytest.param("*.a.org", "https://b.a.org/", True, id="only subdomains, by a star"),
        pytest.param(" x , a.org:8443", "https://a.org:8443/", True, id="with its port, after another"),
        pytest.param("a.org:8443", "https://a.org/", False, id="with another port"),
        pytest.param("10.0.0.0/8", "https://10.1.2.3/", True, id="a range"),
        pytest.param("10.0.0.0/8", "https://11.1.2.3/", False, id="outside the range"),
        pytest.param("10.1.2.3", "https://10.1.2.3:8443/", True, id="an address"),
        pytest.param("10.1.2.3:443", "https://10.1.2.3:8443/", False, id="an address with another port"),
        pytest.param("[2001:db8::1]:443", "https://[2001:db8::1]/", True, id="IPv6 with a port"),
        pytest.param("2001:db8::/32", "https://[2001:db8::1]/", True, id="an IPv6 range"),
    ],
)
def test_no_proxy(no_proxy: str, url: str, direct: bool) -> None:
    rules = proxies_from({"HTTPS_PROXY": "http://p:1", "NO_PROXY": no_proxy})
    assert (rules.find(parse_url(url)) is None) is direct


@pytest.mark.parametrize(
    ("environ", "variables"),
    [
        pytest.param({"HOME": "/"}, {}, id="none"),
        pytest.param({"NO_PROXY": "a"}, {}, id="exceptions alone"),
        pytest.param(
            {"HTTPS_PROXY": "http://u:p@p:1", "https_proxy": "http://other", "NO_PROXY": "example.org"},
            {"https_proxy": "http://u:p@p:1", "no_proxy": "example.org,localhost,127.0.0.1,::1"},
            id="the upper case wins, and loopback is direct",
        ),
        pytest.param({"HTTP_PROXY": "p", "REQUEST_METHOD": "GET"}, {}, id="inside CGI"),
        pytest.param(
            {"all_proxy": "http://p"}, {"all_proxy": "http://p", "no_proxy": "localhost,127.0.0.1,::1"}, id="for all"
        ),
    ],
)
def test_proxies_for_programs(environ: Mapping[str, str], variables: dict[str, str]) -> None:
    assert proxy_variables(environ) == variables


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        pytest.param("https://a.test", "http://own:1", id="its own proxy"),
        pytest.param("http://a.test", "http://env:1", id="another scheme"),
        pytest.param("https://x.corp.test", "http://env:1", id="a host that it is not for"),
        pytest.param("https://localhost", None, id="this machine"),
    ],
)
def test_special_proxies_come_first(url: str, proxy: str | None) -> None:
    special = SpecialProxy(scheme="https", proxy=Proxy(url="http://own:1"), direct=("*.corp.test",))
    usual = Proxy(url="http://env:1")
    found = ProxyRules(http=usual, https=usual, special=(special,)).find(parse_url(url))
    assert (found.url if found else None) == proxy


def test_a_proxys_password_is_kept_and_not_shown() -> None:
    rules = proxies_from({"HTTPS_PROXY": "http://us%40er:can%3Aary@p:1"})
    assert rules.https is not None
    assert (rules.https.url, rules.https.authorization.reveal()) == ("http://p:1", "Basic dXNAZXI6Y2FuOmFyeQ==")
    assert "dXNAZXI6" not in repr(rules)
    with pytest.raises(UsageError) as caught:
        proxies_from({"ALL_PROXY": "socks5://user:canary@p:1"})
    assert "canary" not in str(caught.value)


def test_a_secret_shows_nothing() -> None:
    secret = Secret("canary")
    assert (f"{secret} {secret!r} {secret:}", bool(secret), bool(Secret())) == ("*** *** ***", True, False)
    assert secret == Secret("canary") != Secret("other")
    for copied in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError):
            copied(secret)


class Time:
    """A clock that moves only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def retries(self, random: float = 0.5, **limits: float) -> Retries:
        changed = msgspec.structs.replace(DEFAULT_LIMITS, **limits)
        return Retries(changed, clock=lambda: self.now, wall=lambda: 1_000.0, sleep=self.sleep, random=lambda: random)


def test_waits_double_and_are_random_parts() -> None:
    time = Time()
    retries = time.retries()
    assert [retries.wait() for _ in range(5)] == [True, True, True, True, False]
    assert (time.slept, retries.tries) == ([0.25, 0.5, 1.0, 2.0], 5)


@pytest.mark.parametrize(
    ("retry_after", "slept"),
    [
        pytest.param("7", [7.0], id="seconds"),
        pytest.param("0", [], id="at once"),
        pytest.param("Thu, 01 Jan 1970 00:16:50 GMT", [10.0], id="a date"),
        pytest.param("Thu, 01 Jan 1970 00:00:01 GMT", [], id="a date that has passed"),
        pytest.param("soon", [0.25], id="nonsense counts as nothing"),
        pytest.param("-5", [0.25], id="a negative number counts as nothing"),
    ],
)
def test_retry_after(retry_after: str, slept: list[float]) -> None:
    time = Time()
    assert time.retries().wait(retry_after)
    assert time.slept == slept


def test_a_server_that_asks_for_too_long_is_not_waited_for() -> None:
    time = Time()
    assert not time.retries().wait("61")
    assert not time.retries(retry_budget_seconds=5.0).wait("6")
    assert time.slept == []


@pytest.mark.parametrize(
    ("status", "repeatable", "expected"),
    [(200, True, False), (404, True, False), (408, True, True), (429, True, True), (503, True, True), (501, True, False),
     (503, False, False), (429, False, True)],
)  # fmt: skip
def test_what_is_worth_repeating(status: int, repeatable: bool, expected: bool) -> None:
    assert is_worth_repeating(status, repeatable=repeatable) is expected


def test_no_network_says_what_was_wanted() -> None:
    with pytest.raises(OfflineError, match=r"`GET https://example\.org/x`.*--offline") as caught:
        NoNetwork().request("GET", "https://u:canary@example.org/x?canary")
    assert "canary" not in str(caught.value)
    assert NoNetwork().locality("example.org") is Locality.UNKNOWN
