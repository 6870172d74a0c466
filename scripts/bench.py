"""Whole processes in pairs against `trivy` and `cosign` where they are on PATH: ratios and peak memory, as Markdown.

    make bench                                    a synthetic image of 574 MiB and a tiny one
    make bench BENCH='--image PATH --pairs 11'    other images (layouts or archives; may be given more than once)
    make bench BENCH='--image polyglot --only polyglot'    the image of bench_polyglot.py, and nothing else

Method: both programs run on the same input with the same database, `--scanners vuln --skip-db-update
--skip-java-db-update --offline-scan --format json`, each with a cache of its own. Every pair runs both, and the order
alternates, so that whatever else the machine does meets both alike; the ratio is the median of the pairs' ratios, times
and memory are medians. A cold run finds neither program's cache of layers; files are in the page cache. Memory is the
peak resident set that the system counts for the process (`wait4`). A program that is not there is said, and its columns
stay empty.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INPUTS = ROOT / "scripts" / "bench_inputs.py"
OURS = Path(sys.executable).with_name("assaymark")
SCAN = (
    "--quiet",
    "--scanners",
    "vuln",
    "--skip-db-update",
    "--skip-java-db-update",
    "--offline-scan",
    "--format",
    "json",
)
SHARED = ROOT.parent / "shared" / "data" / "db"
MIB = 1024 * 1024
LARGE_BYTES, TINY_BYTES = 500 * MIB, 50 * MIB
MANY = 100
NO_SERVICES = '{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json"}'
SAMPLE_METADATA = {"Version": 2, "NextUpdate": "2099-01-01T00:00:00Z", "UpdatedAt": "2026-01-01T00:00:00Z"}
HEAD = (
    "| what | assaymark | peer | ratio | target | assaymark MiB | peer MiB | ratio | target |",
    "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
)


@dataclass(frozen=True)
class Target:
    """What a row is to reach, as ratios to the peer; 0 where nothing was promised."""

    time: float = 0.0
    memory: float = 0.0


@dataclass(frozen=True)
class Contest:
    """One row: two command lines and what is done before each of them, by its side (`ours` or `peer`)."""

    what: str
    ours: Sequence[str]
    peer: Sequence[str]
    target: Target = Target()
    before: Callable[[str], None] = lambda side: None  # noqa: ARG005 - nothing is done, whichever side it is


@dataclass
class Runs:
    """What was measured of one program."""

    seconds: list[float] = field(default_factory=list)
    mib: list[float] = field(default_factory=list)


def run_once(words: Sequence[str], environ: dict[str, str], log: Path) -> tuple[float, float]:
    """Wall seconds and peak resident MiB of one process."""
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    actions = [(os.POSIX_SPAWN_DUP2, output, 1), (os.POSIX_SPAWN_DUP2, output, 2)]
    started = time.perf_counter()
    child = os.posix_spawnp(words[0], list(words), environ, file_actions=actions)
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - started
    os.close(output)
    if status:
        text = log.read_text(encoding="utf-8", errors="replace")[-2000:]
        sys.exit(f"`{' '.join(words)}` ended with {os.waitstatus_to_exitcode(status)}\n{text}")
    return seconds, usage.ru_maxrss / 1024


def compete(contest: Contest, pairs: int, environ: dict[str, str], log: Path) -> str:
    """Run a contest; returns its row."""
    ours, peer = Runs(), Runs()
    for number in range(pairs):
        sides = [("ours", contest.ours, ours), ("peer", contest.peer, peer)]
        for side, words, runs in sides if number % 2 == 0 else reversed(sides):
            if words:
                contest.before(side)
                seconds, mib = run_once([word.replace("{n}", str(number)) for word in words], environ, log)
                runs.seconds.append(seconds)
                runs.mib.append(mib)
    return row(contest, ours, peer)


def row(contest: Contest, ours: Runs, peer: Runs) -> str:
    """A line of the table; a missed target is bold."""
    cells = [contest.what, f"{median(ours.seconds):.3f} s"]
    if peer.seconds:
        times = median(one / other for one, other in zip(ours.seconds, peer.seconds, strict=True))
        memory = median(one / other for one, other in zip(ours.mib, peer.mib, strict=True))
        cells += [f"{median(peer.seconds):.3f} s", *judged(times, contest.target.time)]
        cells += [f"{median(ours.mib):.0f}", f"{median(peer.mib):.0f}", *judged(memory, contest.target.memory)]
    else:
        cells += ["", "", "", f"{median(ours.mib):.0f}", "", "", ""]
    return f"| {' | '.join(cells)} |"


def median(values: Iterable[float]) -> float:
    """The middle one, or the mean of both (`statistics` would double this process, whose memory others inherit)."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def judged(ratio: float, target: float) -> tuple[str, str]:
    """A ratio and its target."""
    text = f"{ratio:.2f}"
    return (f"**{text}**" if target and ratio > target else text), (f"≤ {target:g}" if target else "")


