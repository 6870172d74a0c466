"""Where a signed statement about a file goes, and the lines that tell how to verify what is in a file.

The files are opened before anything is signed: what has been published cannot be taken back, so a folder that cannot be
written must be found before. Without any file the bundle goes to stdout, or with `--new-bundle-format=false` the
envelope, as cosign 2 printed it.
"""

from __future__ import annotations

import shlex
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, BinaryIO, Final

from assaymark.attest.local import encode_local
from assaymark.attest.sigstore.material import CERTIFICATE, TIMESTAMP
from assaymark.cli.blobs import blob_with_digest
from assaymark.cli.evidence_words import EvidenceWords, evidence_of, signer_words
from assaymark.cli.files import open_output
from assaymark.errors import UsageError

if TYPE_CHECKING:
    from assaymark.attest.attach import Attestation
    from assaymark.cli.blobs import NamedBlob
    from assaymark.cli.console import Console

_VERIFY: Final = "verify-blob-attestation"
_FILES: Final = ("bundle", "output_signature", "output_attestation", "output_certificate", "rfc3161_timestamp_bundle")


class Outputs:
    """The files of one command, open and still empty."""

    def __init__(self, streams: dict[str, BinaryIO], *, legacy: bool) -> None:
        self._streams = streams
        self._legacy = legacy

    def write(self, attestation: Attestation) -> None:
        """Write all of them.

        Raises:
            LocalError: a file cannot be written.
        """
        contents = {
            "bundle": encode_local(attestation) if self._legacy else attestation.bundle,
            "output_signature": attestation.legacy,
            "output_attestation": attestation.envelope.payload,
            "output_certificate": dict(attestation.annotations).get(CERTIFICATE, "").encode(),
            "rfc3161_timestamp_bundle": dict(attestation.annotations).get(TIMESTAMP, "").encode(),
        }
        for name, stream in self._streams.items():
            stream.write(contents[name])


def check_outputs(args: Namespace) -> None:
    """Refuse files for which there will be nothing to write.

    Raises:
        UsageError: such a flag was given.
    """
    if args.key and args.output_certificate:
        raise UsageError("`--output-certificate`: a key has no certificate", hint="leave it out")
    named = [getattr(args, name) for name in _FILES if getattr(args, name)]
    if len(set(named)) != len(named):
        raise UsageError("two outputs go to one file")


def require_timestamp(args: Namespace, *, stamped: bool) -> None:
    """Refuse to write a timestamp where there will be none, before anything is published.

    Raises:
        UsageError: `--rfc3161-timestamp-bundle` was given.
    """
    if args.rfc3161_timestamp_bundle and not stamped:
        raise UsageError(
            "`--rfc3161-timestamp-bundle`: no timestamp authority is asked",
            hint="name one with `--timestamp-server-url`, or in a `--signing-config`",
        )


@contextmanager
def open_outputs(args: Namespace, console: Console) -> Iterator[Outputs]:
    """The files that the flags name, which appear when the block ends well.

    Raises:
        LocalError: one cannot be written.
    """
    legacy = not args.new_bundle_format
    named = {name: getattr(args, name) for name in _FILES if getattr(args, name)}
    if legacy:
        named.setdefault("output_signature", "")
    elif not named:
        named["bundle"] = ""
    with ExitStack() as stack:
        streams = {name: stack.enter_context(open_output(path, console, mode=0o600)) for name, path in named.items()}
        yield Outputs(streams, legacy=legacy)
        for name, path in named.items():
            if not path:
                streams[name].write(b"\n")  # on stdout a document is a line


def tell_signed(console: Console, attestation: Attestation, blob: NamedBlob | None, *, args: Namespace) -> None:
    """What was written, and the lines that verify it with this program and with cosign 3."""
    legacy = not args.new_bundle_format
    evidence = evidence_of(attestation, args, legacy=legacy)
    written = ", ".join(f"`{getattr(args, name)}`" for name in _FILES if getattr(args, name))
    if written:
        console.err(f"wrote {written}")
    if not args.bundle:
        console.err(f"verified; {evidence.told}")
        return
    about = blob.words if blob is not None else ["--check-claims=false"]
    told = _commands(attestation, about, evidence, args, legacy=legacy)
    console.err(f"verified; {evidence.told}. To verify it again:\n{told}")


def tell_kept(console: Console, attestation: Attestation, *, args: Namespace) -> None:
    """The lines that verify the bundle that `attest --bundle` wrote, wherever the image is."""
    about = blob_with_digest("", attestation.subject.digest).words
    told = _commands(attestation, about, evidence_of(attestation, args, legacy=False), args, legacy=False)
    console.err(f"wrote `{args.bundle}`. To verify it without the image:\n{told}")


def _commands(
    attestation: Attestation, about: Sequence[str], evidence: EvidenceWords, args: Namespace, *, legacy: bool
) -> str:
    """The lines for this program and for cosign 3, each indented; `about` says what the bundle must be about."""
    signer, signer_of_cosign = signer_words(attestation, args)
    words = ["--type", attestation.predicate_type.name, "--bundle", args.bundle]
    lines = [f"assaymark {shlex.join([_VERIFY, *signer, *words, *evidence.ours, *about])}"]
    if not (legacy and args.trusted_root):  # cosign takes its parts from the environment there, not from a file
        lines.append(f"cosign {shlex.join([_VERIFY, *signer_of_cosign, *words, *evidence.theirs, *about])}")
    return "\n".join(f"  {line}" for line in lines)
