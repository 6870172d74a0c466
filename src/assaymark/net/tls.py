"""Whom a TLS connection trusts, and how we show who we are.

Trust is the system's store (or `SSL_CERT_FILE` and `SSL_CERT_DIR`, which replace its file and its folders as they do
for the peers), plus `--cacert`, plus `ca` files of the host's own folder. `/etc/docker/certs.d/<host[:port]>/` and
`/etc/containers/certs.d/…` hold `*.crt` (authorities) and pairs `*.cert`, `*.key` (client certificates): Docker's
"Verify repository client with certificates", containers-certs.d(5). TLS 1.2 is the oldest version that is spoken.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from assaymark.errors import LocalError, UsageError

if TYPE_CHECKING:
    from ssl import SSLContext

HOST_FOLDERS: Final = (Path("/etc/docker/certs.d"), Path("/etc/containers/certs.d"))

# where distributions keep the bundle, for a Python whose OpenSSL was built elsewhere (the list of Go's crypto/x509)
_SYSTEM_FILES: Final = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


class TlsOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What one connection trusts and shows.

    Attributes:
        authorities: files of certificates to trust besides the system's.
        trust_file, trust_folders: replace the system's store.
        certificate, key: the client's; the key may stand in the certificate's file.
        server_name: the name that the certificate must carry instead of the host's.
        insecure: the certificate is not looked at.
        host_folders: where folders with the names of hosts are looked for.
    """

    authorities: tuple[Path, ...] = ()
    trust_file: Path | None = None
    trust_folders: tuple[Path, ...] = ()
    certificate: Path | None = None
    key: Path | None = None
    server_name: str = ""
    insecure: bool = False
    host_folders: tuple[Path, ...] = ()

    def with_more(self, more: TlsOptions | None) -> TlsOptions:
        """These options, and those of one request on top."""
        if more is None:
            return self
        return msgspec.structs.replace(
            self,
            authorities=(*self.authorities, *more.authorities),
            trust_file=more.trust_file or self.trust_file,
            trust_folders=() if more.trust_file else self.trust_folders,
            certificate=more.certificate or self.certificate,
            key=more.key if more.certificate else self.key,
            server_name=more.server_name or self.server_name,
            insecure=more.insecure or self.insecure,
        )

    def for_host(self, authority: str) -> TlsOptions:
        """These options, and what the folders hold for `host` or `host:port`.

        Raises:
            LocalError: a client certificate without its key.
        """
        found = self
        for folder in self.host_folders:
            found = found.with_more(_host_options(folder / authority))
        return found


def tls_from(environ: Mapping[str, str], *, authorities: tuple[Path, ...] = (), insecure: bool = False) -> TlsOptions:
    """The options that the environment and the flags give."""
    file, folders = environ.get("SSL_CERT_FILE", ""), environ.get("SSL_CERT_DIR", "")
    return TlsOptions(
        authorities=authorities,
        trust_file=Path(file) if file else None,
        trust_folders=tuple(Path(folder) for folder in folders.split(":") if folder),
        insecure=insecure,
        host_folders=HOST_FOLDERS,
    )


def make_context(options: TlsOptions) -> SSLContext:
    """A context for connections with these options.

    Raises:
        UsageError, LocalError: a file that is missing or holds no certificate or key.
    """
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if options.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        _trust(context, options)
    if options.certificate is not None:
        _show(context, options.certificate, options.key)
    return context


def authorities_file(options: TlsOptions) -> bytes | None:
    """What these options trust, as one file for a program of its own; None where that is what any program trusts.

    Raises:
        LocalError: a file that cannot be read.
    """
    if options.trust_file is None and not options.authorities:
        return None
    system = options.trust_file or (None if options.trust_folders else find_system_file())
    try:
        return b"\n".join(file.read_bytes() for file in (system, *options.authorities) if file is not None)
    except OSError as exc:
        raise LocalError(f"cannot read certificates from `{exc.filename}`: {(exc.strerror or '').lower()}") from exc


def find_system_file() -> Path | None:
    """The system's file of authorities."""
    import ssl

    # the compiled-in paths and not `set_default_verify_paths`, which would read the process's own environment
    files = [ssl.get_default_verify_paths().openssl_cafile, *_SYSTEM_FILES]
    return next((Path(name) for name in files if Path(name).is_file()), None)


def _trust(context: SSLContext, options: TlsOptions) -> None:
    if options.trust_file is None and not options.trust_folders:
        _trust_system(context)
    for file in (options.trust_file, *options.authorities):
        if file is not None:
            _load(context, file)
    for folder in options.trust_folders:
        context.load_verify_locations(capath=folder)


def _trust_system(context: SSLContext) -> None:
    import ssl

    paths = ssl.get_default_verify_paths()
    file = find_system_file()
    if file is not None:
        _load(context, file)
    if Path(paths.openssl_capath).is_dir():
        context.load_verify_locations(capath=paths.openssl_capath)


def _load(context: SSLContext, file: Path) -> None:
    import ssl

    try:
        context.load_verify_locations(cafile=file)
    except ssl.SSLError as exc:
        raise UsageError(f"`{file}` holds no certificate in PEM form") from exc
    except OSError as exc:
        raise LocalError(f"cannot read certificates from `{file}`: {(exc.strerror or str(exc)).lower()}") from exc


def _show(context: SSLContext, certificate: Path, key: Path | None) -> None:
    import ssl

    try:
        # an encrypted key would be asked for on the terminal, in the middle of a connection
        context.load_cert_chain(certificate, key, password=lambda: b"")
    except ssl.SSLError as exc:
        raise UsageError(f"`{certificate}` and its key are no pair in PEM form without a password") from exc
    except OSError as exc:
        raise LocalError(f"cannot read `{certificate}` or its key: {(exc.strerror or str(exc)).lower()}") from exc


def _host_options(folder: Path) -> TlsOptions | None:
    try:
        files = sorted(folder.iterdir())
    except OSError:
        return None
    certificate = next((file for file in files if file.suffix == ".cert"), None)
    key = certificate.with_suffix(".key") if certificate else None
    if certificate and key and key not in files:
        raise LocalError(f"the client certificate `{certificate}` has no `{key.name}` beside it")
    authorities = tuple(file for file in files if file.suffix == ".crt")
    return TlsOptions(authorities=authorities, certificate=certificate, key=key)
