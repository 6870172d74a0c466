"""What may be signed, and what a verified predicate must be."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.support.forgery import IMAGE, RECORD

from assaymark.attest.predicate import (
    PREDICATE_TYPES,
    Shape,
    check_predicate,
    find_predicate_type,
    parse_predicate_type,
    prepare_predicate,
)
from assaymark.attest.vuln import Image, Override, is_rfc3339
from assaymark.errors import SigningError, UsageError
from assaymark.limits import DEFAULT_LIMITS

NOW = "2026-01-02T03:04:05Z"
HERE = Image(name="registry.test/app:v1", digests=frozenset({IMAGE.digest}))
GOOD: dict[str, Any] = msgspec.json.decode(RECORD)
TIMES = {"scanStartedOn": "2026-01-02T03:04:05Z", "scanFinishedOn": "2026-01-02T03:04:06.5+01:00"}


def record(result: Any = None, **changes: Any) -> bytes:
    scanner = GOOD["scanner"] | {"result": {"Results": []} if result is None else result}
    return msgspec.json.encode(GOOD | {"scanner": scanner} | changes)


def prepare(data: bytes, *allowed: Override, kind: str = "vuln") -> tuple[str, ...]:
    kind_ = find_predicate_type(kind)
    made = prepare_predicate(kind_, data, image=HERE, allowed=frozenset(allowed), now=NOW)
    assert made.data == data
    return made.warnings


def test_the_names_are_those_of_cosign() -> None:
    assert {kind.name: kind.uri for kind in PREDICATE_TYPES} == {
        "custom": "https://cosign.sigstore.dev/attestation/v1",
        "vuln": "https://cosign.sigstore.dev/attestation/vuln/v1",
        "slsaprovenance": "https://slsa.dev/provenance/v0.2",
        "slsaprovenance02": "https://slsa.dev/provenance/v0.2",
        "slsaprovenance1": "https://slsa.dev/provenance/v1",
        "spdx": "https://spdx.dev/Document",
        "spdxjson": "https://spdx.dev/Document",
        "cyclonedx": "https://cyclonedx.org/bom",
        "link": "https://in-toto.io/Link/v1",
        "openvex": "https://openvex.dev/ns",
    }


@pytest.mark.parametrize("text", ["https://in-toto.io/attestation/vulns/v0.2", "urn:x", "/path"])
def test_a_uri_names_itself(text: str) -> None:
    assert (parse_predicate_type(text).uri, parse_predicate_type(text).shape) == (text, Shape.OBJECT)


@pytest.mark.parametrize("text", ["VULN", "foo", "", "https:", "urn:a b"])
def test_what_is_neither_a_name_nor_a_uri_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_predicate_type(text)


def test_the_exact_bytes_are_signed() -> None:
    assert prepare(b" " + RECORD + b"\n") == ()


def test_a_custom_predicate_is_wrapped() -> None:
    made = prepare_predicate(find_predicate_type("custom"), b"\xffplain", now=NOW)
    assert msgspec.json.decode(made.data) == {"Data": "\ufffdplain", "Timestamp": NOW}


def test_spdx_becomes_a_string_with_a_warning() -> None:
    made = prepare_predicate(find_predicate_type("spdx"), b"SPDXVersion: SPDX-2.3\n", now=NOW)
    assert (made.data, len(made.warnings)) == (b'"SPDXVersion: SPDX-2.3\\n"', 1)


def test_a_link_has_its_members() -> None:
    members = ("_type", "name", "materials", "products", "byproducts", "command", "environment")
    assert prepare(msgspec.json.encode(dict.fromkeys(members)), kind="link") == ()
    with pytest.raises(SigningError, match="`environment` missing"):
        prepare(msgspec.json.encode(dict.fromkeys(members[:-1])), kind="link")


def test_other_types_want_an_object() -> None:
    with pytest.raises(SigningError, match="not a JSON object"):
        prepare(b"[]", kind="cyclonedx")


def test_a_predicate_has_a_largest_size() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, attestation_bytes=1)
    with pytest.raises(SigningError, match="more than 1"):
        prepare_predicate(find_predicate_type("custom"), b"{}", now=NOW, limits=limits)


REFUSED: dict[str, tuple[bytes, str, Override | None]] = {
    "an empty file": (b" \n", "PREDICATE_EMPTY", None),
    "no JSON": (b"{", "PREDICATE_MALFORMED", None),
    "duplicate keys": (b'{"scanner":{},"scanner":{}}', "PREDICATE_MALFORMED", None),
    "a list": (b"[1]", "PREDICATE_MALFORMED", None),
    "an empty object": (b"{}", "PREDICATE_EMPTY", Override.EMPTY),
    "a null": (b"null", "PREDICATE_EMPTY", Override.EMPTY),
    "no result": (msgspec.json.encode(GOOD | {"scanner": {}}), "PREDICATE_EMPTY", Override.EMPTY),
    "no scanner": (msgspec.json.encode({"metadata": TIMES}), "PREDICATE_EMPTY", Override.EMPTY),
    "no times": (record(metadata={}), "PREDICATE_EMPTY", Override.EMPTY),
    "times that are null": (record(metadata=None), "PREDICATE_EMPTY", Override.EMPTY),
    "times of the year 1": (
        record(metadata=TIMES | {"scanStartedOn": "0001-01-01T00:00:00Z"}),
        "PREDICATE_EMPTY",
        Override.EMPTY,
    ),
    "a raw report": (b'{"SchemaVersion":2,"ArtifactName":"a"}', "PREDICATE_FOREIGN", Override.FOREIGN),
    "a raw report of nothing": (b'{"SchemaVersion":2,"Results":[]}', "PREDICATE_FOREIGN", Override.FOREIGN),
    "a Grype report": (b'{"matches":[],"descriptor":{}}', "PREDICATE_FOREIGN", Override.FOREIGN),
    "a CycloneDX document": (b'{"bomFormat":"CycloneDX"}', "PREDICATE_FOREIGN", Override.FOREIGN),
    "anything": (b'{"a":1}', "PREDICATE_FOREIGN", Override.FOREIGN),
    "a member of the wrong type": (record(invocation={"uri": 1}), "PREDICATE_MALFORMED", None),
    "a time with a space": (record(metadata={"scanStartedOn": "2026-01-02 03:04:05Z"}), "PREDICATE_MALFORMED", None),
    "another image": (
        record({"Metadata": {"RepoDigests": ["registry.test/app@sha256:" + "0" * 64]}}),
        "SUBJECT_MISMATCH",
        Override.SUBJECT,
    ),
    "an incomplete scan": (record({"Coverage": {"Complete": False}}), "SCAN_INCOMPLETE", Override.INCOMPLETE),
    "an incomplete scan by its parameters": (
        record(invocation={"parameters": {"coverage": {"complete": False}}}),
        "SCAN_INCOMPLETE",
        Override.INCOMPLETE,
    ),
    "an incomplete scan that says why": (
        record({"Coverage": {"Complete": False, "Issues": [{"Code": "OS_UNKNOWN", "Message": "which is it"}]}}),
        "SCAN_INCOMPLETE",
        Override.INCOMPLETE,
    ),
    "the sample database": (
        record({"Coverage": {"Complete": True, "Issues": [{"Code": "DATABASE_SAMPLE", "Message": "m"}]}}),
        "SAMPLE_DATABASE",
        Override.SAMPLE,
    ),
    "the sample database by its parameters": (
        record(invocation={"parameters": {"database": {"sample": True}}}),
        "SAMPLE_DATABASE",
        Override.SAMPLE,
    ),
}


@pytest.mark.parametrize(("data", "reason", "override"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_truthful_record_is_refused(data: bytes, reason: str, override: Override | None) -> None:
    with pytest.raises(SigningError) as caught:
        prepare(data)
    assert caught.value.reason == reason
    assert caught.value.exit_code == 6
    if override is None:
        assert "--allow" not in caught.value.hint
    else:
        assert override.value in caught.value.hint
        assert f"because of `{override.value}`" in "\n".join(prepare(data, override))


def test_a_raw_report_is_told_what_to_do() -> None:
    with pytest.raises(SigningError, match="a JSON report of a scanner") as caught:
        prepare(b'{"SchemaVersion":2,"ArtifactName":"a"}')
    assert "--format cosign-vuln" in caught.value.hint


def test_overrides_do_not_help_each_other() -> None:
    with pytest.raises(SigningError, match="sample"):
        prepare(REFUSED["the sample database"][0], Override.INCOMPLETE, Override.SUBJECT)


@pytest.mark.parametrize(
    "result",
    [
        pytest.param({"Metadata": {"RepoDigests": [f"other.test/copy@{IMAGE.digest}"]}}, id="a copy of the image"),
        pytest.param({"Metadata": {"RepoDigests": None}}, id="no digests"),
        pytest.param({"Metadata": []}, id="no metadata"),
        pytest.param(["x"], id="a result of another scanner"),
    ],
)
def test_what_does_not_contradict_the_image_passes(result: Any) -> None:
    assert prepare(record(result)) == ()


@pytest.mark.parametrize(
    ("metadata", "named"),
    [
        pytest.param({}, False, id="nothing at all"),
        pytest.param({"ImageID": "sha256:" + "0" * 64}, False, id="another configuration"),
        pytest.param({"ImageID": IMAGE.digest}, True, id="the configuration, as a record of an archive does"),
    ],
)
def test_a_report_that_does_not_name_the_image_is_a_warning(metadata: Any, named: bool) -> None:
    warnings = prepare(record({"SchemaVersion": 2, "Metadata": metadata}))
    text = "the record does not say that it is about `registry.test/app:v1`: it names no digest of it"
    assert warnings == (() if named else (text,))


def test_without_an_image_nothing_contradicts_it() -> None:
    made = prepare_predicate(find_predicate_type("vuln"), REFUSED["another image"][0], now=NOW)
    assert made.warnings == ()


def test_a_record_of_trivy_is_signed_with_a_warning_about_its_blanks() -> None:
    blank = {
        "invocation": {"parameters": None, "uri": "", "event_id": "", "builder.id": ""},
        "scanner": {
            "uri": "pkg:github/aquasecurity/trivy@0.60.0",
            "version": "0.60.0",
            "db": {"uri": "", "version": ""},
            "result": {"SchemaVersion": 2, "Metadata": {"RepoDigests": [f"app@{IMAGE.digest}"]}},
        },
        "metadata": {"scanStartedOn": NOW, "scanFinishedOn": NOW},
    }
    blanks = "`scanner.db.uri`, `scanner.db.version`, `invocation.uri`, `invocation.builder.id`"
    assert prepare(msgspec.json.encode(blank)) == (
        f"the vulnerability record leaves blank: {blanks}",
        "the vulnerability record gives one time for start and finish: that of its writing",
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-02T03:04:05Z", True),
        ("2026-01-02T03:04:05.123456789123Z", True),
        ("2026-01-02T03:04:05+23:59", True),
        ("0000-02-29T00:00:00Z", True),
        ("2026-01-02t03:04:05Z", False),
        ("2026-01-02T03:04:05z", False),
        ("2026-01-02 03:04:05Z", False),
        ("2026-01-02T03:04:05", False),
        ("2026-01-02T03:04:05,5Z", False),
        ("2026-02-30T03:04:05Z", False),
        ("2026-01-02T24:00:00Z", False),
        ("2026-01-02T03:04:60Z", False),
        ("2026-01-02T03:04:05+24:00", False),
        ("2026-01-02T03:04:05+01:60", False),
        ("", False),
    ],
)
def test_times_are_those_that_go_reads(text: str, expected: bool) -> None:
    assert is_rfc3339(text) is expected


@pytest.mark.parametrize(
    ("kind", "predicate", "good"),
    [
        ("vuln", b"{}", True),
        ("vuln", b"[]", False),
        ("vuln", b'{"scanner":{"uri":1}}', False),
        ("custom", b"{}", True),
        ("custom", b'"x"', False),
        ("spdx", b'"x"', True),
        ("urn:x", b"[]", False),
    ],
)
def test_a_verified_predicate_is_what_its_type_promises(kind: str, predicate: bytes, good: bool) -> None:
    try:
        check_predicate(find_predicate_type(kind), predicate)
    except ValueError:
        assert not good
    else:
        assert good
