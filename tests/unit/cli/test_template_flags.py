"""`--template`: files, text, the reference's own names, and what is told or refused."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest
from tests.support.consoles import recorded_console

from assaymark.cli.template_flags import check_template_flags, format_name, template_from
from assaymark.errors import LocalError, UsageError
from assaymark.report.format import Template


def _args(template: str = "", *, name: str = "template", also: tuple[str, ...] = ()) -> Namespace:
    return Namespace(template=template, format=name, also=also)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        pytest.param("@contrib/gitlab.tpl", "gitlab", id="beside the sources"),
        pytest.param("@contrib/gitlab-codequality.tpl", "gitlab-codequality", id="with a hyphen"),
        pytest.param("@/usr/local/share/trivy/templates/asff.tpl", "asff", id="where packages put them"),
        pytest.param("@/home/me/src/contrib/html.tpl", "html", id="in any folder of that name"),
        pytest.param("@contrib/other.tpl", "template", id="no template of the reference"),
        pytest.param("@junit.tpl", "template", id="in no folder of the reference"),
        pytest.param("contrib/junit.tpl", "template", id="text that looks like it"),
        pytest.param("", "template", id="no template"),
    ],
)
def test_templates_of_the_reference_are_reports_of_ours(template: str, expected: str) -> None:
    assert expected == format_name(_args(template), "table")


def test_a_file_of_that_name_is_a_template(tmp_path: Path) -> None:
    (tmp_path / "contrib").mkdir()
    (tmp_path / "contrib" / "junit.tpl").write_text("mine")
    template = f"@{tmp_path}/contrib/junit.tpl"
    assert format_name(_args(template), "table") == "template"
    assert template_from(_args(template), recorded_console().console).text == "mine"


def test_other_formats_keep_their_names() -> None:
    assert [format_name(_args("@contrib/html.tpl", name=name), "table") for name in ("json", "")] == ["json", "table"]


def test_text_is_a_template_by_itself_and_sees_no_credentials() -> None:
    environ = {"REGION": "eu", "GITHUB_TOKEN": "ghp_0123456789", "MY_SECRET_THING": "longenough", "EMPTY_TOKEN": ""}
    assert Template(
        name="--template",
        text="{{ . }}",
        environment={"REGION": "eu", "EMPTY_TOKEN": ""},
        withheld=frozenset({"GITHUB_TOKEN", "MY_SECRET_THING"}),
    ) == template_from(_args("{{ . }}"), recorded_console(environ=environ).console)


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.tpl").write_bytes(b"\xef\xbb\xbfa\r\n")
    assert template_from(_args(f"@{tmp_path}/a.tpl"), recorded_console().console).text == "a\r\n"


@pytest.mark.parametrize(
    ("template", "data", "message"),
    [
        pytest.param("", b"", "`--format template` needs a template", id="none"),
        pytest.param("@a.txt", b"x", "does not end in `.tpl`", id="another ending"),
        pytest.param("@a.tpl", b"\xff", "is not UTF-8", id="no text"),
        pytest.param("@a.tpl", b"\n{{ x }}", "a.tpl`, line 2: function `x` is not defined", id="no template"),
        pytest.param("{{ if }}", b"", "template `--template`, line 1: missing value for if", id="text that is none"),
    ],
)
def test_what_is_no_template_is_refused_before_a_scan(
    template: str, data: bytes, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if template.startswith("@"):
        (tmp_path / template[1:]).write_bytes(data)
    with pytest.raises(UsageError) as caught:
        template_from(_args(template), recorded_console().console)
    assert message in str(caught.value)


def test_a_file_that_is_not_there_is_a_local_error(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="no such file"):
        template_from(_args(f"@{tmp_path}/none.tpl"), recorded_console().console)


@pytest.mark.parametrize(
    ("args", "warning"),
    [
        pytest.param(_args("x"), "", id="with its format"),
        pytest.param(_args("", name="json"), "", id="not given"),
        pytest.param(_args("x", name="json", also=("template=a.txt",)), "", id="for one more report"),
        pytest.param(
            _args("x", name="json", also=("sarif=a",)),
            "warning: `--template` is ignored because `--format json` is given\n",
            id="beside another format",
        ),
        pytest.param(
            _args("x", name=""),
            "warning: `--template` is ignored because `--format template` is not given\n",
            id="without a format",
        ),
    ],
)
def test_a_template_that_nobody_uses_is_told(args: Namespace, warning: str) -> None:
    recorded = recorded_console()
    check_template_flags(args, recorded.console)
    assert warning == recorded.err
