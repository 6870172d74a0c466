"""What `scripts/bench.py` measures on: a large image made here, a database, and a registry in a process of its own.

The memory of a process that starts others counts as theirs up to their first instruction (`exec` keeps the high-water
mark), so everything heavy happens in children: run as a program, this file makes one input and ends.

    python scripts/bench_inputs.py image FOLDER     the large image, as an OCI image layout
    python scripts/bench_inputs.py tiny FOLDER      the demo's image
    python scripts/bench_inputs.py registry N       a registry with 2 N copies of the demo's image, until stdin ends
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
import sys
import sysconfig
import tarfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

FILES = 24_000
MANY = 100  # repositories whose images are verified in one call
FILE_BYTES = 24 * 1024
"""24,000 files of 24 KiB: as many files as a Debian image with a compiler, 576 MiB."""

POOL_BYTES = 64 * 1024 * 1024


class Hashing(io.RawIOBase):
    """A stream that hashes what it passes on."""

    def __init__(self, inner: io.IOBase) -> None:
        super().__init__()
        self.inner, self.hash, self.size = inner, hashlib.sha256(), 0

    def write(self, data: object, /) -> int:
        """Hash and pass on."""
        view = memoryview(data)  # type: ignore[arg-type]  # RawIOBase types it as any buffer
        self.hash.update(view)
        self.size += len(view)
        self.inner.write(view)
        return len(view)

    def writable(self) -> bool:
        """Always."""
        return True

    @property
    def digest(self) -> str:
        """Of everything so far."""
        return f"sha256:{self.hash.hexdigest()}"


def write_large_image(folder: Path) -> None:
    """One layer: Debian 12 with the packages that the sample database names, and files made of real ones."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    unnamed = folder / "layer"
    with unnamed.open("wb") as file:
        stored = Hashing(file)
        with gzip.GzipFile(fileobj=stored, mode="wb", compresslevel=6, mtime=0, filename="") as packed:
            plain = Hashing(packed)
            with tarfile.open(fileobj=plain, mode="w|", format=tarfile.GNU_FORMAT) as tar:
                for name, data in large_files():
                    header = tarfile.TarInfo(name)
                    header.size, header.mode = len(data), 0o644
                    tar.addfile(header, io.BytesIO(data))
    unnamed.rename(blobs / stored.digest.removeprefix("sha256:"))
    layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": stored.digest, "size": stored.size}
    document: dict[str, object] = {"architecture": "amd64", "os": "linux"}
    document["rootfs"] = {"type": "layers", "diff_ids": [plain.digest]}
    config = put(blobs, "config", document)
    manifest = put(blobs, "manifest", {"schemaVersion": 2, "config": config, "layers": [layer]})
    (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [manifest]}))


def put(blobs: Path, kind: str, document: dict[str, object]) -> dict[str, object]:
    """Store a document, and describe it."""
    media_type = f"application/vnd.oci.image.{kind}.v1+json"
    data = json.dumps(document | ({"mediaType": media_type} if kind == "manifest" else {})).encode()
    name = hashlib.sha256(data).hexdigest()
    (blobs / name).write_bytes(data)
    return {"mediaType": media_type, "digest": f"sha256:{name}", "size": len(data)}


def large_files() -> Iterator[tuple[str, bytes]]:
    """The files of the large image, the same every time on one machine."""
    yield "etc/debian_version", b"12.0\n"
    yield "etc/os-release", b'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'
    status = []
    for name in debian_packages():
        status.append(f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0-1\n")
        yield f"var/lib/dpkg/info/{name}.list", f"/.\n/usr\n/usr/bin\n/usr/bin/{name}\n".encode()
        yield f"usr/share/doc/{name}/copyright", b"License: GPL-2+\n"
    yield "var/lib/dpkg/status", "\n".join(status).encode()
    pool, noise = real_bytes(), random.Random(0)
    for number in range(FILES):
        start = noise.randrange(len(pool) - FILE_BYTES)
        yield f"usr/lib/part{number % 97:02}/object{number}.o", pool[start : start + FILE_BYTES]


def real_bytes() -> bytes:
    """What this interpreter's own library is made of, text and machine code: noise or zeros unpack at other speeds."""
    pool = bytearray()
    for path in sorted(Path(sysconfig.get_path("stdlib")).rglob("*")):
        if path.suffix in {".py", ".so", ".a", ".pyc"} and path.is_file() and len(pool) < POOL_BYTES:
            pool += path.read_bytes()
    return bytes(pool)


def debian_packages() -> list[str]:
    """The names that the sample database knows in Debian 12."""
    text = (ROOT / "src" / "assaymark" / "advisories" / "sample" / "debian-12.txt").read_text(encoding="utf-8")
    return [line.removeprefix("package ") for line in text.splitlines() if line.startswith("package ")]


def serve(count: int) -> None:
    """A registry with the demo's image in `count` repositories; its address is the one line on stdout."""
    from scripts.demo import demo_image
    from tests.support.registry import MemoryRegistry

    image = demo_image()
    names = [f"bench/{side}{number}" for side in ("ours", "peer") for number in range(count)]
    names += [f"bench/many{number}" for number in range(MANY)]
    with MemoryRegistry() as registry:
        for name in names:
            for layer in image.layers:
                registry.put_blob(name, layer.stored)
            registry.put_blob(name, image.config)
            registry.put_manifest(name, image.manifest, tag="1")
        print(registry.host, flush=True)
        sys.stdin.read()


def main() -> int:
    """Make one input."""
    kind, where = sys.argv[1:]
    if kind == "image":
        write_large_image(Path(where))
    elif kind == "tiny":
        from scripts.demo import demo_image

        demo_image().save_layout(Path(where))
    else:
        serve(int(where))
    return 0


if __name__ == "__main__":
    sys.exit(main())
