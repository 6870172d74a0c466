"""Policies in Rego (`--ignore-policy`), with the reference's meaning.

1. A finding goes when `data.trivy.ignore` is true for it; undefined keeps it, and what is no truth value is an error.
2. `input` is the finding as the JSON report has it, with `Type`, the kind of finding.
3. `data.lib.trivy` has `parse_cvss_vector_v3`: the words of a CVSS 3 vector, whose metrics stand in their usual order
   (CVSS 3.1, section 6), by the names of the metrics. A vector without one of them has no words.
4. All findings of a report are asked about at once (`assaymark.safeio.opa`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from assaymark.errors import UsageError
from assaymark.model.digest import Digest
from assaymark.model.finding import Finding, ModifiedFinding
from assaymark.safeio.opa import UNDEFINED, Module, Opa
from assaymark.safeio.text import printable

_QUERY: Final = "data.trivy.ignore"
_CAPITAL: Final = re.compile(r"(?<=[a-z])([A-Z])")
_STATEMENT: Final = "Filtered by Rego"
_TYPE: Final = "vulnerability"
_METRICS: Final = {  # CVSS 3.1, table 15: the metric's letters, and its values by theirs
    "AttackVector": ("AV", {"N": "Network", "A": "Adjacent", "L": "Local", "P": "Physical"}),
    "AttackComplexity": ("AC", {"L": "Low", "H": "High"}),
    "PrivilegesRequired": ("PR", {"N": "None", "L": "Low", "H": "High"}),
    "UserInteraction": ("UI", {"N": "None", "R": "Required"}),
    "Scope": ("S", {"U": "Unchanged", "C": "Changed"}),
    **{
        name: (letter, {"N": "None", "L": "Low", "H": "High"})
        for name, letter in (("Confidentiality", "C"), ("Integrity", "I"), ("Availability", "A"))
    },
}


class RegoPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A policy that can be asked.

    Attributes:
        path: as modified findings print it.
        digest: of the file's bytes, for the record.
        text: these bytes.
        opa: who answers.
    """

    path: str
    digest: Digest
    text: bytes
    opa: Opa

    def check(self) -> None:
        """Compile it.

        Raises:
            UsageError: it is not Rego.
            LocalError: there is no `opa`.
        """
        self._answers(())

    def ignored(self, findings: Sequence[Finding]) -> list[ModifiedFinding | None]:
        """For each finding, why it is out; None where it stays.

        Raises:
            UsageError: the policy cannot be evaluated, or says neither true nor false.
            LocalError: there is no `opa`, or it took too long.
        """
        return [
            self._modified(finding) if answer else None
            for finding, answer in zip(findings, self._answers(findings), strict=True)
        ]

    def _answers(self, findings: Sequence[Finding]) -> list[bool]:
        modules = (Module("the library of policies", _LIBRARY), Module(self.path, self.text))
        answers = self.opa.answers(_QUERY, modules, list(map(_input, findings)))
        strange = [each for each in answers if each is not UNDEFINED and not isinstance(each, bool)]
        if strange:
            raise UsageError(
                f"`{self.path}`: `ignore` is neither true nor false, but `{printable(str(strange[0]))[:100]}`",
                hint="write a rule, `ignore { … }`, and not a set",
            )
        return [answer is True for answer in answers]

    def _modified(self, finding: Finding) -> ModifiedFinding:
        return ModifiedFinding(type=_TYPE, status="ignored", statement=_STATEMENT, source=self.path, finding=finding)


def _input(finding: Finding) -> bytes:
    """Rule 2."""
    members = msgspec.json.encode(finding)[1:]
    return b'{"Type":"%b"%b%b' % (_TYPE.encode(), b"," if len(members) > 1 else b"", members)


def _library() -> bytes:
    """Rule 3; each table of words has its metric's name, too, as policies may ask for them by themselves."""
    tables, members = [], []
    for place, (name, (letters, words)) in enumerate(_METRICS.items(), 1):
        table = _CAPITAL.sub(r"_\1", name).lower()
        tables.append(
            f"{table} := " + msgspec.json.encode({f"{letters}:{value}": word for value, word in words.items()}).decode()
        )
        members.append(f'"{name}": {table}[parts[{place}]]')
    return f"""\
package lib.trivy

{chr(10).join(tables)}

parse_cvss_vector_v3(cvss) = vector {{
    parts := split(cvss, "/")
    vector := {{{", ".join(members)}}}
}}
""".encode()


_LIBRARY: Final = _library()
