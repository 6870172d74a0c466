"""`--vex repo`: which repositories are asked, and what is told of those that cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.vex import openvex, statement
from tests.support.workshop import ALPINE, Ran, Workshop

ZLIB = "CVE-2018-25032"
DOCUMENT = openvex(statement("pkg:apk/alpine/zlib", name=ZLIB)).decode()


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def place(shop: Workshop, name: str, location: str = "zlib.json", document: str = DOCUMENT, kind: str = "") -> Path:
    """The copy of a repository with one document."""
    folder = shop.cache / "vex" / "repositories" / name / "0.1"
    folder.mkdir(parents=True)
    entry = {"id": "pkg:apk/alpine/zlib", "location": location, "format": kind}
    (folder / "index.json").write_text(json.dumps({"packages": [entry]}), encoding="utf-8")
    (folder / "zlib.json").write_text(document, encoding="utf-8")
    return folder


def configure(shop: Workshop, text: str, home: str = ".trivy") -> None:
    path = shop.folder / home / "vex" / "repository.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")


def scan(shop: Workshop, *flags: str, data: str = "") -> Ran:
    return shop.run("rootfs", "--format=json", "--vex=repo", *flags, shop.tree(ALPINE), XDG_DATA_HOME=data)


def test_without_a_list_there_is_the_public_hub(shop: Workshop) -> None:
    place(shop, "default")

    ran = scan(shop)

    assert (ran.code, ZLIB in ran.findings) == (0, False)
    [told] = ran.report["Coverage"]["VEX"]
    assert told["Source"] == "VEX Repository: default (https://github.com/aquasecurity/vexhub): zlib.json"


def test_the_list_may_be_in_the_folder_of_data(shop: Workshop) -> None:
    place(shop, "ours")
    configure(shop, "repositories:\n- {name: ours, url: https://x, enabled: true}\n", "data/.trivy")

    assert ZLIB not in scan(shop, data=str(shop.folder / "data")).findings


@pytest.mark.parametrize(
    ("location", "document", "kind", "told"),
    [
        pytest.param("none.json", DOCUMENT, "", "has no document `none.json` in its folder", id="no document"),
        pytest.param("../../../../x", DOCUMENT, "", "has no document `../../../../x`", id="a document elsewhere"),
        pytest.param("/etc/hostname", DOCUMENT, "", "has no document `/etc/hostname`", id="an absolute path"),
        pytest.param("link.json", DOCUMENT, "", "has no document `link.json`", id="a link that leads out"),
        pytest.param(".", DOCUMENT, "", "has no document `.`", id="a folder"),
        pytest.param("zlib.json", "{", "", "is not JSON", id="no JSON"),
        pytest.param("zlib.json", DOCUMENT, "csaf", "is not CSAF", id="another format"),
        pytest.param("zlib.json", DOCUMENT, "spdx", "has the format `spdx`", id="an unknown format"),
    ],
)
def test_a_document_that_cannot_be_had_is_told_and_takes_nothing_out(
    shop: Workshop, location: str, document: str, kind: str, told: str
) -> None:
    folder = place(shop, "default", location, document, kind)
    (shop.folder / "outside.json").write_text(DOCUMENT, encoding="utf-8")
    (folder / "link.json").symlink_to(shop.folder / "outside.json")

    ran = scan(shop)

    assert (ran.code, ZLIB in ran.findings) == (0, True)
    assert told in ran.err


def test_a_repository_without_a_copy_is_told(shop: Workshop) -> None:
    ran = scan(shop, "--skip-vex-repo-update")

    assert (ran.code, "the VEX repository `default` has no copy in" in ran.err) == (0, True)
    assert "VEX" not in ran.report["Coverage"]


def test_without_a_copy_a_failed_download_ends_the_command(shop: Workshop) -> None:
    ran = scan(shop)

    assert (ran.code, ran.out) == (5, "")


def test_an_old_copy_will_do_and_that_is_told(shop: Workshop) -> None:
    place(shop, "default")

    assert "the VEX repository `default` is not updated: " in scan(shop).err
    assert "not updated" not in scan(shop, "--skip-vex-repo-update").err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("[", "repository.yaml", id="no YAML"),
        pytest.param("repositories: 7\n", "lists no repositories", id="no list"),
        pytest.param("repositories: [x]\n", "lists no repositories", id="a list of something else"),
        pytest.param("repositories:\n- {name: ../x, enabled: true}\n", "called `../x`", id="a name that leads out"),
        pytest.param("repositories:\n- {name: /x, enabled: true}\n", "called `/x`", id="an absolute name"),
        pytest.param("repositories:\n- {enabled: true}\n", "called ``", id="no name"),
    ],
)
def test_a_list_that_cannot_be_understood_ends_the_command(shop: Workshop, text: str, message: str) -> None:
    configure(shop, text)

    ran = scan(shop)

    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_an_index_that_is_none_ends_the_command(shop: Workshop) -> None:
    (place(shop, "default") / "index.json").write_text('{"packages": 7}', encoding="utf-8")

    assert scan(shop).code == 8
