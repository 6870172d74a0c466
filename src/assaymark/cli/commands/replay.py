"""`replay`: make a recorded scan again, and compare the results byte for byte.

Keys of `--format json`, which stay as they are:

| key | meaning |
|---|---|
| `equal`, `reason` | the outcome; the reason is `REPLAY_DIFFERS` or empty |
| `image` | what was scanned again, pinned by digest |
| `verified` | whether the record was verified |
| `record`, `replay` | of each `scanner`, `version` and `sha256` of the canonical result; of the record `scannedOn` |
| `database` | `uri`, `version` and `updatedAt` as recorded, and `from`, where it was found |
| `findings`, `packages` | how many were compared |
| `differences` | `about` (`finding`, `suppressed finding`, `package`, `report`), `name`, `target`, `kind` (`only recorded`, `only replayed`, `changed`), `changes` (`member`, `recorded`, `replayed`; null where it is absent) |
| `notes` | what makes the comparison worth less |
"""  # noqa: E501 - rows of a table

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from assaymark.advisories.published import DEFAULT_JAVA_REPOSITORIES, DEFAULT_REPOSITORIES
from assaymark.cli.command import Command
from assaymark.cli.evidence_flags import add_evidence_flags, check_evidence_flags
from assaymark.cli.flags import FlagParser, add_switch, add_values
from assaymark.cli.identity_flags import (
    add_identity_flags,
    add_public_key_flag,
    check_identity_flags,
    names_signer,
)
from assaymark.cli.network_flags import add_network_flags
from assaymark.errors import ExitCode, VerificationError
from assaymark.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from assaymark.cli.connections import Connections
    from assaymark.cli.console import Console
    from assaymark.cli.images import NamedImage
    from assaymark.cli.replaying import Again
    from assaymark.model.report import Scan
    from assaymark.report.replay import Replayed

DESCRIPTION: Final = """\
Make the scan again that an attested record tells of: the same manifest, the database that the record names by its
digest, the recorded flags and date. The results are compared byte for byte, times and identifiers aside; what differs
is shown, and is exit 7. The database is taken from the cache, from those that are kept (`db keep`), from where the
record says, and from `--db-repository`."""
EXAMPLES: Final = """\
Examples:
  assaymark replay --key cosign.pub IMAGE
  assaymark replay --key cosign.pub --db-repository registry.internal/trivy-db IMAGE
  assaymark replay --record vuln.json --unverified IMAGE       a record that nobody signed
"""
REPLAY_DIFFERS: Final = "REPLAY_DIFFERS"
_SHOWN: Final = 50


