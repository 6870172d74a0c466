"""`vex repo`: the list is written, printed and downloaded as the reference does it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.commands import Ran, run
from tests.support.loopback import Answer, Loopback, Request
from tests.support.tls import Authority

REFERENCE = """\
repositories:
  - name: default
    url: https://github.com/aquasecurity/vexhub
    enabled: true
    username: ""
    password: ""
    token: ""
    insecure: false
"""
LISTED = """\
VEX Repositories (config: {path})

- Name: default
  URL: https://github.com/aquasecurity/vexhub
  Status: Enabled

"""


def archive() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        made.writestr("index.json", '{"packages": []}')
    return stream.getvalue()


class Hub:
    """One repository."""

    def __init__(self) -> None:
        self.url = ""

    def answer(self, request: Request) -> Answer:
        if request.path == "/.well-known/vex-repository.json":
            locations = [{"url": f"{self.url}/archive.zip"}]
            versions = [{"spec_version": "0.1", "locations": locations, "update_interval": "24h"}]
            return Answer(document={"name": "hub", "versions": versions})
        return Answer(document=archive()) if request.path == "/archive.zip" else Answer(404)


@pytest.fixture
def hub() -> Iterator[Loopback]:
    made = Hub()
    with Loopback(made.answer) as served:
        made.url = served.url
        yield served


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".trivy" / "vex" / "repository.yaml"


def vex_repo(tmp_path: Path, *arguments: str, **environ: str) -> Ran:
    variables = {"HOME": str(tmp_path), **environ}
    return run("vex", "repo", "--cache-dir", str(tmp_path / "cache"), *arguments, environ=variables)


def configure(path: Path, *entries: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("repositories:\n" + "".join(f"- {{{entry}}}\n" for entry in entries), encoding="utf-8")


def copies(tmp_path: Path) -> list[str]:
    return sorted(each.parent.parent.name for each in (tmp_path / "cache" / "vex").rglob("index.json"))


def test_the_list_is_written_once_and_for_its_owner_alone(tmp_path: Path, path: Path) -> None:
    first, second = vex_repo(tmp_path, "init"), vex_repo(tmp_path, "init")

    assert path.read_text(encoding="utf-8") == REFERENCE
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert (first.code, first.out, f"wrote the list of VEX repositories: `{path}`" in first.err) == (0, "", True)
    assert (second.code, f"there is a list already: `{path}`" in second.err) == (0, True)


def test_the_list_may_be_in_the_folder_of_data(tmp_path: Path) -> None:
    assert vex_repo(tmp_path, "init", XDG_DATA_HOME=str(tmp_path / "data")).code == 0

    assert (tmp_path / "data" / ".trivy" / "vex" / "repository.yaml").is_file()


def test_the_hub_is_listed_with_and_without_a_list(tmp_path: Path, path: Path) -> None:
    without = vex_repo(tmp_path, "list")
    vex_repo(tmp_path, "init")

    assert without.out == vex_repo(tmp_path, "list").out == LISTED.format(path=path)


def test_what_is_listed_is_what_the_reference_lists(tmp_path: Path, path: Path) -> None:
    configure(
        path,
        "name: default, url: https://a.example, enabled: false, username: u, password: secret",
        "name: two, url: https://x, enabled: true, insecure: true",
    )
    ran = vex_repo(tmp_path, "list")

    assert ran.out == (
        f"VEX Repositories (config: {path})\n\n"
        "- Name: default\n  URL: https://a.example\n  Status: Disabled\n\n"
        "- Name: two\n  URL: https://x\n  Status: Enabled\n  TLS Verify: No\n\n"
    )


def test_an_empty_list(tmp_path: Path, path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("repositories: []\n", encoding="utf-8")
    listed, downloaded = vex_repo(tmp_path, "list"), vex_repo(tmp_path, "download")

    assert listed.out == f"VEX Repositories (config: {path})\n\nNo repositories configured.\n"
    assert (downloaded.code, "no VEX repository is enabled" in downloaded.err) == (0, True)


def test_what_is_enabled_is_downloaded(tmp_path: Path, path: Path, hub: Loopback) -> None:
    one, two, three = (f"name: {name}, url: '{hub.url}'" for name in ("one", "two", "three"))
    configure(path, f"{one}, enabled: true", f"{two}, enabled: false", f"{three}, enabled: true")
    ran = vex_repo(tmp_path, "download")

    assert (ran.code, copies(tmp_path)) == (0, ["one", "three"])
    assert [line for line in ran.err.splitlines() if "is up to date" in line] == [
        f"the VEX repository `{name}` is up to date: `{tmp_path}/cache/vex/repositories/{name}`"
        for name in ("one", "three")
    ]


def test_what_is_named_is_downloaded_alone(tmp_path: Path, path: Path, hub: Loopback) -> None:
    configure(path, *(f"name: {name}, url: '{hub.url}', enabled: true" for name in ("one", "two")))

    assert (vex_repo(tmp_path, "download", "two").code, copies(tmp_path)) == (0, ["two"])


def test_one_that_fails_does_not_keep_the_others(tmp_path: Path, path: Path, hub: Loopback) -> None:
    configure(
        path,
        f"name: gone, url: '{hub.url}/nowhere', enabled: true, token: very-secret",
        f"name: one, url: '{hub.url}', enabled: true",
    )
    ran = vex_repo(tmp_path, "download")

    assert (ran.code, copies(tmp_path), "answered 404" in ran.err) == (5, ["one"], True)
    assert "very-secret" not in ran.err


def test_any_certificate_will_do_where_the_list_says_so(tmp_path: Path, path: Path) -> None:
    made = Hub()
    with Loopback(made.answer, tls=Authority(tmp_path).server("127.0.0.1")) as served:
        made.url = served.url
        configure(path, f"name: strict, url: '{served.url}', enabled: true")
        strict = vex_repo(tmp_path, "download")
        configure(path, f"name: loose, url: '{served.url}', enabled: true, insecure: true")
        loose = vex_repo(tmp_path, "download")

    assert (strict.code, loose.code, copies(tmp_path)) == (5, 0, ["loose"])


def test_offline_asks_nobody(tmp_path: Path, path: Path, hub: Loopback) -> None:
    configure(path, f"name: one, url: '{hub.url}', enabled: true, insecure: true")

    assert (vex_repo(tmp_path, "download", "--offline").code, hub.requests) == (5, [])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("download", "none"), "the VEX repository `none` is not listed", id="a name that is not listed"),
        pytest.param(("download", "off"), "the VEX repository `off` is not enabled", id="one that is not enabled"),
        pytest.param(("list", "one"), "`vex repo list` takes no names", id="a name to list"),
        pytest.param((), "init|list|download", id="nothing to do"),
        pytest.param(("remove",), "remove", id="something else"),
    ],
)
def test_mistakes(tmp_path: Path, path: Path, arguments: tuple[str, ...], message: str) -> None:
    configure(path, "name: off, url: https://x, enabled: false")
    ran = vex_repo(tmp_path, *arguments)

    assert (ran.code, message in ran.err) == (2, True), ran.err


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / ".trivy").write_text("a file", encoding="utf-8")

    assert vex_repo(tmp_path, "init").code == 9


def test_the_list_says_json_is_no_yaml_of_it(tmp_path: Path, path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps([1]), encoding="utf-8")

    assert vex_repo(tmp_path, "list").code == 2
