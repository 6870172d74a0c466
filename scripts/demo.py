"""From an image to a proven attestation and back, on this machine alone: what `make demo` shows.

The image is built here: Alpine 3.10.9's package set (`scripts/facts`) and a layer with a small Python application.
Every command is the real program in a process of its own; the registry is the one of `tests/support`, on a loopback
port. The last part cheats in four ways and shows that each is refused. The demo ends with 0 only if every step did what
it claims; everything it writes is in one folder, which is made anew.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.support.images import BuiltImage, build_image, encode  # noqa: E402 - the checkout's root is found first
from tests.support.registry import MemoryRegistry  # noqa: E402

NAME, TAG = "demo/app", "1.0"
DATABASE = "--sample-db"
VULN_TYPE = "https://cosign.sigstore.dev/attestation/vuln/v1"
EXPECTED = {
    "CVE-2021-36159": "apk-tools",
    "CVE-2020-28493": "Jinja2",
    "CVE-2020-14343": "PyYAML",
}
"""what the sample database knows about three of the packages."""

PYTHON_PACKAGES = {"Jinja2": "2.10.1", "PyYAML": "5.3.1", "urllib3": "1.25.8"}
SITE = "usr/lib/python3.7/site-packages"
OS_RELEASE = """\
NAME="Alpine Linux"
ID=alpine
VERSION_ID=3.10.9
PRETTY_NAME="Alpine Linux v3.10"
HOME_URL="https://alpinelinux.org/"
BUG_REPORT_URL="https://bugs.alpinelinux.org/"
"""
REPOSITORIES = """\
http://dl-cdn.alpinelinux.org/alpine/v3.10/main
http://dl-cdn.alpinelinux.org/alpine/v3.10/community
"""
KEPT_VARIABLES = ("LANG", "LC_ALL", "TERM", "COLUMNS", "NO_COLOR", "CLICOLOR_FORCE", "SYSTEMROOT", "TMPDIR")


class BrokenStepError(Exception):
    """A step did not do what it claims."""


def claim(holds: object, what: str) -> None:
    """End the demo unless `holds`."""
    if not holds:
        raise BrokenStepError(what)


def demo_image(extra: Mapping[str, str] | None = None) -> BuiltImage:
    """Alpine 3.10.9 below, a Python application above; `extra` goes into the upper layer."""
    installed = (ROOT / "scripts" / "facts" / "alpine-3.10.9.installed").read_text(encoding="utf-8")
    base = {
        "etc/alpine-release": "3.10.9\n",
        "etc/apk/repositories": REPOSITORIES,
        "etc/hosts": "127.0.0.1\tlocalhost localhost.localdomain\n",
        "etc/os-release": OS_RELEASE,
        "etc/passwd": "root:x:0:0:root:/root:/bin/ash\n",
        "lib/apk/db/installed": installed,
    }
    app = {"srv/app/main.py": "from jinja2 import Template\n\nprint(Template('Hello').render())\n"}
    for name, version in PYTHON_PACKAGES.items():
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\n"
        app[f"{SITE}/{name}-{version}.dist-info/METADATA"] = metadata
    return build_image([base, app | dict(extra or {})], config={"Cmd": ["python3", "/srv/app/main.py"]})


@dataclass
class Session:
    """A shell session that is shown as it runs: the real program, in `folder`, with an environment of its own."""

    folder: Path
    environ: Mapping[str, str]
    colour: bool

    def title(self, text: str) -> None:
        """What comes next."""
        line = f"\n── {text} " + "─" * max(0, 96 - len(text))
        print(f"\x1b[1;36m{line}\x1b[0m" if self.colour else line, flush=True)

    def say(self, text: str) -> None:
        """A remark."""
        print(f"\x1b[2m# {text}\x1b[0m" if self.colour else f"# {text}", flush=True)

    def run(self, *words: str) -> None:
        """A command that must succeed; its output goes where ours goes, so that a terminal stays one."""
        self._show(words)
        done = subprocess.run(words, cwd=self.folder, env=self.environ, check=False)
        claim(done.returncode == 0, f"`{shlex.join(words)}` ended with {done.returncode} instead of 0")

    def read(self, *words: str, then: str = "") -> bytes:
        """What a command that must succeed prints; shown with `then` behind it, what the demo does with the output."""
        self._show(words, then)
        done = subprocess.run(words, cwd=self.folder, env=self.environ, check=False, stdout=subprocess.PIPE)
        claim(done.returncode == 0, f"`{shlex.join(words)}` ended with {done.returncode} instead of 0")
        return done.stdout

    def refused(self, *words: str, code: int, says: str) -> None:
        """A command that must end with `code` and without output, for the reason that `says` is a part of."""
        self._show(words)
        done = subprocess.run(words, cwd=self.folder, env=self.environ, check=False, capture_output=True)
        message = done.stderr.decode("utf-8", "replace")
        print(message, end="", flush=True)
        claim(done.returncode == code, f"`{shlex.join(words)}` ended with {done.returncode}, not refused with {code}")
        claim(not done.stdout, f"`{shlex.join(words)}` was refused and still printed {len(done.stdout)} bytes")
        claim(says in message, f"`{shlex.join(words)}` was refused without saying `{says}`")
        self.say(f"refused with exit code {done.returncode}")

    def _show(self, words: Sequence[str], then: str = "") -> None:
        line = shlex.join(words) + (f" {then}" if then else "")
        print(f"\n\x1b[1m$ {line}\x1b[0m" if self.colour else f"\n$ {line}", flush=True)


# the steps


def scan(session: Session) -> None:
    """A table for people, and the record."""
    session.title("1. scan the image, and write the record")
    session.run("assaymark", "image", DATABASE, "--input", "image")
    session.run("assaymark", "image", DATABASE, "--format", "cosign-vuln", "--output", "vuln.json", "--input", "image")
    record = json.loads((session.folder / "vuln.json").read_bytes())
    check_record(record)
    session.say(f"vuln.json: {len(findings(record))} findings, as a Cosign vulnerability record")


def make_keys(session: Session) -> None:
    """The pair that signs and verifies."""
    session.title("2. make a key pair")
    session.run("assaymark", "generate-key-pair")
    claim((session.folder / "cosign.key").stat().st_mode & 0o777 == 0o600, "others can read cosign.key")


def attest_layout(session: Session) -> None:
    """Sign, store in the image layout, verify."""
    session.title("3. sign the record and store it in the image layout")
    session.run("assaymark", "attest", "--local-image", "--key", "cosign.key", *PREDICATE, "image")
    session.run("assaymark", "verify-attestation", "--local-image", *VERIFY, "--report", "text", "image")


def attest_registry(session: Session, image: str) -> None:
    """The same beside the image on its registry, in two steps and in one."""
    session.title("4. attach it to the image on a registry")
    session.run("assaymark", "attest", "--key", "cosign.key", *PREDICATE, image)
    session.title("5. all of it in one step: scan, record, sign, attach, verify")
    session.run(
        *("assaymark", "image", "--attest", "--key", "cosign.key", DATABASE, "--allow-sample-db"),
        *("--format", "cosign-vuln", "--output", "one-step.json", image),
    )
    check_record(json.loads((session.folder / "one-step.json").read_bytes()))
    session.title("6. what is attached, and what it proves")
    session.run("assaymark", "tree", image)
    session.run("assaymark", "verify-attestation", *VERIFY, "--report", "text", image)


def decode(session: Session, image: str, expected: BuiltImage) -> None:
    """The pipeline that cosign's users know: an envelope a line, its payload in base64."""
    session.title("7. the decoded payload, as a pipeline sees it")
    then = "| head -n 1 | jq -r .payload | base64 -d | jq 'del(.predicate.scanner.result)'"
    lines = session.read("assaymark", "verify-attestation", *VERIFY, image, then=then).splitlines()
    claim(len(lines) == 2, f"two attestations were attached, {len(lines)} verified")
    for line in lines:
        statement = json.loads(base64.b64decode(json.loads(line)["payload"], validate=True))
        claim(statement["predicateType"] == VULN_TYPE, "the statement has another type")
        subjects = [f"sha256:{subject['digest']['sha256']}" for subject in statement["subject"]]
        claim(subjects == [expected.descriptor.digest], "the statement is about something else")
        check_record(statement["predicate"])
    statement = json.loads(base64.b64decode(json.loads(lines[0])["payload"]))
    del statement["predicate"]["scanner"]["result"]
    print(json.dumps(statement, indent=2, ensure_ascii=False), flush=True)


