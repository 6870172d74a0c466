"""Signals, full disks, read-only folders, readers that go away: a documented code, and nothing half is left."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.bombs import GIB, MIB, honest_layer, raw_image, zeros_layer
from tests.support.crashes import publish
from tests.support.process import ALPINE, PROGRAM, Ended, Machine
from tests.support.registry import Fault, MemoryRegistry

SCAN = ("image", "--input", "image", "--format", "json")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    made.place_database()
    raw_image([honest_layer(ALPINE)]).save_layout(made.work / "image")
    return made


# signals


def interrupted(machine: Machine, number: int, *arguments: str, ready: Callable[[], bool]) -> tuple[int, str, float]:
    """Send a signal once the program is at work; its code, stderr and the seconds it took to end."""
    with machine.start(*arguments) as program:
        deadline = time.monotonic() + 20
        while not ready() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.1)
        assert program.poll() is None
        started = time.monotonic()
        program.send_signal(number)
        _, err = program.communicate(timeout=20)
    return program.returncode, err.decode(), time.monotonic() - started


@pytest.fixture(scope="module")
def bombs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images that take several seconds: a layer of two gibibytes, once and three times."""
    folder = tmp_path_factory.mktemp("bombs")
    layer = zeros_layer("file", 2 * GIB)
    raw_image([layer] * 3).save_layout(folder / "three")
    raw_image([layer]).save_layout(folder / "one")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("layers", ["one", "three"])
