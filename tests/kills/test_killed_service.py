"""A service whose server, desks, workers and housekeeper are killed again and again loses nothing that it
acknowledged, and does nothing twice that anybody sees: over real HTTP, with clients that ask again.

PARTWATCH_KILLS says how often; `make kill-test` asks for a hundred.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from partwatch.case.notary import KEY_FILE
from partwatch.ledger import log
from partwatch.ledger.bundle import export
from partwatch.ledger.keys import read_key
from partwatch.ledger.verification import verify
from partwatch.service import events
from partwatch.service.principals import THIS_MACHINE
from partwatch.service.results import document_of
from partwatch.service.settings import Settings
from partwatch.service.states import SCREENED
from partwatch.service.store import ServiceStore
from partwatch.service.submissions import Submission, files_of, listed
from partwatch.service.tables import META
from partwatch.watchlist.store import Watchlist

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "service"))

from service_processes import Serving, children_of, killed

KILLS = int(os.environ.get("PARTWATCH_KILLS", "4"))
CLIENTS = 3
VICTIMS = ("server", "desk", "worker", "housekeeping")
# As the command line, but that what killed desks had is free sooner.
SERVE = """
import sys
from partwatch.service.running import children
children.FIRST_REST_S = children.LONGEST_REST_S = 0.1
children.BOOTSTRAP = (
    "import json, sys; sys.path[:] = json.loads(sys.argv.pop(1));"
    "import partwatch.service.claims as claims; claims.LEASE_S = 1.5;"
    "import partwatch.service.desk.desk as desk; desk.RENEW_S = 0.3;"
    "from partwatch.service.running.child import main; sys.exit(main())"
)
from partwatch.cli import main
sys.exit(main(sys.argv[1:]))
"""
FACES = ((0, 1, 2), (0, 2, 3), (0, 3, 1), (1, 3, 2))


def tetrahedron(chance: random.Random) -> bytes:
    """A small body that no other file holds, ASCII STL."""
    points = [(0.0, 0.0, 0.0), *((9 * (k == 0), 9 * (k == 1), chance.uniform(5, 50)) for k in range(3))]
    facets = []
    for face in FACES:
        corners = "".join("vertex {} {} {}\n".format(*points[k]) for k in face)
        facets.append(f"facet normal 0 0 0\nouter loop\n{corners}endloop\nendfacet\n")
    return f"solid t\n{''.join(facets)}endsolid t\n".encode()


class Client(threading.Thread):
    """Hands in one submission after the other, each again and again until it is told that it was accepted."""

    def __init__(self, number: int, where: list[str], over: threading.Event) -> None:
        super().__init__(name=f"client {number}", daemon=True)
        self.acknowledged: dict[str, str] = {}
        self.replayed = 0
        self.wrong: list[str] = []
        self._chance = random.Random(number)
        self._where = where
        self._over = over

    def run(self) -> None:
        n = 0
        while not self._over.is_set():
            key = f"{self.name}-{n}"
            n += 1
            files = [tetrahedron(self._chance) for _ in range(self._chance.randint(1, 3))]
            self._hand_in(key, files)
            self._over.wait(self._chance.uniform(0, 0.1))

    def _hand_in(self, key: str, files: list[bytes]) -> None:
        body = [("files", (f"{k}.stl", content)) for k, content in enumerate(files)]
        while True:
            try:
                answer = httpx.post(
                    f"{self._where[-1]}/v1/submissions", files=body, headers={"Idempotency-Key": key},
                    timeout=30,
                )  # fmt: skip
            except httpx.TransportError:
                if self._over.is_set():
                    # It was never acknowledged.
                    return
                self._over.wait(0.05)
                continue
            if answer.status_code in (429, 503):
                self._over.wait(0.2)
                continue
            if answer.status_code not in (200, 201):
                self.wrong.append(f"{answer.status_code} {answer.text}")
                return
            self.replayed += answer.status_code == 200
            self.acknowledged[key] = answer.json()["id"]
            return


def victim(server: Serving, which: str, chance: random.Random) -> int | None:
    """A process of that kind, if there is one now."""
    if which == "server":
        return server.process.pid
    children = server.children()
    if which == "worker":
        desks = [pid for pid, duty in children.items() if duty == "desk"]
        found = [pid for desk in desks for pid in children_of(desk)]
    else:
        found = [pid for pid, duty in children.items() if duty == which]
    return chance.choice(found) if found else None


def begun(home: Path) -> Serving:
    return Serving(home, "--desks", "2", "--jobs", "1", command=("-c", SERVE))


def everything(store: ServiceStore) -> list[Submission]:
    with store.reading() as connection:
        return listed(connection, THIS_MACHINE, limit=1_000_000)


@pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")
def test_what_a_service_acknowledged_is_screened_once_whatever_is_killed(tmp_path: Path) -> None:
    chance = random.Random(45)
    Watchlist.open(tmp_path, create=True)
    server = begun(tmp_path)
    where, over = [server.address], threading.Event()
    clients = [Client(n, where, over) for n in range(CLIENTS)]
    for client in clients:
        client.start()
    ended: Counter[str] = Counter()
    while ended.total() < KILLS:
        time.sleep(chance.uniform(0, 1.5))
        # Each kind in turn, so that none is left out however few they are.
        which = VICTIMS[ended.total() % len(VICTIMS)]
        if (pid := victim(server, which, chance)) is None:
            continue
        killed(pid)
        ended[which] += 1
        if which == "server":
            server.end(signal.SIGKILL)
            assert "Traceback" not in server.said, server.said
            server = begun(tmp_path)
            where.append(server.address)
    over.set()
    for client in clients:
        client.join(60)
        assert not client.is_alive()
        assert client.wrong == []
    store = ServiceStore.open(tmp_path, Settings())
    until = time.monotonic() + 60 + 2 * len(everything(store))
    while not all(one.state in SCREENED for one in everything(store)) and time.monotonic() < until:
        time.sleep(0.2)
    assert server.end() == 130
    check(store, clients)
    acknowledged = sum(len(client.acknowledged) for client in clients)
    again = sum(client.replayed for client in clients)
    print(
        f"{ended.total()} killed ({', '.join(f'{n} {kind}' for kind, n in ended.items())}): {acknowledged} "
        f"submissions acknowledged, {again} of them to a second request, each screened once"
    )


def check(store: ServiceStore, clients: list[Client]) -> None:
    """All that was acknowledged is there and screened, and nothing is there twice."""
    known = {one.id: one for one in everything(store)}
    acknowledged = [public for client in clients for public in client.acknowledged.values()]
    assert len(acknowledged) == len(set(acknowledged)) > 0
    assert set(acknowledged) <= known.keys(), "what was acknowledged is there"
    assert len(known) - len(acknowledged) <= CLIENTS, "at most what was being acknowledged in the end"
    assert {one.state for one in known.values()} <= set(SCREENED)
    with store.reading() as connection:
        for one in known.values():
            document = document_of(connection, one)
            assert document is not None
            assert len(document.items) == one.files == len(files_of(store, connection, one.number))
            assert all((store.files / one.id / str(n)).is_file() for n in range(one.files))
        happened = events.after(connection, 0, limit=10_000_000)
        for kind in (events.ACCEPTED, events.SCREENED):
            told = [event.submission for event in happened if event.kind == kind]
            assert sorted(told) == sorted(known), f"{kind}: each once"
        progress = [(one.submission, json.dumps(one.told)) for one in happened if one.kind == events.PROGRESS]
        assert len(progress) == len(set(progress)), "no progress is told twice"
        for kind in ("submission", "screening"):
            openings = [entry.opening for entry in log.entries(connection, kind=kind)]
            noted = [opening.body["id"] for opening in openings if opening is not None]
            assert sorted(noted) == sorted(known), f"{kind}: each once in the ledger"
        origin = connection.execute(select(META.c.value).filter_by(key="origin")).scalar_one()
        signer = read_key(store.folder / KEY_FILE, origin)
        export(connection, store.home / "bundle", signer)
    assert verify(store.home / "bundle", signer.verifier.fingerprint).verified
