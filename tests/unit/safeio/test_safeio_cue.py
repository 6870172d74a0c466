"""`cue` is run on copies, in bounds, and its complaints are told with the places in the policy."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import pytest

from assaymark.errors import LimitError, LocalError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.safeio.cue import Cue, Definition

POLICY = (Definition("policy.cue", b"x: 1"),)


def cue(folder: Path, script: str, **limits: float) -> Cue:
    """A stand-in that runs `script`."""
    (folder / "cue").write_text(f"#!{sys.executable} -S\nimport os, sys\n{script}\n")
    (folder / "cue").chmod(0o755)
    environment = {"PATH": str(folder), "SECRET": "s"}
    return Cue(environment=environment, limits=msgspec.structs.replace(DEFAULT_LIMITS, **limits))


def told(folder: Path, stderr: str) -> tuple[str, ...]:
    return cue(folder, f"sys.stderr.write({stderr!r}); sys.exit(1)").complaints(POLICY, b"{}")


def test_what_fits_is_not_complained_of(tmp_path: Path) -> None:
    script = (
        "assert sys.argv[1:3] == ['vet', '--all-errors']\n"
        "assert [open(name).read() for name in sys.argv[3:]] == ['x: 1', '{\"x\":1}']\n"
        "assert sorted(os.environ) in (['CUE_REGISTRY', 'HOME', 'LANG', 'PATH'],"
        " ['CUE_REGISTRY', 'HOME', 'LANG', 'LC_CTYPE', 'PATH'])"
    )
    assert cue(tmp_path, script).complaints(POLICY, b'{"x":1}') == ()


def test_complaints_have_their_places(tmp_path: Path) -> None:
    stderr = (
        'a.b: conflicting values "y" and "x":\n    ../../tmp/x/0.cue:2:16\n    ../../tmp/x/input.json:1:18\n'
        "\nc: field not allowed\n"
    )
    assert told(tmp_path, stderr) == (
        'a.b: conflicting values "y" and "x" (`policy.cue`, line 2)',
        "c: field not allowed",
    )


COMPLAINTS: dict[str, tuple[str, bool]] = {
    "a member that is not there": ("a.b: incomplete value string:", False),
    "behind a name in quotes": ('a."x y".b: incomplete value "c" | "d"', False),
    "a required member": ("a.b: field is required but not present:", True),
    "a name that sounds like it": ('a."b: incomplete value string": field not allowed:', True),
    "a name with an escaped quote": ('a."b\\": incomplete value string": field not allowed:', True),
    "a value that sounds like it": ('a: conflicting values 1 and "b: incomplete value string"', True),
    "a computation": ("a: non-concrete value string in operand to +:", True),
}


@pytest.mark.parametrize(("line", "counts"), COMPLAINTS.values(), ids=COMPLAINTS.keys())
def test_which_complaints_count(tmp_path: Path, line: str, counts: bool) -> None:
    assert bool(told(tmp_path, f"{line}\n    ./0.cue:1:1\n")) is counts


def test_control_characters_never_reach_a_terminal(tmp_path: Path) -> None:
    assert told(tmp_path, "a: \x1b[31mred\n") == ("a: \\x1b[31mred",)


def test_a_failure_without_a_word_is_no_success(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="ended with code 3, and without a word"):
        cue(tmp_path, "sys.exit(3)").complaints(POLICY, b"{}")


def test_it_is_bounded(tmp_path: Path) -> None:
    with pytest.raises(LimitError, match="wrote more than 100 bytes"):
        cue(tmp_path, "sys.stderr.write('x' * 200)", policy_answer_bytes=100).complaints(POLICY, b"{}")
    with pytest.raises(LocalError, match="did not end within"):
        cue(tmp_path, "import time; time.sleep(30)", policy_seconds=0.3).complaints(POLICY, b"{}")


def test_without_cue(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="program `cue` is not installed, and CUE policies need it"):
        Cue(environment={"PATH": str(tmp_path)}).complaints(POLICY, b"{}")