def _configure(parser: ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.add_argument("image", metavar="IMAGE", help="reference of an image on a registry")
    parser.add_argument(
        "--record",
        default="",
        metavar="FILE",
        help="a record, a statement or an attestation instead of what is attached",
    )
    add_switch(parser, "--unverified", about="replay a record although nobody is named who must have signed it")
    parser.add_argument("--platform", default="", metavar="OS/ARCH", help="which manifest of an index")
    parser.add_argument(
        "--format", "-f", choices=("text", "json"), default="text", help="text for people, or JSON (default text)"
    )
    add_switch(parser, "--local-image", about="IMAGE is a folder with an OCI image layout: PATH[:TAG]")
    add_values(
        parser,
        "--db-repository",
        default=DEFAULT_REPOSITORIES,
        about="OCI repositories that are asked for the database's digest, besides that of the record",
    )
    add_values(
        parser,
        "--java-db-repository",
        default=DEFAULT_JAVA_REPOSITORIES,
        about="OCI repositories of the Java database, which records do not name",
    )
    add_switch(parser, "--skip-java-db-update", about="use the Java database that is there, whatever its age")
    add_public_key_flag(parser)
    add_identity_flags(parser)
    add_evidence_flags(parser)
    add_network_flags(parser)
    # what verifying asks for: records alone, about the very image, in either format
    parser.set_defaults(type="vuln", check_claims=True, new_bundle_format=True, allow_older_db=True)
    if isinstance(parser, FlagParser):
        parser.epilogue = lambda: EXAMPLES


class _Outcome(NamedTuple):
    """All that is told."""

    image: NamedImage
    recorded: Scan
    again: Again
    compared: Replayed
    verified: bool
    notes: tuple[str, ...]


def _run(args: Namespace, console: Console) -> int:
    from assaymark.cli.connections import Connections

    check_evidence_flags(args)
    check_identity_flags(args)
    if not names_signer(args) and not args.unverified:
        raise VerificationError(
            "nobody is named who must have signed the record",
            hint="`--key`, `--certificate-identity` with its issuer, or `--unverified`",
            reason="IDENTITY_REQUIRED",
        )
    outcome = _replay(args, console, Connections(args, console))
    console.stop_progress()
    if args.format == "json":
        console.out_bytes(_document(outcome))
    else:
        console.out("\n".join(_lines(outcome)))
    if outcome.compared.is_equal:
        return ExitCode.DONE
    count = len(outcome.compared.differences)
    raise VerificationError(
        f"`{args.image}`: the scan made again differs from its record in {count} place{'s' if count > 1 else ''}",
        reason=REPLAY_DIFFERS,
    )


def _replay(args: Namespace, console: Console, connections: Connections) -> _Outcome:
    from assaymark.attest.full_report import check_full_report
    from assaymark.cli.images import find_chosen_image
    from assaymark.cli.replaying import check_replayable, scan_again
    from assaymark.cli.told_scans import read_attached, read_told_document
    from assaymark.report.replay import compare_replay, recorded_result
    from assaymark.report.stored import read_stored_scan

    image = find_chosen_image(args.image, args, console, connections.registry)
    if args.record:
        told = read_told_document(args.record, console, args=args)
    else:
        told = read_attached(image, args, console, connections)
    if not told.signed and not args.unverified:
        raise VerificationError(
            f"`{args.record}` is signed by nobody",
            hint="`--unverified` replays it all the same",
            reason="NO_ATTESTATION",
        )
    full = check_full_report(image.attachments, told.data)
    scan = told.scan
    if full is not None:
        scan = msgspec.structs.replace(
            scan, report=read_stored_scan(full, limits=DEFAULT_LIMITS, what="report").scan.report
        )
    check_replayable(scan, image)
    verified = names_signer(args) and told.signed
    again = scan_again(scan, image, args, console, verified=verified)
    result = recorded_result(told.data if full is None else full, limits=DEFAULT_LIMITS)
    compared = compare_replay(result, again.scan.report, limits=DEFAULT_LIMITS)
    return _Outcome(image, scan, again, compared, verified, tuple(_notes(scan, again, verified=verified)))


def _notes(recorded: Scan, again: Again, *, verified: bool) -> Iterator[str]:
    """What makes the comparison worth less."""
    from assaymark.advisories.named import Place

    if not verified:
        yield "the record was not verified: anybody may have written it"
    was, now = recorded.report.scanner.version, again.scan.report.scanner.version
    if was != now:
        yield f"the record was made by version {was}, and this is {now}"
    if again.place is Place.SAME_TIME:
        yield "the record names no digest of its database; one that was built at the same time was used"
    if any(result.type == "jar" for result in again.scan.report.results):
        yield "records do not name the Java database, which has a say in what Java archives are"


def _lines(outcome: _Outcome) -> Iterator[str]:
    """For people."""
    from assaymark.report.plain import shown
    from assaymark.report.replay import difference_words, replay_digest
    from assaymark.report.wording import amount, day_and_time

    recorded, compared = outcome.recorded, outcome.compared
    scanner, database = recorded.report.scanner, recorded.database
    yield f"replayed  {shown(outcome.image.pinned)}"
    yield f"record    {shown(scanner.name)} {shown(scanner.version)}, {day_and_time(recorded.finished)}"
    yield f"database  {shown(database.uri or database.version)} ({outcome.again.place.value})"
    yield from (f"note      {shown(note)}" for note in outcome.notes)
    if compared.is_equal:
        counts = f"{amount(compared.findings, 'finding')} and {amount(compared.packages, 'package')}"
        yield f"result    equal to the byte: {counts}, {replay_digest(compared.recorded)}"
        return
    yield f"result    different: {amount(len(compared.differences), 'difference')}"
    for difference in compared.differences[:_SHOWN]:
        yield from (f"  {shown(line)}" for line in difference_words(difference))
    if len(compared.differences) > _SHOWN:
        yield f"  and {len(compared.differences) - _SHOWN} more; `--format json` has them all"


def _document(outcome: _Outcome) -> bytes:
    """For programs."""
    from assaymark.report.replay import replay_digest

    recorded, compared = outcome.recorded, outcome.compared
    database = recorded.database
    document = {
        "equal": compared.is_equal,
        "reason": "" if compared.is_equal else REPLAY_DIFFERS,
        "image": outcome.image.pinned,
        "verified": outcome.verified,
        "record": {
            **_scanner(recorded),
            "scannedOn": recorded.finished,
            "sha256": replay_digest(compared.recorded),
        },
        "replay": {**_scanner(outcome.again.scan), "sha256": replay_digest(compared.replayed)},
        "database": {
            "uri": database.uri,
            "version": database.version,
            "updatedAt": database.updated_at,
            "from": outcome.again.place.value,
        },
        "findings": compared.findings,
        "packages": compared.packages,
        "differences": compared.differences,
        "notes": outcome.notes,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _scanner(scan: Scan) -> dict[str, str]:
    return {"scanner": scan.report.scanner.name, "version": scan.report.scanner.version}


COMMAND: Final = Command(
    name="replay",
    summary="make a recorded scan again and compare the results",
    group="Attestations",
    configure=_configure,
    run=_run,
)
