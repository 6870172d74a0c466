"""Lockfiles of apps (Mix, pub, CocoaPods, Swift, Conan, Julia) that are broken or made to hurt: an issue, soon."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from tests.support.measured import MIB, run_measured
from tests.support.memory_tree import tree

from assaymark.inventory.analyse import analyse_layer
from assaymark.inventory.select import index_for
from assaymark.model.inventory import Application, LayerInventory

SECONDS = 2.0
MEMORY = 256 * MIB

_HEX = '"a": {{:hex, :a, "{}", "c", [:mix], [], "hexpm", "d"}},\n'
_LAUGHS = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
_FORMAT_2 = 'manifest_format = "2.0"\n'

BROKEN: dict[str, tuple[str, Callable[[], bytes | str]]] = {
    "mix: 100,001 packages": ("mix.lock", lambda: "".join(map(_HEX.format, range(100_001)))),
    "mix: a line of 2 MiB": ("mix.lock", lambda: '"a": ' + "x" * (2 * MIB)),
    "mix: a line of a million commas": ("mix.lock", lambda: '"b": ' + "," * 1_000_000),
    "mix: 200,000 entries of nothing": ("mix.lock", lambda: ":\n" * 200_000),
    "mix: 100,000 dependencies from git": ("mix.lock", lambda: '"a": {:git}\n' * 100_000),
    "mix: a million colons": ("mix.lock", lambda: ":" * 1_000_000),
    "mix: an entry without its end": ("mix.lock", lambda: _HEX.format("1")[:40]),
    "mix: bytes that are no text": ("mix.lock", lambda: b'"\xff": \xfe\n'),
    "pub: empty": ("pubspec.lock", lambda: ""),
    "pub: binary": ("pubspec.lock", lambda: bytes(range(256)) * 64),
    "pub: a tab": ("pubspec.lock", lambda: "packages:\n\ta: 1"),
    "pub: a text": ("pubspec.lock", lambda: "packages"),
    "pub: a list": ("pubspec.lock", lambda: "packages: [a]"),
    "pub: a number for a version": ("pubspec.lock", lambda: "packages: {a: {version: [1]}}"),
    "pub: laughs": ("pubspec.lock", lambda: _LAUGHS + "packages: *a11\n"),
    "pub: an alias in its own anchor": ("pubspec.lock", lambda: "packages: &a {b: *a}"),
    "pub: an unknown alias": ("pubspec.lock", lambda: "packages: *x"),
    "pub: an object of another language": ("pubspec.lock", lambda: "packages: !!python/object/apply:os.system id"),
    "pub: 200,000 open lists": ("pubspec.lock", lambda: "packages: " + "[" * 200_000),
    "pub: 200,000 nested mappings": ("pubspec.lock", lambda: "packages: " + "{a: " * 200_000),
    "pub: two million nodes": ("pubspec.lock", lambda: "packages: [" + "a," * 300_000 + "]"),
    "pub: an anchor of a megabyte": ("pubspec.lock", lambda: "packages: &" + "a" * 1_000_000 + " x"),
    "pub: 65 MiB": ("pubspec.lock", lambda: b"#" * (65 * MIB)),
    "pods: empty": ("Podfile.lock", lambda: ""),
    "pods: a text": ("Podfile.lock", lambda: "PODS: text"),
    "pods: truncated": ("Podfile.lock", lambda: 'PODS:\n  - "A (1'),
    "pods: needs that are a mapping": ("Podfile.lock", lambda: "PODS: [{A (1): {B: C}}]"),
    "pods: a need that is a list": ("Podfile.lock", lambda: "PODS: [{A (1): [[]]}]"),
    "pods: a need of blanks": ("Podfile.lock", lambda: "PODS: [{A (1): ['   ']}]"),
    "pods: a key that is a list": ("Podfile.lock", lambda: "PODS: [{[A]: [B]}]"),
    "pods: laughs": ("Podfile.lock", lambda: _LAUGHS + "PODS: *a11\n"),
    "pods: 200,000 nested lists": ("Podfile.lock", lambda: "PODS:\n" + "- " * 200_000),
    "swift: empty": ("Package.resolved", lambda: ""),
    "swift: a list": ("Package.resolved", lambda: "[]"),
    "swift: truncated": ("Package.resolved", lambda: '{"version": 2, "pins": [{"location": "x"'),
    "swift: pins that are an object": ("Package.resolved", lambda: '{"version": 2, "pins": {}}'),
    "swift: a state that is a text": ("Package.resolved", lambda: '{"version": 2, "pins": [{"state": "1"}]}'),
    "swift: a version with a fraction": ("Package.resolved", lambda: '{"version": 1.5}'),
    "swift: a million open lists": ("Package.resolved", lambda: '{"pins": ' + "[" * 1_000_000),
    "swift: 200,000 nested objects": ("Package.resolved", lambda: '{"object": ' * 200_000 + "1" + "}" * 200_000),
    "swift: 100,001 pins": ("Package.resolved", lambda: '{"version": 2, "pins": [' + "{}," * 100_000 + "{}]}"),
    "swift: four million values": ("Package.resolved", lambda: '{"pins": [' + "1," * 4_000_000 + "1]}"),
    "conan: empty": ("conan.lock", lambda: ""),
    "conan: a number": ("conan.lock", lambda: "7"),
    "conan: truncated": ("conan.lock", lambda: '{"graph_lock": {"nodes": {"0"'),
    "conan: nodes in a list": ("conan.lock", lambda: '{"graph_lock": {"nodes": [{}]}}'),
    "conan: a node that is a text": ("conan.lock", lambda: '{"graph_lock": {"nodes": {"1": "a/1"}}}'),
    "conan: required numbers": ("conan.lock", lambda: '{"graph_lock": {"nodes": {"1": {"requires": [2]}}}}'),
    "conan: references that are objects": ("conan.lock", lambda: '{"requires": [{}]}'),
    "conan: NaN": ("conan.lock", lambda: '{"requires": [NaN]}'),
    "conan: 200,000 nested lists": ("conan.lock", lambda: '{"requires": ' + "[" * 200_000 + "]" * 200_000 + "}"),
    "julia: binary": ("Manifest.toml", lambda: bytes(range(256)) * 64),
    "julia: truncated": ("Manifest.toml", lambda: '[[A]]\nuuid = "a'),
    "julia: another file": ("Manifest.toml", lambda: "a = 1"),
    "julia: a format that is a number": ("Manifest.toml", lambda: "manifest_format = 2.0"),
    "julia: packages that are texts": ("Manifest.toml", lambda: _FORMAT_2 + 'deps = {A = ["a"]}'),
    "julia: a version that is a table": ("Manifest.toml", lambda: "[[A]]\n[A.version]\n"),
    "julia: a need that is missing": ("Manifest.toml", lambda: '[[A]]\ndeps = ["B"]\n'),
    "julia: a UUID that is a number": ("Manifest.toml", lambda: "[[A]]\n[A.deps]\nB = 1\n"),
    "julia: no project": ("Manifest.toml", lambda: '[[A]]\nuuid = "a"\n'),
    "julia: 200,000 nested lists": ("Manifest.toml", lambda: "a = " + "[" * 200_000 + "]" * 200_000),
    "julia: a header of 500,000 parts": ("Manifest.toml", lambda: "[" + ".".join(["a"] * 500_000) + "]"),
    "julia: 200,000 packages": ("Manifest.toml", lambda: "[[A]]\n" * 200_000),
    "julia: one table twice": ("Manifest.toml", lambda: "[a]\n[a]\n"),
    "julia: 33 MiB": ("Manifest.toml", lambda: "#" * (33 * MIB)),
}


def looked_at(case: str) -> tuple[LayerInventory, float]:
    """What a scan of that one file finds, and in how many seconds of the processor."""
    path, content = BROKEN[case]
    layer, index = tree({path: content()}), index_for("fs")
    started = time.process_time()
    return analyse_layer(layer, index=index), time.process_time() - started


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_an_issue_of_the_report(case: str) -> None:
    found, seconds = looked_at(case)

    assert {issue.path for issue in found.issues} == {BROKEN[case][0]}
    assert not found.found
    assert seconds < SECONDS


def test_none_of_them_takes_much_memory() -> None:
    code = (
        "from tests.hostile.test_app_lockfiles import BROKEN, looked_at\n"
        "result = [len(looked_at(case)[0].issues) for case in BROKEN]"
    )

    counts, peak = run_measured(code)

    assert 0 not in counts
    assert peak < MEMORY


def _julia_chain(count: int) -> str:
    return "".join(f'[[A{n}]]\nuuid = "{n}"\n[A{n}.deps]\nA = "{n + 1}"\n' for n in range(count))


def _conan_ring(count: int) -> str:
    nodes = ",".join(f'"{n}": {{"ref": "a{n}/1", "requires": ["{(n + 1) % count}"]}}' for n in range(count))
    return f'{{"graph_lock": {{"nodes": {{{nodes}}}}}}}'


@pytest.mark.parametrize(
    ("files", "count"),
    [
        pytest.param(
            {"Manifest.toml": _julia_chain(5_000), "Project.toml": '[deps]\nA = "0"\n'}, 5_000, id="a chain in Julia"
        ),
        pytest.param({"conan.lock": _conan_ring(10_000)}, 10_000, id="a ring in Conan"),
        pytest.param({"conan.lock": '{"requires": ["a/' + "1" * 1_000_000 + '"]}'}, 1, id="a version of a megabyte"),
        pytest.param({"mix.lock": _HEX.format("1") * 30_000}, 1, id="one package again and again"),
        pytest.param(
            {"Podfile.lock": "PODS:\n  - A (1):\n" + "    - A\n" * 30_000}, 1, id="a pod that needs itself often"
        ),
    ],
)
def test_large_lockfiles_are_read_in_time(files: dict[str, str], count: int) -> None:
    layer, index = tree(files), index_for("repo")
    started = time.process_time()

    found = analyse_layer(layer, index=index).found

    assert [len(item.packages) for item in found if isinstance(item, Application)] == [count]
    assert time.process_time() - started < SECONDS
