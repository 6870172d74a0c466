"""Ways up from a package: circles, dead ends, many ways, and bounds."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import pytest
from tests.support.vex import finding, judged, openvex, package, reasons, shop, statement, taken_out, within

from assaymark.errors import LimitError
from assaymark.limits import Limits
from assaymark.model.report import Report, Result

LEAF = "pkg:npm/leaf@1"
APPLICATION = "pkg:npm/application"


def lockfile(needs: Mapping[str, tuple[str, ...]], *names: str) -> Report:
    """The report of a lockfile with these packages; `leaf` has the finding."""
    packages = tuple(
        package(
            f"pkg:npm/{name}@1",
            name,
            "1",
            id=f"{name}@1",
            depends_on=tuple(f"{each}@1" for each in needs.get(name, ())),
        )
        for name in names
    )
    leaf = next(each for each in packages if each.name == "leaf")
    result = Result(
        target="package-lock.json",
        class_="lang-pkgs",
        type="npm",
        packages=packages,
        vulnerabilities=(finding(leaf),),
    )
    return msgspec.structs.replace(shop(), results=(result,))


NEEDS = {"application": ("middle",), "middle": ("leaf",)}
CUT = openvex(statement(within(APPLICATION, LEAF)))


@pytest.mark.parametrize(
    ("needs", "gone"),
    [
        pytest.param(NEEDS, True, id="one way"),
        pytest.param(NEEDS | {"leaf": ("middle",)}, True, id="a circle whose only way out is cut"),
        pytest.param(NEEDS | {"circle": ("leaf",), "leaf": ("circle",)}, False, id="a circle that leads nowhere"),
        pytest.param({"application": ("leaf",), "leaf": ("leaf",)}, True, id="a package that needs itself"),
        pytest.param({"leaf": ("leaf",)}, False, id="a package that only it itself needs"),
        pytest.param(NEEDS | {"circle": ("leaf",)}, False, id="another package that needs it"),
    ],
)
def test_a_finding_goes_when_every_way_is_cut(needs: dict[str, tuple[str, ...]], gone: bool) -> None:
    report = judged(CUT, report=lockfile(needs, "application", "circle", "leaf", "middle"))

    assert taken_out(report) == (["leaf | not_affected |  | 1.json"] if gone else [])


def test_many_ways_are_walked_once() -> None:
    rows = [tuple(f"{letter}{row}" for letter in "ab") for row in range(60)]
    needs = {name: rows[row - 1] if row else ("leaf",) for row, names in enumerate(rows) for name in names}
    needs["application"] = rows[-1]

    report = judged(CUT, report=lockfile(needs, "application", "leaf", *(name for row in rows for name in row)))

    assert reasons(report) == ["CVE-2026-1000 not_affected 1 -: "]


def test_a_knot_of_circles_keeps_the_finding_after_a_bounded_walk() -> None:
    knot = [f"k{number}" for number in range(30)]
    needs = {name: (*(each for each in knot if each != name), "leaf") for name in knot} | {"application": tuple(knot)}

    report = judged(CUT, report=lockfile(needs, "application", "leaf", *knot))

    assert taken_out(report) == []


def test_questions_about_one_report_are_bounded() -> None:
    with pytest.raises(LimitError, match="more than 3 comparisons"):
        judged(CUT, report=lockfile(NEEDS, "application", "leaf", "middle"), limits=Limits(vex_questions=3))


def test_of_statements_that_were_not_used_only_some_are_listed() -> None:
    unused = [statement("pkg:npm/other", name=f"CVE-{number}") for number in range(10)]
    document = openvex(*unused, statement("pkg:npm/leaf"))

    report = judged(document, report=lockfile(NEEDS, "application", "leaf", "middle"), limits=Limits(vex_listed=3))

    assert reasons(report) == [
        "CVE-0 not_affected 0 -: no finding has this vulnerability",
        "CVE-1 not_affected 0 -: no finding has this vulnerability",
        "CVE-2026-1000 not_affected 1 -: ",
    ]
    assert report.coverage is not None
    assert [document.unlisted for document in report.coverage.vex] == [8]


def test_too_many_statements_are_refused() -> None:
    with pytest.raises(LimitError, match="more than 2 statements"):
        judged(openvex(*[statement("pkg:npm/leaf")] * 3), limits=Limits(vex_statements=2))


def test_a_document_that_is_too_long_is_refused() -> None:
    with pytest.raises(LimitError, match=r"1\.json"):
        judged(CUT, limits=Limits(vex_bytes=20))
