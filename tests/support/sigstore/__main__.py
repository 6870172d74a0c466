"""Run the fake Sigstore until it is interrupted, to try signing without keys by hand.

python -m tests.support.sigstore [--port N] [--folder DIR] [--rekor v1|v2|none] [--timestamps]
python -m tests.support.sigstore --token ACCOUNT --url URL       # a token of a running one
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Final

from tests.support.sigstore.accounts import ACCOUNTS
from tests.support.sigstore.fake import FakeSigstore, Files
from tests.support.sigstore.log import Generation

LOGS: Final = {"v1": (Generation.V1,), "v2": (Generation.V2,), "none": ()}


def main() -> int:
    """Serve, or print a token."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.sigstore", description=__doc__.partition("\n")[0])
    parser.add_argument("--port", type=int, default=0, help="loopback port; any free one by default")
    parser.add_argument("--folder", type=Path, help="where the files go; a temporary folder by default")
    parser.add_argument("--rekor", choices=LOGS, default="v1", help="the log to sign with")
    parser.add_argument("--timestamps", action="store_true", help="sign with the timestamp authority too")
    parser.add_argument("--token", choices=ACCOUNTS, metavar="ACCOUNT", help=f"print a token: {', '.join(ACCOUNTS)}")
    parser.add_argument("--url", default="", help="with --token: the address of the one that runs")
    options = parser.parse_args()
    if options.token:
        with urllib.request.urlopen(f"{options.url}/tokens/{options.token}", timeout=10) as reply:
            print(reply.read().decode())
        return 0
    folder = options.folder or Path(tempfile.mkdtemp(prefix="fake-sigstore-"))
    folder.mkdir(parents=True, exist_ok=True)
    with FakeSigstore(port=options.port) as fake:
        files = fake.write(folder, logs=LOGS[options.rekor], timestamps=options.timestamps)
        print(_instructions(fake, files), flush=True)
        for number in (signal.SIGINT, signal.SIGTERM):  # a shell starts its background jobs deaf to the first
            signal.signal(number, lambda *_: fake.stopping.set())
        fake.stopping.wait()
    return 0


def _instructions(fake: FakeSigstore, files: Files) -> str:
    services = {
        "Fulcio, Rekor v1 and v2": fake.url,
        "timestamps": f"{fake.url}/api/v1/timestamp",
        "tokens (issuer)": fake.instance.issuer,
        "TUF mirror": fake.tuf_url,
        "trusted root": str(files.trusted_root),
        "signing configuration": str(files.signing_config),
        "TUF root": str(files.tuf_root),
        "a token": f"python -m tests.support.sigstore --token google --url {fake.url}",
        "with a fault": f"{fake.url}/fault/no-sct+slow  (switches.py names them)",
    }
    return "\n".join(f"{name:<24} {value}" for name, value in services.items())


if __name__ == "__main__":
    sys.exit(main())