@pytest.mark.parametrize(("number", "code", "said"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")])  # fmt: skip
def test_a_signal_ends_a_scan(machine: Machine, bombs: Path, layers: str, number: int, code: int, said: str) -> None:
    before = machine.state()
    arguments = ("image", "--input", str(bombs / layers), "-o", "out.json", *machine.flags)
    begun = time.monotonic()

    ended = interrupted(machine, number, *arguments, ready=lambda: time.monotonic() - begun > 0.4)

    assert ended[:2] == (code, f"{said}\n")
    assert ended[2] < 2
    assert machine.state() == before
    assert not list(machine.cache.rglob("*.partial"))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("path", ["/manifests/", "/blobs/"])
def test_a_signal_ends_a_download(machine: Machine, number: int, code: int, path: str) -> None:
    """The registry answers, and then nothing comes."""
    before = machine.state()
    with MemoryRegistry() as registry:
        publish(registry)
        registry.fault(Fault(path=path, times=-1, byte_delay=0.5))
        flags = ("--cache-dir", str(machine.root / "cache2"), "--db-repository", f"{registry.host}/trivy-db:2")
        ended = interrupted(
            machine, number, *SCAN, *flags, ready=lambda: any(path in each for each in registry.paths())
        )

    assert ended[0] == code
    assert ended[2] < 2
    assert {name: what for name, what in machine.state().items() if not name.startswith("cache2")} == before
    assert not list((machine.root / "cache2").rglob("*.db"))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_question(machine: Machine, number: int, code: int) -> None:
    """The password comes from a pipe, and nobody writes to it."""
    reading, writing = os.pipe()
    with machine.start("generate-key-pair", stdin=reading) as program:
        time.sleep(0.6)
        program.send_signal(number)
        program.communicate(timeout=5)
    os.close(reading)
    os.close(writing)

    assert program.returncode == code
    assert not list(machine.work.glob("cosign.*"))


# outputs


def in_shell(machine: Machine, script: str, *arguments: str) -> Ended:
    return machine.run(*arguments, program=("bash", "-c", script, "bash", *PROGRAM))


@pytest.mark.parametrize(
    ("script", "code", "problems"),
    [
        pytest.param('"$@" >/dev/full', 9, ["error: standard output cannot be written: No space left on device"], id="full stdout"),
        pytest.param('"$@" | head -1; exit ${PIPESTATUS[0]}', 0, [], id="a reader that goes away"),
        pytest.param('"$@" | true; exit ${PIPESTATUS[0]}', 0, [], id="a reader that never was"),
        pytest.param('"$@" 2>/dev/full', 0, [], id="full stderr"),
        pytest.param('"$@" >&-', 9, ["error: standard output cannot be written: it is closed"], id="closed stdout"),
        pytest.param('"$@" >&- 2>&- <&-', 9, [], id="everything closed"),
        pytest.param('ulimit -f 0; "$@" -o out.json', 9, ["error: cannot write `out.json`: file too large"], id="a file that is too large"),
    ],
)  # fmt: skip
def test_outputs_that_do_not_take_it(machine: Machine, script: str, code: int, problems: list[str]) -> None:
    before = machine.state()

    ended = in_shell(machine, script, *SCAN, "--debug" if "2>" in script else "--no-progress", *machine.flags)

    assert (ended.code, ended.problems) == (code, problems)
    assert machine.state() == before


def test_a_failed_report_leaves_the_old_one(machine: Machine) -> None:
    (machine.work / "out.json").write_text("old")

    ended = in_shell(machine, 'ulimit -f 0; "$@"', *SCAN, "-o", "out.json", *machine.flags)

    assert (ended.code, (machine.work / "out.json").read_text()) == (9, "old")


def test_a_spill_that_does_not_fit(machine: Machine) -> None:
    raw_image([honest_layer(ALPINE), zeros_layer("a-1.dist-info/METADATA", 20 * MIB)]).save_layout(machine.work / "big")

    ended = in_shell(machine, 'ulimit -f 1000; "$@"', "image", "--input", "big", *machine.flags)

    line = f"error: cannot write a temporary file in `{machine.temporary}`: file too large"
    assert (ended.code, ended.problems, list(machine.temporary.iterdir())) == (9, [line], [])


# disks


def mounted(options: str) -> tuple[str, ...]:
    """A wrapper that mounts something over the folder that follows it, seen by the program alone."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("mounting needs root and unshare")
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("unshare is not permitted here")
    return ("unshare", "-m", "sh", "-c", f'folder=$0; {options}; exec "$@"')


READ_ONLY = 'mount --bind "$folder" "$folder" && mount -o remount,ro,bind "$folder"'
SMALL = 'mount -t tmpfs -o size=64k none "$folder"'


def test_a_read_only_cache_is_read(machine: Machine) -> None:
    before = sorted(machine.cache.rglob("*"))

    for _ in range(2):
        ended = machine.run(*SCAN, *machine.flags, wrapper=(*mounted(READ_ONLY), str(machine.cache)))
        assert (ended.code, ended.problems, b"CVE-2020-28928" in ended.out) == (0, [], True)
    assert sorted(machine.cache.rglob("*")) == before


def test_an_update_that_cannot_be_written(machine: Machine) -> None:
    """A new database could be had: that is a failure, and `--skip-db-update` the way out."""
    machine.place_database()
    metadata = machine.cache / "db" / "metadata.json"
    metadata.write_text(json.dumps({**json.loads(metadata.read_text()), "NextUpdate": "2020-01-01T00:00:00Z"}))
    with MemoryRegistry() as registry:
        publish(registry)
        flags = (*SCAN, "--cache-dir", str(machine.cache), "--db-repository", f"{registry.host}/trivy-db:2")
        ended = machine.run(*flags, wrapper=(*mounted(READ_ONLY), str(machine.cache)))
    assert (ended.code, len(ended.problems), "--skip-db-update" in ended.err) == (9, 1, True), ended.err
    skipped = machine.run(*flags, "--skip-db-update", wrapper=(*mounted(READ_ONLY), str(machine.cache)))
    assert (skipped.code, b"CVE-2020-28928" in skipped.out) == (0, True)


def test_a_disk_that_is_full_while_the_database_comes(machine: Machine) -> None:
    empty = machine.root / "cache-small"
    empty.mkdir()
    with MemoryRegistry() as registry:
        publish(registry)
        flags = (*SCAN, "--cache-dir", str(empty), "--db-repository", f"{registry.host}/trivy-db:2")
        ended = machine.run(*flags, wrapper=(*mounted(SMALL.replace("64k", "8k")), str(empty)))

    assert (ended.code, len(ended.problems)) == (9, 1), ended.err
    assert "no space left on device" in ended.err


def test_a_cache_that_is_full_costs_nothing(machine: Machine) -> None:
    """The database is read from where it is; what cannot be remembered is not."""
    small = machine.cache / "assaymark"
    small.mkdir()

    ended = machine.run(*SCAN, *machine.flags, wrapper=(*mounted(SMALL.replace("64k", "4k")), str(small)))

    assert (ended.code, ended.problems, b"CVE-2020-28928" in ended.out) == (0, [], True)


@pytest.mark.parametrize("rubbish", [b"", b"rubbish", b"assaymark layer\n" + bytes(100)])
def test_foreign_files_in_the_cache_do_no_harm(machine: Machine, rubbish: bytes) -> None:
    first = machine.run(*SCAN, *machine.flags)
    for path in (machine.cache / "assaymark" / "layers").rglob("*"):
        if path.is_file():
            path.write_bytes(rubbish)
    (machine.cache / "assaymark" / "layers" / "foreign").write_bytes(rubbish)

    again = machine.run(*SCAN, *machine.flags)

    assert (again.code, again.problems) == (0, [])
    assert results(again) == results(first)


def results(ended: Ended) -> object:
    return json.loads(ended.out)["Results"]
