"""Files of NuGet, .NET, Composer, Bundler and RubyGems that are broken or made to hurt: an issue, soon, in little memory.

The time that is compared is the process's own, so that busy machines do not decide.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from tests.support.measured import MIB, run_measured
from tests.support.memory_tree import tree

from assaymark.inventory.analyse import analyse_layer
from assaymark.inventory.select import index_for
from assaymark.model.inventory import Application, LayerInventory

SECONDS = 2.0
MEMORY = 256 * MIB

LOCK = "packages.lock.json"
CONFIG = "packages.config"
PROPS = "Directory.Packages.props"
DEPS = "app.deps.json"
COMPOSER = "composer.lock"
INSTALLED = "vendor/composer/installed.json"
GEMFILE = "Gemfile.lock"
GEMSPEC = "usr/share/specifications/a.gemspec"

_GEM = "Gem::Specification.new do |s|\n"


def lock(**entries: Any) -> str:
    return json.dumps({"version": 1, "dependencies": {"net": entries}})


def entities(levels: int) -> str:
    """A billion laughs."""
    named = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, levels))
    return f'<!DOCTYPE packages [<!ENTITY a0 "ha">{named}]><packages><package id="&a{levels - 1};"/></packages>'


def many_packages(count: int) -> str:
    return "<packages>" + "".join(f'<package id="{n}"/>' for n in range(count)) + "</packages>"


BROKEN: dict[str, tuple[str, Callable[[], bytes | str]]] = {
    # NuGet's lockfile
    "nuget: empty": (LOCK, lambda: ""),
    "nuget: binary": (LOCK, lambda: bytes(range(256)) * 64),
    "nuget: truncated": (LOCK, lambda: lock(a={"resolved": "1"})[:-3]),
    "nuget: 500,000 open objects": (LOCK, lambda: '{"a":' * 500_000),
    "nuget: frameworks nested 600 levels": (LOCK, lambda: '{"dependencies":' * 600 + "1" + "}" * 600),
    "nuget: 100,001 packages": (LOCK, lambda: lock(**{f"a{n}": {} for n in range(100_001)})),
    "nuget: a list for a framework": (LOCK, lambda: '{"dependencies": {"net": []}}'),
    "nuget: a number for a version": (LOCK, lambda: lock(a={"resolved": 1e999})),
    "nuget: dependencies in a list": (LOCK, lambda: lock(a={"dependencies": [["a"]]})),
    "nuget: two million commas": (LOCK, lambda: "[" + "1," * 4_000_000 + "1]"),
    "nuget: 65 MiB": (LOCK, lambda: " " * (65 * MIB)),
    "nuget: UTF-16": (LOCK, lambda: lock(a={"resolved": "1"}).encode("utf-16")),
    "nuget: NaN": (LOCK, lambda: '{"dependencies": NaN}'),
    # NuGet's XML
    "config: empty": (CONFIG, lambda: ""),
    "config: truncated": (CONFIG, lambda: '<packages><package id="a"'),
    "config: a billion laughs": (CONFIG, lambda: entities(12)),
    "config: a file of the host": (
        CONFIG,
        lambda: '<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]><packages><package id="&x;"/></packages>',
    ),
    "config: an entity that nobody declared": (CONFIG, lambda: '<packages><package id="&x;"/></packages>'),
    "config: 100,000 levels": (CONFIG, lambda: "<packages>" * 100_000),
    "config: 100,001 packages": (CONFIG, lambda: many_packages(100_001)),
    "config: a million elements": (CONFIG, lambda: "<packages>" + "<a/>" * 1_000_000 + "</packages>"),
    "config: 200,000 attributes": (
        CONFIG,
        lambda: "<packages " + " ".join(f'a{n}="1"' for n in range(600_000)) + "/>",
    ),
    "config: one attribute twice": (CONFIG, lambda: '<packages><package id="a" id="b"/></packages>'),
    "config: neither true nor false": (CONFIG, lambda: '<packages><package developmentDependency="2"/></packages>'),
    "config: another root": (CONFIG, lambda: '<package id="a"/>'),
    "config: 17 MiB": (CONFIG, lambda: " " * (17 * MIB)),
    "config: an unknown encoding": (CONFIG, lambda: '<?xml version="1.0" encoding="x-none"?><packages/>'),
    "config: a null byte": (CONFIG, lambda: "<packages>\x00</packages>"),
    "props: a list": (PROPS, lambda: "[]"),
    "props: a billion laughs": (PROPS, lambda: entities(12).replace("packages", "Project")),
    "props: 300 levels": (PROPS, lambda: "<Project>" * 300 + "</Project>" * 300),
    "props: crossed elements": (PROPS, lambda: "<Project><ItemGroup></Project></ItemGroup>"),
    # .NET
    "deps: empty": (DEPS, lambda: ""),
    "deps: a list": (DEPS, lambda: "[]"),
    "deps: a target that is text": (DEPS, lambda: '{"runtimeTarget": "net"}'),
    "deps: a library that is null": (DEPS, lambda: '{"libraries": {"a/1": null}}'),
    "deps: dependencies that are numbers": (DEPS, lambda: '{"targets": {"t": {"a/1": {"dependencies": {"b": 1}}}}}'),
    "deps: 100,001 libraries": (
        DEPS,
        lambda: json.dumps({"libraries": {f"a{n}/1": {"type": "package"} for n in range(100_001)}}),
    ),
    # Composer
    "composer: empty": (COMPOSER, lambda: ""),
    "composer: truncated": (COMPOSER, lambda: '{"packages": [{"name": "a/b"'),
    "composer: conflict markers": (COMPOSER, lambda: '<<<<<<< HEAD\n{"packages": []}\n=======\n'),
    "composer: 500,000 open lists": (COMPOSER, lambda: '{"packages":' + "[" * 500_000),
    "composer: a package that is a list": (COMPOSER, lambda: '{"packages": [[]]}'),
    "composer: requirements in a list": (COMPOSER, lambda: '{"packages": [{"name": "a/b", "require": []}]}'),
    "composer: a name that is a number": (COMPOSER, lambda: '{"packages": [{"name": 1}]}'),
    "composer: 100,001 packages": (
        COMPOSER,
        lambda: json.dumps({"packages-dev": [{"name": f"a/{n}"} for n in range(100_001)]}),
    ),
    "composer: a million licences": (
        COMPOSER,
        lambda: json.dumps({"packages": [{"name": "a/b", "license": [f"License {n}" for n in range(1_000_000)]}]}),
    ),
    "composer: a million objects": (COMPOSER, lambda: '{"packages": [' + "{}," * 1_100_000 + "{}]}"),
    "installed: the list of Composer 1": (INSTALLED, lambda: '[{"name": "a/b"}]'),
    "installed: half a character": (INSTALLED, lambda: b'{"packages": "\xc3'),
    "installed: an escape that ends": (INSTALLED, lambda: '{"packages": "\\u12'),
    # Ruby
    "bundler: 100,001 gems": (GEMFILE, lambda: "".join(f"    a{n} (1)\n" for n in range(100_001))),
    "bundler: two million dependencies": (GEMFILE, lambda: "    a (1)\n" + "      b\n" * 2_000_000),
    "bundler: two million direct ones": (GEMFILE, lambda: "DEPENDENCIES\n" + "  a\n" * 2_000_000),
    "bundler: a line of 8 MiB": (GEMFILE, lambda: "    a (" + "1" * (8 * MIB)),
    "bundler: blanks of 8 MiB": (GEMFILE, lambda: " " * (8 * MIB)),
    "gemspec: empty": (GEMSPEC, lambda: ""),
    "gemspec: binary": (GEMSPEC, lambda: bytes(range(256)) * 4_096),
    "gemspec: no version": (GEMSPEC, lambda: _GEM + "s.name = 'a'\n"),
    "gemspec: a name that is taken back": (GEMSPEC, lambda: _GEM + "s.name = 'a'\ns.version = '1'\ns.names\n"),
    "gemspec: lists that never end": (GEMSPEC, lambda: _GEM + "s.licenses = " + ".licenses = [" * 70_000),
    "gemspec: bars": (GEMSPEC, lambda: "Gem::Specification.new do " + "|" * 1_000_000),
    "gemspec: blanks behind names": (GEMSPEC, lambda: _GEM + "s.name" + ".name    " * 100_000),
    "gemspec: blanks without end": (GEMSPEC, lambda: _GEM + "s.version" + " " * 1_000_000),
    "gemspec: a million lines": (GEMSPEC, lambda: _GEM + "s.name = 'a'\n" * 200_000),
    "gemspec: a variable of half a megabyte": (
        GEMSPEC,
        lambda: f"Gem::Specification.new do |{'s' * 500_000}|\n" + "s\n" * 100_000,
    ),
}


def looked_at(case: str) -> tuple[LayerInventory, float]:
    """What a scan of that one file finds, and in how many seconds."""
    path, content = BROKEN[case]
    layer = tree({path: content()})
    index = index_for("rootfs" if path in {INSTALLED, GEMSPEC} else "fs")
    gc.freeze()  # the tests' own heap is not the scanner's to collect
    try:
        started = time.process_time()
        return analyse_layer(layer, index=index), time.process_time() - started
    finally:
        gc.unfreeze()


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_an_issue_of_the_report(case: str) -> None:
    found, seconds = looked_at(case)

    assert [issue.path for issue in found.issues] == [BROKEN[case][0]]
    assert not found.found
    assert seconds < SECONDS


def test_none_of_them_takes_much_memory() -> None:
    code = (
        "from tests.hostile.test_dotnet_php_ruby_manifests import BROKEN, looked_at\n"
        "result = [len(looked_at(case)[0].issues) for case in BROKEN]"
    )
    counts, peak = run_measured(code)

    assert set(counts) == {1}
    assert peak < MEMORY


def everything_on_everything(count: int) -> dict[str, str]:
    names = {f"a{n}": "1" for n in range(count)}
    return {LOCK: lock(**{name: {"resolved": "1", "dependencies": names} for name in names})}


def projects(count: int) -> dict[str, str]:
    """Projects that each depend on the next one."""
    target = {f"a{n}/1": {"dependencies": {f"a{n + 1}": "1"}, "runtime": {}} for n in range(count)}
    libraries = {key: {"type": "project"} for key in target}
    return {DEPS: json.dumps({"runtimeTarget": {"name": "t"}, "targets": {"t": target}, "libraries": libraries})}


def requiring(count: int) -> dict[str, str]:
    names = {f"v/{n}": "*" for n in range(count)}
    return {
        COMPOSER: json.dumps({"packages": [{"name": name, "version": "1", "require": names} for name in names]}),
        "composer.json": "[" * 1_000,
    }


@pytest.mark.parametrize(
    ("files", "count"),
    [
        pytest.param(everything_on_everything(300), 300, id="nuget: everything depends on everything"),
        pytest.param(
            {LOCK: json.dumps({"dependencies": {f"n{n}": {"a": {"resolved": "1"}} for n in range(30_000)}})},
            1,
            id="nuget: one package of many frameworks",
        ),
        pytest.param(projects(20_000), 20_000, id="deps: a chain of projects"),
        pytest.param(requiring(300), 300, id="composer: everything requires everything, beside a broken manifest"),
        pytest.param(
            {GEMFILE: "".join(f"    a{n} (1)\n      a{n + 1}\n" for n in range(20_000))}, 20_000, id="bundler: a chain"
        ),
        pytest.param({GEMFILE: "    a (1)\n      a\n" * 100_000}, 1, id="bundler: one gem again and again"),
    ],
)
def test_large_files_are_read_in_time(files: Mapping[str, str], count: int) -> None:
    started = time.process_time()

    layer = analyse_layer(tree(files), index=index_for("repo"))

    assert [len(item.packages) for item in layer.found if isinstance(item, Application)] == [count]
    assert time.process_time() - started < SECONDS
