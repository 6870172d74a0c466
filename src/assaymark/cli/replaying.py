"""A recorded scan made again: the same manifest, the database that the record names, the recorded flags and date.

1. The record must be ours and of an image: nobody else says with which database and flags a scan was made
   (`RECORD_FOREIGN`), and folders and archives cannot be fetched again (`RECORD_NOT_REPLAYABLE`).
2. What is scanned is the manifest that the record names as its subject, and the same that was asked for
   (`SUBJECT_MISMATCH`).
3. The recorded flags go through the parser of `image`, without the environment and configuration files, except those
   that only say where things are, what is printed, and how the command ends. Only flags that records may have are
   taken, and from a record that nobody has verified none that names files of this machine.
4. The day decides about ends of life, expired entries and the age of the database: it is the recorded one.
5. Names (`ArtifactName`, `RepoTags`, `RepoDigests`), which targets, identifiers and fingerprints are made of, are the
   recorded ones: an image that was copied to another registry can be replayed there.
6. The ignore file and the policies on findings must have the recorded digests (`REPLAY_INPUT_MISSING`); VEX documents
   are read again from where the record names them, and what has changed in them is a difference.
"""

from __future__ import annotations

import copy
from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from assaymark.attest.reasons import Reason
from assaymark.cli.database_flags import open_recorded_database_from
from assaymark.errors import UsageError, VerificationError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.artifact import ImageIdentity, LayerBlob
from assaymark.model.moment import parse_time
from assaymark.report.invocation import RECORDED_FLAGS

if TYPE_CHECKING:
    from assaymark.advisories.named import Place
    from assaymark.artifact.source import ImageRequest
    from assaymark.cli.connections import Connections
    from assaymark.cli.console import Console
    from assaymark.cli.images import NamedImage
    from assaymark.cli.scanning import Scanning
    from assaymark.model.report import Scan

OURS: Final = "assaymark"
_NOT_REPLAYED: Final = frozenset(
    {
        *("allow-incomplete", "allow-sample-db", "require-complete", "exit-code", "exit-on-eol"),
        *("db-repository", "java-db-repository", "skip-db-update", "skip-java-db-update", "sample-db", "offline"),
        *("list-all-pkgs", "show-suppressed", "format", "also"),
        *("image-src", "input", "platform", "branch", "commit", "tag"),
    }
)
"""Recorded flags that change neither what is looked at nor what is found there."""


class Again(NamedTuple):
    """A scan that was made again, and where its database was found."""

    scan: Scan
    place: Place


class _NamedAs(msgspec.Struct, frozen=True, kw_only=True):
    """An image with another identity (rule 5)."""

    identity: ImageIdentity
    layers: tuple[LayerBlob, ...]


def check_replayable(recorded: Scan, image: NamedImage) -> None:
    """Rules 1 and 2.

    Raises:
        VerificationError: it cannot be replayed, or not about this image.
    """
    scanner, parameters = recorded.report.scanner, recorded.invocation.parameters
    if scanner.name != OURS:
        made = f"{scanner.name} {scanner.version}".strip()
        raise VerificationError(
            f"the record was made by {made or 'an unknown scanner'}, and only records of {OURS} can be replayed",
            hint="it does not say with which database and flags it was made",
            reason="RECORD_FOREIGN",
        )
    command, subject = parameters.get("command"), parameters.get("subject")
    if command != "image" or not subject or parse_time(recorded.report.created_at) is None:
        lacking = "of an image on a registry or in a layout" if command != "image" or not subject else "with its date"
        raise VerificationError(f"the record is not that of a scan {lacking}", reason="RECORD_NOT_REPLAYABLE")
    if "sbom-sources" in _flags(recorded):
        raise VerificationError(
            "the record is of an SBOM that stood for the layers, and not of the layers", reason="RECORD_NOT_REPLAYABLE"
        )
    if subject != image.subject.digest:
        raise VerificationError(
            f"the record is about `{str(subject)[:100]}`, and `{image.text}` is {image.subject.digest}",
            hint="of an index one platform was scanned: `--platform` names it" if image.is_index else "",
            reason=Reason.SUBJECT_MISMATCH.value,
        )
    if image.is_index:
        raise VerificationError(
            f"the record is about the index `{image.text}`, with what the records of its platforms say",
            hint="`--platform OS/ARCH` makes the scan of one platform again",
            reason="RECORD_NOT_REPLAYABLE",
        )


def scan_again(recorded: Scan, image: NamedImage, args: Namespace, console: Console, *, verified: bool) -> Again:
    """The scan that a record tells of, made again.

    Args:
        recorded: what the record tells, checked with `check_replayable`.
        image: the manifest that was scanned.
        args: with flags of databases and networks.
        console: the console of the command.
        verified: whether the record is signed by who should have.

    Raises:
        DatabaseError: the database is gone, or cannot be had.
        VerificationError: an input of the scan is not there as it was.
        Error: the image cannot be had.
    """
    from assaymark.artifact.select import open_image
    from assaymark.scan import scan_image

    scanning = recorded_scanning(recorded, args, console, verified=verified)
    _check_inputs(recorded, scanning)
    with ExitStack() as stack:
        named = stack.enter_context(
            open_recorded_database_from(
                args,
                console.environ,
                recorded.database,
                registry=scanning.connections.registry,
                clock=lambda: datetime.now(UTC),
                progress=console.progress,
            )
        )
        opened = stack.enter_context(open_image(request_for(image, scanning.connections, console), ("remote",)))
        again = _NamedAs(identity=named_as(opened.identity, recorded), layers=opened.layers)
        scan = scan_image(again, named.database, wanted=scanning.wanted, means=scanning.means)
        return Again(scanning.judged(scan), named.place)


