"""Damaged and absurd executables, module files and Cargo files, each with the sentence that it stands for."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator, Mapping

from tests.support.executables import MARK, audit, build_info, elf, macho, pe, universal, varint, wasm

MIB = 1024 * 1024
Files = Mapping[str, bytes]

APP, MOD, LOCK = "srv/app", "srv/go.mod", "srv/Cargo.lock"


def changed(data: bytes, place: int, value: bytes) -> bytes:
    return data[:place] + value + data[place + len(value) :]


def _inline(body: bytes) -> bytes:
    return elf({".go.buildinfo": (MARK + b"\0\2").ljust(32, b"\0") + body})


def executables() -> Iterator[tuple[str, bytes]]:
    """Every one has a mark of Go or Rust, so that a program of theirs would be missed."""
    whole = elf({".go.buildinfo": build_info(), ".dep-v0": audit([])})
    yield "an ELF file without its end", whole[:-30] + MARK
    yield "an ELF file of no class", changed(whole, 4, b"\x09")
    yield "an ELF file with four thousand million sections", changed(whole, 58, b"\xff\xff\0\0")
    yield "an ELF file with its sections in nowhere", changed(whole, 40, b"\xff" * 8)
    yield "an ELF file with its segments in nowhere", changed(whole, 32, b"\xff" * 8)
    yield "an ELF file that takes itself for its table", changed(whole, 40, bytes(7) + b"\x40")
    yield "an ELF file of its header alone", whole[:64] + MARK
    yield "a PE file for no machine", changed(pe({".data": build_info()}), 132, b"\xee\xee")
    yield "a PE file with 65,535 sections", changed(pe({".data": build_info()}), 134, b"\xff\xff")
    yield "a program for DOS", changed(pe({".data": build_info()}), 60, b"\xff\xff\xff\xff")
    yield "a Mach-O file with commands without end", changed(macho({"__go_buildinfo": build_info()}), 20, b"\xff" * 4)
    yield "a Mach-O file with commands of no size", changed(macho({"__go_buildinfo": build_info()}), 36, bytes(4))
    yield "a universal file of itself", universal(universal(macho({"__go_buildinfo": build_info()})))
    yield "a WebAssembly module with a size without end", wasm([])[:8] + b"\0" + b"\xff" * 20 + b".dep-v0"
    yield "a WebAssembly module of empty sections", wasm([]) + b"\1\0" * MIB + b".dep-v0"
    yield "build information without texts", _inline(b"")[:96] + bytes(9)
    yield "a version of 2^63 characters", _inline(b"\xff" * 9 + b"\1")
    yield "a length without end", _inline(b"\xff" * 64)
    yield "a version of no characters", _inline(b"\0\0")
    yield "pointers of seven bytes", elf({".go.buildinfo": (MARK + b"\x07\0").ljust(32, b"\0")})
    yield "a million modules", elf({".go.buildinfo": build_info(modules="dep\ta\tv1\n" * (700 * 1024))})
    yield "modules of nine megabytes", _inline(b"\3go1" + varint(9 * MIB) + bytes(9 * MIB))
    yield "a module of one column", elf({".go.buildinfo": build_info(modules="dep\t" + "a" * MIB + "\n")})
    yield "a replacement of nothing", elf({".go.buildinfo": build_info(modules="=>\ta\tv1\th1:=\n")})
    yield "a setting that never ends", elf({".go.buildinfo": build_info(modules='build\tk="' + "\\" * MIB + "\n")})
    yield "audit data that is not compressed", elf({".dep-v0": b"{}"})
    yield "audit data of a gigabyte of zeros", elf({".dep-v0": _bomb(64 * MIB)})
    yield "audit data that is nested without end", elf({".dep-v0": zlib.compress(b"[" * 4 * MIB)})
    yield "audit data with a million crates", elf({".dep-v0": zlib.compress(b'{"packages":[' + b"0," * MIB + b"0]}")})
    yield "audit data that leads nowhere", elf({".dep-v0": audit([{"name": "a", "dependencies": [9**18]}])})


def _bomb(size: int) -> bytes:
    stream = zlib.compressobj(9)
    return b"".join([*(stream.compress(bytes(MIB)) for _ in range(size // MIB)), stream.flush()])


def module_files() -> Iterator[tuple[str, Files]]:
    """`go.mod` that Go refuses, or that costs too much."""
    head = b"module example.org/app\ngo 1.22\n"
    for sentence, text in {
        "a file of zeros": bytes(MIB),
        "a file of noise": random.Random(1).randbytes(MIB),
        "a line of four megabytes": b"require " + b"a" * (4 * MIB - 100),
        "four million words": b"require " + b"a " * (2 * MIB - 100),
        "a megabyte of parentheses": b"(" * MIB,
        "a string that never ends": b'module "' + b"\\" * MIB,
        "quotes without end": b'"' * (MIB + 1),
        "a block that never ends": head + b"require (\n" + b"a.com/b v1.0.0\n" * 10,
        "a million requirements": head + b"require (\n" + b"a.com/b v1.0.0\n" * (270 * 1024) + b")\n",
        "a million exclusions": head + b"exclude (\n" + b"a.com/b v1.0.0\n" * (270 * 1024) + b")\n",
        "a version of a megabyte": head + b"require a.com/b v1." + b"1" * MIB,
        "a version of hyphens": head + b"require a.com/b v1.0.0" + b"-0" * MIB,
        "a path of slashes": head + b"require " + b"/" * MIB + b" v1.0.0\n",
        "an unknown directive": head + b"frobnicate a.com/b\n",
        "a file that is too large": head + b"\n" * (4 * MIB),
        "a comment of C": head + b"/* */\n",
    }.items():
        yield sentence, {MOD: text}
    yield "a go.sum of a million modules", {MOD: head, "srv/go.sum": b"".join(b"a%d v1\n" % n for n in range(300_000))}
    yield "a go.sum that is too large", {MOD: head, "srv/go.sum": b"a v1 h1:=\n" * (2 * MIB)}
    yield "a go.sum of one line", {MOD: head, "srv/go.sum": b"a" * (3 * MIB)}


def cargo_files() -> Iterator[tuple[str, Files]]:
    """`Cargo.lock` that is no TOML, or that costs too much, and manifests beside one."""
    good = b'[[package]]\nname = "a"\nversion = "1.0.0"\n'
    for sentence, text in {
        "zeros": bytes(MIB),
        "noise": random.Random(2).randbytes(MIB),
        "brackets": b"[" * MIB,
        "nested lists": b"a = " + b"[" * MIB + b"]" * MIB,
        "a string that never ends": b'a = "' + b"a" * MIB,
        "a key of a million parts": b"a." * MIB + b"b = 1\n",
        "packages that are a number": b"package = 1\n",
        "packages that are numbers": b"package = [1, 2]\n",
        "a name that is a list": b"[[package]]\nname = []\n",
        "dependencies that are numbers": good + b"dependencies = [1]\n",
        "a million packages": b"[[package]]\n" * MIB,
        "a table twice": b"[a]\n[a]\n",
        "a package that is a table": b"[package]\nname = 'a'\n",
        "half a file": good[:20],
        "text that is not UTF-8": b'[[package]]\nname = "\xff"\n',
    }.items():
        yield f"a lockfile: {sentence}", {LOCK: text}
    for sentence, text in {
        "noise": random.Random(3).randbytes(MIB),
        "members that are numbers": b"[workspace]\nmembers = [1]\n",
        "a million members": b"[workspace]\nmembers = [" + b"'*'," * (64 * 1024) + b"]\n",
        "members of stars": b"[workspace]\nmembers = ['" + b"*a" * (MIB // 2) + b"']\n",
        "members of classes": b"[workspace]\nmembers = ['" + b"[" * MIB + b"']\n",
        "a requirement of a megabyte": b"[dependencies]\na = '" + b">=1," * (256 * 1024) + b"'\n",
        "a requirement that is none": b"[dependencies]\na = 'latest'\n",
        "a target that is a number": b"[target]\na = 1\n",
    }.items():
        manifests = {f"srv/m{number}/Cargo.toml": b"" for number in range(50)}
        yield f"a manifest: {sentence}", {LOCK: good, "srv/Cargo.toml": text, **manifests}


def cases() -> Iterator[tuple[str, str, Files]]:
    """The sentence, the command that reads such files, and the files."""
    for sentence, data in executables():
        yield sentence, "rootfs", {APP: data}
    for sentence, files in (*module_files(), *cargo_files()):
        yield sentence, "fs", files


def sized(count: int) -> bytes:
    """A Go program with `count` symbols of one name, all of which claim to be its version."""
    values = {f"p{number}.version.str": b"1.0.%d" % number for number in range(count)}
    return elf({".go.buildinfo": build_info(modules="mod\tm\t(devel)\n")}, symbols=values)
