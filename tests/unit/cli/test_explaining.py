"""`--explain` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.workshop import ALPINE, Ran, Workshop


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def explain(shop: Workshop, name: str, *flags: str) -> Ran:
    return shop.run("rootfs", shop.tree(ALPINE), "--explain", name, *flags)


def test_an_explanation_takes_the_report_s_place(shop: Workshop) -> None:
    ran = explain(shop, "CVE-2019-14697", "--exit-code", "1")
    assert ran.code == 0
    assert (
        ran.out
        == f"""\
CVE-2019-14697  CRITICAL  musl: x87 stack imbalance
1 package with advisories: 1 listed

LISTED  musl 1.1.22-r2: 1.1.22-r2 is vulnerable, and the fix is 1.1.22-r3
  in        {shop.folder / "tree"} (alpine 3.10.9)
  severity  CRITICAL
  advisory  CVE-2019-14697, published by Alpine Secdb
    bucket    alpine 3.10 / musl
    affected  before 1.1.22-r3
    fixed in  1.1.22-r3
    source    https://secdb.alpinelinux.org/
"""
    )


def test_several_for_programs(shop: Workshop) -> None:
    ran = explain(shop, "CVE-2019-14697,cve-2018-25032", "--format", "json", "--output", str(shop.folder / "e.json"))
    assert (ran.code, ran.out) == (0, "")
    documents = json.loads((shop.folder / "e.json").read_text())
    assert [(each["asked"], each["names"]) for each in documents] == [
        ("CVE-2019-14697", ["CVE-2019-14697"]),
        ("cve-2018-25032", ["CVE-2018-25032"]),
    ]


def test_several_for_people_have_a_line_between_them(shop: Workshop) -> None:
    assert "\n\nCVE-2018-25032  HIGH  zlib" in explain(shop, "CVE-2019-14697,CVE-2018-25032").out


def test_what_flags_leave_out_is_told(shop: Workshop) -> None:
    out = explain(shop, "CVE-2020-28928", "--severity", "CRITICAL").out
    assert "\nLEFT OUT  musl 1.1.22-r2: severity MEDIUM was not asked for\n" in out


def test_what_was_not_looked_at_is_told(shop: Workshop) -> None:
    ran = shop.run("rootfs", shop.tree({"etc/os-release": "ID=nobody\n"}), "--explain", "CVE-2019-14697")
    assert "no advisories were asked" in ran.out
    assert "warning: " in ran.err


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--format", "sarif"), "`--explain` has no format `sarif`"),
        (("--also", "json=a.json"), "`--explain` and `--also` exclude each other"),
        (("--baseline", "a.json"), "`--explain` and `--baseline` exclude each other"),
    ],
    ids=["another format", "further reports", "a baseline"],
)
def test_an_explanation_is_no_report(shop: Workshop, flags: tuple[str, ...], message: str) -> None:
    ran = explain(shop, "CVE-2019-14697", *flags)
    assert (ran.code, ran.out, ran.err.startswith(f"error: {message}\n")) == (2, "", True)


def test_an_explanation_is_not_signed(shop: Workshop) -> None:
    ran = shop.run("image", "--explain", "CVE-2019-14697", "--attest", "--key", "x.key", "example.com/a")
    assert (ran.code, ran.err.startswith("error: `--explain` and `--attest` exclude each other\n")) == (2, True)
