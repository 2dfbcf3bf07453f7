"""A log whose writers are killed at random is whole each time, and has all that was said to be in it.

PARTWATCH_KILLS says how often; `make kill-test` asks for a hundred.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

# The samples of the ledger's own tests, and the writer.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "ledger"))

from ledger_samples import engine, fresh_log, signer
from sqlalchemy import Engine, text

from partwatch.ledger import log
from partwatch.ledger.bundle import export, verify

LEDGER = Path(__file__).resolve().parents[1] / "ledger"
KILLS = int(os.environ.get("PARTWATCH_KILLS", "4"))


def writer(path: Path, name: str) -> subprocess.Popen[bytes]:
    """What it says goes to a file: all of it is there once it is dead."""
    paths = os.pathsep.join(entry for entry in sys.path if entry)
    with (path.parent / name).open("wb") as out, (path.parent / f"{name}.err").open("wb") as err:
        return subprocess.Popen(
            [sys.executable, str(LEDGER / "ledger_writer.py"), str(path), name],
            stdout=out,
            stderr=err,
            env={**os.environ, "PYTHONPATH": paths},
        )


def said(file: Path) -> int:
    """How many entries a writer said to have added; the last line may be cut."""
    assert file.with_name(f"{file.name}.err").read_bytes() == b""
    *whole, _ = file.read_bytes().split(b"\n")
    return int(whole[-1]) if whole else 0


def written(made: Engine) -> dict[str, list[int]]:
    """The numbers that each writer added, in the order of the log; and no fact without its entry."""
    found: dict[str, list[int]] = defaultdict(list)
    with made.begin() as connection:
        assert list(log.problems(connection)) == []
        for entry in log.entries(connection):
            assert entry.opening is not None
            found[entry.by].append(entry.opening.body["number"])
        facts = connection.execute(text("SELECT seq FROM facts ORDER BY seq")).scalars().all()
        assert list(facts) == list(range(log.size(connection)))
    return found


def test_writers_killed_at_random_leave_a_whole_log_with_all_that_was_acknowledged(tmp_path: Path) -> None:
    """Two write at once; after each blow the log verifies, and continues what it was before."""
    path, chance = tmp_path / "case.sqlite", random.Random(KILLS)
    with fresh_log(path) as made, made.begin() as connection:
        connection.execute(text("CREATE TABLE facts (seq INTEGER PRIMARY KEY)"))
        log.sign_checkpoint(connection, signer())
    made = engine(path)
    before: Path | None = None
    acknowledged = unsaid = 0
    for kill in range(KILLS):
        names = [f"{kill} {which}" for which in ("one", "other")]
        processes = [writer(path, name) for name in names]
        while not all(said(tmp_path / name) for name in names):
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.15))
        for process in processes:
            process.kill()
            process.wait()
        counts = [said(tmp_path / name) for name in names]
        found = written(made)
        for name, count in zip(names, counts, strict=True):
            # In order, none twice, all that was said; beyond it one transaction, which had no time to say so.
            assert found[name] == list(range(len(found[name])))
            assert count <= len(found[name]) <= count + 3
            acknowledged += count
            unsaid += len(found[name]) - count
        bundle = tmp_path / f"bundle {kill}"
        with made.begin() as connection:
            export(connection, bundle, signer())
        assert verify(bundle, signer().verifier.fingerprint, [before] if before else []).verified
        before = bundle
    print(
        f"{2 * KILLS} writers killed: {acknowledged} entries acknowledged, {unsaid} more committed, all there"
    )
    assert acknowledged >= 2 * KILLS
