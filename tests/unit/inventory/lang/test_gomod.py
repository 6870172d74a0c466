"""`go.mod` with `go.sum`; the outcomes are the reference's."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.memory_tree import MemoryHost, run

from assaymark.errors import LimitError
from assaymark.inventory.analyzer import Options
from assaymark.inventory.lang.gomod import ANALYZER
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.inventory import Application
from assaymark.model.package import EMPTY_LIST, Package, Relationship

PATH = "app/go.mod"
HEAD = "module example.org/app\ngo 1.22\n"


def packages(
    text: str, sums: str = "", *, options: Options | None = None, host: MemoryHost | None = None
) -> list[Package]:
    files: dict[str, bytes | str] = {PATH: text, **({"app/go.sum": sums} if sums else {})}
    found, issues = run(ANALYZER, PATH, files, options=options, host=host)
    assert issues == []
    (application,) = found
    assert isinstance(application, Application)
    assert (application.path, application.type) == (PATH, "gomod")
    return list(application.packages)


def root(*needs: str) -> Package:
    return Package(
        id="example.org/app",
        name="example.org/app",
        relationship=Relationship.ROOT,
        depends_on=needs or EMPTY_LIST,
    )


def module(name: str, version: str, relationship: Relationship, *needs: str) -> Package:
    return Package(id=f"{name}@{version}", name=name, version=version, relationship=relationship, depends_on=needs)


def test_requirements_with_their_relationships() -> None:
    text = HEAD + "require (\n\tb.com/b v1.0.0\n\ta.com/a v1.0.0\n\tc.com/c v1.0.0 // indirect\n)\n"

    assert packages(text) == [
        root("a.com/a@v1.0.0", "b.com/b@v1.0.0", "c.com/c@v1.0.0"),
        module("a.com/a", "v1.0.0", Relationship.DIRECT),
        module("b.com/b", "v1.0.0", Relationship.DIRECT),
        module("c.com/c", "v1.0.0", Relationship.INDIRECT),
    ]


def test_a_module_without_requirements() -> None:
    (only,) = packages("module example.org/app\n")

    assert only == root()
    assert only.depends_on is EMPTY_LIST


def test_the_sums_tell_what_old_files_leave_out() -> None:
    text = "module example.org/app\ngo 1.16\nrequire a.com/a v1.0.0\nrequire c.com/c v1.0.0 // indirect\n"
    sums = "a.com/a v0.9.0 h1:=\nb.com/b v1.0.0 h1:=\nb.com/b v1.1.0/go.mod h1:=\n\nodd\n"

    assert packages(text, sums) == [
        root("a.com/a@v1.0.0", "b.com/b@v1.1.0"),
        module("a.com/a", "v1.0.0", Relationship.DIRECT),
        module("b.com/b", "v1.1.0", Relationship.INDIRECT),
    ]


def test_a_line_of_the_sums_over_64_kib_hides_no_other() -> None:
    found = packages("module example.org/app\n", f"b.com/b v1.0.0 {'h' * 70_000}\nc.com/c v1.0.0 h1:=\n")

    assert [package.name for package in found] == ["example.org/app", "b.com/b", "c.com/c"]


def test_licences_in_vendored_files_are_not_classified() -> None:
    files = {PATH: f"{HEAD}require a.com/a v1.0.0\n", "app/vendor/a.com/a/LICENSE": "Apache License, Version 2.0"}
    (application,), _ = run(ANALYZER, PATH, files)

    assert isinstance(application, Application)
    assert [package.licenses for package in application.packages] == [(), ()]


def test_the_sums_are_not_read_beside_indirect_requirements() -> None:
    text = HEAD + "require c.com/c v1.0.0 // indirect\n"

    assert packages(text, "b.com/b v1.0.0 h1:=\n") == [
        root("c.com/c@v1.0.0"),
        module("c.com/c", "v1.0.0", Relationship.INDIRECT),
    ]


@pytest.mark.parametrize(
    ("replacement", "expected"),
    [
        pytest.param("a.com/a => ../a", [], id="a folder"),
        pytest.param(
            "a.com/a => b.com/b v2.0.0+incompatible", [("b.com/b", "v2.0.0+incompatible")], id="another module"
        ),
        pytest.param("a.com/a v1.0.0 => a.com/a v1.1.0", [("a.com/a", "v1.1.0")], id="another version"),
        pytest.param("a.com/a v1.2.0 => a.com/a v1.1.0", [("a.com/a", "v1.0.0")], id="another version of another"),
        pytest.param("c.com/c => d.com/d v1.0.0", [("a.com/a", "v1.0.0")], id="a module that is not required"),
    ],
)
def test_replacements(replacement: str, expected: list[tuple[str, str]]) -> None:
    found = packages(f"{HEAD}require a.com/a v1.0.0\nreplace {replacement}\n")

    assert [(package.name, package.version) for package in found[1:]] == expected


@pytest.mark.parametrize(
    ("lines", "version"),
    [
        ("go 1.22", "v1.22.0"),
        ("go 1.22.3", "v1.22.3"),
        ("go 1.22rc1", "v1.22rc1"),
        ("go 1.20", ""),
        ("go 1.20.3", ""),
        ("go 1.21\ntoolchain go1.22.5-custom", "v1.22.5"),
        ("", ""),
    ],
)
def test_comprehensive_detection_adds_the_standard_library(lines: str, version: str) -> None:
    text = f"module example.org/app\n{lines}\n"
    found = packages(text, options=Options(comprehensive=True))

    assert [package.version for package in found if package.name == "stdlib"] == ([version] if version else [])
    assert not any(package.name == "stdlib" for package in packages(text))


def test_the_module_cache_tells_what_depends_on_what() -> None:
    text = HEAD + "require (\n\tgithub.com/A/a v1.0.0\n\tb.com/b v1.0.0 // indirect\n\tc.com/c v1.0.0 // indirect\n)\n"
    host = MemoryHost(
        {
            "go/github.com/!a/a@v1.0.0/go.mod": "module x\nrequire b.com/b v0.1.0\nrequire z.com/z v1.0.0\nreplace b.com/b => ../b\n",
            "go/b.com/b@v1.0.0/go.mod": "broken",
            "go/c.com/c@v1.0.0/go.mod": "module c.com/c\n",
        }
    )

    found = packages(text, host=host)

    assert found == [
        root("github.com/A/a@v1.0.0", "c.com/c@v1.0.0"),
        module("github.com/A/a", "v1.0.0", Relationship.DIRECT, "b.com/b@v1.0.0"),
        module("b.com/b", "v1.0.0", Relationship.INDIRECT),
        module("c.com/c", "v1.0.0", Relationship.INDIRECT),
    ]
    assert found[3].depends_on is EMPTY_LIST


def test_an_empty_file_is_no_application() -> None:
    assert run(ANALYZER, PATH, {PATH: ""}) == ([], [])


def test_bounds() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, packages_per_file=1)
    with pytest.raises(LimitError, match="more than 1 modules"):
        run(ANALYZER, PATH, {PATH: HEAD, "app/go.sum": "a v1 h1:=\nb v1 h1:=\n"}, limits=limits)
    limits = msgspec.structs.replace(DEFAULT_LIMITS, module_file_bytes=10)
    with pytest.raises(LimitError):
        run(ANALYZER, PATH, {PATH: HEAD}, limits=limits)
