"""Go's build information in both formats, its lines, and how the program's own version is found."""

from __future__ import annotations

import io

import msgspec
import pytest
from tests.support.executables import BASE, MARK, MODULES, build_info, elf, macho, old_build_info, pe

from assaymark.errors import LimitError
from assaymark.inventory.executables.opening import open_program
from assaymark.inventory.executables.program import Program
from assaymark.inventory.golang.build_info import BuildInfo, Module, parse_modules, read_build_info
from assaymark.inventory.golang.main_version import choose, main_version
from assaymark.limits import DEFAULT_LIMITS, Limits

INFO = BuildInfo(
    go_version="go1.22.1",
    main=Module("example.org/tool", "v1.2.0"),
    dependencies=(Module("golang.org/x/text", "v0.3.0"),),
)


def program(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Program:
    opened = open_program(io.BytesIO(data), limits=limits)
    assert opened is not None
    return opened


@pytest.mark.parametrize(
    "data",
    [
        elf({".go.buildinfo": build_info()}),
        elf({".data": build_info()}, bits=32, order=">", stripped=True),
        pe({".data": build_info()}),
        macho({"__go_buildinfo": build_info()}),
    ],
)
def test_texts_behind_their_lengths(data: bytes) -> None:
    assert read_build_info(program(data)) == INFO


@pytest.mark.parametrize(("bits", "order"), [(64, "<"), (64, ">"), (32, "<"), (32, ">")])
def test_texts_behind_pointers(bits: int, order: str) -> None:
    place = BASE + 64  # of the first section
    data = elf({".go.buildinfo": old_build_info(place, bits=bits, order=order)}, bits=bits, order=order)

    assert read_build_info(program(data)) == msgspec.structs.replace(INFO, go_version="go1.17.3")


def test_a_program_without_modules_has_only_a_version() -> None:
    data = elf({".go.buildinfo": build_info("go1.19.8", "")})

    assert read_build_info(program(data)) == BuildInfo(go_version="go1.19.8")
    assert read_build_info(program(elf({".data": b"x"}))) is None


def _inline(*lengths: bytes) -> bytes:
    return elf({".go.buildinfo": (MARK + b"\0\2").ljust(32, b"\0") + b"".join(lengths)})


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (_inline(b"\xff" * 10), "no number"),
        (_inline(b"\xff\x7fgo1"), "cut off"),
        (_inline(b"\0\0"), "without a version"),
        (elf({".go.buildinfo": (MARK + b"\3\0").ljust(32, b"\0")}), "pointers of 3 bytes"),
        (elf({".go.buildinfo": (MARK + b"\x08\0").ljust(32, b"\xff")}), "without a version"),
        (elf({".go.buildinfo": build_info(modules="dep\ta\n")}), "1 columns"),
        (elf({".go.buildinfo": old_build_info(BASE + 64, modules="dep\ta\n")}), "1 columns"),
    ],
)
def test_damaged_information_is_an_error(data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_build_info(program(data))


def test_absurd_lengths_are_an_error() -> None:
    with pytest.raises(LimitError, match="more than 8388608 bytes"):
        read_build_info(program(_inline(b"\xff\xff\xff\x7f")))
    limits = msgspec.structs.replace(DEFAULT_LIMITS, packages_per_file=1)
    with pytest.raises(LimitError, match="more than 1 modules"):
        parse_modules("go1", "dep\ta\tv1\ndep\tb\tv1\n", limits=limits)


LINES = """\
path\tcommand-line-arguments
mod\texample.org/tool\t(devel)\t
=>\texample.org/fork\tv9.0.0\th1:=
dep\tgolang.org/x/net\tv0.1.0
=>\texample.org/net\tv0.2.0\th1:=
dep\t\t(devel)\t
later\twords
build\t-ldflags="-X main.version=\\"1.2.3\\" -s\\t\\x41\\101\\u00e9\\U0001F600"
build\t-ldflags=second
build\t"odd key"=`raw\r \\n`
build\tempty=
dep\tnot/read\tv1.0.0"""


def test_lines_of_the_list() -> None:
    assert parse_modules("go1.22.1", LINES, limits=DEFAULT_LIMITS) == BuildInfo(
        go_version="go1.22.1",
        main=Module("example.org/tool", "(devel)"),
        dependencies=(Module("example.org/net", "v0.2.0"), Module("", "(devel)")),
        linker_flags='-X main.version="1.2.3" -s\tAA\u00e9\U0001f600',
    )


@pytest.mark.parametrize(
    "line",
    [
        "mod\ta\tb\tc\td",
        "=>\ta\tv1\th1:=",
        "dep\ta\tv1\n=>\ta\tv1",
        "build\t=x",
        "build\tno value",
        "build\tkey",
        'build\t"key',
        'build\t"key"',
        'build\t"key"x=1',
        "build\tkey=a b",
        'build\tkey="a',
        'build\tkey="a"b',
        'build\tkey="\\q"',
        'build\tkey="\\ud800"',
    ],
)
def test_lines_that_go_refuses(line: str) -> None:
    with pytest.raises(ValueError):
        parse_modules("go1", f"{line}\n", limits=DEFAULT_LIMITS)


EMPTY = elf({})
STAMPED = elf({}, symbols={"main.version.str": b"3.4.5\0\0", "example.org/tool/x.Version.str": b"9.9.9"})


@pytest.mark.parametrize(
    ("recorded", "flags", "data", "version"),
    [
        pytest.param("v1.2.3", "-X main.version=9.9.9", EMPTY, "v1.2.3", id="a recorded version"),
        pytest.param("(devel)", "-X main.version=9.9.9", STAMPED, "9.9.9", id="the linker's flags"),
        pytest.param("", "-X main.version=notes", STAMPED, "3.4.5", id="a symbol"),
        pytest.param("(devel)", "", EMPTY, "", id="nothing"),
        pytest.param(
            "v0.0.0-20240101000000-abcdefabcdef", "-X 'main.Ver=v2.0.0'", EMPTY, "v2.0.0", id="flags before a commit"
        ),
        pytest.param(
            "v0.0.0-20240101000000-abcdefabcdef", "", EMPTY, "v0.0.0-20240101000000-abcdefabcdef", id="a commit"
        ),
        pytest.param("v1.2.4-0.20240101000000-abcdefabcdef+dirty", "", STAMPED, "3.4.5", id="a commit after a version"),
        pytest.param("v1.3.0-rc.1", "", STAMPED, "v1.3.0-rc.1", id="a pre-release is no commit"),
    ],
)
def test_the_version_of_the_program_itself(recorded: str, flags: str, data: bytes, version: str) -> None:
    info = BuildInfo(go_version="go1", linker_flags=flags)

    assert main_version(info, Module("example.org/tool", recorded), program(data)) == version


@pytest.mark.parametrize(
    ("variables", "version"),
    [
        pytest.param([("main.version", "1.0.0"), ("a/b.version", "2.0.0")], "1.0.0", id="main before others"),
        pytest.param([("m/x/cmd/y.ver", "v1"), ("main.version", "2.0.0")], "v1", id="the module's commands first"),
        pytest.param([("main.version", "1.0.0"), ("cmd.Version", "1.0.0")], "", id="two of one rank"),
        pytest.param([("a/Common.VER", "1.0.0-rc.1+b")], "1.0.0-rc.1+b", id="letters of either case"),
        pytest.param([("main.versions", "1.0.0"), ("version", "1.0.0")], "", id="other names"),
        pytest.param([("main.version", "01.0.0"), ("main.ver", "1.0.0.0")], "", id="no versions"),
    ],
)
def test_one_variable_is_chosen(variables: list[tuple[str, str]], version: str) -> None:
    assert choose("m/x", variables) == version


def test_the_sample_has_every_word() -> None:
    assert {line.partition("\t")[0] for line in MODULES.splitlines()} == {"path", "mod", "dep"}