def tamper(session: Session, registry: MemoryRegistry, image: str, attested: BuiltImage) -> None:
    """Four ways to cheat, each refused."""
    session.title("8. somebody pushes another image under the same tag")
    changed = demo_image({"srv/app/backdoor.py": "import os\n"})
    push(registry, changed)
    session.say(f"{NAME}:{TAG} is now {changed.descriptor.digest}")
    session.refused("assaymark", "verify-attestation", *VERIFY, image, code=7, says="NO_ATTESTATION")

    session.title("9. … and copies the attestations over to it")
    session.say(f"{move_attestations(registry, attested, changed)} attestations now refer to the changed image")
    session.refused("assaymark", "verify-attestation", *VERIFY, image, code=7, says="SUBJECT")

    session.title("10. somebody flips one byte of the attestation in the layout")
    flip(session.folder / "image", attestation_blob(session, "image"))
    local = ("assaymark", "verify-attestation", "--local-image", *VERIFY, "image")
    session.refused(*local, code=7, says="digest")

    session.title("11. … and one byte of a layer")
    flip(session.folder / "image", attested.layers[-1].descriptor.digest)
    scan_again = ("assaymark", "image", DATABASE, "--cache-dir", "another-cache", "--input", "image")
    session.refused(*scan_again, code=8, says="digest")


