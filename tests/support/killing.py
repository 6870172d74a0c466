"""Another process that updates a database until it is killed, and what must be true afterwards."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.support.database import NOW, Shelf, download, published

from assaymark.advisories.cache import CacheFolder
from assaymark.advisories.update import open_database, update_database
from assaymark.limits import DEFAULT_LIMITS

ROOT = Path(__file__).parents[2]

WORKER = """
import sys, datetime
sys.path[:0] = [{root!r} + "/src", {root!r}]
from pathlib import Path
from assaymark.advisories import swap
from assaymark.advisories.cache import CacheFolder
from assaymark.advisories.update import update_database
from tests.support.database import Shelf, FRESH, NOW, database_archive, download, published, trivy_db
if not {exchanging}:
    swap._exchange = lambda first, second: False
facts = {{"alpine 3.10": {{"musl": {{"CVE-%d" % n: {{}} for n in range(3000)}}}}}}
shelf = Shelf({{"db.test/one": published(database_archive(trivy_db(facts)))}})
print("ready", flush=True)
for turn in range(1, 10_000):
    now = NOW + datetime.timedelta(days=turn)
    update_database(CacheFolder(Path({cache!r})), download(shelf, now=now))
"""


def killed_while_updating(cache: CacheFolder, *, exchanging: bool, seconds: float) -> None:
    """Let another process update the cache again and again, and kill it after `seconds`."""
    code = WORKER.format(root=str(ROOT), cache=str(cache.root), exchanging=exchanging)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"ready\n"
        time.sleep(seconds)
        worker.send_signal(signal.SIGKILL)


def check_after_a_kill(cache: CacheFolder) -> None:
    """The next run has a whole database, old or new, whatever the killed one left, and sweeps the rest."""
    update_database(cache, download(Shelf({"db.test/one": published()}), now=NOW))
    with open_database(cache, limits=DEFAULT_LIMITS) as database:
        found = {advisory.vulnerability_id for advisory in database.advisories("alpine 3.10", "musl")}
        assert found in ({"CVE-2020-28928"}, {f"CVE-{number}" for number in range(3000)})
        assert database.detail("CVE-2020-28928") is not None
        assert database.info.uri.startswith("db.test/one@sha256:")
