"""The tutorial's commands against public services, where there is a network: one line a step.

    make smoke-online

Nothing is published: signing prints the attestation (`--no-upload`). With a repository of your own, that you are logged
in to, in ASSAYMARK_SMOKE_REPOSITORY (`registry/name:tag` of an image there) it is attached and verified as well.
Without a network it says `not proven online` and ends well; the program itself is asked, so proxies and certificates
count as they do for users. Exit code 1 when a step failed.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PROGRAM = Path(sys.executable).with_name("assaymark")
NETWORK = 5
TIMED_OUT = 8
"""The exit codes of a command that reached nobody: the network's own, and `--timeout`'s."""

PATIENCE = "15s"
IMAGE = "alpine:3.10"
OWN_REPOSITORY = "ASSAYMARK_SMOKE_REPOSITORY"
PUBLIC_IMAGES = (
    ("Docker Hub", "registry-1.docker.io/library/alpine:3.10"),
    ("mirror.gcr.io", "mirror.gcr.io/library/alpine:3.10"),
    ("GHCR", "ghcr.io/aquasecurity/trivy-test-images:alpine-310"),
    ("Quay", "quay.io/prometheus/busybox:latest"),
    ("ECR public", "public.ecr.aws/docker/library/alpine:3.10"),
    ("Artifact Registry", "gcr.io/distroless/static-debian12:latest"),
    ("Kubernetes", "registry.k8s.io/pause:3.9"),
    ("ACR", "mcr.microsoft.com/cbl-mariner/base/core:2.0"),
    ("GitLab", "registry.gitlab.com/gitlab-org/cloud-native/mirror/images/busybox:latest"),
)
"""One public image for each registry whose dialect differs."""


@dataclass(frozen=True)
class Step:
    """One command, and what must hold of its output besides exit code 0."""

    name: str
    words: Sequence[str]
    holds: Callable[[bytes], bool] = bool


def steps(folder: Path) -> Iterator[Step]:
    """The tutorial, then the registries, then verifying where we may write."""
    cache = ("--cache-dir", str(folder / "cache"))
    vuln, key = folder / "vuln.json", folder / "cosign"
    yield Step("the database", ["image", *cache, "--download-db-only"], lambda _: _has_database(folder / "cache"))
    record = ["image", *cache, "--format", "cosign-vuln", "--output", str(vuln), IMAGE]
    yield Step("the record", record, lambda _: _is_record(vuln))
    prefix = ["generate-key-pair", "--output-key-prefix", str(key)]
    yield Step("a key pair", prefix, lambda _: key.with_suffix(".pub").exists())
    attest = ["attest", "--key", f"{key}.key", "--type", "vuln", "--predicate", str(vuln)]
    yield Step("an attestation, not uploaded", [*attest, "--no-upload", IMAGE], _is_envelope)
    yield Step("what is attached on GHCR", ["tree", "ghcr.io/sigstore/cosign/cosign:v2.4.1"])
    for service, image in PUBLIC_IMAGES:
        scan = ["image", *cache, "--skip-db-update", "--image-src", "remote", "--format", "json", image]
        yield Step(f"{service}: {image}", scan, _is_report)
    own = os.environ.get(OWN_REPOSITORY, "")
    if own:
        yield Step(f"attached to {own}", ["image", *cache, "--attest", "--key", f"{key}.key", own])
        verify = ["verify-attestation", "--key", f"{key}.pub", "--type", "vuln", own]
        yield Step(f"verified at {own}", verify, _is_envelope)


def _has_database(cache: Path) -> bool:
    return (cache / "db" / "trivy.db").is_file()


def _is_record(path: Path) -> bool:
    document = json.loads(path.read_bytes())
    return bool(document["scanner"]["db"]["uri"] and document["scanner"]["result"]["Results"])


def _is_envelope(data: bytes) -> bool:
    return all(json.loads(line)["payload"] for line in data.splitlines()) and bool(data)


def _is_report(data: bytes) -> bool:
    return bool(json.loads(data)["Metadata"]["DiffIDs"])


def run(words: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    """One run of the program."""
    environ = os.environ | {"COSIGN_PASSWORD": os.environ.get("COSIGN_PASSWORD", "smoke and mirrors")}
    return subprocess.run([PROGRAM, *words], env=environ, capture_output=True, check=False)


def is_online() -> bool:
    """Whether the program reaches a registry; another failure than the network's counts as reached."""
    return run(["tree", "--timeout", PATIENCE, IMAGE]).returncode not in (NETWORK, TIMED_OUT)


def take(step: Step) -> bool:
    """Run a step, print its line, and say whether it went well."""
    started = time.monotonic()
    done = run(step.words)
    try:
        well = done.returncode == 0 and step.holds(done.stdout)
    except (OSError, ValueError, KeyError, TypeError):
        well = False
    print(f"{'ok  ' if well else 'FAIL'}  {step.name}  ({time.monotonic() - started:.1f} s)", flush=True)
    if not well:
        print(f"      assaymark {shlex.join(step.words)}\n      exit code {done.returncode}")
        for line in done.stderr.decode("utf-8", "replace").splitlines()[-3:]:
            print(f"      {line}", flush=True)
    return well


def main() -> int:
    """Take every step; 1 when one failed, 0 also where there is no network."""
    if not is_online():
        print("not proven online")
        return 0
    with tempfile.TemporaryDirectory(prefix="smoke-") as folder:
        results = [take(step) for step in steps(Path(folder))]
    print(f"{sum(results)} of {len(results)} steps went well")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
