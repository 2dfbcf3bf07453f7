"""Intakes and desks that are killed again and again lose nothing that was accepted, and do nothing twice.

PARTWATCH_KILLS says how often; `make kill-test` asks for a hundred.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from partwatch.ledger import log
from partwatch.service import events
from partwatch.service.principals import THIS_MACHINE
from partwatch.service.results import document_of
from partwatch.service.settings import Settings
from partwatch.service.states import SCREENED
from partwatch.service.store import ServiceStore
from partwatch.service.submissions import files_of, listed
from partwatch.watchlist.store import Watchlist

KILLS = int(os.environ.get("PARTWATCH_KILLS", "4"))
# Hands in small submissions and screens them at once; says on stdout what was accepted.
WORK = """
import json, random, sys, time
from pathlib import Path
import partwatch.service.claims as claims
claims.LEASE_S = 1.0
import partwatch.service.desk.desk as desks
desks.RENEW_S = 0.2
from partwatch.model.document import Finding, Item
from partwatch.screening.answer import Answer
from partwatch.service.principals import THIS_MACHINE
from partwatch.service.settings import Settings
from partwatch.service.store import ServiceStore
from partwatch.service.submissions import Asked, Incoming, accept

class Workers:
    jobs = 2
    def __init__(self): self.waiting = []
    @property
    def pending(self): return len(self.waiting)
    def submit(self, task, *, urgent=False): self.waiting.append(task)
    def outcome_within(self, wait_s):
        time.sleep(0.002)
        item = Item(path="", member=None, sha256=None, format="stl", finding=Finding.CLEAR, complete=True,
                    reasons=(), bodies=())
        return self.waiting.pop(0), Answer(item=item).model_dump_json().encode()
    def close(self): pass

home, hands_in = Path(sys.argv[1]), sys.argv[2] == "in"
store = ServiceStore.open(home, Settings())
desk = desks.Desk(store, Settings(), lambda bench: Workers())
chance = random.Random()
while True:
    if hands_in:
        incoming = Incoming.begin(store)
        for n in range(chance.randint(1, 4)):
            incoming.start(f"{n}.stl"); incoming.write(chance.randbytes(200)); incoming.end()
        made, _ = accept(store, incoming, Asked("local"), THIS_MACHINE)
        print(json.dumps([made.id, made.files]), flush=True)
    if not desk.step() and not hands_in:
        time.sleep(0.02)
"""


def begun(home: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WORK, str(home), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_what_was_accepted_is_screened_once_however_many_are_killed(tmp_path: Path) -> None:
    chance = random.Random(9)
    Watchlist.open(tmp_path, create=True)
    ServiceStore.open(tmp_path, Settings())
    accepted: dict[str, int] = {}
    for _ in range(KILLS):
        # Two at once: one hands in and screens, one only screens.
        both = [begun(tmp_path, "in"), begun(tmp_path, "out")]
        assert both[0].stdout is not None
        first = both[0].stdout.readline()
        time.sleep(chance.uniform(0, 0.4))
        for one in both:
            one.send_signal(signal.SIGKILL)
        said, _ = both[0].communicate()
        both[1].communicate()
        for line in (first + said).splitlines():
            # The last one may be cut: then nobody was told.
            if line.endswith("]"):
                public, files = json.loads(line)
                accepted[public] = files
    store = ServiceStore.open(tmp_path, Settings())
    last = begun(tmp_path, "out")
    until = time.monotonic() + 120
    while time.monotonic() < until:
        with store.reading() as connection:
            every = listed(connection, THIS_MACHINE, limit=1_000_000)
        if all(one.state in SCREENED for one in every):
            break
        time.sleep(0.2)
    last.kill()
    last.communicate()
    known = {one.id: one for one in every}
    assert accepted.keys() <= known.keys(), "what was acknowledged is there"
    assert len(known) - len(accepted) <= KILLS, "at most the one that was being acknowledged"
    with store.reading() as connection:
        entries = log.entries(connection, kind="screening")
        screened = [entry.opening.body["id"] for entry in entries if entry.opening is not None]
        happened = events.after(connection, 0, limit=10_000_000)
        told = [one.submission for one in happened if one.kind == events.SCREENED]
        for one in every:
            document = document_of(connection, one)
            assert document is not None
            assert len(document.items) == one.files == len(files_of(store, connection, one.number))
            assert all((store.files / one.id / str(n)).is_file() for n in range(one.files))
        checkpoint = log.last_checkpoint(connection)
        assert checkpoint is not None
        assert (checkpoint.size, checkpoint.root) == (log.size(connection), log.root(connection))
    assert sorted(screened) == sorted(told) == sorted(known), "each once"
    print(f"{2 * KILLS} desks killed: {len(accepted)} submissions acknowledged, each screened once")
