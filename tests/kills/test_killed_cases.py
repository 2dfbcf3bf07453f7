"""Writers of a case that are killed at any moment: what was acknowledged is there, and nothing half-written.

PARTWATCH_KILLS says how often; `make kill-test` asks for a hundred. Two write at once, each round.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

from sqlalchemy import func, select

from partwatch.case.charter import Charter
from partwatch.case.store import CaseStore
from partwatch.case.tables import DECISIONS, PAIRS, RUNS, SOURCES, STATEMENTS
from partwatch.case.view import view_of

KILLS = int(os.environ.get("PARTWATCH_KILLS", "4"))
STATEMENTS_EACH = 400
PAIRS_EACH = 60

WRITER = f"""
import sys
from partwatch.case.spool import Spool
from partwatch.case.statements import SourceInfo, Statement, record_key
from partwatch.case.store import CaseStore
from partwatch.case.verdicts import Pair, Verdict

where, name = sys.argv[1:]
store = CaseStore.open(where)
print("ready", flush=True)
turn = 0
while True:
    sha256 = f"{{name}}-{{turn}}"
    people = [record_key(sha256, "Person", str(number)) for number in range({STATEMENTS_EACH})]
    with Spool() as spool:
        spool.add(Statement(key, "Person", "name", f"n{{turn}}", key) for key in people)
        made = store.take_in(SourceInfo("table", sha256, sha256, "police"), spool, name)
    print("source", made.id, flush=True)
    two = [sorted(people[at:at + 2]) for at in range({PAIRS_EACH})]
    pairs = [Pair(left, right, 9.0, 8.0, left < "8", [["name", 8.0]]) for left, right in two]
    print("run", store.add_run("m", {{"turn": turn}}, pairs, name), flush=True)
    store.decide(people[0], people[9], Verdict.DIFFERENT, f"{{name}} {{turn}}", name)
    print("decision", f"{{name}} {{turn}}", flush=True)
    store.note("export", {{"turn": turn}}, name)
    turn += 1
"""


def killed(where: str, name: str, after_s: float) -> list[list[str]]:
    """What a writer acknowledged before it was killed."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, where, name], stdout=subprocess.PIPE, text=True, stderr=subprocess.PIPE
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    time.sleep(after_s)
    writer.send_signal(signal.SIGKILL)
    told, trouble = writer.communicate()
    assert writer.returncode == -signal.SIGKILL, trouble
    return [line.split(maxsplit=1) for line in told.splitlines(keepends=True) if line.endswith("\n")]


def both_killed(where: str, round_: int, chance: random.Random) -> list[list[str]]:
    """Two writers at once, each killed at a moment of its own."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as pool:
        waits = [chance.uniform(0.0, 0.6) for _ in range(2)]
        told = [pool.submit(killed, where, f"w{round_}-{number}", wait) for number, wait in enumerate(waits)]
        return [line for one in told for line in one.result()]


def test_killed_writers_lose_nothing_and_leave_nothing_half_written(tmp_path: Path) -> None:
    where = str(tmp_path / "case")
    CaseStore.create(where, Charter("Kills", "Lab", "law", "test", date(2100, 1, 1)), "tester")
    chance = random.Random(8)
    acknowledged = [line for round_ in range(KILLS) for line in both_killed(where, round_, chance)]
    by_kind = {kind: {one.strip() for name, one in acknowledged if name == kind} for kind, _ in acknowledged}
    store = CaseStore.open(where)
    with store.reading() as connection:
        sources = {str(row.id): row for row in connection.execute(select(SOURCES))}
        counted = dict(
            map(
                tuple,
                connection.execute(
                    select(STATEMENTS.c.source_id, func.count()).group_by(STATEMENTS.c.source_id)
                ),
            )
        )
        runs = {str(row.id) for row in connection.execute(select(RUNS))}
        of_run = dict(
            map(tuple, connection.execute(select(PAIRS.c.run_id, func.count()).group_by(PAIRS.c.run_id)))
        )
        reasons = {row.reason for row in connection.execute(select(DECISIONS))}
    print(f"{len(acknowledged)} changes acknowledged by {2 * KILLS} writers that were killed")
    assert by_kind["source"] <= sources.keys()
    assert by_kind.get("run", set()) <= runs
    assert by_kind.get("decision", set()) <= reasons
    assert set(counted.values()) == {STATEMENTS_EACH}
    assert {str(number) for number in counted} == sources.keys()
    assert set(of_run.values()) == {PAIRS_EACH}
    assert len(view_of(store)) == STATEMENTS_EACH * len(sources)
