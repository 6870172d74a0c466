"""`requirements.txt`; the shapes are those of pip's documentation."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.memory_tree import run

from assaymark.errors import LimitError
from assaymark.inventory.analyzer import Options
from assaymark.inventory.lang.pip import ANALYZER
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.inventory import Application
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.package import Location, Package

PATH = "app/requirements.txt"


def names(content: bytes | str, *, comprehensive: bool = False) -> list[str]:
    found, _ = run(ANALYZER, PATH, {PATH: content}, options=Options(comprehensive=comprehensive))
    return [f"{p.name}@{p.version}" for item in found if isinstance(item, Application) for p in item.packages]


def test_sample_is_read_with_its_lines() -> None:
    text = "# tools\nFlask==2.0.0\n\nJinja2[i18n] == 3.0.0 ; python_version > '3'  # pinned\nclick>=8\n-r other.txt\n"

    found, issues = run(ANALYZER, PATH, {PATH: text})

    assert found == [
        Application(
            path=PATH,
            type="pip",
            packages=(
                Package(name="Flask", version="2.0.0", locations=(Location(start_line=2, end_line=2),)),
                Package(name="Jinja2", version="3.0.0", locations=(Location(start_line=4, end_line=4),)),
            ),
        )
    ]
    assert issues == [
        Issue(
            code=IssueCode.ENTRY_IGNORED,
            message="pip: requirements without an exact version were left out: 1 (`click`)",
            path=PATH,
            blocking=False,
        )
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a==1", ["a@1"]),
        ("a == 1.0.post1", ["a@1.0.post1"]),
        ("a==1 --hash=sha256:00 \\", ["a@1"]),
        ("a>=1,==1.5,<2", ["a@1.5"]),
        ("a[x,y]==1", ["a@1"]),
        ("a.b-c_d==1", ["a.b-c_d@1"]),
        ("a==1\r", ["a@1"]),
        ("a===1", []),
        ("a==1.*", []),
        ("a~=1.2", []),
        ("a==not-a-version", []),
        ("==1", []),
        ("https://example.org/a.whl", []),
        ("a @ https://example.org/a-1.whl", []),
        ("]a==1[", []),
    ],
)
def test_only_exact_versions_count(line: str, expected: list[str]) -> None:
    assert names(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"), [("a~=1.2,>=1.3", ["a@1.2"]), ("a>=1.3", ["a@1.3"]), ("a==1.*", ["a@1.0"]), ("a<2", [])]
)
def test_comprehensive_detection_takes_lower_bounds(line: str, expected: list[str]) -> None:
    assert names(line, comprehensive=True) == expected


@pytest.mark.parametrize(
    "content",
    [
        "a==1\n".encode("utf-16"),
        b"\xfe\xff" + "a==1\n".encode("utf-16-be"),
        b"\xef\xbb\xbfa==1\n",
        b"\xff\xfe" + "a==1\n".encode("utf-16-le") + b"\x00",
    ],
    ids=["UTF-16 little", "UTF-16 big", "UTF-8", "cut in a character"],
)
def test_byte_order_marks(content: bytes) -> None:
    assert names(content) == ["a@1"]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"# nothing\n", b"\x00\x01\x02", b"\xff\xfe", b"{}"])
def test_nothing_to_find_is_no_application(content: bytes) -> None:
    assert run(ANALYZER, PATH, {PATH: content})[0] == []


def test_too_many_packages_are_refused() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, packages_per_file=1)

    with pytest.raises(LimitError):
        run(ANALYZER, PATH, {PATH: "a==1\nb==1\n"}, limits=limits)


def test_long_lines_are_left_out_and_keep_their_number() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, line_bytes=10)

    found, issues = run(ANALYZER, PATH, {PATH: f"{'x' * 11}==1\na==1\n"}, limits=limits)

    assert [p.locations for item in found if isinstance(item, Application) for p in item.packages] == [
        (Location(start_line=2, end_line=2),)
    ]
    assert [issue.code for issue in issues] == [IssueCode.ENTRY_IGNORED]
