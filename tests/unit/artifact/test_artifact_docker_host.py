"""Where the engines listen."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import pytest

from assaymark.artifact.docker import SOURCE as DOCKER
from assaymark.artifact.docker import connect
from assaymark.artifact.docker_host import DockerHost, find_docker_host
from assaymark.artifact.podman import SOURCE as PODMAN
from assaymark.artifact.podman import find_podman_host
from assaymark.artifact.source import ImageRequest
from assaymark.errors import LocalError, NetworkError, OfflineError, UsageError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.reference import parse_reference
from assaymark.net.address import Locality
from assaymark.net.network import Content, NoNetwork, Response
from assaymark.net.tls import TlsOptions

DEFAULT = DockerHost(address="unix:///var/run/docker.sock")


def write_context(home: Path, name: str, endpoint: object, *, certificates: bool = False) -> Path:
    identifier = sha256(name.encode()).hexdigest()
    folder = home / ".docker" / "contexts" / "meta" / identifier
    folder.mkdir(parents=True)
    (folder / "meta.json").write_text(json.dumps({"Name": name, "Endpoints": {"docker": endpoint}}))
    tls = home / ".docker" / "contexts" / "tls" / identifier / "docker"
    if certificates:
        tls.mkdir(parents=True)
    return tls


def find(home: Path, asked: str = "", **environ: str) -> DockerHost:
    return find_docker_host(asked, environ=environ, home=home, limits=DEFAULT_LIMITS)


def test_without_any_word_it_is_the_default_socket(tmp_path: Path) -> None:
    assert find(tmp_path) == DEFAULT


def test_the_order_of_preference(tmp_path: Path) -> None:
    write_context(tmp_path, "one", {"Host": "unix:///one"})
    write_context(tmp_path, "two", {"Host": "unix:///two"})
    (tmp_path / ".docker" / "config.json").write_text('{"currentContext": "one"}')
    assert find(tmp_path).address == "unix:///one"
    assert find(tmp_path, DOCKER_CONTEXT="two").address == "unix:///two"
    assert find(tmp_path, DOCKER_CONTEXT="default") == DEFAULT
    assert find(tmp_path, DOCKER_CONTEXT="two", DOCKER_HOST="unix:///three").address == "unix:///three"
    assert find(tmp_path, "unix:///four", DOCKER_HOST="unix:///three").address == "unix:///four"


def test_the_configuration_folder_can_be_named(tmp_path: Path) -> None:
    write_context(tmp_path, "one", {"Host": "unix:///one"})
    named = str(tmp_path / ".docker")
    assert find(tmp_path / "elsewhere", DOCKER_CONFIG=named, DOCKER_CONTEXT="one").address == "unix:///one"


def test_a_context_brings_its_certificates(tmp_path: Path) -> None:
    tls = write_context(tmp_path, "one", {"Host": "tcp://h:1", "SkipTLSVerify": True}, certificates=True)
    expected = DockerHost(address="tcp://h:1", certificates=tls, verify=False)
    assert expected == find(tmp_path, DOCKER_CONTEXT="one")


CONTEXTS = [
    pytest.param(None, "does not exist", id="a context that is missing"),
    pytest.param([], "names no host", id="an endpoint that is no object"),
    pytest.param({"Host": 5}, "names no host", id="a host that is no text"),
]


@pytest.mark.parametrize(("endpoint", "message"), CONTEXTS)
def test_broken_contexts_are_named(tmp_path: Path, endpoint: object, message: str) -> None:
    if endpoint is not None:
        write_context(tmp_path, "one", endpoint)
    with pytest.raises(LocalError, match=f"docker context `one` {message}"):
        find(tmp_path, DOCKER_CONTEXT="one")


CERTIFICATES = [
    pytest.param({"DOCKER_CERT_PATH": "/c"}, Path("/c"), False, id="certificates without checking"),
    pytest.param({"DOCKER_CERT_PATH": "/c", "DOCKER_TLS_VERIFY": "1"}, Path("/c"), True, id="certificates"),
    pytest.param({"DOCKER_TLS_VERIFY": "1"}, Path("/h/.docker"), True, id="certificates of the home folder"),
    pytest.param({}, None, True, id="none"),
]


@pytest.mark.parametrize(("environ", "folder", "verify"), CERTIFICATES)
def test_certificates_from_the_environment(environ: Mapping[str, str], folder: Path | None, verify: bool) -> None:
    expected = DockerHost(address="tcp://h", certificates=folder, verify=verify)
    assert expected == find(Path("/h"), "tcp://h", **environ)


URLS = [
    pytest.param(DockerHost(address="tcp://h"), "http://h:2375", id="the usual port"),
    pytest.param(DockerHost(address="tcp://h:99/"), "http://h:99", id="another port"),
    pytest.param(DockerHost(address="tcp://[::1]"), "http://[::1]:2375", id="an IPv6 address"),
    pytest.param(DockerHost(address="tcp://[::1]:5", certificates=Path("/c")), "https://[::1]:5", id="TLS"),
    pytest.param(DockerHost(address="tcp://h", certificates=Path("/c")), "https://h:2376", id="the usual port of TLS"),
]


@pytest.mark.parametrize(("host", "expected"), URLS)
def test_urls_of_engines_elsewhere(host: DockerHost, expected: str) -> None:
    assert (expected, None) == (host.url, host.socket)


@pytest.mark.parametrize("address", ["ssh://user@h", "npipe:////./pipe/docker", "h:2375", "tcp://"])
def test_addresses_that_only_other_programs_reach(address: str) -> None:
    with pytest.raises(UsageError, match="is not an address that is supported"):
        _ = DockerHost(address=address).url


def test_an_engine_elsewhere_needs_the_network() -> None:
    host = DockerHost(address="tcp://h")
    with pytest.raises(OfflineError, match="`tcp://h` is on the network"):
        connect(host, ImageRequest(name="a"), name="docker")
    with pytest.raises(OfflineError, match="--offline"):
        connect(host, ImageRequest(name="a", network=NoNetwork()), name="docker").inspect("a")


PODMAN_HOSTS = [
    pytest.param("/p.sock", {}, "unix:///p.sock", id="a path"),
    pytest.param("unix:///p.sock", {"CONTAINER_HOST": "unix:///q"}, "unix:///p.sock", id="an address"),
    pytest.param("", {"CONTAINER_HOST": "tcp://h:1"}, "tcp://h:1", id="the environment's"),
    pytest.param("", {"XDG_RUNTIME_DIR": "/none"}, "unix:///run/none.sock", id="the system's, where the user has none"),
    pytest.param("", {}, "unix:///run/none.sock", id="the system's"),
]


@pytest.mark.parametrize(("asked", "environ", "expected"), PODMAN_HOSTS)
def test_where_podman_listens(asked: str, environ: Mapping[str, str], expected: str) -> None:
    assert expected == find_podman_host(asked, environ=environ, system=Path("/run/none.sock")).address


def test_the_users_own_podman_comes_before_the_systems(tmp_path: Path) -> None:
    (tmp_path / "podman").mkdir()
    (tmp_path / "podman" / "podman.sock").touch()
    own = find_podman_host("", environ={"XDG_RUNTIME_DIR": str(tmp_path)})
    assert own.socket == tmp_path / "podman" / "podman.sock"


@pytest.mark.parametrize("source", [DOCKER, PODMAN])
def test_a_missing_engine_costs_nothing(tmp_path: Path, source: object) -> None:
    missing = str(tmp_path / "none.sock")
    request = ImageRequest(
        name="alpine",
        reference=parse_reference("alpine"),
        docker_host=f"unix://{missing}",
        podman_host=missing,
        environ={},
        home=tmp_path,
    )
    opener = (DOCKER if source is DOCKER else PODMAN).open
    opener(request)  # the imports are not what is measured
    took = []
    for _ in range(5):  # on a busy machine any one may have to wait for the processor
        begun = time.perf_counter()
        with pytest.raises(NetworkError, match="no engine at"), opener(request):
            pass
        took.append(time.perf_counter() - begun)
    assert min(took) < 0.05


class RecordingNetwork:
    """Refuses everything, and remembers what was asked and with which certificates."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, TlsOptions | None]] = []

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Content | None = None,
        repeatable: bool | None = None,
        redirects: bool = True,
        nearest: Locality = Locality.LOOPBACK,
        tls: TlsOptions | None = None,
    ) -> Response:
        self.seen.append((url, tls))
        raise NetworkError("refused")

    def locality(self, host: str) -> Locality:
        return Locality.UNKNOWN