def recorded_scanning(recorded: Scan, args: Namespace, console: Console, *, verified: bool) -> Scanning:
    """The scanning command as it was recorded (rules 3 and 4).

    Raises:
        VerificationError: the record has flags that this version does not know, or that it must not have.
        UsageError: a file that they name is not there.
    """
    from assaymark.cli.command_parser import parser_of
    from assaymark.cli.commands.image import COMMAND
    from assaymark.cli.scanning import Scanning

    flags = _flags(recorded)
    odd = sorted(flags.keys() - (RECORDED_FLAGS if verified else RECORDED_FLAGS - _FILES))
    if odd:
        why = "no record has" if verified else "names files of this machine, or that no record has"
        raise VerificationError(f"the record has the flag `{odd[0][:60]}`, which {why}", reason="RECORD_NOT_REPLAYABLE")
    words = list(_words(flags))
    try:
        values = parser_of(COMMAND).parse([*words, "replayed"])
    except UsageError as exc:
        raise VerificationError(
            f"the recorded flags are not those of this version: {exc}", reason="RECORD_NOT_REPLAYABLE"
        ) from exc
    for name, value in vars(args).items():
        if name in _SHARED or name.startswith("registry_"):
            setattr(values, name, value)
    dated = copy.copy(console)
    moment = parse_time(recorded.report.created_at)
    assert moment is not None  # rule 1
    dated.environ = {**console.environ, "SOURCE_DATE_EPOCH": str(int(moment.timestamp()))}
    return Scanning(values, dated, "image")


_FILES: Final = frozenset({"findings-policy", "ignore-policy", "ignorefile", "vex"})
"""Recorded flags that name files."""

_SHARED: Final = frozenset(
    {
        *("cache_dir", "java_db_repository", "skip_java_db_update", "offline", "insecure", "cacert", "username"),
        *("password", "password_stdin", "allow_http_registry", "allow_insecure_registry"),
    }
)
"""Flags of this command that the scan needs, too; those of registries besides."""


def _words(flags: Mapping[str, Any]) -> Iterator[str]:
    """The recorded flags as they are typed."""
    for name, value in flags.items():
        if name not in _NOT_REPLAYED:
            match value:
                case bool():
                    yield f"--{name}={'true' if value else 'false'}"
                case list():
                    yield f"--{name}={','.join(map(str, value))}"
                case _:
                    yield f"--{name}={value}"
    also = flags.get("also")
    named = [flags.get("format"), *(str(each).partition("=")[0] for each in (also if isinstance(also, list) else []))]
    bill = next((form for form in named if isinstance(form, str) and _is_bill(form)), "")
    if bill:  # packages have checksums then
        yield f"--format={bill}"


def _is_bill(name: str) -> bool:
    from assaymark.report.format import find_format

    form = find_format(name)
    return form is not None and form.is_bill


def _check_inputs(recorded: Scan, scanning: Scanning) -> None:
    """Rule 6."""
    used = scanning.filters.report
    digests = {"ignoreFile": used.ignore_digest, **used.policy_digests}
    for name, called in _INPUTS.items():
        wanted, found = str(recorded.invocation.parameters.get(name, "")), digests.get(name, "")
        if wanted != found:
            had = f"used {called} with the digest {wanted}" if wanted else f"used no {called.partition(' ')[2]}"
            has = f"the one that is here has {found}" if found else "there is none here"
            raise VerificationError(
                f"the recorded scan {had}, and {has}",
                hint="put the agreed file where the scan had it"
                if wanted
                else "run it where there is no `.trivyignore`",
                reason="REPLAY_INPUT_MISSING",
            )


_INPUTS: Final = {
    "ignoreFile": "an ignore file",
    "findingsPolicy": "a findings policy",
    "ignorePolicy": "a policy in Rego",
}
"""Files that the record has digests of."""


def _flags(recorded: Scan) -> dict[str, Any]:
    flags = recorded.invocation.parameters.get("flags")
    return flags if isinstance(flags, dict) else {}


def request_for(image: NamedImage, connections: Connections, console: Console) -> ImageRequest:
    """How the very manifest is opened."""
    from assaymark.artifact.source import ImageRequest
    from assaymark.model.reference import parse_reference
    from assaymark.oci.layout_reader import split_input

    if image.reference is None:
        path, _ = split_input(image.text)
        return ImageRequest(
            name=image.text, input=f"{path}@{image.subject.digest}", environ=console.environ, progress=console.progress
        )
    return ImageRequest(
        name=image.pinned,
        reference=parse_reference(image.pinned),
        registry=connections.registry(),
        network=connections.network,
        environ=console.environ,
        progress=console.progress,
        limits=DEFAULT_LIMITS,
    )


def named_as(identity: ImageIdentity, recorded: Scan) -> ImageIdentity:
    """The identity with the recorded names (rule 5)."""
    metadata = recorded.report.metadata
    return msgspec.structs.replace(
        identity,
        name=recorded.report.artifact_name,
        repo_tags=metadata.repo_tags,
        repo_digests=metadata.repo_digests,
    )
