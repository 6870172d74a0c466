from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.support.workshop import ALPINE, Workshop

from assaymark.cli.terminals import follows_links


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def scan(shop: Workshop, *flags: str) -> tuple[int, str, str]:
    ran = shop.run("rootfs", shop.tree(ALPINE), *flags)
    return ran.code, ran.out, ran.err


def test_the_summary_alone_lists_no_finding(shop: Workshop) -> None:
    code, out, _ = scan(shop, "--table-mode", "summary")
    assert (code, "3 vulnerabilities in 2 packages" in out, "CVE-" in out) == (0, True, False)


def test_the_findings_alone(shop: Workshop) -> None:
    code, out, _ = scan(shop, "--table-mode=detailed")
    assert (code, "Upgrade first" in out, "CVE-2019-14697" in out) == (0, False, True)


def test_half_a_table_in_another_format_is_refused(shop: Workshop) -> None:
    code, out, err = scan(shop, "--table-mode", "summary", "--format", "json")
    assert (code, out) == (2, "")
    assert "`--table-mode` is for the table alone" in err


def test_no_half_is_refused(shop: Workshop) -> None:
    assert scan(shop, "--table-mode=,")[0] == 2


def test_both_halves_may_be_asked_for_in_any_format(shop: Workshop) -> None:
    assert scan(shop, "--table-mode", "detailed,summary", "--format", "json")[0] == 0


def test_the_tree_in_another_format_changes_nothing_and_is_told(shop: Workshop) -> None:
    code, _, err = scan(shop, "--dependency-tree", "--format", "json")
    assert (code, "warning: `--dependency-tree` is for the table alone" in err) == (0, True)


def test_a_tree_with_gaps_is_refused(shop: Workshop) -> None:
    code, _, err = scan(shop, "--dependency-tree", "--pkg-relationships", "direct")
    assert (code, "`--dependency-tree` needs packages of every relationship" in err) == (2, True)


def test_the_tree_stands_behind_the_findings(shop: Workshop) -> None:
    installed = "P:musl\nV:1.1.22-r2\nA:x86_64\no:musl\np:so:libc\n\nP:busybox\nV:1\nA:x86_64\no:busybox\nD:so:libc\n\n"
    ran = shop.run("rootfs", shop.tree({**ALPINE, "lib/apk/db/installed": installed}), "--dependency-tree")
    assert ran.out.endswith("  musl@1.1.22-r2  CRITICAL 1, MEDIUM 1\n  └── busybox@1\n")


@pytest.mark.parametrize(
    ("environ", "follows"),
    [
        ({}, False),
        ({"TERM": "xterm-256color"}, False),
        ({"TERM": "xterm-kitty"}, True),
        ({"TERM_PROGRAM": "iTerm.app"}, True),
        ({"TERM_PROGRAM": "Apple_Terminal"}, False),
        ({"VTE_VERSION": "7200"}, True),
        ({"VTE_VERSION": "4205"}, False),
        ({"VTE_VERSION": "new"}, False),
        ({"WT_SESSION": "x"}, True),
        ({"TERM": "xterm-kitty", "TMUX": "/tmp/x"}, False),
        ({"TERM": "xterm-kitty", "FORCE_HYPERLINK": "0"}, False),
        ({"FORCE_HYPERLINK": "1"}, True),
    ],
    ids=str,
)
def test_which_terminals_follow_links(environ: Mapping[str, str], follows: bool) -> None:
    assert follows_links(environ) is follows