CERTIFICATE_FILES = [
    pytest.param(("ca", "cert", "key"), True, id="all of them"),
    pytest.param(("ca",), False, id="an authority alone, which is not checked against"),
    pytest.param((), True, id="none of them"),
]


@pytest.mark.parametrize(("files", "verify"), CERTIFICATE_FILES)
def test_an_engine_elsewhere_is_shown_the_certificates(tmp_path: Path, files: tuple[str, ...], verify: bool) -> None:
    paths = {name: tmp_path / f"{name}.pem" for name in files}
    for path in paths.values():
        path.touch()
    network = RecordingNetwork()
    environ = {"DOCKER_HOST": "tcp://h", "DOCKER_CERT_PATH": str(tmp_path), "DOCKER_TLS_VERIFY": "1" if verify else ""}
    request = ImageRequest(
        name="a:1", reference=parse_reference("a:1"), network=network, environ=environ, home=tmp_path
    )
    with pytest.raises(NetworkError, match="refused"), DOCKER.open(request):
        pass
    expected = TlsOptions(
        authorities=(paths["ca"],) if "ca" in paths else (),
        certificate=paths.get("cert"),
        key=paths.get("key"),
        insecure=not verify,
    )
    assert network.seen == [("https://h:2376/images/index.docker.io/library/a:1/json", expected)]
