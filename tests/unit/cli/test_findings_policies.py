"""`--findings-policy` and `--ignore-policy`, as a user sees them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.commands import run
from tests.support.opa import install_opa
from tests.support.workshop import FINDINGS, NOON, OUT_OF_SUPPORT, Ran, Workshop, found_in

from assaymark.model.digest import sha256_digest

RULES = """\
rules:
  - ignore: {ids: CVE-2020-28928, packages: musl}
    reason: the buffer is ours
  - ignore: {ids: CVE-2018-25032}
    reason: nothing is unpacked
    expires: 2026-11-21
  - deny: {severities: CRITICAL, fixable: true}
    reason: critical ones are repaired at once
"""
DENIED = (
    "denied by `rules.yaml`, line 7: CRITICAL CVE-2019-14697 in musl 1.1.22-r2, {image} (alpine 3.10.9) "
    "(critical ones are repaired at once)\n"
)
EXPIRED = "warning: `rules.yaml`, line 4: the rule has expired: nothing is unpacked\n"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """The working directory is the workshop's folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.yaml").write_text(RULES)
    return Workshop(tmp_path)


def scan(shop: Workshop, *flags: str, path: str = "") -> Ran:
    return shop.run("image", "--input", shop.image(), "--format=json", *flags, PATH=path)


def test_rules_ignore_and_deny(shop: Workshop) -> None:
    ran = scan(shop, "--findings-policy=rules.yaml", "--show-suppressed")

    assert (ran.code, ran.findings) == (1, ["CVE-2019-14697", "CVE-2018-25032"])
    assert ran.err == EXPIRED + OUT_OF_SUPPORT + DENIED.format(image=shop.folder / "image.tar")
    [modified] = ran.report["Results"][0]["ExperimentalModifiedFindings"]
    assert (modified["Status"], modified["Statement"], modified["Source"], modified["Finding"]["VulnerabilityID"]) == (
        "ignored",
        "the buffer is ours",
        "rules.yaml:2",
        "CVE-2020-28928",
    )


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        pytest.param(("--exit-code=7",), 7, id="the code for findings is that for what is denied"),
        pytest.param(("--exit-code=0",), 1, id="what is denied does not end well"),
        pytest.param(("--severity=HIGH",), 0, id="what was filtered before is not denied"),
        pytest.param(("--ignorefile=known",), 0, id="what was ignored before is not denied"),
        pytest.param(("--exit-on-eol=8",), 8, id="the end of life comes first, and hides nothing"),
        pytest.param(("--quiet",), 1, id="in quiet"),
    ],
)
def test_exit_codes_with_denied_findings(shop: Workshop, flags: tuple[str, ...], code: int) -> None:
    (shop.folder / "known").write_text("CVE-2019-14697\n")

    ran = scan(shop, "--findings-policy=rules.yaml", *flags)

    assert ran.code == code
    assert (DENIED.format(image=shop.folder / "image.tar") in ran.err) == (code != 0)


def test_what_is_denied_is_told_beside_an_incomplete_scan(shop: Workshop) -> None:
    layer = {"etc/alpine-release": "99.9.9\n", "lib/apk/db/installed": "P:musl\nV:1\nA:x86_64\no:musl\n\n"}
    (shop.folder / "rules.yaml").write_text("rules:\n  - deny: {database_age_at_least: 12h}\n    reason: look again\n")

    flags = ("--require-complete", "--findings-policy=rules.yaml")
    ran = shop.run("image", "--input", shop.image(layer), "--format=json", *flags)

    assert ran.code == 3
    assert "denied by `rules.yaml`, line 2: the database was built on 2026-11-21 (look again)\n" in ran.err


def test_reports_and_records_list_what_is_denied(shop: Workshop) -> None:
    target = f"{shop.folder / 'image.tar'} (alpine 3.10.9)"
    flags = ("--findings-policy=rules.yaml", "--also=table=report.txt", "--also=json=report.json")
    ran = shop.run("image", "--input", shop.image(), "--format=cosign-vuln", *flags)

    denied = [
        {
            "Rule": "rules.yaml:7",
            "Reason": "critical ones are repaired at once",
            "Severity": "CRITICAL",
            "VulnerabilityID": "CVE-2019-14697",
            "PkgName": "musl",
            "InstalledVersion": "1.1.22-r2",
            "Target": target,
        }
    ]
    assert json.loads((shop.folder / "report.json").read_text())["Coverage"]["Denied"] == denied
    assert ran.report["scanner"]["result"]["Coverage"]["Denied"] == denied
    assert ran.report["invocation"]["parameters"]["denied"] == {"rules.yaml:7": 1}
    assert (
        "\nDenied by the findings policy\n"
        f"  rules.yaml:7  CRITICAL CVE-2019-14697 in musl 1.1.22-r2, {target} (critical ones are repaired at once)\n"
    ) in (shop.folder / "report.txt").read_text()


