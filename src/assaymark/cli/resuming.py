"""`attest --resume FILE IMAGE`, `attest-blob --resume FILE`: finish what a service that was down left unfinished.

The file holds what was signed and names the services that are still to be asked; they are asked, what comes out is
verified with the trusted root, attached and read back, as if nothing had happened. Nothing is signed again, so neither
a key nor an identity is needed.
"""

from __future__ import annotations

import shlex
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from assaymark.attest.reasons import UNFINISHED
from assaymark.cli.attestation_flags import attestation_format
from assaymark.cli.registry_words import registry_words
from assaymark.errors import ExitCode, NetworkError, UsageError

if TYPE_CHECKING:
    from assaymark.attest.sigstore.pending import Pending
    from assaymark.cli.console import Console
    from assaymark.cli.images import NamedImage


def run_resume(args: Namespace, console: Console) -> int:
    """Finish one attestation.

    Raises:
        LocalError: the file is no pending attestation.
        UsageError: it is about another image, or about a file.
        SigningError: the certificate ended in the meantime, or what came out cannot be verified.
        NetworkError: a service or the registry fails again.
    """
    from assaymark.attest.predicate import parse_predicate_type
    from assaymark.attest.sigstore.attach import attestation_of
    from assaymark.attest.sigstore.pending import PendingStore
    from assaymark.attest.sigstore.sign import resume
    from assaymark.cli.attesting import attach_signed
    from assaymark.cli.connections import Connections
    from assaymark.cli.images import find_image
    from assaymark.cli.signing import open_resuming

    if args.predicate or len(args.images) != 1:
        raise UsageError("`--resume` takes one image, and no predicate: the file holds what was signed")
    path = Path(args.resume)
    pending = PendingStore(path.parent).load(path)
    _check_kind(pending, about_file=False)
    connections = Connections(args, console)
    image = find_image(args.images[0], args, console, connections.registry)
    _check_subject(pending.subject, image)
    signing = open_resuming(args, console, connections, folder=path.parent)
    with telling_how_to_resume(args, image.pinned):
        signed = resume(pending, around=signing.around)
    kind = parse_predicate_type(pending.predicate_type)
    attestation = attestation_of(signed, subject=image.subject, predicate_type=kind)
    signing.check(attestation)
    attach_signed(image, attestation, signing, args=args, console=console)
    return ExitCode.DONE


def run_blob_resume(args: Namespace, console: Console) -> int:
    """Finish one attestation of a file, and write it to the files that the flags name.

    Raises:
        LocalError: the file is no pending attestation, or an output cannot be written.
        UsageError: something was named besides, it is about an image, or a timestamp that is to be written never comes.
        SigningError: the certificate ended in the meantime, or what came out cannot be verified.
        NetworkError: a service fails again.
    """
    from assaymark.attest.blob import MEDIA_TYPE
    from assaymark.attest.predicate import find_predicate_type
    from assaymark.attest.sigstore.attach import attestation_of
    from assaymark.attest.sigstore.pending import PendingStore
    from assaymark.attest.sigstore.sign import resume
    from assaymark.cli.blob_attesting import open_outputs, require_timestamp, tell_signed
    from assaymark.cli.blobs import find_blob_with_digest
    from assaymark.cli.connections import Connections
    from assaymark.cli.signing import open_resuming
    from assaymark.model.descriptor import Descriptor
    from assaymark.model.digest import Digest

    if args.predicate or args.statement or args.blob or args.hash:
        raise UsageError("`--resume` takes no blob and no predicate: the file holds what was signed")
    path = Path(args.resume)
    pending = PendingStore(path.parent).load(path)
    _check_kind(pending, about_file=True)
    digest = pending.subject.rpartition("@")[2]
    require_timestamp(args, stamped=bool(pending.timestamps or pending.authorities))
    subject = Descriptor(media_type=MEDIA_TYPE, digest=Digest(digest), size=0)
    signing = open_resuming(args, console, Connections(args, console), folder=path.parent)
    with open_outputs(args, console) as outputs:
        with telling_how_to_resume_blob(args):
            signed = resume(pending, around=signing.around)
        kind = find_predicate_type(pending.predicate_type)
        attestation = attestation_of(signed, subject=subject, predicate_type=kind)
        signing.check(attestation)
        outputs.write(attestation)
    tell_signed(console, attestation, find_blob_with_digest(digest), args=args)
    return ExitCode.DONE


def telling_how_to_resume_blob(args: Namespace) -> AbstractContextManager[None]:
    """The same for the attestation of a file."""
    words = ["--trusted-root", args.trusted_root] if args.trusted_root else []
    words += ["--bundle", args.bundle] if args.bundle else []
    words += [] if args.new_bundle_format else ["--new-bundle-format=false"]
    return telling_command("attest-blob", words)


def telling_how_to_resume(args: Namespace, pinned: str) -> AbstractContextManager[None]:
    """Add to an unfinished attestation's error the command that finishes it."""
    words = ["--trusted-root", args.trusted_root] if args.trusted_root else []
    format_ = attestation_format(args).value
    words += ["--attestation-format", format_] if format_ != "bundle" else []
    is_local = getattr(args, "local_image", False) or getattr(args, "input", "")
    words += ["--local-image"] if is_local else registry_words(args)
    return telling_command("attest", [*words, pinned])


@contextmanager
def telling_command(command: str, rest: Sequence[str]) -> Iterator[None]:
    """Add to an unfinished attestation's error that `command` finishes it, with these arguments besides the file."""
    try:
        yield
    except NetworkError as exc:
        if exc.reason != UNFINISHED:
            raise
        from assaymark.attest.sigstore.pending import UnfinishedError

        if not isinstance(exc, UnfinishedError) or exc.path is None:
            raise
        words = ["assaymark", command, "--resume", str(exc.path), *rest]
        hint = f"when the service answers again: {shlex.join(words)}"
        raise UnfinishedError(str(exc), hint=hint, path=exc.path) from exc


def _check_kind(pending: Pending, *, about_file: bool) -> None:
    """Refuse what the other command began: it would look finished and be where nobody looks for it."""
    from assaymark.attest.blob import MEDIA_TYPE

    if (pending.media_type == MEDIA_TYPE) is about_file:
        return
    what, command = (
        ("an image", "attest --resume FILE IMAGE") if about_file else ("a file", "attest-blob --resume FILE")
    )
    raise UsageError(f"what was signed is about {what}, `{pending.subject}`", hint=f"finish it with `{command}`")


def _check_subject(subject: str, image: NamedImage) -> None:
    digest = subject.rpartition("@")[2]
    if digest != image.subject.digest:
        raise UsageError(
            f"what was signed is about `{subject}`, and `{image.text}` is {image.subject.digest}",
            hint="name the image by that digest",
        )
