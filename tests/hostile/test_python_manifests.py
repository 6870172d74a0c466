"""Lockfiles, environments and archives of Python that are broken or made to hurt: an issue, soon, in little memory."""

from __future__ import annotations

import io
import time
import zipfile
import zlib
from collections.abc import Callable

import pytest
from tests.support.measured import MIB, run_measured
from tests.support.memory_tree import tree

from assaymark.inventory.analyse import analyse_layer
from assaymark.inventory.select import index_for
from assaymark.model.inventory import Application, LayerInventory

SECONDS = 2.0
MEMORY = 256 * MIB

_PACKAGE = '[[package]]\nname = "a{}"\nversion = "1"\n'
_ROOT = '[[package]]\nname = "r"\nversion = "1"\nsource = { virtual = "." }\n'
_PYLOCK = '[[packages]]\nname = "a"\nversion = "1"\n'


def egg(name: str = "EGG-INFO/PKG-INFO", content: bytes = b"Name: a\nVersion: 1\n") -> bytes:
    """An archive with one deflated member."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return stream.getvalue()


def lying_egg() -> bytes:
    """An archive whose directory promises another size than its member has."""
    data = bytearray(egg(content=b"Name: a\nVersion: 1\nSummary: " + b"x" * 5_000))
    place = data.rindex(b"PK\x01\x02")
    data[place + 24 : place + 28] = (100).to_bytes(4, "little")
    return bytes(data)


def versions_and_ranges(count: int) -> str:
    """Versions of one name, and as many ranges none of which holds."""
    versions = "".join(f'[[package]]\nname = "x"\nversion = "1.{n}"\n' for n in range(count))
    ranges = "".join(
        f'[[package]]\nname = "y{n}"\nversion = "1"\ndependencies = {{x = ">={n + 2}"}}\n' for n in range(count)
    )
    return versions + ranges


BROKEN: dict[str, tuple[str, Callable[[], bytes | str]]] = {
    # lockfiles in TOML
    "poetry: binary": ("poetry.lock", lambda: bytes(range(256)) * 64),
    "poetry: UTF-16": ("poetry.lock", lambda: _PACKAGE.encode("utf-16")),
    "poetry: a byte that is no text": ("poetry.lock", lambda: _PACKAGE.encode() + b'x = "\xff"'),
    "poetry: truncated": ("poetry.lock", lambda: _PACKAGE[:-4]),
    "poetry: 33 MiB": ("poetry.lock", lambda: "#" * (33 * MIB)),
    "poetry: a million lines": ("poetry.lock", lambda: "#\n" * 1_000_000),
    "poetry: 200,000 open lists": ("poetry.lock", lambda: "a = " + "[" * 200_000),
    "poetry: 200,000 nested lists": ("poetry.lock", lambda: "a = " + "[" * 200_000 + "]" * 200_000),
    "poetry: 100,000 nested tables": ("poetry.lock", lambda: "a = " + "{a=" * 100_000 + "1" + "}" * 100_000),
    "poetry: a key of 500,000 parts": ("poetry.lock", lambda: ".".join(["a"] * 500_000) + " = 1"),
    "poetry: a header of 500,000 parts": ("poetry.lock", lambda: "[" + ".".join(["a"] * 500_000) + "]"),
    "poetry: 200,000 dotted keys": ("poetry.lock", lambda: "".join(f"a.b{n} = 1\n" for n in range(200_000))),
    "poetry: 200,000 headers": ("poetry.lock", lambda: "".join(f"[a{n}]\n" for n in range(200_000))),
    "poetry: a million values": ("poetry.lock", lambda: "a = [" + "1," * 1_000_000 + "]"),
    "poetry: a number of a million digits": ("poetry.lock", lambda: "a = " + "1" * 1_000_000),
    "poetry: an open string of escapes": ("poetry.lock", lambda: 'a = """' + '\\"' * 500_000),
    "poetry: a million quotes": ("poetry.lock", lambda: '"' * 1_000_000),
    "poetry: commas on lines of an inline table": ("poetry.lock", lambda: "a = {" + "\n," * 300_000),
    "poetry: 100,001 packages": ("poetry.lock", lambda: "".join(map(_PACKAGE.format, range(100_001)))),
    "poetry: a thousand versions and ranges": ("poetry.lock", lambda: versions_and_ranges(1_000)),
    "poetry: one name twice in a table": ("poetry.lock", lambda: _PACKAGE + 'name = "b"'),
    "poetry: a name that is a table": ("poetry.lock", lambda: "[[package]]\n[package.name]\n"),
    "uv: empty": ("uv.lock", lambda: ""),
    "uv: two roots": ("uv.lock", lambda: _ROOT + _ROOT),
    "uv: packages that are numbers": ("uv.lock", lambda: "package = [1, 2]"),
    "uv: dependencies that are texts": ("uv.lock", lambda: _ROOT + 'dependencies = ["a"]'),
    "uv: groups in groups": ("uv.lock", lambda: _ROOT + "[package.dev-dependencies]\na = [[[]]]"),
    "uv: the day before time": ("uv.lock", lambda: _ROOT + "x = 0000-00-00"),
    "pylock: a list for the whole": ("pylock.toml", lambda: "[]"),
    "pylock: a number for a version": ("pylock.dev.toml", lambda: _PYLOCK + "[[packages]]\nversion = 1.10"),
    "pylock: a table for dependencies": ("pylock.toml", lambda: _PYLOCK + 'dependencies = {name = "b"}'),
    "pylock: one table twice": ("pylock.toml", lambda: "[a]\n[a]\n"),
    # conda
    "conda: empty": ("environment.yml", lambda: ""),
    "conda: a tab": ("environment.yml", lambda: "dependencies:\n\t- a"),
    "conda: binary": ("environment.yml", lambda: b"\x00\x01\xff"),
    "conda: 200,000 open lists": ("environment.yaml", lambda: "dependencies: " + "[" * 200_000),
    "conda: 200,000 nested blocks": ("environment.yml", lambda: "dependencies:\n" + "- " * 200_000),
    "conda: laughs": (
        "environment.yml",
        lambda: (
            "a0: &a0 [x]\n"
            + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
            + "dependencies: *a11\n"
        ),
    ),
    "conda: an alias in its own anchor": ("environment.yml", lambda: "dependencies: &a [*a]"),
    "conda: an object of another language": (
        "environment.yml",
        lambda: "dependencies: !!python/object/apply:os.system id",
    ),
    "conda: 200,000 packages": ("environment.yml", lambda: "dependencies:\n" + "- a\n" * 200_000),
    "conda: 2 MiB": ("environment.yml", lambda: "#" * (2 * MIB)),
    "conda: a number": ("environment.yml", lambda: "dependencies: [1]"),
    "conda: an unknown alias": ("environment.yml", lambda: "dependencies: *x"),
    "conda: an anchor of a megabyte": ("environment.yml", lambda: "dependencies: &" + "a" * 1_000_000 + " x"),
    "conda-pkg: nested lists": ("opt/envs/e/conda-meta/a-1-0.json", lambda: "[" * 1_000_000),
    "conda-pkg: no name": ("opt/envs/e/conda-meta/a-1-0.json", lambda: "{}"),
    "conda-pkg: a list for a name": ("opt/envs/e/conda-meta/a-1-0.json", lambda: '{"name": ["a"], "version": "1"}'),
    # eggs and metadata
    "egg: empty": ("a.egg", lambda: b""),
    "egg: no archive": ("a.egg", lambda: b"PK\x03\x04" + b"\x00" * 1_000),
    "egg: truncated": ("a.egg", lambda: egg()[:-10]),
    "egg: metadata of 64 MiB": ("a.egg", lambda: egg(content=b"\x00" * (64 * MIB))),
    "egg: a member that lies about its size": ("a.egg", lying_egg),
    "egg: another checksum": (
        "a.egg",
        lambda: egg().replace(zlib.crc32(b"Name: a\nVersion: 1\n").to_bytes(4, "little"), b"abcd"),
    ),
    "egg: encrypted": (
        "a.egg",
        lambda: egg().replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01"),
    ),
    "egg: no version": ("a.egg", lambda: egg(content=b"Name: a\n")),
    "egg: a header of 2 MiB": ("a.egg", lambda: egg(content=b"".join(b"X%d: y\n" % n for n in range(250_000)))),
    "egg: a line of 2 MiB": ("a.egg", lambda: egg(content=b"Summary: " + b"x" * (2 * MIB) + b"\nName: a\n")),
    "wheel: no name": ("x.dist-info/METADATA", lambda: "Version: 1\n"),
    "wheel: 200,000 classifiers": (
        "x.dist-info/METADATA",
        lambda: "Name: a\nVersion: 1\n" + "Classifier: x\n" * 200_000,
    ),
}


