"""Images whose layers are made to hurt, scanned by the whole program: one clear line, a code, bounded memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest
from tests.support.bombs import (
    GIB,
    MIB,
    RawLayer,
    file_layer,
    header,
    honest_layer,
    numbered_headers,
    raw_image,
    tar_layer,
    zeros_layer,
)
from tests.support.images import Entries, Link, build_image
from tests.support.process import ALPINE, Ended, Machine

CANARY = "CANARY-OF-THE-HOST"
STATUS = "var/lib/dpkg/status"
INSTALLED = "lib/apk/db/installed"
DEBIAN = {"etc/debian_version": "10.13\n"}
PACKAGE = b"Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n"
OTHER = b"\n\nPackage: b\nStatus: install ok installed\nVersion: 2\nArchitecture: amd64\n\n"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    made.place_database()
    return made


def scan(machine: Machine, layers: Sequence[RawLayer | Entries], *flags: str) -> Ended:
    raw = [layer if isinstance(layer, RawLayer) else honest_layer(layer) for layer in layers]
    raw_image(raw).save_layout(machine.work / "image")
    return machine.run_contained("image", "--input", "image", "--format", "json", *flags, *machine.flags)


def vulnerabilities(ended: Ended) -> list[str]:
    report = json.loads(ended.out)
    return [found["VulnerabilityID"] for result in report["Results"] for found in result.get("Vulnerabilities", [])]


def names(ended: Ended) -> list[str]:
    return [entry["Name"] for result in json.loads(ended.out)["Results"] for entry in result.get("Packages", [])]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        pytest.param("../../evil", "warning: ../../evil: outside root, ignored", id="above the root"),
        pytest.param("a/../../evil", "warning: a/../../evil: outside root, ignored", id="above it on the way"),
        pytest.param("/etc/evil", "", id="an absolute name is one of the image"),
        pytest.param("./a/./../evil", "", id="dots that stay inside"),
    ],
)
def test_names_lead_nowhere(machine: Machine, name: str, line: str) -> None:
    ended = scan(machine, [{**ALPINE, name: CANARY}])

    assert (ended.code, ended.problems) == (0, [line] if line else [])
    assert vulnerabilities(ended) == ["CVE-2020-28928"]
    assert not list(machine.root.rglob("evil"))


def test_a_hundred_names_outside_are_one_line(machine: Machine) -> None:
    ended = scan(machine, [[*ALPINE.items(), *((f"../{number}", "x") for number in range(100))]])

    assert (ended.code, len(ended.problems)) == (0, 1)
    assert "99 more" in ended.err


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda host: {"etc/os-release": Link(f"{host}/release")}, id="an absolute link"),
        pytest.param(lambda host: {"etc/os-release": Link("../../../../../../../.." + host + "/release")}, id="a relative one"),
        pytest.param(lambda host: {"etc": Link(host), "etc/os-release": Link("release")}, id="a folder that is a link"),
        pytest.param(lambda host: {"etc/os-release": Link(f"{host}/release", hard=True)}, id="a hard link"),
        pytest.param(lambda host: {"x": Link(host), "etc/os-release": Link("/x/release")}, id="a chain"),
    ],
)  # fmt: skip
def test_links_to_the_host_give_nothing_away(machine: Machine, make: Callable[[str], dict[str, Link]]) -> None:
    (machine.home / "release").write_text(f"ID=alpine\nVERSION_ID=3.10.9\nNAME={CANARY}\n")
    (machine.home / "installed").write_text(f"P:{CANARY}\nV:1\n\n")
    layer = {**make(str(machine.home)), INSTALLED: Link(f"{machine.home}/installed")}

    ended = scan(machine, [layer])

    assert (ended.code, CANARY in ended.err, CANARY.encode() in ended.out) == (0, False, False)
    assert json.loads(ended.out)["Metadata"].get("OS") is None
    assert any(line.startswith("warning: ") and "a link that leads to no file" in line for line in ended.problems)


@pytest.mark.parametrize(
    "links",
    [
        pytest.param({INSTALLED: Link("installed")}, id="a link to itself"),
        pytest.param({INSTALLED: Link("other"), "lib/apk/db/other": Link("installed")}, id="two links in a circle"),
        pytest.param({"lib/apk/db": Link("../apk/db/db"), INSTALLED: Link("installed")}, id="a folder in itself"),
        pytest.param(
            {INSTALLED: Link("/l0"), **{f"l{number}": Link(f"l{number + 1}") for number in range(100_000)}},
            id="a chain of a hundred thousand",
        ),
    ],
)
def test_links_in_circles_end(machine: Machine, links: Entries) -> None:
    ended = scan(machine, [{"etc/os-release": "ID=alpine\nVERSION_ID=3.10.9\n", **dict(links)}])

    assert ended.code == 0
    assert "a link that leads to no file of its layer" in ended.err or "not every link was followed" in ended.err
    assert ended.seconds < 20


@pytest.mark.slow
def test_four_gib_in_a_parsed_file(machine: Machine) -> None:
    ended = scan(machine, [ALPINE, zeros_layer("usr/lib/python3/a-1.dist-info/METADATA", 4 * GIB)])

    assert (ended.code, ended.problems) == (
        0,
        ["warning: usr/lib/python3/a-1.dist-info/METADATA: larger than 1073741824 bytes, not analysed"],
    )
    assert vulnerabilities(ended) == ["CVE-2020-28928"]
    assert ended.seconds < 30


@pytest.mark.parametrize(
    ("path", "said"),
    [
        pytest.param("etc/lsb-release", "longer than", id="a release file"),
        pytest.param(STATUS, "longer than", id="a package database"),
        pytest.param("usr/share/doc/a/copyright", "longer than", id="a copyright file"),
        pytest.param("usr/lib/python3/a-1.dist-info/METADATA", "longer than", id="metadata"),
    ],
)
def test_three_hundred_mib_in_a_parsed_file(machine: Machine, path: str, said: str) -> None:
    """It is kept on the disk and given up by its parser."""
    ended = scan(machine, [ALPINE, zeros_layer(path, 300 * MIB)])

    assert (ended.code, [path in line and said in line for line in ended.problems]) == (0, [True])
    assert scan_is_refused_when_it_must_be_complete(machine)


def scan_is_refused_when_it_must_be_complete(machine: Machine) -> bool:
    ended = machine.run_contained("image", "--input", "image", "--quiet", "--require-complete", *machine.flags)
    return (ended.code, len(ended.problems)) == (3, 1)


@pytest.mark.parametrize(
    ("field", "said", "found"),
    [
        pytest.param(b"Description: " + b"x" * 64 * MIB, "a line longer than", ["a", "b"], id="one long line"),
        pytest.param(b"Depends: a,\n" + b" a,\n" * (16 * MIB), "was cut off", ["a", "b"], id="one long field"),
        pytest.param(b"Version: 1\n" * (6 * MIB), "more than 10000 fields", [], id="one field again and again"),
        pytest.param(b"Unknown: 1\n" * (6 * MIB), "", ["a", "b"], id="fields that nobody wants"),
    ],
)
def test_a_dpkg_stanza_of_64_mib(machine: Machine, field: bytes, said: str, found: list[str]) -> None:
    ended = scan(machine, [DEBIAN, file_layer(STATUS, PACKAGE + field + OTHER)], "--list-all-pkgs")

    assert ended.code == 0
    assert names(ended) == found
    assert [line for line in ended.problems if STATUS in line and said in line] if said else True
    assert ended.seconds < 30


@pytest.mark.slow
@pytest.mark.parametrize(
    "entries",
    [
        pytest.param([header("same") * 1_000] * 1_000, id="one name"),
        pytest.param(numbered_headers("usr/share/{}", 1_000_000), id="a million names"),
    ],
)
def test_a_million_entries(machine: Machine, entries: Iterable[bytes]) -> None:
    ended = scan(machine, [ALPINE, tar_layer(entries)])

    assert (ended.code, vulnerabilities(ended)) == (0, ["CVE-2020-28928"])
    assert ended.problems in ([], ["warning: not every link was followed"])
    assert ended.seconds < 30


def test_more_wanted_files_than_are_kept(machine: Machine) -> None:
    ended = scan(machine, [ALPINE, tar_layer(numbered_headers("{}.dist-info/METADATA", 200_001))])

    assert (ended.code, ended.problems) == (8, ["error: a layer has more than 200000 files to analyse"])


@pytest.mark.parametrize(
    "repeated",
    [
        pytest.param(lambda n: b"p:" + words(n), id="provisions"),
        pytest.param(lambda n: b"L:" + words(n), id="licences"),
        pytest.param(lambda n: b"D:" + words(n), id="dependencies"),
        pytest.param(lambda _: b"F:" + b"f" * 1_000_000 + b"\nR:x" * 3_000, id="a long folder in front of every file"),
    ],
)
def test_an_apk_database_of_repetitions(machine: Machine, repeated: Callable[[int], bytes]) -> None:
    data = b"".join(b"P:p%d\nV:1\n%b\n\n" % (number, repeated(number)) for number in range(40))

    layer: Entries = {**ALPINE, INSTALLED: data}
    ended = scan(machine, [layer])

    assert (ended.code, len(ended.problems)) == (0, 1)
    assert "were left out" in ended.err


def words(number: int) -> bytes:
    return b" ".join(b"%d" % word for word in range(number * 100_000, (number + 1) * 100_000))


@pytest.mark.parametrize("format_", ["table", "json", "cosign-vuln"])
def test_names_do_not_reach_a_terminal(machine: Machine, format_: str) -> None:
    """ESC, OSC, BEL, C1, carriage return and right-to-left override in every field of a package and in paths."""
    evil = "\x1b[31m\x1b]0;title\x07\x9b2J\r\u202emusl"
    database = f"P:{evil}\nV:1.1.22-r3\nA:x{evil}\no:musl\nL:{evil}\nm:{evil}\n\n"
    image = build_image([{**ALPINE, INSTALLED: database, f"../{evil}": "x", f"{evil}-1.dist-info/METADATA": "x"}])
    image.save_docker(machine.work / "image.tar", tags=["a:1"])

    flags = ("--input", "image.tar", "--format", format_, "--list-all-pkgs", "--debug", *machine.flags)
    ended = machine.run("image", *flags, environ={"CLICOLOR_FORCE": ""})

    assert ended.code == 0
    assert b"musl" in ended.out or format_ == "cosign-vuln"
    for text in (ended.out.decode(), ended.err):
        assert not [char for char in text if char != "\n" and ord(char) < 32]
    # documents hold C1 and bidirectional controls as Go writes them; people's output does not
    seen = ended.err + (ended.out.decode() if format_ == "table" else "")
    assert not [char for char in seen if 0x7F <= ord(char) < 0xA0 or char == "\u202e"]
