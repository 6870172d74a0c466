"""Installed gems; the first sample is what RubyGems writes."""

from __future__ import annotations

import pytest
from tests.support.memory_tree import run

from assaymark.inventory.analyzer import Options
from assaymark.inventory.index import Index
from assaymark.inventory.lang.gemspec import ANALYZER
from assaymark.model.inventory import Application
from assaymark.model.package import Package

PATH = "usr/lib/ruby/gems/3.1.0/specifications/rake-13.0.6.gemspec"
SAMPLE = """\
# -*- encoding: utf-8 -*-
# stub: rake 13.0.6 ruby lib

Gem::Specification.new do |s|
  s.name = "rake".freeze
  s.version = "13.0.6"

  s.required_rubygems_version = Gem::Requirement.new(">= 1.3.2".freeze) if s.respond_to? :required_rubygems_version=
  s.licenses = ["MIT".freeze, "BSDL".freeze]
  s.name = "after everything is known"
end
"""


def read(content: str | bytes) -> Package:
    found, issues = run(ANALYZER, PATH, {PATH: content})
    assert issues == []
    (application,) = found
    assert isinstance(application, Application)
    assert (application.path, application.type) == (PATH, "gemspec")
    (package,) = application.packages
    return package


def test_what_rubygems_writes_is_read() -> None:
    assert read(SAMPLE) == Package(name="rake", version="13.0.6", licenses=("MIT", "BSDL"), file_path=PATH)


def spec(*lines: str, variable: str = "s") -> str:
    return "\n".join([f"Gem::Specification.new do |{variable}|", *lines, "end"])


NAMED = ("s.name = 'x'", 's.version="1"')


@pytest.mark.parametrize(
    ("content", "licenses"),
    [
        pytest.param(spec(*NAMED), (), id="none"),
        pytest.param(spec(*NAMED, 's.license = "MIT".freeze'), ("MIT",), id="one"),
        pytest.param(spec(*NAMED, "s.license = 'Apache 2.0'"), ("Apache",), id="the first word alone"),
        pytest.param(
            spec(*NAMED, 's.licenses = ["GPL-2.0+", "Ruby or MIT"].freeze'), ("GPL-2.0+", "Ruby", "MIT"), id="a list"
        ),
        pytest.param(spec(*NAMED, "s.licenses = []"), (), id="an empty list"),
        pytest.param(spec(*NAMED, "s.licenses = [", '"MIT"', "]"), (), id="a list over several lines"),
        pytest.param(spec(*NAMED, "s.licenses = %w[MIT]"), (), id="a list of words"),
        pytest.param(spec(*NAMED, "s.license_file"), (), id="no assignment"),
    ],
)
def test_licences(content: str, licenses: tuple[str, ...]) -> None:
    assert read(content) == Package(name="x", version="1", licenses=licenses, file_path=PATH)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(spec("spec.name = 'a'", "spec.version = '1'", variable="spec"), ("a", "1"), id="another variable"),
        pytest.param(spec("s.name = 'a'", "s.name = 'b'", "s.version = '1'"), ("b", "1"), id="assigned again"),
        pytest.param(
            spec("s.name = 'a'", 's.version = Gem::Version.new("1")'), ("a", 'Gem::Version.new("1")'), id="a call"
        ),
        pytest.param(spec("s.name = 'a' if true", "s.version = '1'"), ("a", "1"), id="a condition"),
        pytest.param(
            b"Gem::Specification.new do |s|\ns.name = '\xff'\ns.version = '1'", ("\ufffd", "1"), id="no UTF-8"
        ),
    ],
)
def test_names_and_versions(content: str | bytes, expected: tuple[str, str]) -> None:
    package = read(content)

    assert (package.name, package.version) == expected


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="an empty file"),
        pytest.param(SAMPLE[:90], id="a truncated file"),
        pytest.param(spec("s.name = 'a'"), id="no version"),
        pytest.param(spec("s.version = '1'", "s.name = ''"), id="an empty name"),
        pytest.param(spec("s.name = 'a'", "s.version = '1'", "s.names"), id="a name that is taken back"),
        pytest.param("s.name = 'a'\ns.version = '1'", id="nothing new"),
        pytest.param("Gem::Specification.new { s.name = 'a'; s.version = '1' }", id="no variable"),
        pytest.param("Gem::Specification.new { |s| s.name = 'a'; s.version = '1' }", id="one line"),
        pytest.param("\x00" * 1_000, id="null bytes"),
    ],
)
def test_what_cannot_be_read_is_an_error(content: str) -> None:
    with pytest.raises(ValueError, match="no name or no version"):
        run(ANALYZER, PATH, {PATH: content})


@pytest.mark.parametrize(
    ("path", "claimed"),
    [
        (PATH, True),
        ("usr/specifications/default/json-2.6.1.gemspec", True),
        ("specifications/rake.gemspec", False),
        ("usr/lib/rake/rake.gemspec", False),
        ("usr/specifications/rake.gem", False),
    ],
)
def test_which_files_it_claims(path: str, *, claimed: bool) -> None:
    assert bool(Index([ANALYZER], Options()).parsers(path, 0o644)) is claimed
