"""Appends to a log for ever, for a test that kills it: `python ledger_writer.py FILE NAME`.

Each transaction adds one to three entries, a row of the case's own for each, and a checkpoint. Once it is
committed, the number of entries that this writer has added so far is said on stdout.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

from ledger_database import AT, engine, signer
from sqlalchemy import text

from partwatch.ledger import log


def main(path: Path, name: str) -> None:
    made = engine(path)
    written = 0
    while True:
        count = random.randint(1, 3)
        with made.begin() as connection:
            for number in range(written, written + count):
                entry = log.append(connection, "import", {"number": number}, name, AT)
                connection.execute(text("INSERT INTO facts (seq) VALUES (:seq)"), {"seq": entry.seq})
            log.sign_checkpoint(connection, signer())
        written += count
        print(written, flush=True)
        # SQLite's lock is not fair: whoever asks again at once keeps the other waiting.
        time.sleep(random.uniform(0, 0.004))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
