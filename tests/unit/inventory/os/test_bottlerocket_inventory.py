"""Bottlerocket's inventory; the sample has the shape of release 1.34."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from tests.support.memory_tree import run

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.os.bottlerocket_inventory import ANALYZER
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.inventory import OsPackages
from assaymark.model.package import Package

PATH = "x86_64-bottlerocket-linux-gnu/sys-root/usr/share/bottlerocket/application-inventory.json"
ACPID = {
    "Name": "acpid",
    "Publisher": "Bottlerocket",
    "Version": "2.0.34",
    "Release": "1.1740525475.dirty.br1",
    "Epoch": "1",
    "InstalledTime": "2025-02-25T19:30:33Z",
    "ApplicationType": "Unspecified",
    "Architecture": "x86_64",
    "Url": "http://sourceforge.net/projects/acpid2/",
}


def packages(document: Any) -> list[Package]:
    found, issues = run(ANALYZER, PATH, {PATH: json.dumps(document)})
    assert issues == []
    return [package for item in found if isinstance(item, OsPackages) for package in item.packages]


def test_sample_is_read_whole() -> None:
    assert packages({"Content": [ACPID]}) == [
        Package(
            id="acpid@1:2.0.34-1.1740525475.dirty.br1",
            name="acpid",
            version="2.0.34",
            release="1.1740525475.dirty.br1",
            epoch=1,
            arch="x86_64",
        )
    ]


@pytest.mark.parametrize(
    ("entry", "id_"),
    [
        pytest.param({"Name": "a", "Version": "1"}, "a@1", id="no release and no epoch"),
        pytest.param({"name": "a", "VERSION": "1", "Epoch": "0", "Release": None}, "a@1", id="keys of any case"),
        pytest.param({"Name": "a"}, "", id="no version"),
        pytest.param({"Version": "1"}, "", id="no name"),
    ],
)
def test_ids(entry: dict[str, Any], id_: str) -> None:
    assert [package.id for package in packages({"Content": [entry]})] == [id_]


@pytest.mark.parametrize("document", [{}, {"Content": None}, {"Content": []}])
def test_nothing_installed(document: Any) -> None:
    assert packages(document) == []


@pytest.mark.parametrize(
    "document",
    [[], {"Content": {}}, {"Content": ["a"]}, {"Content": [{"Name": 1}]}, {"Content": [{"Name": "a", "Epoch": "x"}]}],
)
def test_inventory_of_another_shape(document: Any) -> None:
    with pytest.raises((ArtifactError, ValueError)):
        packages(document)


def test_too_many_packages() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, packages_per_file=1)

    with pytest.raises(LimitError):
        run(ANALYZER, PATH, {PATH: json.dumps({"Content": [ACPID, ACPID]})}, limits=limits)
