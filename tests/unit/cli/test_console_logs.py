from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator

import pytest
from tests.support.consoles import recorded_console

from assaymark.cli.logs import LineHandler


@pytest.fixture(autouse=True)
def _restored_logging() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("assaymark")
    before = root.level, ours.level, list(root.handlers)
    yield
    root.setLevel(before[0])
    ours.setLevel(before[1])
    root.handlers[:] = before[2]


OURS = logging.getLogger("assaymark.somewhere")
LIBRARY = logging.getLogger("somelibrary")


def _log_everything() -> None:
    OURS.debug("read %s", "a\x1bb")
    OURS.warning("look at %s", "this")
    OURS.error("broken")
    LIBRARY.debug("GET /v2/?token=abcdefgh HTTP/1.1")
    LIBRARY.warning("meh")


@pytest.mark.parametrize(
    ("flags", "lines"),
    [
        ({}, ["warning: look at this [assaymark.somewhere]", "error: broken [assaymark.somewhere]"]),
        ({"quiet": True}, ["error: broken [assaymark.somewhere]"]),
        (
            {"debug": True},
            [
                "debug: read a\\x1bb [assaymark.somewhere]",
                "warning: look at this [assaymark.somewhere]",
                "error: broken [assaymark.somewhere]",
                "debug: GET /v2/?token=*** HTTP/1.1 [somelibrary]",
                "warning: meh [somelibrary]",
            ],
        ),
    ],
    ids=["by default", "quiet", "debug"],
)
def test_which_records_are_shown(flags: dict[str, bool], lines: list[str]) -> None:
    recorded = recorded_console()
    recorded.console.configure(quiet=flags.get("quiet", False), debug=flags.get("debug", False))
    _log_everything()
    assert recorded.err.splitlines() == lines


def test_records_for_programs() -> None:
    recorded = recorded_console()
    recorded.console.configure(log_format="json")
    OURS.warning("look at %s", "https://joe:pw@host/")
    assert json.loads(recorded.err) == {
        "time": "2026-01-02T03:04:05.000000Z",
        "level": "warning",
        "logger": "assaymark.somewhere",
        "message": "look at https://***@host/",
    }


def test_a_traceback_has_no_secret_and_one_indented_line_for_each_of_its_own() -> None:
    recorded = recorded_console(environ={"COSIGN_PASSWORD": "canary-4711"})
    recorded.console.configure(debug=True)
    try:
        raise ValueError("wrong canary-4711\nforged: line")
    except ValueError:
        OURS.exception("failed")
    assert "  ValueError: wrong ***\n  forged: line\n" in recorded.err
    assert "canary" not in recorded.err


def test_a_library_s_wrong_format_does_not_end_the_work() -> None:
    recorded = recorded_console()
    recorded.console.configure()
    root = logging.getLogger()
    root.handlers[:] = [each for each in root.handlers if isinstance(each, LineHandler)]  # pytest's own would raise
    OURS.warning("two %s %s", "one")
    assert recorded.err == "warning: two %s %s [assaymark.somewhere]\n"


def test_the_last_console_receives_the_records() -> None:
    first, second = recorded_console(), recorded_console()
    first.console.configure()
    second.console.configure()
    OURS.warning("once")
    assert (first.err, second.err) == ("", "warning: once [assaymark.somewhere]\n")


@pytest.mark.parametrize(("debug", "lines"), [(True, 1), (False, 0)])
def test_warnings_of_libraries_are_objects_or_nothing(debug: bool, lines: int) -> None:
    recorded = recorded_console()
    recorded.console.configure(log_format="json", debug=debug)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("the certificate is old", UserWarning, stacklevel=1)
    recorded.console.configure()
    said = [json.loads(line) for line in recorded.err.splitlines()]
    assert [line["level"] for line in said] == ["warning"] * lines
    assert all("the certificate is old" in line["message"] for line in said)
