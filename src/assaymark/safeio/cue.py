"""CUE policies that the user wrote, judged by the `cue` on PATH (https://cuelang.org/docs).

1. `cue vet` unifies all files, which are of one package, with one JSON document, as cosign does with the library.
2. `cue` reads copies of the bytes that were read here, in a private folder: the language's own packages can be imported
   (`strings`, `list`, `time`), modules of others cannot.
3. It gets PATH alone of the environment, and connects to nobody.
4. Time and output are bounded.
5. A member that a policy only describes (`verdict: string`) need not be there, as with cosign; `verdict!: string` must.
   What is computed from such a member, or depends on it, cannot be decided and is a complaint; cosign lets it pass.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from assaymark.errors import LocalError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.safeio.process import ProgramKind, find_program, run_program
from assaymark.safeio.text import printable

_CUE: Final = "cue"
_INPUT: Final = "input.json"
_PLACE: Final = re.compile(r"^\s+\S*?([^/\s:]+):([0-9]+):[0-9]+$")
_INCOMPLETE: Final = re.compile(r'(?:[\w$#]+|"(?:[^"\\]|\\.)*")(?:\.(?:[\w$#]+|"(?:[^"\\]|\\.)*"))*: incomplete value ')
_INSTALL: Final = "install it (https://cuelang.org/docs) and put its folder on PATH"


class Definition(msgspec.Struct, frozen=True):
    """One file of a policy: what messages call it, and its text."""

    name: str
    text: bytes


class Cue(msgspec.Struct, frozen=True, kw_only=True):
    """How `cue` is run; `environment` says where it is."""

    environment: Mapping[str, str]
    limits: Limits = DEFAULT_LIMITS

    def check(self) -> None:
        """Make sure that there is a `cue`.

        Raises:
            LocalError: there is none.
        """
        if find_program(ProgramKind.CUE, _CUE, environment=self.environment) is None:
            raise LocalError("program `cue` is not installed, and CUE policies need it", hint=_INSTALL)

    def complaints(self, definitions: Sequence[Definition], document: bytes) -> tuple[str, ...]:
        """What is wrong with a JSON document by these definitions, a line each; nothing where it fits.

        A definition that is no CUE is a complaint, too: nothing fits it.

        Raises:
            LocalError: there is no `cue`, or it took too long, or it ended without a word.
            LimitError: it wrote too much.
        """
        from tempfile import TemporaryDirectory

        self.check()
        with TemporaryDirectory(prefix="assaymark-") as name:
            folder = Path(name)
            (folder / _INPUT).write_bytes(document)
            names = {f"{number}.cue": each.name for number, each in enumerate(definitions)}
            for number, each in enumerate(definitions):
                (folder / f"{number}.cue").write_bytes(each.text)
            done = run_program(
                ProgramKind.CUE,
                _CUE,
                ["vet", "--all-errors", *(str(folder / file) for file in names), str(folder / _INPUT)],
                timeout=self.limits.policy_seconds,
                environment={
                    "PATH": self.environment.get("PATH", ""),
                    "HOME": str(folder),
                    "CUE_REGISTRY": "none",
                    "LANG": "C.UTF-8",
                },
                output_bytes=self.limits.policy_answer_bytes,
            )
        if not done.code:
            return ()
        told = _complaints(done.stderr, names)
        if not told:
            raise LocalError(f"program `cue` ended with code {done.code}, and without a word")
        return tuple(text for text in told if not _INCOMPLETE.match(text))  # rule 5


def _complaints(stderr: bytes, names: Mapping[str, str]) -> tuple[str, ...]:
    """Complaints with the places in the policy that they are about: `a: conflicting values (`policy.cue`, line 3)`."""
    told: list[str] = []
    for line in stderr.decode("utf-8", "replace").splitlines():
        place = _PLACE.match(line)
        if place is None:
            if line.strip():
                told.append(printable(line.strip().removesuffix(":"))[:500])
        elif told and place[1] in names:
            where = f" (`{printable(names[place[1]])}`, line {place[2]})"
            told[-1] = told[-1].removesuffix(where) + where
    return tuple(told)