# what is measured on


def prepare_database(given: Path | None, work: Path) -> tuple[Path, str]:
    """The folder that holds `trivy.db`, and what it is called."""
    chosen = given or found(SHARED / "full.tar.gz")
    if chosen is None:
        return sample_database(work / "sample"), "the sample database: a small one, so times are short"
    return unpacked(chosen, work), chosen.name


def found(path: Path) -> Path | None:
    """`path`, where it is there."""
    return path if path.exists() else None


def unpacked(path: Path, work: Path) -> Path:
    """A folder as it is; an archive unpacked, once."""
    if path.is_dir():
        return path.resolve()
    folder = work / path.name.removesuffix(".tar.gz")
    if not folder.is_dir():
        folder.mkdir()
        subprocess.run(["tar", "-xf", path, "-C", folder], check=True)
    return folder


def sample_database(folder: Path) -> Path:
    """The sample database in Trivy's own layout."""
    target = folder / "trivy.db"
    if not target.exists():
        cache = folder / "cache"
        call = [str(OURS), "fs", "--quiet", "--sample-db", "--cache-dir", str(cache), str(ROOT / "docs")]
        subprocess.run(call, check=True, stdout=subprocess.DEVNULL)
        shutil.copy(next(cache.rglob("*.db")), target)
        (folder / "metadata.json").write_text(json.dumps(SAMPLE_METADATA))
    return folder


def prepare_image(kind: str, work: Path) -> Path:
    """An image made by `bench_inputs.py`, once."""
    folder = work / kind
    if not (folder / "index.json").exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, INPUTS, kind, folder], check=True)
    return folder


def prepare_caches(work: Path, database: Path, java: Path | None) -> dict[str, Path]:
    """A cache folder for each side, with the same databases; Trivy wants the second one for images with jars."""
    caches = {"ours": work / "cache-assaymark", "peer": work / "cache-trivy"}
    for folder in caches.values():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "db").symlink_to(database)
        if java is not None:
            (folder / "java-db").symlink_to(unpacked(java, work))
    return caches


def scans(images: Sequence[Path], caches: dict[str, Path], work: Path, environ: dict[str, str]) -> list[Contest]:
    """Cold and warm, with everything each side looks at and with the system's packages alone."""
    contests = []
    for image in images:
        report = work / "report.json"

        def command(program: str, side: str, *more: str, image: Path = image, report: Path = report) -> list[str]:
            cache = str(caches[side])
            return [
                program,
                "image",
                "--cache-dir",
                cache,
                *SCAN,
                *more,
                "--output",
                str(report),
                "--input",
                str(image),
            ]

        def forget(side: str) -> None:
            shutil.rmtree(caches[side] / ("assaymark/layers" if side == "ours" else "fanal"), ignore_errors=True)

        run_once(command(str(OURS), "ours"), environ, work / "log")
        size = size_in(report)
        name = f"{image.name.partition('.')[0]} ({size / MIB:.0f} MiB)"
        trivy = shutil.which("trivy") or ""
        for about, more in (("", ()), (", `--pkg-types os`", ("--pkg-types", "os"))):
            ours, peer = command(str(OURS), "ours", *more), command(trivy, "peer", *more) if trivy else []
            contests.append(Contest(f"{name}, cold{about}", ours, peer, target_of(size, cold=True), forget))
            contests.append(Contest(f"{name}, warm{about}", ours, peer, target_of(size, cold=False)))
    return contests


def size_in(report: Path) -> int:
    """The image's size; the report is not read whole, because this process is to stay small."""
    with report.open(encoding="utf-8") as stream:
        found = re.search(r'"Size": (\d+)', stream.read(65536))
    return int(found[1]) if found else 0


def target_of(size: int, *, cold: bool) -> Target:
    """What was promised for images of `size` bytes."""
    if size >= LARGE_BYTES:
        return Target(0.5 if cold else 0.7, 0.6)
    return Target(0.0 if cold or size > TINY_BYTES else 1.3)


