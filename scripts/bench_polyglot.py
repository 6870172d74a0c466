"""Builds the polyglot image that docs/performance.md names: a base of Debian, and what five ecosystems install.

    python scripts/bench_polyglot.py BASE OUTPUT     both are folders with an OCI image layout

The base is any layout of one Debian 12 image (`skopeo copy docker://debian:12 oci:BASE`, or debootstrap). On top come
four layers: 1,700 packages of npm below `/app`, 79 wheels below `/usr/local/lib/python3.11`, 11 jars, 3 programs in Go.
`npm`, `pip`, `curl` and `go` fetch them from the public registries; versions at the top are fixed, and what these ask
for may move. What was fetched stays in OUTPUT.work, so that a second run is quick. Nothing fetched is run: npm has
`--ignore-scripts`, pip takes wheels alone.
"""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.bench_inputs import Hashing, put  # noqa: E402 - found by the line above

NODE = """
react-scripts 5.0.1 · express 4.17.1 · lodash 4.17.15 · axios 0.21.0 · mocha 8.4.0 · gulp 4.0.2 · socket.io 2.4.0 ·
mongoose 5.11.0 · passport 0.4.1 · request 2.88.2 · handlebars 4.5.3 · moment 2.29.1 · jsonwebtoken 8.5.1 ·
grunt 1.3.0 · karma 5.2.3
"""
WHEELS = """
Django==3.2.5 Flask==1.1.2 Werkzeug==1.0.1 Jinja2==2.11.2 requests==2.25.0 urllib3==1.26.4 numpy==1.24.0 pandas==2.0.0
scipy==1.10.0 Pillow==9.5.0 cryptography==39.0.0 paramiko==2.10.1 PyYAML==6.0 lxml==4.9.2 aiohttp==3.8.4 tornado==6.2
SQLAlchemy==1.4.41 celery==5.2.2 boto3==1.26.0 scikit-learn==1.2.0 matplotlib==3.6.0 protobuf==4.21.0 grpcio==1.53.0
gunicorn==20.1.0 fastapi==0.88.0 uvicorn==0.20.0 httpx==0.23.0 redis==4.5.1 pymongo==4.3.3 psycopg2-binary==2.9.5
openpyxl==3.0.10 beautifulsoup4==4.11.1 sentry-sdk==1.14.0 pytest==7.2.0 black==22.12.0 ipython==8.7.0 certifi
chardet==4.0.0 idna==2.10 itsdangerous==1.1.0 click==7.1.2 six pytz python-dateutil==2.8.2 cffi==1.15.1 pycparser
bcrypt==4.0.1 PyNaCl==1.5.0 multidict==6.0.4 yarl==1.8.2 frozenlist==1.3.3 attrs==22.2.0 vine==5.0.0 kombu==5.2.4
billiard==3.6.4.0 botocore==1.29.0 jmespath==1.0.1 s3transfer==0.6.0 joblib==1.1.0 threadpoolctl kiwisolver==1.4.4
fonttools==4.38.0 pyparsing==3.0.9 contourpy==1.0.6 cycler==0.11.0 pydantic==1.10.2 starlette==0.22.0 anyio==3.6.2
sniffio==1.3.0 h11==0.12.0 httpcore==0.15.0 dnspython==2.2.1 et_xmlfile==1.1.0 soupsieve==2.3.2 sqlparse==0.4.2
asgiref==3.5.2 setuptools==65.5.0 wheel==0.37.1 pip==22.3
"""
JARS = """
org.apache.logging.log4j:log4j-core:2.14.1 com.fasterxml.jackson.core:jackson-databind:2.9.8
org.springframework:spring-core:5.3.16 commons-collections:commons-collections:3.2.1
org.apache.struts:struts2-core:2.5.25 com.google.guava:guava:20.0 org.apache.tomcat.embed:tomcat-embed-core:9.0.40
com.h2database:h2:1.4.200 org.yaml:snakeyaml:1.26 io.netty:netty-all:4.1.42.Final
org.apache.hadoop:hadoop-client-runtime:3.3.1
"""
PROGRAMS = """
github.com/google/go-containerregistry/cmd/crane@v0.12.0 github.com/mikefarah/yq/v4@v4.30.4 sigs.k8s.io/kind@v0.17.0
"""
PIP = (
    "--quiet",
    "--disable-pip-version-check",
    "--no-deps",
    "--only-binary=:all:",
    "--no-compile",
    "--ignore-installed",
)
PYTHON = ("--python-version=3.11", "--platform=manylinux2014_x86_64", "--platform=manylinux_2_17_x86_64")
MAVEN = "https://repo1.maven.org/maven2"


