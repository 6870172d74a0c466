"""Malformed files of Node.js's package managers: each ends within its time and memory, and is told in the report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.measured import MIB, run_measured

ANALYSE = """
import time
from pathlib import Path
from tests.support.memory_tree import tree
from assaymark.inventory.analyse import analyse_layer
from assaymark.inventory.select import index_for

folder, target = Path(sys.argv[1]), sys.argv[2]
files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
index = index_for(target)
layer = analyse_layer(tree({}), index=index)  # what is imported late is imported
start = time.process_time()
layer = analyse_layer(tree(files), index=index)
result = [time.process_time() - start, [issue.code.value for issue in layer.issues]]
"""
SECONDS = 2.0
MEMORY = 256 * MIB
SIZE = 100_000

YARN = "yarn.lock"
PNPM = "pnpm-lock.yaml"
BUN = "bun.lock"
NPM = "package-lock.json"


def chain(count: int) -> dict[str, object]:
    return {f"p{number}": [f"p{number}@1", {"dependencies": {f"p{number + 1}": "1"}}] for number in range(count)}


def laughs(levels: int) -> str:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines)


def nested(levels: int) -> str:
    return '{"lockfileVersion": 1, "dependencies": ' + '{"a": {"dependencies": ' * levels + "{}" + "}}" * levels + "}"


MALFORMED = {
    "yarn: a line of two megabytes": {YARN: "a@1:\n  version " + "x" * 2 * MIB},
    "yarn: blanks only, without end": {YARN: "a@1:\n  dependencies:\n" + " " * 2 * MIB},
    "yarn: quotes only": {YARN: "a@1:\n  dependencies:\n    " + '"' * SIZE + "\n  version x\n\nb@1:\n  version"},
    "yarn: at signs and colons": {YARN: "@" * SIZE + "\n" + ":@" * SIZE + "\n  version"},
    "yarn: a hundred thousand blocks": {YARN: "a@1:\n  version 1\n\n" * (SIZE + 1)},
    "yarn: blocks of unknown protocols": {YARN: "a@x:y:\n  version 1\n\n" * SIZE},
    "yarn: bytes that are no text": {YARN: b"\xff\xfe@\xff:\n  version"},
    "yarn: a range of a megabyte": {
        YARN: "a@1:\n  version 1.0.0\n",
        "package.json": json.dumps({"dependencies": {"a": "x" * MIB}}),
    },
    "yarn: an alias without end": {
        YARN: "a@1:\n  version 1.0.0\n",
        "package.json": json.dumps({"dependencies": {"a": ": " * SIZE + ":" * SIZE + "b@??"}}),
    },
    "yarn: patterns of workspaces that match nothing slowly": {
        YARN: "a@1:\n  version 1.0.0\n",
        "package.json": json.dumps({"workspaces": ["*a" * 200 + "b"] * 100, "dependencies": {"a": "!"}}),
        "a" * 250 + "/package.json": "{}",
    },
    "yarn: workspaces that all name each other": {
        YARN: "a@1:\n  version 1.0.0\n",
        "package.json": json.dumps({"workspaces": ["w/*"], "dependencies": {"a": "!"}}),
        **{
            f"w/{each}/package.json": json.dumps(
                {"name": f"w{each}", "version": "1.0.0", "dependencies": {f"w{other}": "*" for other in range(each)}}
            )
            for each in range(100)
        },
    },
    "yarn: an archive that is none": {YARN: "a@1:\n  version 1.0.0\n", ".yarn/cache/a.zip": "PK" * SIZE},
    "pnpm: a billion laughs": {PNPM: laughs(10)},
    "pnpm: a hundred thousand levels": {PNPM: "[" * SIZE},
    "pnpm: levels of blocks": {PNPM: "\n".join(" " * number + "a:" for number in range(1_000))},
    "pnpm: a hundred thousand documents": {PNPM: "--- {importers: {a: {configDependencies: {}}}}\n" * 20_000 + "--- ["},
    "pnpm: an alias of its own anchor": {PNPM: "lockfileVersion: '9.0'\nsnapshots: &a {b: *a}"},
    "pnpm: a tag that builds an object": {PNPM: "!!python/object/apply:os.system ['id']"},
    "pnpm: a number of a thousand digits": {PNPM: "lockfileVersion: " + "9" * 1_000},
    "pnpm: a list where a mapping belongs": {PNPM: "lockfileVersion: '9.0'\nsnapshots: [a, b]"},
    "pnpm: merges that double": {PNPM: laughs(7).replace("lol", "{x: y}") + "\nz: {<<: *a6}"},
    "bun: a hundred thousand levels": {BUN: "[" * SIZE},
    "bun: comments without end": {BUN: "/*" * SIZE},
    "bun: commas without end": {BUN: "[" + "," * SIZE},
    "bun: commas and blanks": {BUN: ", \n" * SIZE},
    "bun: quotes and backslashes": {BUN: '"\\' * SIZE},
    "bun: a chain that leads nowhere": {
        BUN: json.dumps({"workspaces": {"": {"dependencies": {"p0": "1"}}}, "packages": {**chain(20_000), "z": []}})
    },
    "bun: one key twice": {BUN: '{"packages": {"a": ["a@1"], "a": ["a@2"]}}'},
    "npm: dependencies in dependencies": {NPM: nested(5_000)},
    "npm: a path of a megabyte": {NPM: json.dumps({"lockfileVersion": 3, "packages": {"node_modules/" * SIZE: {}}})},
    "npm: a folder that is a number": {NPM: '{"lockfileVersion": 3, "packages": {"node_modules/a": 1}}'},
}
INSTALLED = {
    "levels": "[" * SIZE,
    "levels in a member that nobody reads": '{"name": "a", "version": "1", "x": ' + "[" * 5_000 + "]" * 5_000 + "}",
    "a name of a megabyte": json.dumps({"name": "a/" * (MIB // 2), "version": "1"}),
    "a name with a line break": json.dumps({"name": "a\n", "version": "1"}),
    "a hundred thousand dependencies of other types": json.dumps(
        {"name": "a", "version": "1", "dependencies": {str(number): number for number in range(SIZE)}}
    ),
    "a number as a version": '{"name": "a", "version": 1}',
    "half a document": '{"name": "a", "version": "1"',
    "no object": "7",
    "bytes that are no text": b"\xff\xfe{}",
}


def measured(folder: Path, files: dict[str, str | bytes], target: str) -> list[str]:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    (seconds, codes), peak = run_measured(ANALYSE, folder, target)
    assert seconds < SECONDS
    assert peak < MEMORY
    assert isinstance(codes, list)
    return codes


@pytest.mark.parametrize("files", MALFORMED.values(), ids=MALFORMED)
def test_lockfiles(tmp_path: Path, files: dict[str, str | bytes]) -> None:
    assert measured(tmp_path, files, "fs") != []


@pytest.mark.parametrize("content", INSTALLED.values(), ids=INSTALLED)
def test_installed_packages(tmp_path: Path, content: str | bytes) -> None:
    assert measured(tmp_path, {"a/package.json": content}, "rootfs") != []