def attestations(host: str, work: Path) -> list[Contest]:
    """Signing and verifying with a key; every signing has a repository of its own."""
    ours, cosign = str(OURS), shutil.which("cosign") or ""
    services = work / "no-services.json"
    services.write_text(NO_SERVICES)
    attest = ("attest", "--key", str(work / "cosign.key"), "--type", "vuln", "--predicate", str(work / "vuln.json"))
    image = f"{host}/bench/ours0:1"
    many = [f"{host}/bench/many{number}:1" for number in range(MANY)]
    verify = (
        "verify-attestation",
        "--key",
        str(work / "cosign.pub"),
        "--type",
        "vuln",
        "--insecure-ignore-tlog",
        image,
    )

    def peer(*words: str) -> list[str]:
        return [cosign, *words] if cosign else []

    return [
        Contest(
            "`attest`",
            [ours, *attest, "--allow-sample-db", f"{host}/bench/ours{{n}}:1"],
            peer(*attest, "--signing-config", str(services), "--yes", f"{host}/bench/peer{{n}}:1"),
        ),
        Contest("`verify-attestation`", [ours, *verify], peer(*verify), Target(1.2)),
        Contest(
            f"`verify-attestation`, {MANY} images",
            [ours, *verify[:-1], *many],
            ["sh", "-ec", "\n".join(shlex.join(peer(*verify[:-1], each)) for each in many)] if cosign else [],
            Target(0.3),
        ),
        Contest("`tree`", [ours, "tree", image], peer("tree", image)),
    ]


def attest_many(host: str, work: Path, environ: dict[str, str]) -> None:
    """Sign what is verified in one call."""
    flags = ("--key", str(work / "cosign.key"), "--type", "vuln", "--predicate", str(work / "vuln.json"))
    images = [f"{host}/bench/many{number}:1" for number in range(MANY)]
    run_once([str(OURS), "attest", *flags, "--allow-sample-db", *images], environ, work / "log")


def make_record(work: Path, environ: dict[str, str]) -> None:
    """A key pair and a record to sign."""
    for name in ("cosign.key", "cosign.pub"):
        (work / name).unlink(missing_ok=True)
    prefix, image = str(work / "cosign"), str(prepare_image("tiny", work))
    run_once([str(OURS), "generate-key-pair", "--output-key-prefix", prefix], environ, work / "log")
    more = ("--sample-db", "--cache-dir", str(work / "cache-sample"), "--format", "cosign-vuln")
    run_once([str(OURS), "image", *more, "--output", str(work / "vuln.json"), "--input", image], environ, work / "log")


def starts() -> list[Contest]:
    """What the programs need to say who they are."""
    rows = []
    for name, words in (("trivy", ["--version"]), ("cosign", ["version"])):
        peer = shutil.which(name)
        rows.append(Contest(f"`--version` ({name})", [str(OURS), "--version"], [peer, *words] if peer else []))
    return rows


# the report


def machine() -> str:
    """What it was measured on."""
    model = next(
        (line.partition(":")[2].strip() for line in read_lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor() or platform.machine(),
    )
    memory = next((int(line.split()[1]) // MIB for line in read_lines("/proc/meminfo") if "MemTotal" in line), 0)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    system = f"Linux {platform.release()}, Python {platform.python_version()}"
    return f"{model}, {os.cpu_count()} cores, {memory} GiB, {system}; load average at the start {load}"


def read_lines(name: str) -> list[str]:
    """The lines of a file that only some systems have."""
    path = Path(name)
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--image", type=Path, action="append", default=[], help="a layout or an archive")
    parser.add_argument("--db", type=Path, help="a folder with trivy.db and metadata.json, or an archive of one")
    parser.add_argument("--java-db", type=Path, default=found(SHARED / "java.tar.gz"), help="the same of the Java one")
    parser.add_argument("--only", default="", help="rows whose name holds this text")
    parser.add_argument("--pairs", type=int, default=5, help="runs of each side (default 5)")
    parser.add_argument("--work", type=Path, default=ROOT / ".cache" / "bench", help="where inputs are kept")
    args = parser.parse_args()
    work: Path = args.work.resolve()
    (work / "home").mkdir(parents=True, exist_ok=True)
    environ = {"HOME": str(work / "home"), "PATH": os.environ["PATH"], "COSIGN_PASSWORD": "bench mark"}
    print(f"Machine: {machine()}.")
    database, called = prepare_database(args.db, work)
    print(f"Database: {called}. Pairs: {args.pairs}.")
    for name in ("trivy", "cosign"):
        if not shutil.which(name):
            print(f"`{name}` is not on PATH: nothing is compared with it.")
    images = args.image or [prepare_image("tiny", work), prepare_image("image", work)]
    print("", *HEAD, sep="\n", flush=True)
    caches = prepare_caches(work, database, args.java_db)
    contests = [*starts(), *scans([image.resolve() for image in images], caches, work, environ)]
    make_record(work, environ)
    serving = [sys.executable, str(INPUTS), "registry", str(args.pairs)]
    with subprocess.Popen(serving, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as registry:
        assert registry.stdout is not None
        host = registry.stdout.readline().strip()
        chosen = [each for each in [*contests, *attestations(host, work)] if args.only in each.what]
        if any(f"{MANY} images" in each.what for each in chosen):
            attest_many(host, work, environ)
        for contest in chosen:
            print(compete(contest, args.pairs, environ, work / "log"), flush=True)
        assert registry.stdin is not None
        registry.stdin.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
