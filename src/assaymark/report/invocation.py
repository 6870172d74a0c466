"""Who asked for a scan and how: the vulnerability record's `invocation`, from the command line and the CI run.

`parameters` is a promise: only what is listed here can get into a signed and public record.

- `command`: the subcommand; `flags`: what the user set, if it is in `RECORDED_FLAGS`; all else (credentials, file
  names of keys, caches, proxies, reports) is left out whatever its value.
- `artifact`, `platform`, `subject`: what was scanned; `repository`: the release that its `etc/apk/repositories` names.
- `packagesFrom`: the attestation that the list of packages came from, where the layers were not read again.
- `sbom`: the SBOM that was scanned: its digest, the manifest that it was attached with, and who was proven to have
  signed it (no `signer` where nobody verified that).
- `ignoreFile`: the digest of the file that took findings out, so that a reader can tell whether it was the agreed one.
- `findingsPolicy`, `ignorePolicy`: likewise of the policies that judged findings.
- `vex`: the VEX documents that were asked, with their digests and, where they were verified, their signers.
- `ci`: the system's name and what started the run.

The record's writer adds `coverage` and `database`, which are known only when the scan is over. URLs lose their
user-info, and every text goes through the redaction of known and probable credentials.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from assaymark.model.report import Invocation, Scan
from assaymark.report.ci import CiRun, ci_run
from assaymark.safeio.redaction import Redaction, strip_user_info

RECORDED_FLAGS: Final = frozenset(
    {
        "allow-incomplete",
        "allow-sample-db",
        "also",
        "branch",
        "class",
        "commit",
        "db-repository",
        "detection-priority",
        "distro",
        "exit-code",
        "exit-on-eol",
        "file-patterns",
        "findings-policy",
        "format",
        "ignore-policy",
        "ignore-status",
        "ignore-unfixed",
        "ignorefile",
        "image-src",
        "include-dev-deps",
        "input",
        "java-db-repository",
        "list-all-pkgs",
        "offline",
        "offline-scan",
        "pkg-relationships",
        "pkg-types",
        "platform",
        "require-complete",
        "sample-db",
        "sbom-sources",
        "scanners",
        "severity",
        "show-suppressed",
        "skip-db-update",
        "skip-dirs",
        "skip-files",
        "skip-java-db-update",
        "skip-vex-repo-update",
        "tag",
        "vex",
        "vuln-severity-source",
    }
)
"""Flags that change what a scan finds or reports; none of them takes a credential."""
_NONE: Final[Mapping[str, str]] = {}
_DOCUMENTS: Final = 100


def invocation(
    flags: Mapping[str, object],
    environ: Mapping[str, str],
    *,
    command: str = "",
    artifact: str = "",
    platform: str = "",
    subject: str = "",
    repository: str = "",
    listed_by: str = "",
    sbom: Mapping[str, str] = _NONE,
    ignore_digest: str = "",
    policy_digests: Mapping[str, str] = _NONE,
    vex: Sequence[Mapping[str, object]] = (),
    redaction: Redaction | None = None,
) -> Invocation:
    """The facts of one scan's invocation.

    Args:
        flags: flags that the user set explicitly, with or without dashes, `_` or `-` between words, and their values.
        environ: the environment; only the documented variables of CI systems are read.
        command: the subcommand.
        artifact: the name of what was scanned, as typed.
        platform: the platform that was scanned, `linux/amd64`.
        subject: the digest of the manifest that was scanned.
        repository: family and release that `etc/apk/repositories` names, which decides about advisories.
        listed_by: the attestation whose list of packages stood for the layers.
        sbom: the SBOM that was scanned, and who made it.
        ignore_digest: of the ignore file that was applied; empty where there was none.
        policy_digests: of the policies that were applied, by their names.
        vex: the VEX documents that were asked.
        redaction: the credentials known so far.
    """
    clean = (redaction or Redaction()).clean
    run = ci_run(environ)
    parameters: dict[str, Any] = {
        "command": command,
        "flags": _recorded(flags),
        "artifact": artifact,
        "platform": platform,
        "subject": subject,
        "repository": repository,
        "packagesFrom": listed_by,
        "sbom": sbom,
        "ignoreFile": ignore_digest,
        "findingsPolicy": policy_digests.get("findingsPolicy", ""),
        "ignorePolicy": policy_digests.get("ignorePolicy", ""),
        "vex": vex,
        "ci": _ci(run),
    }
    return Invocation(
        parameters={key: _plain(value, clean) for key, value in parameters.items() if value},
        uri=clean(run.uri),
        event_id=clean(run.event_id),
        builder_id=clean(run.builder_id),
    )


def recorded_flags(flags: Mapping[str, object], *, redaction: Redaction | None = None) -> dict[str, Any]:
    """What a record says of flags that the user set."""
    clean = (redaction or Redaction()).clean
    plain: dict[str, Any] = _plain(_recorded(flags), clean)
    return plain


def recorded_vex(scan: Scan) -> list[dict[str, Any]]:
    """The VEX documents that were asked about a scan's findings, as far as a record lists them."""
    documents = scan.report.coverage.vex if scan.report.coverage else ()
    return [
        {
            "source": document.source,
            "format": document.format,
            "digests": list(document.digests),
            **({"signers": list(document.signers)} if document.signers else {}),
        }
        for document in documents[:_DOCUMENTS]
    ]


def _recorded(flags: Mapping[str, object]) -> dict[str, object]:
    named = ((name.lstrip("-").replace("_", "-"), value) for name, value in flags.items())
    return {
        name: _of_flag(name, value) for name, value in sorted(named) if name in RECORDED_FLAGS and value is not None
    }


def _of_flag(name: str, value: object) -> object:
    """The value without names of files that nothing is read from: of `--also FORMAT=FILE` the formats."""
    if name != "also" or not isinstance(value, list | tuple):
        return value
    return [str(each).partition("=")[0] for each in value]


def _ci(run: CiRun) -> dict[str, object]:
    return {"name": run.name, **({"trigger": run.trigger} if run.trigger else {})} if run.name else {}


def _plain(value: object, clean: Callable[[str], str]) -> Any:
    """Plain JSON values: texts without credentials, numbers, switches, lists and mappings of them."""
    match value:
        case bool() | int() | float() | None:
            return value
        case Mapping():
            return {str(key): _plain(each, clean) for key, each in value.items()}
        case list() | tuple():
            return [_plain(each, clean) for each in value]
        case set() | frozenset():
            return sorted(_plain(each, clean) for each in value)
    return clean(strip_user_info(str(value)))
