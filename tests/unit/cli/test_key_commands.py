"""`generate-key-pair`, `import-key-pair` and `public-key` as a user types them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.support.commands import PASSWORD, place_keys, run
from tests.support.kms_program import NAME, place_program

from assaymark.attest.keys.file import decrypt_key
from assaymark.attest.keys.public import parse_public_key


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def opens(folder: Path, prefix: str, password: str = PASSWORD) -> bool:
    private = decrypt_key((folder / f"{prefix}.key").read_bytes(), password.encode, what=prefix)
    return private.public == parse_public_key((folder / f"{prefix}.pub").read_bytes())


def plain_key(path: Path, *, curve: ec.EllipticCurve | None = None) -> None:
    key = ec.generate_private_key(curve or ec.SECP256R1())
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


class TestGenerate:
    def test_two_files_are_written(self, here: Path) -> None:
        ran = run("generate-key-pair")
        assert (ran.code, ran.out) == (0, "")
        assert ran.err == "Private key written to cosign.key\nPublic key written to cosign.pub\n"
        assert [(here / name).stat().st_mode & 0o777 for name in ("cosign.key", "cosign.pub")] == [0o600, 0o644]
        assert opens(here, "cosign")

    def test_a_prefix_may_have_a_folder_and_dots(self, here: Path) -> None:
        (here / "keys").mkdir()
        assert run("generate-key-pair", "--output-key-prefix", "keys/team.v1").code == 0
        assert opens(here, "keys/team.v1")

    @pytest.mark.parametrize("stdin", [b"typed\n", b"typed", b"typed\r\n"], ids=["a line", "no line feed", "Windows"])
    def test_a_password_on_stdin_is_a_line(self, here: Path, stdin: bytes) -> None:
        assert run("generate-key-pair", environ={"COSIGN_PASSWORD": "(unset)"}, stdin=stdin).code == 0
        assert opens(here, "cosign", "typed")

    def test_an_empty_password_counts(self, here: Path) -> None:
        assert run("generate-key-pair", environ={"COSIGN_PASSWORD": ""}).code == 0
        assert opens(here, "cosign", "")

    def test_nobody_to_ask_and_no_password(self, here: Path) -> None:
        ran = run("generate-key-pair", environ={"COSIGN_PASSWORD": "(unset)"})
        assert (ran.code, "COSIGN_PASSWORD" in ran.err, list(here.iterdir())) == (2, True, [])

    @pytest.mark.parametrize(
        ("flags", "stdin", "replaced"),
        [((), b"n\n", False), ((), b"", False), ((), b"y\n", True), (("--yes",), b"", True), (("-y",), b"", True)],
        ids=["no", "nobody to ask", "yes", "--yes", "-y"],
    )
    def test_files_are_replaced_only_when_agreed(
        self, here: Path, flags: tuple[str, ...], stdin: bytes, replaced: bool
    ) -> None:
        (here / "cosign.pub").write_text("precious")
        ran = run("generate-key-pair", *flags, stdin=stdin)
        assert (ran.code, (here / "cosign.pub").read_text() != "precious") == (0 if replaced else 9, replaced)
        assert (here / "cosign.key").exists() == replaced

    def test_a_variable_agrees_too(self, here: Path) -> None:
        (here / "cosign.key").write_text("old")
        assert run("generate-key-pair", environ={"COSIGN_YES": "true"}).code == 0

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (("env://KEY",), "error: no keys are made in `env://KEY`"),
            (("--kms", "awskms:///none"), "error: `awskms:///none` is not a key in AWS KMS"),
            (("--kms", "x://y"), "error: keys of the scheme `x` are not known"),
            (
                ("awskms:///alias/a", "--kms", "x://y"),
                "error: `awskms:///alias/a` and `--kms x://y` exclude each other",
            ),
        ],
    )
    def test_places_that_make_no_keys(self, here: Path, arguments: tuple[str, ...], told: str) -> None:
        ran = run("generate-key-pair", *arguments)
        assert (ran.code, ran.first[: len(told)], list(here.iterdir())) == (2, told, [])

    def test_a_folder_that_is_not_there(self) -> None:
        assert run("generate-key-pair", "--output-key-prefix", "none/x").code == 9


def test_the_help_names_what_keys_may_be(capsys: pytest.CaptureFixture[str]) -> None:
    def helped(command: str) -> str:
        with pytest.raises(SystemExit):
            run(command, "--help")
        return "".join(capsys.readouterr().out.split())  # lines are broken by the terminal's width

    used, made = helped("public-key"), helped("generate-key-pair")
    assert "theprivatekey:PATH,awskms:///KEY,azurekms://VAULT.vault.azure.net/KEY,env://NAME," in used
    assert "github://" not in used
    assert "insteadofafile:awskms:///KEY,azurekms://VAULT.vault.azure.net/KEY,gcpkms://" in made
    assert "env://" not in made


def test_a_program_makes_a_key_and_signs_with_it(here: Path) -> None:
    place_program(here)
    place, path = f"{NAME}://{here}/key.pem", {"PATH": f"{here}:{os.environ['PATH']}"}
    made = run("generate-key-pair", "--kms", place, "--output-key-prefix", "team", environ=path)
    assert (made.code, made.err) == (0, f"Private key is in {place}\nPublic key written to team.pub\n")
    assert run("public-key", "--key", place, environ=path).out == (here / "team.pub").read_text()
    assert run("generate-key-pair", place, "--output-key-prefix", "team", environ=path, stdin=b"n\n").code == 9
    assert run("public-key", "--key", place, "--offline", environ=path).code == 5


class TestImport:
    @pytest.mark.parametrize("flag", ["--key", "-k"])
    def test_a_plain_key_is_encrypted(self, here: Path, flag: str) -> None:
        plain_key(here / "plain.pem")
        ran = run("import-key-pair", flag, "plain.pem")
        assert (ran.code, ran.first) == (0, "Private key written to import-cosign.key")
        assert opens(here, "import-cosign")

    def test_from_stdin_under_another_name(self, here: Path) -> None:
        key = rsa.generate_private_key(65537, 2048).private_bytes(
            Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
        )
        assert run("import-key-pair", "--key=-", "-o", "mine", stdin=key).code == 0
        assert opens(here, "mine")

    @pytest.mark.parametrize(
        ("content", "code"), [(None, 9), (b"", 6), (b"x" * 70_000, 8)], ids=["no file", "nothing", "too much"]
    )
    def test_what_is_no_key(self, here: Path, content: bytes | None, code: int) -> None:
        if content is not None:
            (here / "plain.pem").write_bytes(content)
        assert run("import-key-pair", "--key", "plain.pem").code == code

    def test_a_curve_that_nobody_verifies(self, here: Path) -> None:
        plain_key(here / "plain.pem", curve=ec.SECP256K1())
        ran = run("import-key-pair", "--key", "plain.pem")
        assert (ran.code, (here / "import-cosign.key").exists()) == (6, False)

    def test_a_key_must_be_named(self) -> None:
        assert run("import-key-pair").code == 2


class TestPublicKey:
    def test_the_public_half_is_printed(self, here: Path) -> None:
        place_keys(here)
        ran = run("public-key", "--key", "ours.key")
        assert (ran.code, ran.out, ran.err) == (0, (here / "ours.pub").read_text(), "")

    def test_to_a_file_and_from_the_environment(self, here: Path) -> None:
        place_keys(here)
        variables = {"KEY_TEXT": (here / "ours.key").read_text()}
        assert run("public-key", "--key", "env://KEY_TEXT", "--outfile", "out.pub", environ=variables).out == ""
        assert (here / "out.pub").read_bytes() == (here / "ours.pub").read_bytes()

    @pytest.mark.parametrize(
        ("flags", "told"),
        [
            ((), "error: no `--key`"),
            (("--sk",), "error: `--sk`: hardware keys are not supported"),
            (("--key", "awskms:///x"), "error: `awskms:///x` is not a key in AWS KMS"),
        ],
    )
    def test_what_cannot_be_used(self, flags: tuple[str, ...], told: str) -> None:
        ran = run("public-key", *flags)
        assert (ran.code, ran.first[: len(told)]) == (2, told)

    def test_a_file_that_others_can_read_is_a_warning(self, here: Path) -> None:
        place_keys(here)
        (here / "ours.key").chmod(0o644)
        assert "is open to others (mode 0644)" in run("public-key", "--key", "ours.key").first