def test_where_nothing_is_denied_no_list_says_so(shop: Workshop) -> None:
    ran = scan(shop, "--findings-policy=rules.yaml", "--severity=HIGH")

    assert "Denied" not in ran.report["Coverage"]


@pytest.mark.parametrize(
    ("flags", "denied"),
    [
        pytest.param((), {"rules.yaml:7": 1}, id="what an earlier policy denied stays told"),
        pytest.param(("--findings-policy=others.yaml",), {"others.yaml:2": 1}, id="another policy decides anew"),
    ],
)
def test_a_converted_record_says_what_is_denied(shop: Workshop, flags: tuple[str, ...], denied: dict[str, int]) -> None:
    (shop.folder / "others.yaml").write_text("rules:\n  - deny: {packages: [musl]}\n    reason: none of these\n")
    given = ("--format=cosign-vuln", "--findings-policy=rules.yaml")
    (shop.folder / "vuln.json").write_text(shop.run("image", "--input", shop.image(), *given).out)

    ended = run("convert", "vuln.json", "--format=cosign-vuln", *flags, environ={"SOURCE_DATE_EPOCH": NOON})

    assert ended.code == (1 if flags else 0)
    record = json.loads(ended.out)
    assert record["invocation"]["parameters"]["denied"] == denied


def test_what_a_document_took_out_is_not_denied(shop: Workshop) -> None:
    products = [{"@id": "pkg:apk/alpine/musl"}]
    said = [
        {"vulnerability": {"name": name}, "products": products, "status": "fixed"}
        for name in ("CVE-2019-14697", "CVE-2020-28928")
    ]
    head = {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "author": "us",
        "version": 1,
        "timestamp": "2026-01-01T00:00:00Z",
    }
    (shop.folder / "vex.json").write_text(json.dumps({**head, "statements": said}))

    ran = scan(shop, "--findings-policy=rules.yaml", "--vex=vex.json", "--show-suppressed")

    assert (ran.code, ran.findings) == (0, ["CVE-2018-25032"])
    modified = ran.report["Results"][0]["ExperimentalModifiedFindings"]
    assert [(each["Finding"]["VulnerabilityID"], each["Status"], each["Source"]) for each in modified] == [
        ("CVE-2020-28928", "ignored", "rules.yaml:2"),
        ("CVE-2019-14697", "fixed", "vex.json"),
    ]


def test_stored_reports_are_judged_likewise(shop: Workshop) -> None:
    (shop.folder / "report.json").write_text(scan(shop).out)

    ended = run(
        "convert",
        "report.json",
        "--format=json",
        "--findings-policy=rules.yaml",
        environ={"SOURCE_DATE_EPOCH": NOON},
    )

    assert (ended.code, found_in(json.loads(ended.out))) == (1, ["CVE-2019-14697", "CVE-2018-25032"])


def test_an_old_database_is_denied(shop: Workshop) -> None:
    (shop.folder / "rules.yaml").write_text("rules:\n  - deny: {database_age_at_least: 12h}\n    reason: look again\n")

    ran = scan(shop, "--findings-policy=rules.yaml", "--pkg-types=library")

    assert (ran.code, ran.findings) == (1, [])
    assert ran.err == "denied by `rules.yaml`, line 2: the database was built on 2026-11-21 (look again)\n"
    (shop.folder / "rules.yaml").write_text("rules:\n  - deny: {database_age_at_least: 13h}\n    reason: look again\n")
    assert scan(shop, "--findings-policy=rules.yaml").code == 0


def test_what_is_denied_is_told_within_bounds(shop: Workshop) -> None:
    installed = "".join(f"P:musl\nV:1.1.22-r{number}\nA:x86_64\no:musl\n\n" for number in range(2))
    packages = "".join(f"P:sub{number}\nV:1.1.22-r0\nA:x86_64\no:musl\n\n" for number in range(30))
    layer = {"etc/alpine-release": "3.10.9\n", "lib/apk/db/installed": installed + packages}
    (shop.folder / "rules.yaml").write_text("rules:\n  - deny: {packages: sub*}\n    reason: none of these\n")

    ran = shop.run("image", "--input", shop.image(layer), "--format=json", "--findings-policy=rules.yaml")

    assert ran.err.count("denied by `rules.yaml`, line 2: ") == 20
    assert ran.err.endswith("denied by `rules.yaml`: 40 more\n")


