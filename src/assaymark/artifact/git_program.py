"""How the system's `git` is started, so that a repository cannot make it do more than fetch and write files.

What the user has set up stays in force (proxies, ssh, credential helpers, `insteadOf`); what a repository or its server
could use does not:

1. Nothing of theirs is run: no hooks, no file-system monitor, no filters (the caller's `info/attributes`), no
   submodules, no transport but file, git, http, https and ssh (`ext::` runs commands, CVE-2022-39253 is `file` in a
   submodule).
2. Nobody is asked: no terminal, no password programs.
3. `GIT_…` variables that lead to another repository or write traces are left out, as inside a hook of the user's own.
4. Certificates and proxies are ours: `--cacert`, `--insecure`, `SSL_CERT_FILE`, and the rules of `net.proxies`.
5. Time, memory, bytes and files are bounded; a connection under 1 KiB/s for half a minute is given up.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from assaymark.errors import Error, LimitError, NetworkError
from assaymark.limits import Limits
from assaymark.net.proxies import proxy_variables
from assaymark.net.tls import TlsOptions, authorities_file
from assaymark.safeio.files import write_atomic
from assaymark.safeio.process import Completed, ProgramKind, run_program
from assaymark.safeio.text import printable

TRANSPORTS: Final = ("file", "git", "http", "https", "ssh")

_SETTINGS: Final = (
    "advice.detachedHead=false",
    "core.askPass=",
    "core.autocrlf=false",
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.packedGitLimit=512m",
    "core.packedGitWindowSize=64m",
    "fetch.recurseSubmodules=false",
    "gc.auto=0",
    "http.followRedirects=initial",
    "maintenance.auto=false",
    "submodule.recurse=false",
    "transfer.bundleURI=false",
)
_KEPT_VARIABLES: Final = frozenset(
    """
    GIT_SSH GIT_SSH_COMMAND GIT_SSH_VARIANT GIT_SSL_CAINFO GIT_SSL_CAPATH GIT_SSL_CERT GIT_SSL_KEY GIT_SSL_NO_VERIFY
    GIT_SSL_VERSION GIT_PROXY_COMMAND GIT_PROXY_SSL_CAINFO GIT_PROXY_SSL_CERT GIT_PROXY_SSL_KEY GIT_CONFIG_GLOBAL
    GIT_CONFIG_SYSTEM GIT_CONFIG_NOSYSTEM GIT_EXEC_PATH GIT_HTTP_USER_AGENT
    """.split()  # noqa: SIM905 - a list of twenty quoted words is harder to read
)
_PROXIES: Final = frozenset({"http_proxy", "https_proxy", "all_proxy", "no_proxy"})


class Git:
    """`git` in a scratch folder, which is all that it writes to."""

    def __init__(
        self,
        scratch: Path,
        *,
        environ: Mapping[str, str],
        tls: TlsOptions,
        settings: Sequence[str] = (),
        limits: Limits,
    ) -> None:
        self._scratch = scratch
        self._limits = limits
        self._environment = _environment(environ, tls, scratch)
        stall = (f"http.lowSpeedLimit={limits.stall_bytes_per_second}", f"http.lowSpeedTime={limits.stall_seconds:.0f}")
        self._options = [word for setting in (*_SETTINGS, *stall, *settings) for word in ("-c", setting)]
        self._deadline = time.monotonic() + limits.clone_seconds

    def find(self, *arguments: str) -> str:
        """What it prints; empty where it fails."""
        done = self._run(arguments)
        return "" if done.code else done.stdout.decode("utf-8", "replace").strip()

    def run(self, *arguments: str, failure: str, hint: str = "", kind: type[Error] = NetworkError) -> str:
        """What it prints.

        Raises:
            Error: it fails, of `kind`; `failure` says what was wanted.
            LimitError: what it fetched is too large.
            LocalError: there is no `git`, or it took too long.
        """
        done = self._run(arguments)
        if done.code:
            raise kind(f"{failure}: {_reason(done)}", hint=hint)
        return done.stdout.decode("utf-8", "replace").strip()

    def _run(self, arguments: Sequence[str]) -> Completed:
        return run_program(
            ProgramKind.GIT,
            "git",
            [*self._options, *arguments],
            timeout=max(self._deadline - time.monotonic(), 0.0),
            environment=self._environment,
            guard=self.check_size,
            memory_bytes=self._limits.git_memory_bytes,
        )

    def check_size(self) -> None:
        """Compare what lies in the scratch folder with the limits.

        Raises:
            LimitError: it is more than is allowed.
        """
        size = files = 0
        pending = [self._scratch]
        while pending:
            try:
                with os.scandir(pending.pop()) as entries:
                    for entry in entries:
                        files += 1
                        if entry.is_dir(follow_symlinks=False):
                            pending.append(Path(entry.path))
                        else:
                            size += entry.stat(follow_symlinks=False).st_size
            except OSError:
                continue  # `git` removes and renames while we look
            if size > self._limits.clone_bytes or files > self._limits.clone_files:
                raise LimitError(
                    f"the repository is larger than {self._limits.clone_bytes} bytes or "
                    f"{self._limits.clone_files} files",
                    hint="clone it yourself and scan the folder",
                )


def _environment(environ: Mapping[str, str], tls: TlsOptions, scratch: Path) -> dict[str, str]:
    kept = {
        name: value
        for name, value in environ.items()
        if (not name.startswith("GIT_") or name in _KEPT_VARIABLES) and name.lower() not in _PROXIES
    }
    own = {
        "GIT_ALLOW_PROTOCOL": ":".join(TRANSPORTS),
        "GIT_ASKPASS": "",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
        "SSH_ASKPASS": "",
        "SSH_ASKPASS_REQUIRE": "never",
    }
    return {**kept, **proxy_variables(environ), **_tls_variables(tls, scratch), **own}


def _tls_variables(tls: TlsOptions, scratch: Path) -> dict[str, str]:
    if tls.insecure:
        return {"GIT_SSL_NO_VERIFY": "true"}
    found = {"GIT_SSL_CAPATH": str(tls.trust_folders[0])} if tls.trust_folders else {}
    trusted = authorities_file(tls)
    if trusted is not None:
        file = scratch / "authorities.pem"
        write_atomic(file, trusted, durable=False)
        found["GIT_SSL_CAINFO"] = str(file)
    return found


def _reason(done: Completed) -> str:
    """The line of its stderr that says why it failed."""
    lines = [line.strip() for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    fatal = [line.removeprefix("fatal:").strip() for line in lines if line.startswith("fatal:")]
    text = (fatal or lines or [f"`git` ended with {done.code}"])[0]
    return printable(text)[:500]
