"""`docs/api.md`: its examples are one program, which type checkers accept and which does what the page says.

It runs without PATH, and an audit hook sees every connection: to the registry on loopback, and to nobody else.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from tests.support.programs import Surroundings
from tests.support.vex import openvex, statement
from tests.support.workshop import FINDINGS

ROOT: Final = Path(__file__).parents[3]
PAGE: Final = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
_BLOCK: Final = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
VEX: Final = openvex(statement("pkg:apk/alpine/musl", name="CVE-2019-14697"))
RULES: Final = "rules:\n  - deny: {severities: HIGH}\n    reason: repaired at once\n"
WATCHED: Final = """
import os, sys
log = open("events", "a", buffering=1)
def hook(name, args):
    if name == "socket.connect":
        log.write(f"connect {args[1]}\\n")
    elif name.startswith(("urllib.", "ftplib.", "smtplib.", "subprocess.", "os.exec", "os.posix_spawn", "os.fork")):
        log.write(f"{name}\\n")
sys.addaudithook(hook)
"""


class Ended(NamedTuple):
    """How the program ended, and what it did besides."""

    out: str
    err: str
    events: list[str]


def blocks() -> list[str]:
    return [found[1] for found in _BLOCK.finditer(PAGE)]


def run(around: Surroundings, program: str) -> Ended:
    """The program, in the folder with the keys and the files, with no variable but those that it needs."""
    text = program.replace("registry.example/shop/app:1.0", around.image())
    (around.folder / "cosign.key").write_bytes((around.folder / "ours.key").read_bytes())
    (around.folder / "cosign.key").chmod(0o600)
    (around.folder / "cosign.pub").write_bytes((around.folder / "ours.pub").read_bytes())
    (around.folder / "other.pub").write_bytes((around.folder / "theirs.pub").read_bytes())
    (around.folder / "vex.json").write_bytes(VEX)
    (around.folder / "rules.yaml").write_text(RULES)
    environ = {**around.environ, "PATH": "", "PYTHONPATH": str(ROOT / "src"), "ASSAYMARK_CACHE_DIR": "cache"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", WATCHED + text],
        cwd=around.folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Ended(done.stdout, done.stderr, (around.folder / "events").read_text().splitlines())


def test_the_first_example_is_a_program_of_fifteen_lines() -> None:
    lines = [line for line in blocks()[0].splitlines() if line.strip()]
    assert len(lines) <= 15
    for name in ("scan", "attest", "verify"):
        assert f"assaymark.{name}(" in blocks()[0]


def test_the_examples_do_what_the_page_says_and_connect_to_the_registry_alone(around: Surroundings) -> None:
    ended = run(around, "\n".join(blocks()))
    lines = ended.out.splitlines()
    assert lines[: len(FINDINGS)] == [
        "CRITICAL CVE-2019-14697 musl 1.1.22-r2",
        "MEDIUM CVE-2020-28928 musl 1.1.22-r2",
        "HIGH CVE-2018-25032 zlib 1.2.11-r1",
    ]
    assert lines[len(FINDINGS)] == "signed by cosign.pub at an unknown time"
    assert [line for line in lines if line.startswith(("out:", "denied:"))] == [
        "out: CVE-2019-14697 not_affected vex.json",
        "denied: CVE-2018-25032 rules.yaml:2 repaired at once",
    ]
    assert lines[-1] == "WRONG_KEY"
    assert "looking for vulnerabilities" in lines
    assert ended.err == ""
    assert set(ended.events) == {f"connect ('127.0.0.1', {around.registry.port})"}
    assert b"CVE-2019-14697" in (around.folder / "report.sarif").read_bytes()


def test_offline_connects_to_nobody(around: Surroundings) -> None:
    program = """
import assaymark
offline = assaymark.Settings(offline=True)
for function in (assaymark.scan, assaymark.verify):
    try:
        function("registry.example/shop/app:1.0", **({} if function is assaymark.scan else {"key": "cosign.pub"}), settings=offline)
    except assaymark.OfflineError:
        print("offline")
"""
    ended = run(around, program)
    assert (ended.out, ended.err, ended.events) == ("offline\noffline\n", "", [])


@pytest.mark.slow
def test_a_type_checker_accepts_the_examples_and_refuses_mistakes(tmp_path: Path) -> None:
    page, wrong = tmp_path / "page.py", tmp_path / "wrong.py"
    page.write_text("\n".join(blocks()))
    wrong.write_text(
        'import assaymark\n\nassaymark.scan("x", kind="vm")\nassaymark.verify("x", keys="k")\nassaymark.scam\n'
        'assaymark.attest("x", "text")\n'
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={tmp_path}", str(page), str(wrong)],
        env={**os.environ, "MYPYPATH": str(ROOT / "src")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    told = [line for line in done.stdout.splitlines() if ": error: " in line]
    assert [re.sub(r"(\w+\.py:\d+): error: .*\[([a-z-]+)\]$", r"\1 \2", line) for line in told] == [
        "wrong.py:3 arg-type",
        "wrong.py:4 call-arg",
        "wrong.py:5 attr-defined",
        "wrong.py:6 arg-type",
    ], done.stdout
