"""`doctor`: what the registry can do, what is attached to an image, and which verifiers will find it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from assaymark.cli.command import Command
from assaymark.cli.evidence_flags import add_evidence_flags, check_evidence_flags
from assaymark.cli.flags import FlagParser, add_switch
from assaymark.cli.identity_flags import add_identity_flags, add_public_key_flag, check_identity_flags, names_signer
from assaymark.cli.network_flags import add_network_flags
from assaymark.errors import ExitCode

if TYPE_CHECKING:
    from assaymark.attest.doctor.probe import Probe
    from assaymark.cli.console import Console
    from assaymark.cli.images import NamedImage

DESCRIPTION: Final = """\
Tell what the registry of IMAGE can do for attestations, what is attached to IMAGE, in which format, by whom and since
when, and whether cosign 2 and 3, sigstore-python, policy-controller and Kyverno will find it. Nothing is changed, and
nothing is verified unless a key or an identity is named. `--probe-writes` also finds out what the registry takes and
deletes, by pushing and removing something small. Whatever is found, the exit code is 0; 5 where nobody answers."""
EXAMPLES: Final = """\
Examples:
  assaymark doctor IMAGE                            what is there, and who will find it
  assaymark doctor --key cosign.pub IMAGE           … and which of it that key signed
  assaymark doctor --probe-writes --format json IMAGE
"""


def _configure(parser: ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.add_argument("image", metavar="IMAGE", help="reference of an image on a registry")
    parser.add_argument(
        "--format", "-f", choices=("text", "json"), default="text", help="for people or for programs (default text)"
    )
    parser.add_argument("--platform", default="", metavar="OS/ARCH", help="which manifest of an index")
    add_switch(parser, "--probe-writes", about="push something small and remove it again, to see what is allowed")
    add_switch(parser, "--local-image", about="IMAGE is a folder with an OCI image layout: PATH[:TAG]")
    add_public_key_flag(parser)
    add_identity_flags(parser)
    add_evidence_flags(parser)
    add_network_flags(parser)
    # what verifying asks for: about the very image, in either format; types are those that are found
    parser.set_defaults(check_claims=True, new_bundle_format=True)
    if isinstance(parser, FlagParser):
        parser.epilogue = lambda: EXAMPLES


def _run(args: Namespace, console: Console) -> int:
    from assaymark.attest.doctor.examination import examine
    from assaymark.cli.connections import Connections
    from assaymark.cli.doctoring import Told, Verdicts, doctor_json, doctor_text, verify_findings
    from assaymark.cli.images import find_chosen_image
    from assaymark.cli.inspecting import known_services

    check_evidence_flags(args)
    check_identity_flags(args)
    connections = Connections(args, console)
    image = find_chosen_image(args.image, args, console, connections.registry)
    now = datetime.now(UTC)
    examination = examine(image.attachments, image.subject.digest, known_services(args, console), now=now)
    told = Told(
        image=image,
        examination=examination,
        probe=_probe(image, console) if args.probe_writes else None,
        verdicts=verify_findings(image, examination, args, console, connections) if names_signer(args) else Verdicts(),
        now=now,
    )
    if args.format == "json":
        console.out_bytes(doctor_json(told))
    else:
        console.out(doctor_text(told, colour=console.colour), painted=True)
    return ExitCode.DONE


def _probe(image: NamedImage, console: Console) -> Probe:
    from assaymark.attest.doctor.probe import plan, probe_tag, probe_writes

    tag = probe_tag()
    console.err(plan(image.attachments, tag))
    return probe_writes(image.attachments, tag)


COMMAND: Final = Command(
    name="doctor",
    summary="tell what is attached to an image, and who will find it",
    group="Attestations",
    configure=_configure,
    run=_run,
)
