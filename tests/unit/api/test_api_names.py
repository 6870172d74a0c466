"""The public names: documented, typed, found whatever was imported before, and free until somebody uses them."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import assaymark

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
FREE = {"argparse", "msgspec", "urllib3", "cryptography", "json", "importlib.metadata", "inspect"}


def python(script: str) -> str:
    """What another interpreter prints that runs `script`."""
    environ = {"PYTHONPATH": str(ROOT / "src"), "PATH": ""}
    done = subprocess.run([sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_page_lists_every_public_name_and_no_other() -> None:
    listed = re.findall(r"^\| `(\w+)` \|", PAGE, flags=re.MULTILINE)
    assert sorted(listed) == sorted(assaymark.__all__)
    assert assaymark.__all__ == sorted(assaymark.__all__)


@pytest.mark.parametrize("name", assaymark.__all__)
def test_every_name_resolves_and_says_what_it_is(name: str) -> None:
    found = getattr(assaymark, name)
    if name != "__version__":
        assert inspect.getdoc(found), name
    assert name in dir(assaymark)


def test_a_name_that_is_none_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute `scam`"):
        assaymark.scam  # type: ignore[attr-defined]  # noqa: B018 - that is what is tested


def test_importing_the_package_loads_nothing() -> None:
    script = "import sys; import assaymark; print('\\n'.join(sys.modules))"
    modules = set(python(script).splitlines())
    assert {name for name in modules if name.startswith("assaymark")} == {"assaymark", "assaymark.version"}
    assert modules & FREE == set()


@pytest.mark.parametrize(
    "first",
    [
        "pass",
        "import assaymark.scan",
        "import assaymark.attest",
        "import assaymark.attest.bundle, assaymark.scan",
        "from assaymark.scan import scan_image",
        "from assaymark.attest import bundle",
        "import assaymark.cli.main",
        "assaymark.scan; assaymark.attest",
    ],
)
def test_stages_can_be_called_whatever_was_imported_before(first: str) -> None:
    script = f"""
import assaymark
{first}
from assaymark import attest, scan
import assaymark.scan as module
assert scan is assaymark.scan is module and attest is assaymark.attest
for function, word in (scan, "nope"), (attest, "nope"):
    try:
        function("x", **({{"kind": word}} if function is scan else {{"predicate": b"", "format": word}}))
    except assaymark.UsageError as exc:
        print(exc)
print(module.scan_image.__name__, assaymark.attest.__name__)
"""
    assert python(script).splitlines() == [
        "`nope` is no kind",
        "`nope` is no format",
        "scan_image assaymark.attest",
    ]


def test_signatures_are_those_of_the_functions() -> None:
    from assaymark.api.attesting import attest
    from assaymark.api.scanning import scan

    assert inspect.signature(assaymark.scan) == inspect.signature(scan)
    assert inspect.signature(assaymark.attest) == inspect.signature(attest)


def test_functions_take_all_but_what_they_are_about_by_name() -> None:
    for name, count in {"scan": 1, "attest": 2, "verify": 1, "diff": 2}.items():
        kinds = [each.kind for each in inspect.signature(getattr(assaymark, name)).parameters.values()]
        assert kinds.count(inspect.Parameter.POSITIONAL_OR_KEYWORD) == count
        assert set(kinds[count:]) == {inspect.Parameter.KEYWORD_ONLY}


@pytest.mark.parametrize("name", ["scan", "attest", "verify", "diff"])
def test_every_parameter_and_error_is_documented(name: str) -> None:
    module = {"scan": "scanning", "attest": "attesting", "verify": "verifying", "diff": "comparing"}[name]
    function = getattr(__import__(f"assaymark.api.{module}", fromlist=[name]), name)
    text = inspect.getdoc(function) or ""
    missing = [each for each in inspect.signature(function).parameters if f"    {each}:" not in text]
    if name == "diff":
        missing = [each for each in missing if each not in text]
    assert missing == []
    assert "Raises:" in text


def test_types_are_shipped() -> None:
    assert (ROOT / "src" / "assaymark" / "py.typed").is_file()


def test_what_is_logged_is_printed_only_by_those_who_configure_logging() -> None:
    script = """
import logging, sys
sys.stderr = sys.stdout
import assaymark
assaymark.Report
logging.getLogger("assaymark.net").warning("unasked")
logging.basicConfig(format="%(name)s: %(message)s", stream=sys.stdout)
logging.getLogger("assaymark.net").warning("asked")
"""
    assert python(script) == "assaymark.net: asked"