def main() -> int:
    """Build it."""
    base, output = map(Path, sys.argv[1:])
    work = Path(f"{output}.work")
    layers = [node(work / "node"), wheels(work / "wheels"), jars(work / "jars"), programs(work / "go")]
    write_layout(base, output, layers)
    return 0


def node(folder: Path) -> Path:
    """`/app` with `node_modules`."""
    app = folder / "app"
    app.mkdir(parents=True, exist_ok=True)
    wanted = dict(line.split() for line in NODE.split("·"))
    (app / "package.json").write_text(json.dumps({"name": "polyglot", "version": "1.0.0", "dependencies": wanted}))
    flags = ("--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund", "--loglevel=error")
    subprocess.run(["npm", "install", *flags], cwd=app, check=True)
    return folder


def wheels(folder: Path) -> Path:
    """`/usr/local/lib/python3.11/dist-packages`."""
    target = folder / "usr" / "local" / "lib" / "python3.11" / "dist-packages"
    if not target.exists():
        subprocess.run(["pip", "install", *PIP, *PYTHON, f"--target={target}", *WHEELS.split()], check=True)
    return folder


def jars(folder: Path) -> Path:
    """`/opt/app/lib`."""
    target = folder / "opt" / "app" / "lib"
    target.mkdir(parents=True, exist_ok=True)
    for group, artifact, version in (each.split(":") for each in JARS.split()):
        name = f"{artifact}-{version}.jar"
        url = f"{MAVEN}/{group.replace('.', '/')}/{artifact}/{version}/{name}"
        if not (target / name).exists():
            subprocess.run(["curl", "--fail", "--silent", "--show-error", "--output", target / name, url], check=True)
    return folder


def programs(folder: Path) -> Path:
    """`/usr/local/bin`."""
    target = folder / "usr" / "local" / "bin"
    target.mkdir(parents=True, exist_ok=True)
    for program in PROGRAMS.split():
        subprocess.run(["env", f"GOBIN={target}", "go", "install", program], check=True)
    return folder


def write_layout(base: Path, output: Path, folders: list[Path]) -> None:
    """The layers of `base`, and one for each folder."""
    shutil.copytree(base, output)
    blobs = output / "blobs" / "sha256"
    index = json.loads((base / "index.json").read_text())
    manifest = stored(blobs, index["manifests"][0]["digest"])
    config = stored(blobs, manifest["config"]["digest"])
    for folder in folders:
        descriptor, diff_id = write_layer(blobs, folder)
        manifest["layers"].append(descriptor)
        config["rootfs"]["diff_ids"].append(diff_id)
        config.setdefault("history", []).append(
            {"created": "2026-01-01T00:00:00Z", "created_by": f"COPY {folder.name} /"}
        )
    described = put(blobs, "config", config)
    manifest["config"] = {**manifest["config"], "digest": described["digest"], "size": described["size"]}
    (output / "index.json").write_text(
        json.dumps({"schemaVersion": 2, "manifests": [put(blobs, "manifest", manifest)]})
    )


def stored(blobs: Path, digest: str) -> dict[str, Any]:
    """A document of the layout."""
    document: dict[str, Any] = json.loads((blobs / digest.removeprefix("sha256:")).read_text())
    return document


def write_layer(blobs: Path, folder: Path) -> tuple[dict[str, object], str]:
    """The descriptor of a layer with everything in `folder`, and its diff_id."""
    unnamed = blobs / "layer"
    with unnamed.open("wb") as file:
        packed = Hashing(file)
        with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=6, mtime=0, filename="") as stream:
            plain = Hashing(stream)
            with tarfile.open(fileobj=plain, mode="w|", format=tarfile.PAX_FORMAT) as tar:
                for path in sorted(folder.rglob("*")):
                    tar.add(path, str(path.relative_to(folder)), recursive=False, filter=neutral)
    unnamed.rename(blobs / packed.digest.removeprefix("sha256:"))
    media_type = "application/vnd.oci.image.layer.v1.tar+gzip"
    return {"mediaType": media_type, "digest": packed.digest, "size": packed.size}, plain.digest


def neutral(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Without whoever built it, and when."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = 0
    return member


if __name__ == "__main__":
    sys.exit(main())
