"""One layer analysed: the whole way with real analysers, and what happens when one fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.memory_tree import tree

from assaymark.errors import LimitError, LocalError
from assaymark.inventory.analyse import LayerFacts, analyse_layer
from assaymark.inventory.analyzer import Analyzer, Input, Options
from assaymark.inventory.index import Index
from assaymark.inventory.select import index_for
from assaymark.model.inventory import Application, Found, LayerInventory, OsPackages, UnreadFile
from assaymark.model.issue import Issue, IssueCode, Unanalysed
from assaymark.model.package import Package

FACTS = LayerFacts(
    digest="sha256:aa",
    diff_id="sha256:bb",
    size=10,
    whiteouts=("x",),
    opaque=("y",),
    issues=(Issue(code=IssueCode.ENTRY_IGNORED, message="outside"),),
    not_analysed=(Unanalysed(kind="jar", count=1),),
    unread=(UnreadFile("a.jar", "jar"),),
)


def applications(layer: LayerInventory) -> list[Application]:
    return [item for item in layer.found if isinstance(item, Application)]


def test_packages_are_finished_and_sorted() -> None:
    layer = analyse_layer(tree({"requirements.txt": "Flask==2.0.0\nAbc==1\n"}), index=index_for("fs"))

    (application,) = applications(layer)
    assert {package.analyzed_by for package in application.packages} == {"pip"}
    assert [package.name for package in application.packages] == ["Abc", "Flask"]


def test_known_uid_of_a_whole_file() -> None:
    layer = analyse_layer(tree({"requirements.txt": "Flask==2.0.0\n"}), index=index_for("fs"))

    (application,) = applications(layer)
    assert [package.identifier.uid for package in application.packages] == ["374e227621128840"]


def test_facts_of_the_layer_are_kept() -> None:
    layer = analyse_layer(tree({}), FACTS, index=index_for("image"))

    assert layer == LayerInventory(
        digest="sha256:aa",
        diff_id="sha256:bb",
        size=10,
        whiteouts=("x",),
        opaque=("y",),
        issues=(Issue(code=IssueCode.ENTRY_IGNORED, message="outside", layer="sha256:bb"),),
        not_analysed=(Unanalysed(kind="jar", count=1),),
        unread=(UnreadFile("a.jar", "jar"),),
    )


def test_licences_of_applications_are_normalised() -> None:
    files = {"a.egg-info": "Name: a\nVersion: 1\nLicense: The MIT License, mit\n"}

    (application,) = applications(analyse_layer(tree(files), index=index_for("image")))

    assert application.packages[0].licenses == ("MIT",)


SYSTEM = {
    "var/lib/dpkg/status": "Package: python3-a\nVersion: 1\n",
    "var/lib/dpkg/info/python3-a.md5sums": "00  usr/lib/python3/a.egg-info\n",
    "usr/lib/python3/a.egg-info": "Name: a\nVersion: 1\n",
    "usr/local/b.egg-info": "Name: b\nVersion: 1\n",
    "usr/lib/python2.7/argparse.egg-info": "Name: argparse\nVersion: 1\n",
}


def test_files_of_the_system_are_left_to_the_package_manager() -> None:
    layer = analyse_layer(tree(SYSTEM), index=index_for("image"))

    assert [item.path for item in applications(layer)] == ["usr/local/b.egg-info"]
    assert [item.system_files for item in layer.found if isinstance(item, OsPackages)] == [()]


OWNED = UnreadFile("usr/lib/python3/a.egg-info", "node-pkg")
OTHER = UnreadFile("srv/package.json", "node-pkg")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param(Options(), (OTHER,), id="what belongs to the system is not missed"),
        pytest.param(Options(comprehensive=True), (OWNED, OTHER), id="comprehensive detection misses it"),
    ],
)
def test_unread_files_of_the_system(options: Options, expected: tuple[UnreadFile, ...]) -> None:
    layer = analyse_layer(tree(SYSTEM), LayerFacts(unread=(OWNED, OTHER)), index=index_for("image"), options=options)

    assert layer.unread == expected


def test_comprehensive_detection_keeps_them() -> None:
    layer = analyse_layer(tree(SYSTEM), index=index_for("image"), options=Options(comprehensive=True))

    assert [item.path for item in applications(layer)] == [
        "usr/lib/python2.7/argparse.egg-info",
        "usr/lib/python3/a.egg-info",
        "usr/local/b.egg-info",
    ]


def test_files_of_vendors_packages_are_read() -> None:
    status = "Package: python3-a\nVersion: 1\nMaintainer: HashiCorp\n"

    layer = analyse_layer(tree({**SYSTEM, "var/lib/dpkg/status": status}), index=index_for("image"))

    assert "usr/lib/python3/a.egg-info" in [item.path for item in applications(layer)]


def test_linked_database_is_read_under_its_own_name() -> None:
    layer = tree({"data/installed": "P:a\nV:1\n"}, links={"lib/apk/db/installed": "data/installed"})

    found = analyse_layer(layer, index=index_for("image")).found

    assert [item.path for item in found] == ["lib/apk/db/installed"]


def test_link_to_a_claimed_file_adds_nothing() -> None:
    layer = tree({"usr/lib/apk/db/installed": "P:a\nV:1\n"}, links={"lib/apk/db/installed": "usr/lib/apk/db/installed"})

    found = analyse_layer(layer, index=index_for("image")).found

    assert [item.path for item in found] == ["usr/lib/apk/db/installed"]


def _failing(error: Exception) -> Analyzer:
    def parse(_source: Input) -> Iterator[Found]:
        yield OsPackages(path="half", packages=(Package(name="half", version="1"),))
        raise error

    return Analyzer(name="failing", version=1, kind="lang", paths=("a",), parse=parse)


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (ValueError("bad"), IssueCode.FILE_MALFORMED, "failing: bad"),
        (LimitError("large"), IssueCode.FILE_TOO_LARGE, "failing: large"),
        (LocalError("disk"), IssueCode.FILE_UNREADABLE, "failing: disk"),
        (OSError("gone"), IssueCode.FILE_UNREADABLE, "failing: gone"),
        (KeyError("defect"), IssueCode.FILE_MALFORMED, "failing: KeyError: 'defect'"),
        (RecursionError("deep"), IssueCode.FILE_MALFORMED, "failing: RecursionError: deep"),
    ],
)
def test_one_failure_is_an_issue_and_the_rest_goes_on(error: Exception, code: IssueCode, message: str) -> None:
    def good(source: Input) -> Iterator[Found]:
        yield Application(path=source.path, type="pip", packages=())

    other = Analyzer(name="good", version=1, kind="lang", paths=("a",), parse=good)

    layer = analyse_layer(tree({"a": ""}), FACTS, index=Index([_failing(error), other], Options()))

    assert layer.found == (Application(path="a", type="pip", packages=()),)
    assert layer.issues[1:] == (Issue(code=code, message=message, path="a", layer="sha256:bb"),)
