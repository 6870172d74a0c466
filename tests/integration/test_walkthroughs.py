"""Every page of `docs/walkthroughs/` does what it says, typed into a shell as it stands there."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from tests.support.peers import NEEDS_REGISTRY, docker_registry
from tests.support.sigstore.fake import FakeSigstore
from tests.support.walkthrough_shop import open_shop
from tests.support.walkthroughs import keeps_promise, needs_of, run_steps, steps_of

pytestmark = [pytest.mark.integration, NEEDS_REGISTRY]

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = sorted((ROOT / "docs" / "walkthroughs").glob("*.md"))
PROGRAM: Final = Path(sys.executable).with_name("assaymark")
SECONDS: Final = 240


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with docker_registry(tmp_path_factory.mktemp("registry"), deletes=True) as host:
        yield host


@pytest.fixture(scope="module")
def sigstore() -> Iterator[FakeSigstore]:
    with FakeSigstore() as running:
        yield running


@pytest.mark.skipif(not PROGRAM.exists(), reason="assaymark is not installed beside the interpreter")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_does_what_it_says(
    page: Path, registry: str, sigstore: FakeSigstore, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    text = page.read_text(encoding="utf-8")
    needs = needs_of(text)
    for program in set(needs) - {"sigstore"}:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not on PATH")
    variables = open_shop(
        registry, page.stem, tmp_path, now=datetime.now(UTC), sigstore=sigstore if "sigstore" in needs else None
    )
    if "go" in needs:
        variables = {**variables, "REFERRERS": request.getfixturevalue("referrers_host")}
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()
    path = os.pathsep.join([str(PROGRAM.parent), os.environ["PATH"]])
    environ = {"PATH": path, "HOME": str(tmp_path / "home"), "LANG": "C.UTF-8", **variables}
    steps = steps_of(text)
    assert steps, "the page has no command"
    for step, happened in zip(steps, run_steps(steps, tmp_path / "work", environ, seconds=SECONDS), strict=True):
        told = f"$ {step.command}\n{happened.output}[{happened.code}]"
        assert keeps_promise(step, happened), f"{page.name} promises otherwise:\n{told}\nand not\n" + "\n".join(
            (*step.expected, f"[{step.code}]")
        )
