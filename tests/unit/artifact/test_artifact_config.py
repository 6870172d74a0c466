"""Configurations as the report prints them; the expected documents are what the reference prints for the same bytes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from assaymark.artifact.config import ZERO_TIME, check_layer_count, go_time, image_config, parse_config
from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import Limits
from assaymark.model.platform import Platform

DIFF_ID = "sha256:" + "a" * 64
EMPTY = {
    "architecture": "",
    "created": ZERO_TIME,
    "os": "",
    "rootfs": {"type": "", "diff_ids": None},
    "config": {},
}


def encode(document: Any) -> bytes:
    return json.dumps(document).encode()


CONFIGS = [
    pytest.param({}, {}, id="five members are always there"),
    pytest.param({"unknown": 1, "created_by": "x"}, {}, id="unknown members are lost"),
    pytest.param({"OS": "linux"}, {"os": "linux"}, id="keys match in any letter case"),
    pytest.param({"author": "", "history": None, "os.features": []}, {}, id="zero values are left out"),
    pytest.param({"rootfs": {"diff_ids": []}}, {"rootfs": {"type": "", "diff_ids": []}}, id="an empty list stays one"),
    pytest.param(
        {"config": {"Cmd": [], "Env": ["A=1", None], "Tty": False, "user": "x"}},
        {"config": {"Env": ["A=1", ""], "User": "x"}},
        id="members of config are left out when they are zero",
    ),
    pytest.param(
        {"config": {"ExposedPorts": {"80/tcp": {}, "22": {"x": 1}}, "Labels": {"b": "1", "a": None}}},
        {"config": {"Labels": {"a": "", "b": "1"}, "ExposedPorts": {"22": {}, "80/tcp": {}}}},
        id="mappings are sorted, and members come in the reference's order",
    ),
    pytest.param(
        {"config": {"Healthcheck": {}}}, {"config": {"Healthcheck": {}}}, id="a pointer to nothing is printed"
    ),
    pytest.param(
        {"config": {"Healthcheck": {"Test": ["CMD", "x"], "Interval": 5, "Retries": 0}}},
        {"config": {"Healthcheck": {"Test": ["CMD", "x"], "Interval": 5}}},
        id="a health check",
    ),
    pytest.param(
        {"history": [{"empty_layer": False, "created_by": "x"}, None]},
        {"history": [{"created": ZERO_TIME, "created_by": "x"}, {"created": ZERO_TIME}]},
        id="history entries always have a time",
    ),
]


@pytest.mark.parametrize(("document", "expected"), CONFIGS)
def test_a_configuration_is_printed_as_the_reference_does(document: Any, expected: dict[str, Any]) -> None:
    printed = image_config(encode(document))
    order = ["architecture", "created", "history", "os", "rootfs", "config"]
    wanted = {key: {**EMPTY, **expected}[key] for key in order if key in {**EMPTY, **expected}}
    assert json.dumps(wanted) == json.dumps(printed)


def test_the_platform_comes_from_the_configuration() -> None:
    document = {
        "os": "windows",
        "architecture": "arm64",
        "variant": "v8",
        "os.version": "10",
        "os.features": ["win32k"],
    }
    expected = Platform(os="windows", architecture="arm64", variant="v8", os_version="10", os_features=("win32k",))
    assert expected == parse_config(encode(document)).platform


TIMES = [
    pytest.param("2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z", id="a plain time"),
    pytest.param("2020-01-01T00:00:00.120Z", "2020-01-01T00:00:00.12Z", id="trailing zeros go"),
    pytest.param("2020-01-01T00:00:00.000Z", "2020-01-01T00:00:00Z", id="a zero fraction goes"),
    pytest.param("2020-01-01T00:00:00.1234567891Z", "2020-01-01T00:00:00.123456789Z", id="below nanoseconds is cut"),
    pytest.param("2020-01-01T00:00:00+00:00", "2020-01-01T00:00:00Z", id="a zero offset is Z"),
    pytest.param("2020-01-01T00:00:00+02:00", "2020-01-01T00:00:00+02:00", id="an offset stays"),
    pytest.param("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z", id="the year zero exists"),
    pytest.param(None, ZERO_TIME, id="null is the zero time"),
]


@pytest.mark.parametrize(("value", "expected"), TIMES)
def test_times(value: str | None, expected: str) -> None:
    assert expected == go_time(value, "created")


MALFORMED = [
    pytest.param([], id="no object"),
    pytest.param({"created": ""}, id="an empty time"),
    pytest.param({"created": "2020-02-30T00:00:00Z"}, id="a day that does not exist"),
    pytest.param({"created": "2020-01-01T00:00:00+99:00"}, id="an impossible offset"),
    pytest.param({"created": 5}, id="a number as time"),
    pytest.param({"os": 5}, id="a number as text"),
    pytest.param({"history": {}}, id="an object as list"),
    pytest.param({"config": []}, id="a list as object"),
    pytest.param({"config": {"Env": "A=1"}}, id="a text as list"),
    pytest.param({"config": {"Tty": 1}}, id="a number as flag"),
    pytest.param({"config": {"Labels": []}}, id="a list as labels"),
    pytest.param({"config": {"Volumes": {"/x": 1}}}, id="a number as volume"),
    pytest.param({"config": {"Healthcheck": {"Retries": 1.5}}}, id="a broken number"),
    pytest.param({"config": {"Healthcheck": {"Retries": 2**63}}}, id="a number beyond 64 bits"),
    pytest.param({"rootfs": {"diff_ids": ["md5:1"]}}, id="a diff_id of an unknown algorithm"),
    pytest.param({"rootfs": {"diff_ids": ["sha256:" + "A" * 64]}}, id="a diff_id in upper case"),
]


@pytest.mark.parametrize("document", MALFORMED)
def test_malformed_configurations_are_refused(document: Any) -> None:
    with pytest.raises(ArtifactError, match=r"malformed|diff_id"):
        parse_config(encode(document))


BOUNDS = [
    pytest.param({"x": "y" * 100}, Limits(config_bytes=50), "larger than 50 bytes", id="bytes"),
    pytest.param({"rootfs": {"diff_ids": [DIFF_ID] * 3}}, Limits(layers=2), "3 layers; the limit is 2", id="layers"),
    pytest.param({"history": [{}] * 3}, Limits(history_entries=2), "more than 2 history", id="history"),
]


@pytest.mark.parametrize(("document", "limits", "message"), BOUNDS)
def test_configurations_are_bounded(document: Any, limits: Limits, message: str) -> None:
    with pytest.raises(LimitError, match=message):
        parse_config(encode(document), limits=limits)


def test_layers_without_a_diff_id_are_refused() -> None:
    configuration = parse_config(encode({"rootfs": {"diff_ids": [DIFF_ID]}}))
    check_layer_count(configuration, 1)
    with pytest.raises(ArtifactError, match="2 layers, but its configuration has 1 diff_ids"):
        check_layer_count(configuration, 2)
