"""Reports of the reference, read into the model and written again: the bytes must be the same."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from assaymark.model.report import Report
from assaymark.report.gojson import encode_go

CASES = Path(__file__).parents[3].parent / "shared" / "parity" / "cases.tar.xz"
THEIRS = b'"Trivy": {\n    "Version"'
OURS = b'"Scanner": {\n    "Name": "x",\n    "Version"'


def _recorded() -> Iterator[tuple[str, bytes]]:
    with tarfile.open(CASES, "r|xz") as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.name.endswith("/trivy.json") else None
            if stream is not None:
                yield member.name, stream.read()


@pytest.mark.slow
@pytest.mark.skipif(not CASES.exists(), reason="the recorded cases are not beside the repository")
def test_every_recorded_report_is_written_again_byte_for_byte() -> None:
    compared, different = 0, []
    for name, data in _recorded():
        expected = data.replace(THEIRS, OURS, 1)
        compared += 1
        if encode_go(msgspec.json.decode(expected, type=Report)) + b"\n" != expected:
            different.append(name)
    assert different == []
    assert compared > 100
