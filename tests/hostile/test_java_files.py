"""Java archives, POMs and lockfiles that are broken or made to hurt: an issue, soon (guards A14 and A19)."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable

import pytest
from tests.support.jars import Content, jar, maven_members, properties
from tests.support.measured import MIB, run_measured
from tests.support.memory_tree import tree

from assaymark.inventory.analyse import analyse_layer
from assaymark.inventory.index import Index
from assaymark.inventory.java.resolve import no_index, resolve_archives
from assaymark.inventory.select import index_for
from assaymark.model.inventory import LayerInventory

SECONDS = 2.0
MEMORY = 256 * MIB

_HEAD = "<project><groupId>g</groupId><artifactId>a</artifactId><version>1</version>"
_MANIFEST = "META-INF/MANIFEST.MF"
_DIRECTORY = b"PK\x01\x02"
_END = b"PK\x05\x06"


def _pom(body: str) -> str:
    return f"{_HEAD}{body}</project>"


def _dependencies(*versions: str) -> str:
    entries = (
        f"<dependency><groupId>g</groupId><artifactId>b{n}</artifactId><version>{v}</version></dependency>"
        for n, v in enumerate(versions)
    )
    return f"<dependencies>{''.join(entries)}</dependencies>"


def _laughs(count: int) -> str:
    lines = "".join(f"<a{n}>{'${a' + str(n + 1) + '}' * 1}${{a{n + 1}}}</a{n}>" for n in range(count))
    return _pom(f"<properties>{lines}<a{count}>ha</a{count}></properties>" + _dependencies("${a0}"))


def _patched(
    members: dict[str, Content], offset: int, value: int, form: str = "<I", *, of: bytes = _DIRECTORY
) -> bytes:
    """An archive with one number of its directory (or of its end record) replaced."""
    data = bytearray(jar(members))
    struct.pack_into(form, data, data.rfind(of) + offset, value)
    return bytes(data)


def _overlapping(count: int) -> bytes:
    """One member that the directory names again and again."""
    data = jar({"pom.properties": properties("g", "a", "1")})
    start, end = data.rfind(_DIRECTORY), data.rfind(_END)
    entries = data[start:end] + data[start:end].replace(b"pom.properties", b"Pom.properties") * (count - 1)
    shifted = b"".join(
        entry if number == 0 else entry[:42] + struct.pack("<I", 4) + entry[46:]
        for number, entry in enumerate(entries[at : at + end - start] for at in range(0, len(entries), end - start))
    )
    return (
        data[:start]
        + shifted
        + struct.pack("<4sHHHHIIH", _END, 0, 0, count & 0xFFFF, count & 0xFFFF, len(shifted), start, 0)
    )


def _nested(levels: int) -> bytes:
    content = jar({"a": b""})
    for _ in range(levels):
        content = jar({"a.jar": content})
    return content


_ONE: dict[str, Content] = {"pom.properties": properties("g", "a", "1")}

BROKEN: dict[str, tuple[str, Callable[[], Content]]] = {
    "jar: empty": ("a.jar", lambda: b""),
    "jar: no archive": ("a.jar", lambda: b"\xca\xfe\xba\xbe" * 1000),
    "jar: cut off": ("a.jar", lambda: jar(_ONE)[:-30]),
    "jar: end records alone": ("a.jar", lambda: _END * 100_000),
    "jar: a directory of 4 GiB": ("a.jar", lambda: _patched(_ONE, 12, 0xFFFF_FFF0, of=_END)),
    "jar: a directory that lies outside": ("a.jar", lambda: _patched(_ONE, 16, 0x7FFF_FFFF, of=_END)),
    "jar: 60,000 entries promised": ("a.jar", lambda: _patched(_ONE, 10, 60_000, "<H", of=_END)),
    "jar: a size of 4 GiB without zip64": ("a.jar", lambda: _patched(_ONE, 20, 0xFFFF_FFFF)),
    "jar: a member of 1 GiB": ("a.jar", lambda: _patched(_ONE, 24, 1 << 30)),
    "jar: a member that is longer": ("a.jar", lambda: _patched(_ONE, 24, 5)),
    "jar: a member that is shorter": ("a.jar", lambda: _patched(_ONE, 24, 500)),
    "jar: a member at another place": ("a.jar", lambda: _patched(_ONE, 42, 7)),
    "jar: a member behind the end": ("a.jar", lambda: _patched(_ONE, 42, 0x7000_0000)),
    "jar: an encrypted member": ("a.jar", lambda: _patched(_ONE, 8, 1, "<H")),
    "jar: an unknown method": ("a.jar", lambda: _patched(_ONE, 10, 99, "<H")),
    "jar: another checksum": ("a.jar", lambda: _patched(_ONE, 16, 1)),
    "jar: members that share their bytes": ("a.jar", lambda: _overlapping(60_000)),
    "jar: a manifest of 512 MiB": ("a.jar", lambda: _patched({_MANIFEST: "a: b\n"}, 24, 512 * MIB)),
    "jar: a manifest that inflates": ("a.jar", lambda: jar({_MANIFEST: bytes(11 * MIB)})),
    "jar: properties that inflate": ("a.jar", lambda: jar({"pom.properties": bytes(2 * MIB)})),
    "jar: an archive that inflates": ("a.jar", lambda: jar({"b.jar": bytes(100 * MIB)})),
    "jar: 60 archives in each other": ("a.jar", lambda: _nested(60)),
    "jar: a broken archive inside": ("a.jar", lambda: jar({"b.war": b"PK\x03\x04"})),
    "jar: the archive itself": ("a.jar", lambda: _patched({"b.jar": b"x" * 100}, 42, 1)),
    "pom: empty": ("pom.xml", lambda: ""),
    "pom: binary": ("pom.xml", lambda: bytes(range(256))),
    "pom: cut off": ("pom.xml", lambda: _HEAD),
    "pom: entities that laugh": (
        "pom.xml",
        lambda: '<!DOCTYPE p [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><project>&b;</project>',
    ),
    "pom: an entity that reads a file": (
        "pom.xml",
        lambda: '<!DOCTYPE p [<!ENTITY a SYSTEM "file:///etc/passwd">]><project>&a;</project>',
    ),
    "pom: a document type elsewhere": ("pom.xml", lambda: '<!DOCTYPE p SYSTEM "http://127.0.0.1/x"><project/>'),
    "pom: 200,000 levels": ("pom.xml", lambda: "<a>" * 200_000),
    "pom: a million elements": ("pom.xml", lambda: "<project>" + "<a/>" * 1_000_000 + "</project>"),
    "pom: 17 MiB": ("pom.xml", lambda: b"<project>" + b" " * (17 * MIB)),
    "pom: properties that laugh": ("pom.xml", lambda: _laughs(50)),
    "pom: a property of a megabyte, again and again": (
        "pom.xml",
        lambda: _pom(f"<properties><a>{'x' * MIB}</a><b>{'${a}' * 9}</b></properties>" + _dependencies(*["${b}"] * 9)),
    ),
    "pom: 100,001 dependencies": ("pom.xml", lambda: _pom(_dependencies(*["1"] * 100_001))),
    "pom: neither true nor false": (
        "pom.xml",
        lambda: _pom("<dependencies><dependency><optional>x</optional></dependency></dependencies>"),
    ),
    "gradle: 100,001 packages": ("gradle.lockfile", lambda: "".join(f"g:a{n}:1=c\n" for n in range(100_001))),
    "gradle: a line of 2 MiB": ("gradle.lockfile", lambda: "g:a:" + "1" * (2 * MIB)),
    "sbt: empty": ("build.sbt.lock", lambda: ""),
    "sbt: 200,000 open lists": ("build.sbt.lock", lambda: '{"dependencies": ' + "[" * 200_000),
    "sbt: numbers": ("build.sbt.lock", lambda: '{"dependencies": [1, 2]}'),
    "sbt: 100,001 entries": ("build.sbt.lock", lambda: '{"dependencies": [' + "{}," * 100_000 + "{}]}"),
}


def looked_at(case: str) -> tuple[LayerInventory, float]:
    """What a scan of that one file finds, and in how many seconds of the processor."""
    path, content = BROKEN[case]
    layer, index = tree({path: content()}), _index(path)
    started = time.process_time()
    [found] = resolve_archives([analyse_layer(layer, index=index)], no_index)
    return found, time.process_time() - started


def _index(path: str) -> Index:
    return index_for("rootfs" if path.endswith(".jar") else "repo")


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_an_issue_of_the_report(case: str) -> None:
    found, seconds = looked_at(case)

    assert BROKEN[case][0] in {issue.path for issue in found.issues}
    assert not found.found
    assert seconds < SECONDS


def test_none_of_them_takes_much_memory() -> None:
    code = (
        "from tests.hostile.test_java_files import BROKEN, looked_at\n"
        "result = [len(looked_at(case)[0].issues) for case in BROKEN]"
    )

    counts, peak = run_measured(code)

    assert 0 not in counts
    assert peak < MEMORY


def _many_properties() -> bytes:
    return jar({f"{n}/pom.properties": properties("g", "a", f"1.{n}") for n in range(10_000)})


def _many_poms() -> bytes:
    members: dict[str, Content] = {}
    for number in range(2_000):
        members |= maven_members(
            "g", f"a{number}", "1", "<project><licenses><license><name>MIT</name></license></licenses></project>"
        )
    return jar(members)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        pytest.param("a.jar", _many_properties, id="10,000 versions of one package"),
        pytest.param("a.jar", _many_poms, id="2,000 packages with their POMs"),
        pytest.param("a.jar", lambda: jar({f"{n}.class": b"" for n in range(30_000)}), id="30,000 classes"),
        pytest.param("a.jar", lambda: jar({"x" * 60_000 + "-1.jar": jar({})}), id="a name of 60,000 characters"),
        pytest.param("a.jar", lambda: jar({_MANIFEST: "A: b\n " + "c\n " * 100_000}), id="100,000 continuations"),
        pytest.param(
            "pom.xml",
            lambda: _pom("<modules>" + "<module>.</module>" * 3_000 + "</modules>"),
            id="modules that are the project",
        ),
        pytest.param("pom.xml", lambda: _pom(_dependencies("1." * 500_000)), id="a version of a megabyte"),
        pytest.param("pom.xml", lambda: _pom(_dependencies(*["[1]"] * 5_000)), id="5,000 hard versions"),
    ],
)
def test_large_files_are_read_in_time(path: str, content: Callable[[], Content]) -> None:
    layer, index = tree({path: content()}), _index(path)
    started = time.process_time()

    resolve_archives([analyse_layer(layer, index=index)], no_index)

    assert time.process_time() - started < SECONDS
