"""A stand-in for `opa` that understands policies in Python: one expression over `input`.

It takes the arguments of `opa eval` and `opa capabilities` and answers in their documents. An expression that fails is
undefined, a policy that is no expression cannot be compiled, `conflict` in one is an error when it is evaluated, and
`http.send` one that is not there unless the capabilities have it. `log` beside it holds the arguments of each run.
"""

from __future__ import annotations

import sys
from pathlib import Path

_PROGRAM = """\
import json, os, sys, types
here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "log"), "a") as log:
    log.write(" ".join(sys.argv[1:3]) + "\\n")
def fail(message, **place):
    print(json.dumps({"errors": [{"message": message, "location": place}]}))
    sys.exit(2)
if sys.argv[1] == "capabilities":
    print(json.dumps({"builtins": [{"name": "count"}, {"name": "http.send"}], "features": ["one"]}))
    sys.exit(0)
words = sys.argv[2:]
if OLD and "--v0-compatible" in words:
    sys.stderr.write("Error: unknown flag: --v0-compatible\\n")
    sys.exit(1)
value = lambda name: [words[at + 1] for at, word in enumerate(words) if word == name]
able = json.load(open(value("--capabilities")[0]))["builtins"] if value("--capabilities") else [{"name": "http.send"}]
[main, *_] = [file for file in value("--data") if "lib.trivy" not in open(file).read()]
text = open(main).read().strip()
try:
    code = compile(text, main, "eval")
except SyntaxError as exc:
    fail("unexpected token", file=main, row=exc.lineno, col=1)
if "http.send" in text and {"name": "http.send"} not in able:
    fail("undefined function http.send", file=main, row=1, col=1)
answers = {}
for number, each in enumerate(json.load(open(value("--input")[0]))):
    if "conflict" in text:
        fail("complete rules must not produce multiple outputs", file=main, row=7, col=1)
    try:
        answers[str(number)] = eval(code, {"input": each, "environ": dict(os.environ)})
    except Exception:
        pass
print(json.dumps({"result": [{"expressions": [{"value": answers}]}]}))
"""


def install_opa(folder: Path, *, old: bool = False) -> Path:
    """Put the stand-in into `folder`; an old one does not know the flag for version 0. The path of its log."""
    path = folder / "opa"
    path.write_text(f"#!{sys.executable} -S\nOLD = {old}\n{_PROGRAM}", encoding="utf-8")
    path.chmod(0o755)
    return folder / "log"
