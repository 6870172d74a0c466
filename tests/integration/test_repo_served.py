"""`repo` and repositories that real git programs serve on loopback: git-http-backend, git daemon, and TLS before them."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.git_servers import GitHttp, Origin, git, git_daemon, needs_git, origin_with_history
from tests.support.tls import Authority
from tests.support.workshop import Workshop

pytestmark = needs_git
TOKEN = "ghp_canary0123456789"


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Origin:
    return origin_with_history(tmp_path_factory.mktemp("origin"))


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """The working directory and the temporary folder are the workshop's."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    return Workshop(tmp_path, offline=False)


@pytest.fixture
def server(origin: Origin) -> Iterator[GitHttp]:
    with GitHttp(origin.bare.parent.parent) as running:
        yield running


def scan(shop: Workshop, *arguments: str, **environ: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr; no token is in them, and no clone is left."""
    variables: dict[str, Any] = {"PATH": os.environ["PATH"], **environ}
    ran = shop.run("repo", "--format=json", "--skip-db-update", *arguments, **variables)
    assert TOKEN not in ran.out + ran.err
    assert list((shop.folder / "tmp").iterdir()) == []
    return ran


def test_what_the_report_says(shop: Workshop, server: GitHttp, origin: Origin) -> None:
    ran = shop.run("repo", "--format=json", "--skip-db-update", server.url, PATH=os.environ["PATH"])

    report = ran.report
    commit = git(origin.work, "rev-parse", "refs/heads/main")
    assert (ran.code, ran.findings) == (0, ["CVE-2018-1000656"])
    assert (report["ArtifactName"], report["ArtifactType"]) == (server.url, "repository")
    assert report["Metadata"] == {
        "RepoURL": server.url,
        "Branch": "main",
        "Tags": ["v2"],
        "Commit": commit,
        "CommitMsg": "second",
        "Author": "Ann B <a@b.c>",
        "Committer": "Ann B <a@b.c>",
    }
    assert [result["Target"] for result in report["Results"]] == ["requirements.txt"]


def test_git_daemon(shop: Workshop, origin: Origin) -> None:
    with git_daemon(origin.bare.parent.parent) as url:
        ran = shop.run("repo", "--format=json", "--skip-db-update", "--branch=dev", url, PATH=os.environ["PATH"])

    assert (ran.code, ran.report["Metadata"]["Branch"], ran.findings) == (0, "dev", [])


def test_a_shallow_clone_has_one_commit(shop: Workshop, server: GitHttp) -> None:
    assert scan(shop, server.url)[0] == 0
    assert scan(shop, "--commit", "1" * 40, server.url)[::2] == (
        8,
        "error: the repository has no commit `" + "1" * 40 + "`\n",
    )


@pytest.mark.parametrize(
    ("environ", "code", "passwords"),
    [
        pytest.param({"GITHUB_TOKEN": TOKEN}, 0, {f"fanal-aquasecurity-scan:{TOKEN}"}, id="GitHub's"),
        pytest.param({"GITLAB_TOKEN": TOKEN}, 0, {f"fanal-aquasecurity-scan:{TOKEN}"}, id="GitLab's"),
        pytest.param(
            {"GITHUB_TOKEN": "x" * 20, "GITLAB_TOKEN": TOKEN}, 5, {"fanal-aquasecurity-scan:" + "x" * 20},
            id="GitHub's comes first",
        ),
        pytest.param({}, 5, set(), id="none, and nobody is asked"),
    ],
)  # fmt: skip
def test_tokens(shop: Workshop, server: GitHttp, environ: dict[str, str], code: int, passwords: set[str]) -> None:
    server.password = TOKEN

    assert scan(shop, server.url, **environ)[0] == code
    assert server.passwords == passwords


def test_a_token_is_not_sent_where_nobody_asks(shop: Workshop, server: GitHttp) -> None:
    assert scan(shop, server.url, GITHUB_TOKEN=TOKEN)[0] == 0
    assert server.passwords == set()


def test_a_password_in_the_address_is_not_in_the_report(shop: Workshop, server: GitHttp) -> None:
    server.password = TOKEN
    ran = scan(shop, server.url.replace("//", f"//robin:{TOKEN}@"))

    assert (ran[0], server.passwords) == (0, {f"robin:{TOKEN}"})


def test_a_token_does_not_follow_a_redirect_to_another_host(shop: Workshop, origin: Origin) -> None:
    folder = origin.bare.parent.parent
    with GitHttp(folder, password=TOKEN) as other, GitHttp(folder) as first:
        first.redirect = f"http://localhost:{other.port}"
        code, _, err = scan(shop, f"http://127.0.0.1:{first.port}/elsewhere/o/r.git", GITHUB_TOKEN=TOKEN)

        assert (code, other.passwords) == (5, set())
        assert "cannot clone" in err


def test_tls(shop: Workshop, origin: Origin) -> None:
    authority = Authority(shop.folder)
    certificate, key = authority.certify("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with GitHttp(origin.bare.parent.parent, tls=context) as server:
        refused = scan(shop, server.url)
        trusted = scan(shop, "--cacert", str(authority.file), server.url)
        by_variable = scan(shop, server.url, SSL_CERT_FILE=str(authority.file))
        careless = scan(shop, "--insecure", server.url)

    assert [refused[0], trusted[0], by_variable[0], careless[0]] == [5, 0, 0, 0]
    assert "certificate" in refused[2]


def test_a_proxy_of_the_environment_is_asked(shop: Workshop, server: GitHttp) -> None:
    server.redirect = "unused"
    code, _, err = scan(shop, "http://git.invalid/o/r.git", HTTP_PROXY=f"http://127.0.0.1:{server.port}")

    assert server.seen[0][0].startswith("http://git.invalid/o/r.git/info/refs")
    assert (code, "cannot clone `http://git.invalid/o/r.git`" in err) == (5, True)


def test_a_revision_of_a_work_tree_is_told(shop: Workshop, origin: Origin) -> None:
    ran = scan(shop, "--branch=dev", str(origin.work))

    assert ran[::2] == (
        0,
        f"warning: `--branch` is for repositories that are cloned; `{origin.work}` is scanned as it lies there\n",
    )
