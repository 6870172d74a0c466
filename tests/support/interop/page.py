"""`docs/interoperability.md`, from what a run measured."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from tests.support.interop.matrix import Evidence, Format, Material, Program, Signing, Storage, signings
from tests.support.interop.measuring import Outcomes, Results
from tests.support.interop.rules import Refusal

PAGE: Final = Path(__file__).parents[3] / "docs" / "interoperability.md"
_COLUMNS: Final = ("material", "format", "evidence", "registry", "signs", *Program)
_MODULE: Final = Path(__file__).parents[1] / "ociserver" / "go.mod"

_HEAD: Final = """\
# Interoperability

<!-- written by `make interop`; it fails when what it measures is not what stands here -->

Who verifies what somebody else signed: every row is signed once by the program of its section, on each registry, and
verified by all. Measured with {versions}, against a Sigstore of the tests
(`tests/support/sigstore`); assaymark and cosign run as processes of their own.

| word | meaning |
|---|---|
| material | a key in a file that both programs read, or `keyless`: an identity's certificate |
| format | `bundle`: a Sigstore bundle that refers to the image; `legacy`: a layer at the `.att` tag |
| evidence | who vouches for the time besides a certificate: transparency logs of either version, a timestamp authority (TSA) |
| registry | `fallback tag`: Debian's docker-registry ({docker}), which has no referrers API; `referrers API`: CUE's ociserver ({module}); `both` where they agree |
| yes | it works with all the evidence demanded (`--require-log`, `--use-signed-timestamps`, cosign's default), and another key or another identity is refused |
| no | it was seen refused; the number leads to the reason |
| without ... | it is refused when all the evidence is demanded, and verified without that part of it |
| - | there is nothing to verify |

sigstore-python signs with identities only, and knows no registry: its bundles are attached by us, and it verifies what
`assaymark download attestation` prints.
"""


def page(results: Results) -> str:
    """The whole page."""
    notes: dict[str, int] = {}
    sections = [line for signer in Program for line in _section(signer, results, notes)]
    reasons = [f"{number}. {why}" for why, number in notes.items()]
    head = _HEAD.format(versions=_versions(), docker=_docker_registry(), module=_ociserver())
    return "\n".join([head, *sections, "## Reasons", "", *reasons, ""])


def _section(signer: Program, results: Results, notes: dict[str, int]) -> Iterator[str]:
    yield from (f"## Signed by {signer}", "", _line(_COLUMNS), _line("---" for _ in _COLUMNS))
    for format_ in Format:
        for evidence in Evidence:
            alike: dict[tuple[Storage | str, tuple[str, ...]], list[Material]] = {}
            for material in Material:
                signing = Signing(signer, material, format_, evidence)
                for storage, cells in _by_storage(signing, results, notes):
                    alike.setdefault((storage, cells), []).append(material)
            for (storage, cells), materials in alike.items():
                yield _line((_materials(materials), format_, evidence, storage, *cells))
    yield ""


def _by_storage(
    signing: Signing, results: Results, notes: dict[str, int]
) -> Iterator[tuple[Storage | str, tuple[str, ...]]]:
    """The cells of one way of signing; one line where the registries agree."""
    if signing not in signings():
        return
    cells = {storage: _cells(results[signing, storage], notes) for storage in Storage}
    if len(set(cells.values())) == 1:
        yield "both", cells[Storage.FALLBACK]
    else:
        yield from cells.items()


def _cells(outcomes: Outcomes, notes: dict[str, int]) -> tuple[str, ...]:
    verified: Mapping[Program, Refusal | None] = outcomes.verified
    verdicts = [_cell(verified[program], notes) if verified else "-" for program in Program]
    return (_cell(outcomes.signed, notes), *verdicts)


def _cell(refusal: Refusal | None, notes: dict[str, int]) -> str:
    if refusal is None:
        return "yes"
    number = notes.setdefault(refusal.why, len(notes) + 1)
    return f"without {refusal.without} ({number})" if refusal.without else f"no ({number})"


def _materials(materials: Iterable[Material]) -> str:
    return ", ".join(materials).replace(", key ", ", ")


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _versions() -> str:
    said = subprocess.run(["cosign", "version"], capture_output=True, text=True, check=True)
    cosign = _short(said.stdout + said.stderr)
    return f"cosign {cosign} and sigstore-python {_short(importlib.metadata.version('sigstore'))}"


def _docker_registry() -> str:
    return _short(subprocess.run(["docker-registry", "--version"], capture_output=True, text=True, check=True).stdout)


def _ociserver() -> str:
    found = re.search(r"ociregistry (\S+)", _MODULE.read_text())
    assert found
    return found[1]


def _short(text: str) -> str:
    """The first two numbers of a version: the third changes nothing that stands on the page."""
    found = re.search(r"(?<![\d.])\d+\.\d+(?=\.\d)", text)
    assert found, text
    return found[0]
