"""Types of msgspec are compiled on import, never first on a worker's thread.

msgspec fills in what it knows of a struct while Python code runs; a second thread that meets the half-filled record
follows a null pointer, and the interpreter dies. Layers are read on threads, so every decoder stands at module level.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "assaymark"
ON_THREADS = ("advisories", "artifact", "inventory", "layers", "matching", "model", "net", "oci", "safeio", "scan.py")
COMPILED_ELSEWHERE = {
    ("safeio/json.py", "decoder.type"): "the type of a decoder, which was compiled with it",
    ("advisories/records.py", "kind"): "the class of one of the module's decoders",
}


def modules() -> Iterator[Path]:
    for name in ON_THREADS:
        path = SOURCE / name
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def compiled_types(node: ast.AST) -> Iterator[str]:
    """The types that the calls below `node` make msgspec compile."""
    for call in ast.walk(node):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        if call.func.attr == "Decoder" and call.args:
            yield ast.unparse(call.args[0])
        elif call.func.attr == "convert" and ast.unparse(call.func) == "msgspec.convert":
            yield ast.unparse(call.args[1])
        elif call.func.attr == "decode":
            yield from (ast.unparse(keyword.value) for keyword in call.keywords if keyword.arg == "type")


def late_types(text: str) -> set[str]:
    """The types that a module's functions are the first to compile."""
    tree = ast.parse(text)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    late = {name for function in functions for name in compiled_types(function)}
    statements = [node for node in tree.body if not isinstance(node, ast.FunctionDef | ast.ClassDef)]
    return late - {name for statement in statements for name in compiled_types(statement)}


@pytest.mark.parametrize("path", list(modules()), ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_no_type_is_compiled_first_inside_a_function(path: Path) -> None:
    name = path.relative_to(SOURCE).as_posix()
    late = late_types(path.read_text(encoding="utf-8"))
    assert {each for each in late if (name, each) not in COMPILED_ELSEWHERE} == set()


@pytest.mark.parametrize(
    ("text", "late"),
    [
        pytest.param("def f(data):\n    return msgspec.json.Decoder(A).decode(data)", {"A"}, id="a decoder a call"),
        pytest.param("def f(data):\n    return msgspec.json.decode(data, type=A)", {"A"}, id="a type for decode"),
        pytest.param("def f(data):\n    return msgspec.convert(data, A)", {"A"}, id="a type for convert"),
        pytest.param("D = msgspec.json.Decoder(A)\ndef f(data):\n    return D.decode(data)", set(), id="made before"),
        pytest.param("msgspec.convert({}, A)\ndef f(data):\n    msgspec.convert(data, A)", set(), id="compiled before"),
        pytest.param("def f(data):\n    return msgspec.json.decode(data)", set(), id="no type at all"),
    ],
)
def test_the_rule_sees_what_it_is_there_for(text: str, late: set[str]) -> None:
    assert late == late_types(text)
