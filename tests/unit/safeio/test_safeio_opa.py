from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.opa import install_opa

from assaymark.errors import Error, LimitError, LocalError, UsageError
from assaymark.limits import Limits
from assaymark.safeio.opa import UNDEFINED, Module, Opa

QUERY = "data.trivy.ignore"
INPUTS = [b'{"PkgName": "musl", "Score": 7}', b'{"PkgName": "zlib"}', b'{"PkgName": "busybox", "Score": 1}']


def policy(text: str) -> list[Module]:
    return [Module("policy.rego", text.encode())]


@pytest.fixture
def opa(tmp_path: Path) -> Opa:
    install_opa(tmp_path)
    return Opa(environment={"PATH": str(tmp_path), "AWS_SECRET_ACCESS_KEY": "canary", "HTTPS_PROXY": "proxy:1"})


def test_one_process_answers_for_all_inputs(opa: Opa, tmp_path: Path) -> None:
    assert opa.answers(QUERY, policy('input["Score"] > 5'), INPUTS) == [True, UNDEFINED, False]
    assert (tmp_path / "log").read_text() == "eval --format\n"


def test_large_inputs_are_cut_into_batches(tmp_path: Path) -> None:
    log = install_opa(tmp_path)
    small = Opa(environment={"PATH": str(tmp_path)}, limits=Limits(policy_batch_bytes=60))

    assert small.answers(QUERY, policy('input["PkgName"]'), INPUTS) == ["musl", "zlib", "busybox"]
    assert log.read_text() == "eval --format\n" * 2


def test_without_inputs_a_policy_is_compiled(opa: Opa) -> None:
    assert opa.answers(QUERY, policy("True"), []) == []
    with pytest.raises(UsageError, match=r"`policy.rego`, line 1: unexpected token"):
        opa.answers(QUERY, policy("package ="), [])


def test_an_error_for_one_input_is_an_error(opa: Opa) -> None:
    with pytest.raises(UsageError, match=r"`policy.rego`, line 7: complete rules must not produce multiple outputs"):
        opa.answers(QUERY, policy('input["conflict"]'), INPUTS)


def test_an_old_program_is_asked_without_the_flag(tmp_path: Path) -> None:
    install_opa(tmp_path, old=True)

    assert Opa(environment={"PATH": str(tmp_path)}).answers(QUERY, policy("True"), INPUTS[:1]) == [True]


def test_policies_see_no_credentials(opa: Opa) -> None:
    [environment] = opa.answers(QUERY, policy("sorted(environ)"), INPUTS[:1])

    assert [name for name in environment if not name.startswith(("LC_", "PYTHON"))] == ["HOME", "HTTPS_PROXY", "PATH"]


def test_without_a_network_there_is_nothing_that_connects(opa: Opa, tmp_path: Path) -> None:
    cut_off = Opa(environment=opa.environment, connects=False)

    assert cut_off.answers(QUERY, policy("True"), INPUTS[:1]) == [True]
    with pytest.raises(UsageError, match=r"line 1: undefined function http.send") as caught:
        cut_off.answers(QUERY, policy("http.send(1)"), INPUTS[:1])
    assert "--offline" in caught.value.hint
    assert opa.answers(QUERY, policy("http.send(1)"), INPUTS[:1]) == [UNDEFINED]


def test_there_is_no_room_for_temporary_files(opa: Opa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))

    with pytest.raises(LocalError, match=r"cannot write a temporary file in `.*missing`"):
        opa.answers(QUERY, policy("True"), INPUTS)


def test_there_is_no_opa(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="`opa` is not installed, and Rego policies need it") as caught:
        Opa(environment={"PATH": str(tmp_path)}, hint="do something else").answers(QUERY, policy("True"), [])
    assert caught.value.hint == "do something else"


@pytest.mark.parametrize(
    ("script", "error", "message"),
    [
        pytest.param("echo oh no >&2; exit 1", LocalError, "ended with code 1: oh no", id="it fails"),
        pytest.param("echo '{\"result\": 7}'", LocalError, "an answer that is not understood", id="another answer"),
        pytest.param("echo nothing", LocalError, "`opa`'s answer is not JSON", id="no JSON"),
        pytest.param("printf '%0100d' 1", LimitError, "wrote more than 90 bytes", id="too much"),
        pytest.param("sleep 60", LocalError, "did not end within 0.3 seconds", id="too slow"),
        pytest.param(
            'echo \'{"errors": [{"message": "bad\\u001b[31m"}]}\'; exit 2',
            LocalError,
            r"ended with code 2: bad\\x1b\[31m",
            id="an error without a place, with control characters",
        ),
    ],
)
def test_programs_that_misbehave(tmp_path: Path, script: str, error: type[Error], message: str) -> None:
    (tmp_path / "opa").write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / "opa").chmod(0o755)
    limits = Limits(policy_seconds=0.3 if "sleep" in script else 30, policy_answer_bytes=90)

    with pytest.raises(error, match=message):
        Opa(environment={"PATH": f"{tmp_path}:/usr/bin:/bin"}, limits=limits).answers(QUERY, policy("True"), INPUTS)


def test_a_program_that_does_not_say_what_it_can_do_may_not_connect(tmp_path: Path) -> None:
    (tmp_path / "opa").write_text("#!/bin/sh\necho '{}'\n")
    (tmp_path / "opa").chmod(0o755)

    with pytest.raises(LocalError, match="cannot be kept from connecting"):
        Opa(environment={"PATH": f"{tmp_path}:/bin"}, connects=False).answers(QUERY, policy("True"), INPUTS)
