"""The reader of walk-throughs: a page that breaks its promise is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.walkthroughs import Happened, Step, keeps_promise, needs_of, run_steps, steps_of

PAGE = """\
# Title
<!-- needs: cosign, opa -->

```console
$ echo one \\
  two
one two
$ name=three

$ echo $name; false
th…
…
[1]
```

```sh
$ not a step
```
"""


def test_a_page_is_commands_and_promises() -> None:
    assert needs_of(PAGE) == ("cosign", "opa")
    assert needs_of("nothing") == ()
    assert steps_of(PAGE) == [
        Step("echo one \\\n  two", ("one two",), 0),
        Step("name=three", (), 0),
        Step("echo $name; false", ("th…", "…"), 1),
    ]


def test_a_block_with_a_title_is_a_file(tmp_path: Path) -> None:
    page = '```python title="a.py"\nprint("it\'s")\n```\n\n```console\n$ cat a.py\nprint("it\'s")\n```\n'
    steps = steps_of(page)
    happened = run_steps(steps, tmp_path, {"PATH": "/usr/bin:/bin"}, seconds=20)
    assert happened == [Happened(0, ""), Happened(0, 'print("it\'s")\n')]
    assert all(keeps_promise(step, each) for step, each in zip(steps, happened, strict=True))


def test_a_block_that_begins_with_output_is_refused() -> None:
    with pytest.raises(ValueError, match="neither a command"):
        steps_of("```console\noutput\n```\n")


def test_commands_share_one_shell_and_keep_their_exit_codes(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    steps = [*steps_of(PAGE), Step("ls 'unclosed", (), 2), Step("echo again >&2; pwd", (), 0)]
    happened = run_steps(steps, folder, {"PATH": "/usr/bin:/bin"}, seconds=20)
    assert happened[:3] == [Happened(0, "one two\n"), Happened(0, ""), Happened(1, "three\n")]
    assert happened[3].code != 0
    assert happened[4] == Happened(0, f"again\n{folder}\n")
    assert [keeps_promise(step, each) for step, each in zip(steps, happened, strict=True)][:3] == [True, True, True]


@pytest.mark.parametrize(
    ("expected", "printed", "kept"),
    [
        (("one", "two"), "one\ntwo\n", True),
        (("one",), "one\ntwo\n", False),
        (("one", "two"), "one\n", False),
        (("one …",), "one two three\n", True),
        (("one …",), "two\n", False),
        (("…", "two"), "zero\none\ntwo\n", True),
        (("…", "two"), "two\n", True),
        (("…", "two"), "two\none\n", False),
        (("a.c",), "abc\n", False),
        (("one",), "one  \n\n", True),
        ((), "whatever\n", True),
    ],
)
def test_what_is_promised_is_compared_with_what_is_printed(expected: tuple[str, ...], printed: str, kept: bool) -> None:
    assert keeps_promise(Step("x", expected, 0), Happened(0, printed)) is kept
    assert not keeps_promise(Step("x", expected, 0), Happened(7, printed))