def looked_at(case: str) -> tuple[LayerInventory, float]:
    """What a scan of that one file finds, and in how many seconds."""
    path, content = BROKEN[case]
    layer = tree({path: content()})
    index = index_for("rootfs" if path.startswith(("opt/", "x.")) else "fs")
    started = time.process_time()
    return analyse_layer(layer, index=index), time.process_time() - started


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_an_issue_of_the_report(case: str) -> None:
    found, seconds = looked_at(case)

    assert [issue.path for issue in found.issues] == [BROKEN[case][0]]
    assert not found.found
    assert seconds < SECONDS


def test_none_of_them_takes_much_memory() -> None:
    code = "from tests.hostile.test_python_manifests import BROKEN, looked_at\nresult = [len(looked_at(case)[0].issues) for case in BROKEN]"
    counts, peak = run_measured(code)

    assert set(counts) == {1}
    assert peak < MEMORY


def chain(count: int) -> str:
    """Packages that each depend on the next one."""
    return "".join(
        f'[[package]]\nname = "a{n}"\nversion = "1"\ndependencies = [{{name = "a{n + 1}"}}]\n' for n in range(count)
    )


@pytest.mark.parametrize(
    ("files", "count"),
    [
        pytest.param({"uv.lock": _ROOT + 'dependencies = [{name = "a0"}]\n' + chain(8_000)}, 8_001, id="a chain in uv"),
        pytest.param(
            {"poetry.lock": "".join(map(_PACKAGE.format, range(10_000))), "pyproject.toml": "a = {"},
            10_000,
            id="a broken project",
        ),
        pytest.param({"pylock.toml": _PYLOCK * 20_000}, 1, id="one package again and again"),
    ],
)
def test_large_lockfiles_are_read_in_time(files: dict[str, str], count: int) -> None:
    started = time.process_time()

    layer = analyse_layer(tree(files), index=index_for("repo"))

    assert [len(item.packages) for item in layer.found if isinstance(item, Application)] == [count]
    assert time.process_time() - started < SECONDS