@pytest.mark.parametrize(
    ("flags", "code", "message"),
    [
        pytest.param(("--findings-policy=no.yaml",), 2, "there is no file `no.yaml`", id="no rules"),
        pytest.param(("--ignore-policy=no.rego",), 2, "there is no file `no.rego`", id="no policy in Rego"),
        pytest.param(("--findings-policy=.",), 9, "cannot read", id="a folder"),
        pytest.param(("--findings-policy=typo.yaml",), 2, "`typo.yaml`, line 1, column 1: unknown key", id="a typo"),
        pytest.param(("--ignore-policy=rules.rego",), 9, "`opa` is not installed", id="no opa"),
    ],
)
def test_mistakes_are_told_before_the_scan(shop: Workshop, flags: tuple[str, ...], code: int, message: str) -> None:
    (shop.folder / "typo.yaml").write_text("rule: []\n")
    (shop.folder / "rules.rego").write_text("package trivy\n")

    ran = shop.run("image", "--input", "missing.tar", *flags, PATH=str(shop.folder))

    assert ran.code == code
    assert message in ran.err


def test_rego_is_asked_once_after_the_rules(shop: Workshop) -> None:
    log = install_opa(shop.folder)
    text = 'input["PkgName"] == "musl"'
    (shop.folder / "rules.rego").write_text(text)

    ran = scan(
        shop,
        "--findings-policy=rules.yaml",
        "--ignore-policy=./rules.rego",
        "--show-suppressed",
        path=str(shop.folder),
    )

    assert (ran.code, ran.findings) == (0, ["CVE-2018-25032"])
    modified = ran.report["Results"][0]["ExperimentalModifiedFindings"]
    assert [(each["Finding"]["VulnerabilityID"], each["Statement"], each["Source"]) for each in modified] == [
        ("CVE-2020-28928", "the buffer is ours", "rules.yaml:2"),
        ("CVE-2019-14697", "Filtered by Rego", "rules.rego"),
    ]
    # the command is offline, so `opa` is asked what it can do each time
    assert log.read_text().splitlines().count("eval --format") == 2


def test_digests_are_in_the_record(shop: Workshop) -> None:
    install_opa(shop.folder)
    (shop.folder / "rules.rego").write_text("False")

    ran = shop.run(
        "image",
        "--input",
        shop.image(),
        "--format=cosign-vuln",
        "--findings-policy=rules.yaml",
        "--ignore-policy=rules.rego",
        PATH=str(shop.folder),
    )

    parameters = ran.report["invocation"]["parameters"]
    assert parameters["findingsPolicy"] == sha256_digest(RULES.encode())
    assert parameters["ignorePolicy"] == sha256_digest(b"False")
    assert parameters["flags"]["findings-policy"] == "rules.yaml"


def test_an_explanation_names_the_rule_and_denies_nothing(shop: Workshop) -> None:
    ran = shop.run(
        "image", "--input", shop.image(), "--findings-policy=rules.yaml", "--explain=CVE-2020-28928,CVE-2019-14697"
    )

    assert ran.code == 0
    assert "ignored by rules.yaml:2: the buffer is ours" in ran.out
    assert "denied" not in ran.err


def test_an_explanation_asks_rego_once_about_all_findings(shop: Workshop) -> None:
    log = install_opa(shop.folder)
    (shop.folder / "rules.rego").write_text('input["PkgName"] == "musl"')
    installed = "".join(f"P:{name}\nV:1.1.22-r2\nA:x86_64\no:musl\n\n" for name in ("musl", "musl-dev", "musl-utils"))
    image = shop.image({"etc/alpine-release": "3.10.9\n", "lib/apk/db/installed": installed})

    flags = ("--ignore-policy=rules.rego", "--explain=CVE-2019-14697")
    ran = shop.run("image", "--input", image, *flags, PATH=str(shop.folder))

    assert "LEFT OUT  musl 1.1.22-r2: ignored by rules.rego: Filtered by Rego\n" in ran.out
    assert "LISTED  musl-dev 1.1.22-r2" in ran.out
    assert "LISTED  musl-utils 1.1.22-r2" in ran.out
    assert log.read_text().splitlines().count("eval --format") == 2  # the policy is compiled before the scan


def test_the_scanned_tree_has_no_say(shop: Workshop) -> None:
    (shop.folder / "rules.yaml").unlink()
    layer = {"etc/alpine-release": "3.10.9\n", "findings-policy.yaml": RULES, ".trivyignore": "CVE-2019-14697\n"}
    image = shop.image({**layer, "lib/apk/db/installed": "P:musl\nV:1.1.22-r2\nA:x86_64\no:musl\n\n"})

    assert shop.run("image", "--input", image, "--format=json").findings == FINDINGS[:2]
    tree = shop.tree({**layer, "lib/apk/db/installed": "P:musl\nV:1.1.22-r2\nA:x86_64\no:musl\n\n"})
    assert shop.run("rootfs", tree, "--format=json").findings == FINDINGS[:2]
