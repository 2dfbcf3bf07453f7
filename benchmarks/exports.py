"""How long each export of a case takes, and what it needs of memory beyond the view of the case.

python -m benchmarks.exports [--statements N] [--kind KIND]...
"""

from __future__ import annotations

import argparse
import resource
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from partwatch.case.charter import Charter
from partwatch.case.spool import BATCH, Spool
from partwatch.case.statements import SourceInfo, Statement, keyed, record_key
from partwatch.case.store import CaseStore
from partwatch.case.view import view_of
from partwatch.exchange import EXPORTERS, Options, export

_SOURCE = "ab" * 32


def _said(count: int) -> Iterator[Statement]:
    """Accounts of people who write to each other and pay each other; nine statements for each."""
    for number in range(-(-count // 9)):
        person, place = record_key(_SOURCE, "Person", str(number)), f"row {number}"
        account, other = (keyed("UserAccount", "chat", f"user{one}") for one in (number, number * 7 // 3))
        message = record_key(_SOURCE, "Message", str(number))
        yield Statement(person, "Person", "name", f"Person {number % 40_000}", place)
        yield Statement(person, "Person", "phone", f"+336{number % 90_000:08d}", place)
        yield Statement(account, "UserAccount", "username", f"user{number}", place)
        yield Statement(account, "UserAccount", "service", "chat", place)
        yield Statement(account, "UserAccount", "owner", person, place)
        yield Statement(message, "Message", "senderAccount", account, place)
        yield Statement(message, "Message", "recipientAccount", other, place)
        yield Statement(message, "Message", "date", f"2024-{number % 12 + 1:02d}-01T10:00:00Z", place)
        yield Statement(message, "Message", "subject", f"about {number}", place)


def _made(folder: Path, count: int) -> CaseStore:
    charter = Charter("exports", "bench", "none", "measuring", date(2099, 1, 1))
    store = CaseStore.create(str(folder), charter, "bench")
    with Spool() as spool:
        batch: list[Statement] = []
        for one in _said(count):
            batch.append(one)
            if len(batch) == BATCH:
                spool.add(batch)
                batch = []
        spool.add(batch)
        store.take_in(SourceInfo("table", "made", _SOURCE, "bench"), spool, "bench")
    return store


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--statements", type=int, default=100_000)
    parser.add_argument("--kind", action="append", choices=list(EXPORTERS))
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    try:
        store = _made(folder / "case", asked.statements)
        view = view_of(store)
        view.rows_of(0)
        print(f"{len(view):,} statements, {len(view.keys):,} entities; {_peak_mib():.0f} MiB with the view")
        for kind in asked.kind or list(EXPORTERS):
            started = time.process_time()
            with (folder / "out").open("wb") as out:
                told = export(view, store, kind, out, Options("2026-01-31T12:00:00Z"))
            seconds = time.process_time() - started
            size = told.size_bytes / 2**20
            print(f"{kind:20} {seconds:7.1f} s of CPU {size:8.0f} MiB; peak so far {_peak_mib():.0f} MiB")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
