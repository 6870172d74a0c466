"""The first commands of the peers' own pages, pasted in their order: what happens is what docs/drop-in.md says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest
from scripts.drop_in import Pasted, pasted_commands
from tests.support.commands import PASSWORD, Ran, run
from tests.support.images import build_image
from tests.support.registry import MemoryRegistry
from tests.support.workshop import ALPINE, FINDINGS, NOON, Workshop

from assaymark.net.http import Http
from assaymark.oci.registry import Registry

WITH_A_FIX: Final = FINDINGS[:2]
SEVERE: Final = [FINDINGS[0], FINDINGS[2]]
IN_LOCKFILES: Final = ["CVE-2018-1000656"]
IMAGES: Final = ("library/python:3.4-alpine", "library/alpine:3.15", "app:v1")
RECORD_TYPE: Final = "https://cosign.sigstore.dev/attestation/vuln/v1"


def tells(*expected: str) -> Callable[[Ran, Path], bool]:
    """stdout names these findings and no others."""
    return lambda ran, folder: {each for each in (*FINDINGS, *IN_LOCKFILES) if each in ran.out} == set(expected)


def says(*parts: str) -> Callable[[Ran, Path], bool]:
    """stdout has all of these texts."""
    return lambda ran, folder: all(part in ran.out for part in parts)


def writes(name: str, *parts: str) -> Callable[[Ran, Path], bool]:
    """The file has all of these texts."""
    return lambda ran, folder: all(part in (folder / name).read_text() for part in parts)


EFFECTS: Final[Mapping[str, Callable[[Ran, Path], bool]]] = {
    "the findings, as a table": tells(*FINDINGS),
    "the findings of its lockfiles, as a table": tells(*IN_LOCKFILES),
    "the findings of these severities, as a table": tells(*SEVERE),
    "the findings with a fixed version, as a table": tells(*WITH_A_FIX),
    "the report, in the file": writes("result.json", '"ArtifactName": "alpine:3.15"', *FINDINGS),
    "the bill of materials, in the file": writes("result.cdx", '"bomFormat": "CycloneDX"', "pkg:apk/alpine/musl"),
    "the record, in the file": writes("vuln.json", '"scanner"', '"scanStartedOn"', *FINDINGS),
    "cosign.key and cosign.pub": writes("cosign.pub", "BEGIN PUBLIC KEY"),
    "the image and what is attached to it, in the folder": writes("path/to/dir/index.json", "cosign/image"),
    "a signed record, attached": lambda ran, folder: "attached" in ran.err,
    "a signed record, on stdout": says('"payload"'),
    "the verified statement, as JSON": says('"payload"'),
    "what is attached, as JSON": says('"payload"'),
    "what is attached, listed": says(RECORD_TYPE),
    "the public key": says("BEGIN PUBLIC KEY"),
}


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as made:
        yield made


def outcome(pasted: Pasted, registry: MemoryRegistry, folder: Path) -> Pasted:
    """What becomes of a command; the effect is the expected one, or else all that was said."""
    words = [f"{registry.host}/app:v1" if word == "$IMAGE" else word for word in pasted.words[1:]]
    environ = {
        "COSIGN_PASSWORD": PASSWORD,
        "ASSAYMARK_CACHE_DIR": str(folder / "cache"),
        "ASSAYMARK_SKIP_DB_UPDATE": "true",
        "ASSAYMARK_IMAGE_SRC": "remote",
        "ASSAYMARK_REGISTRY_MIRROR": f"docker.io={registry.host}",
        "SOURCE_DATE_EPOCH": NOON,
    }
    ran = run(*words, environ=environ)
    if ran.code:
        told = next(line for line in ran.err.splitlines() if line.startswith("error"))
        return Pasted(pasted.words, ran.code, told.partition(": ")[2])
    reached = EFFECTS[pasted.effect](ran, folder)
    return Pasted(pasted.words, ran.code, pasted.effect if reached else f"{ran.out}\n{ran.err}")


def test_what_happens_is_what_is_said(
    registry: MemoryRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    workshop = Workshop(tmp_path)
    workshop.image(name="ruby-3.1.tar")
    workshop.tree({"requirements.txt": "flask==0.12.1\n"}, "myproject")
    workshop.tree(ALPINE, "rootfs")
    built = build_image([ALPINE])
    for name in IMAGES:
        repository, _, tag = name.partition(":")
        built.push(Registry(Http()).repository(registry.reference(repository)), tag=tag)

    assert [outcome(pasted, registry, tmp_path) for pasted in pasted_commands()] == list(pasted_commands())


def test_there_are_enough_of_them() -> None:
    assert len(pasted_commands()) >= 30
    assert {pasted.words[0] for pasted in pasted_commands()} == {"trivy", "cosign"}
