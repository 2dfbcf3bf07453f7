"""What keeping a service costs once it has much: metrics, status, forgetting, backup, restore, deliveries.

    python benchmarks/service_operation.py [SUBMISSIONS]

Submissions of one small file each, screened and passed; two entries of the ledger each.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from sqlalchemy import insert, update

from partwatch.ledger import log
from partwatch.service import courier, retention
from partwatch.service.context import Service
from partwatch.service.counts import count
from partwatch.service.hooks import add_hook
from partwatch.service.keeping.backing_up import backup
from partwatch.service.keeping.restoring import restore
from partwatch.service.principals import THIS_MACHINE
from partwatch.service.settings import Settings, Webhooks
from partwatch.service.store import LOCAL, now
from partwatch.service.tables import EVENTS, FILES, SUBMISSIONS
from partwatch.service.wellbeing import findings
from partwatch.watchlist.store import Watchlist


def fill(service: Service, number: int) -> None:
    """Rows as the service would have written them; files of a tenth of them."""
    at = now(timedelta(days=-20))
    ids = [f"submission-{n:08}" for n in range(number)]
    sha256 = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"  # of foo
    base = {"customer": LOCAL, "account": "bench", "groups": "{}", "received_at": at, "files": 1, "bytes": 3}
    base |= {"state": "passed", "finding": "clear", "due": 0.0, "lost": 0, "withheld": 0, "screened_at": at}
    kept = [n % 10 == 0 for n in range(number)]
    for one, is_kept in zip(ids, kept, strict=True):
        if is_kept:
            (service.store.files / one).mkdir()
            (service.store.files / one / "0").write_bytes(b"foo")
    with service.store.writing() as connection:
        both = zip(ids, kept, strict=True)
        rows = [base | {"id": one, "files_gone_at": None if is_kept else at} for one, is_kept in both]
        connection.execute(insert(SUBMISSIONS), rows)
        files = [
            {"submission": n + 1, "position": 0, "name": "part.stl", "bytes": 3, "sha256": sha256,
             "stored": f"{one}/0" if kept[n] else None}
            for n, one in enumerate(ids)
        ]  # fmt: skip
        connection.execute(insert(FILES), files)
        event = {"customer": LOCAL, "kind": "submission.screened", "told": json.dumps({"state": "passed"})}
        connection.execute(insert(EVENTS), [event | {"submission": one, "at": at} for one in ids])
        bodies = (("submission", {"id": one, "customer": LOCAL, "files": [sha256]}) for one in ids)
        log.append_all(connection, bodies, "bench", at)
        bodies = (("screening", {"id": one, "finding": "clear", "state": "passed"}) for one in ids)
        log.append_all(connection, bodies, "bench", at)


def told(what: str, do: Callable[[], Any]) -> Any:
    """Do it once, and say how long it took."""
    began = time.perf_counter()
    found = do()
    print(f"{what}: {time.perf_counter() - began:.2f} s", flush=True)
    return found


def deliver(service: Service, number: int) -> None:
    """So many events to a receiver on this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 128
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for _ in range(8):
        add_hook(service.store, f"http://127.0.0.1:{server.server_port}", (), None, THIS_MACHINE)
    row = {"customer": LOCAL, "submission": "x", "kind": "submission.screened", "told": "{}", "at": now()}
    with service.store.writing() as connection:
        connection.execute(insert(EVENTS), [row] * (number // 8))

    def all_of() -> None:
        while courier.deliver(service):
            pass

    told(f"{number} deliveries to 8 hooks", all_of)
    server.shutdown()


def main() -> None:
    """All of it."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        Watchlist.open(home, create=True)
        service = Service.open(home, Settings(webhooks=Webhooks(private_addresses=True)))
        told(f"filling with {number:,} submissions", lambda: fill(service, number))
        told("metrics, counted anew", lambda: count(service))
        told("status, asked anew", lambda: findings(service))
        deliver(service, 800)
        done = told("backup", lambda: backup(service, Path(folder) / "one.backup"))
        print(f"backup: {done.bytes / 1e6:.0f} MB, {done.files:,} files", flush=True)
        told("restore", lambda: restore(Path(folder) / "other", done.path))
        told("retention: files of 100", lambda: retention.forget_due(service))
        with service.store.writing() as connection:
            old = {"screened_at": now(timedelta(days=-400)), "received_at": now(timedelta(days=-400))}
            connection.execute(update(SUBMISSIONS).where(SUBMISSIONS.c.number <= 100).values(old))
        told("retention: files of 100, all of 100", lambda: retention.forget_due(service))


main()
