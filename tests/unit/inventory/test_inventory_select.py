"""Which analysers run for which command."""

from __future__ import annotations

import pytest

from assaymark.inventory.analyzer import Options
from assaymark.inventory.select import analyser_set, analysers_for, analyzers, index_for, kinds_for
from assaymark.inventory.unanalysed import KINDS

LANGUAGES = {"npm", "pip", "python-pkg"}


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("image", {"python-pkg"}),
        ("rootfs", {"python-pkg"}),
        ("fs", {"npm", "pip"}),
        ("repo", {"npm", "pip"}),
    ],
)
def test_lockfiles_are_for_sources_and_installed_packages_for_images(target: str, expected: set[str]) -> None:
    assert {analyzer.name for analyzer in analysers_for(target)} & LANGUAGES == expected


def test_repositories_have_no_operating_system() -> None:
    assert {analyzer.kind for analyzer in analysers_for("repo")} == {"lang"}


@pytest.mark.parametrize(
    ("types", "kinds"),
    [
        pytest.param(("os",), {"os"}, id="only the system"),
        pytest.param(
            ("library",),
            {"os", "lang", "binary", "sbom"},
            id="the system tells its release and which files are its own",
        ),
    ],
)
def test_package_types_narrow_the_choice(types: tuple[str, ...], kinds: set[str]) -> None:
    assert {analyzer.kind for analyzer in analysers_for("image", pkg_types=types)} == kinds


def test_names_are_unique() -> None:
    names = [analyzer.name for analyzer in analyzers()] + [kind.name for kind in KINDS]

    assert len(set(names)) == len(names)


def test_no_kind_is_both_read_and_unread() -> None:
    for target in ("image", "fs"):
        read = {path for analyzer in analysers_for(target) for path in analyzer.paths if not path.startswith("!")}
        unread = {path for kind in kinds_for(target) for path in kind.paths if not path.startswith("!")}
        assert not read & unread


def test_the_set_changes_with_versions_and_options() -> None:
    image, source = analysers_for("image"), analysers_for("fs")

    digests = {
        analyser_set(image),
        analyser_set(source),
        analyser_set(image, options=Options(comprehensive=True)),
        analyser_set(image, options=Options(file_patterns=(("pip", "x"),))),
    }

    assert len(digests) == 4
    assert analyser_set(list(reversed(image))) == analyser_set(image)


def test_an_index_is_made_for_a_command() -> None:
    index = index_for("image")

    assert index.wants("lib/apk/db/installed", 0o644, 1)
    assert not index.wants("app/package-lock.json", 0o644, 1)
    assert index.wants("app/lib.jar", 0o644, 1)
