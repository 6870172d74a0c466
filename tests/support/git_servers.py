"""Git repositories made here, and the protocols of git-http-backend(1) and git-daemon(1) on loopback to serve them."""

from __future__ import annotations

import base64
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import pytest

LOCK = "flask==0.12\n"
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

_PERSON = {"NAME": "Ann B", "EMAIL": "a@b.c", "DATE": "2026-01-01T00:00:00Z"}
_ENVIRONMENT = {
    "PATH": os.environ.get("PATH", ""),
    "HOME": "/nonexistent",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in _PERSON.items()},
}


def git(folder: Path, *arguments: str, stdin: str = "") -> str:
    """What `git` prints in `folder`."""
    words = ["git", "-C", str(folder), *arguments]
    done = subprocess.run(words, input=stdin, env=_ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class Origin:
    """A work tree with commits, and the bare repository made of it."""

    def __init__(self, folder: Path) -> None:
        self.work, self.bare = folder / "work", folder / "served" / "o" / "r.git"
        self.work.mkdir(parents=True)
        git(self.work, "init", "--quiet", "--initial-branch=main")

    def commit(self, files: Mapping[str, str | bytes], message: str = "change") -> str:
        """The name of a commit that has these files too."""
        for name, content in files.items():
            path = self.work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        git(self.work, "add", "--all", "--force")
        git(self.work, "commit", "--quiet", "--message", message)
        return git(self.work, "rev-parse", "HEAD")

    def publish(self) -> Path:
        """The bare repository."""
        self.bare.parent.mkdir(parents=True, exist_ok=True)
        git(self.work, "clone", "--quiet", "--bare", str(self.work), str(self.bare))
        return self.bare


def origin_with_history(folder: Path) -> Origin:
    """Two commits and a tag on `main`, one on `dev`; tags of both kinds, and one that is called as the branch is."""
    origin = Origin(folder)
    origin.commit({"requirements.txt": LOCK}, "first")
    git(origin.work, "tag", "v1")
    git(origin.work, "tag", "--annotate", "--message=noted", "noted")
    origin.commit({"requirements.txt": LOCK + "django==2.0\n"}, "second")
    git(origin.work, "tag", "v2")
    git(origin.work, "checkout", "--quiet", "-b", "dev", "v1")
    origin.commit({"requirements.txt": "requests==2.0.0\n"}, "third")
    git(origin.work, "tag", "main")
    git(origin.work, "checkout", "--quiet", "refs/heads/main", "-B", "main")
    origin.publish()
    return origin


@dataclass
class GitHttp:
    """git-http-backend over HTTP: use it as a context manager.

    Attributes:
        folder: what is served.
        password: asked for when it is set.
        redirect: where `/elsewhere/…` leads.
        seen: path and `Authorization` of each request.
    """

    folder: Path
    password: str = ""
    redirect: str = ""
    tls: ssl.SSLContext | None = None
    seen: list[tuple[str, str]] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.service = self  # type: ignore[attr-defined]  # the handler finds us through its server
        if self.tls is not None:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        self.port = int(self._server.server_address[1])
        self.url = f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/o/r.git"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    @property
    def passwords(self) -> set[str]:
        """User and password of the requests that had them."""
        basic = [value.removeprefix("Basic ") for _, value in self.seen if value]
        return {base64.b64decode(value).decode() for value in basic}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        service: GitHttp = self.server.service  # type: ignore[attr-defined]  # set by `GitHttp`
        service.seen.append((self.path, self.headers.get("Authorization", "")))
        if service.redirect and self.path.startswith("/elsewhere"):
            self.send_response(302)
            self.send_header("Location", service.redirect + self.path.removeprefix("/elsewhere"))
            self.end_headers()
        elif service.password and not self._knows(service.password):
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.end_headers()
        else:
            self._run(service.folder)

    def _knows(self, password: str) -> bool:
        scheme, _, value = self.headers.get("Authorization", "").partition(" ")
        return scheme == "Basic" and base64.b64decode(value).decode().partition(":")[2] == password

    def _run(self, folder: Path) -> None:
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        variables = {
            **_ENVIRONMENT,
            "GIT_PROJECT_ROOT": str(folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        done = subprocess.run(["git", "http-backend"], input=body, env=variables, capture_output=True, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().splitlines() if ": " in line)
        self.send_response(int(fields.pop("Status", "200").split()[0]))
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))  # or TLS would have to be closed in form
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Tests are silent."""


@contextmanager
def git_daemon(folder: Path) -> Iterator[str]:
    """The address of a `git daemon` that serves `folder`."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    words = ["git", "daemon", "--reuseaddr", "--export-all", "--listen=127.0.0.1", f"--port={port}"]
    child = subprocess.Popen(
        [*words, f"--base-path={folder}", str(folder)], env=_ENVIRONMENT, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(port)
        yield f"git://127.0.0.1:{port}/o/r.git"
    finally:
        child.terminate()
        child.wait(10)


def _wait_for(port: int) -> None:
    end = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)
        else:
            return