PREDICATE = ("--type", "vuln", "--predicate", "vuln.json", "--allow-sample-db")
VERIFY = ("--key", "cosign.pub", "--type", "vuln")


# what is checked


def check_record(record: Mapping[str, Any]) -> None:
    """The record has what the sample database knows, and says what it was made with."""
    found = {finding["VulnerabilityID"]: finding["PkgName"] for finding in findings(record)}
    missing = {cve: name for cve, name in EXPECTED.items() if found.get(cve) != name}
    claim(not missing, f"the record misses {missing}")
    scanner = record["scanner"]
    claim("assaymark" in scanner["uri"], "the record names another scanner")
    sample = record["invocation"]["parameters"]["database"]["sample"]
    claim(sample is True, "the record does not say that the sample database was used")
    claim(record["metadata"]["scanStartedOn"] <= record["metadata"]["scanFinishedOn"], "the scan ended before it began")


def findings(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """All findings of a record."""
    results = record["scanner"]["result"].get("Results") or []
    return [finding for result in results for finding in result.get("Vulnerabilities") or []]


# what somebody with write access does


def push(registry: MemoryRegistry, image: BuiltImage) -> None:
    """The image under the one tag."""
    for layer in image.layers:
        registry.put_blob(NAME, layer.stored)
    registry.put_blob(NAME, image.config)
    registry.put_manifest(NAME, image.manifest, tag=TAG)


def move_attestations(registry: MemoryRegistry, old: BuiltImage, new: BuiltImage) -> int:
    """Store every manifest that refers to `old` once more, now referring to `new`; returns how many."""
    count = 0
    for data, media_type in list(registry.repository(NAME).manifests.values()):
        document = json.loads(data)
        if document.get("subject", {}).get("digest") == old.descriptor.digest:
            document["subject"] |= {"digest": new.descriptor.digest, "size": new.descriptor.size}
            registry.put_manifest(NAME, encode(document), media_type=media_type)
            count += 1
    return count


def attestation_blob(session: Session, layout: str) -> str:
    """The digest of the bundle that is attached to the image in a layout."""
    words = ("assaymark", "tree", "--local-image", "--output", "json", layout)
    listed = json.loads(session.read(*words, then="| jq -r '.attachments[].layers[]'"))
    digests = [str(layer) for attachment in listed["attachments"] for layer in attachment["layers"]]
    claim(len(digests) == 1, f"one attestation is in the layout, {len(digests)} are listed")
    print(digests[0], flush=True)
    return digests[0]


def flip(layout: Path, digest: str) -> None:
    """Change one bit in the middle of a blob."""
    path = layout / "blobs" / digest.replace(":", "/")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def environment(folder: Path) -> dict[str, str]:
    """An empty home, the environment's own program first on the path, nothing else of the caller's."""
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    (folder / "home").mkdir()
    return kept | {"PATH": path, "HOME": str(folder / "home"), "COSIGN_PASSWORD": "correct horse battery staple"}


def run_demo(folder: Path) -> None:
    """Every step in `folder`, which is made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    session = Session(folder, environment(folder), colour)
    image = demo_image()
    image.save_layout(folder / "image", ref=TAG)
    session.say(f"everything is in {folder}; the image is {image.descriptor.digest}")
    session.say("COSIGN_PASSWORD is set, so nobody is asked for one")
    with MemoryRegistry() as registry:
        push(registry, image)
        reference = f"{registry.host}/{NAME}:{TAG}"
        steps: list[Callable[[], None]] = [
            lambda: scan(session),
            lambda: make_keys(session),
            lambda: attest_layout(session),
            lambda: attest_registry(session, reference),
            lambda: decode(session, reference, image),
            lambda: tamper(session, registry, reference, image),
        ]
        for step in steps:
            step()


def main() -> int:
    """Run the demo; 1 when a step did not do what it claims."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "demo-out", help="the folder that is made anew")
    started = time.monotonic()
    try:
        run_demo(parser.parse_args().out.resolve())
    except BrokenStepError as broken:
        print(f"\nthe demo failed: {broken}", file=sys.stderr)
        return 1
    print(f"\nevery step did what it claims, in {time.monotonic() - started:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
