"""A hunt through a million bodies: how long, in how much memory, how exact, beside brute force in memory.

`python -m benchmarks.hunting [--bodies N] [--folder DIR]`. The bodies are made up: mixtures of the
descriptors of real ones with noise, so that most look like something and some like each other. What is hunted
for is 20 real ones, of which 50 changed copies each lie among them. Peer: faiss' flat index where it is
installed, else numpy over float32 in memory. Each side runs in a process of its own, whose peak is its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmarks.progress import say
from partwatch.evidence.population import shipped_population
from partwatch.fingerprint.descriptor import COARSE_SIZE, DESCRIPTOR_SIZE
from partwatch.history.entry import Entry
from partwatch.history.projection import Projection, distances
from partwatch.history.search import Sought, nearest
from partwatch.history.store import HistoryStore
from partwatch.service.hunting import MOST, REACH

QUERIES: Final = 20
COPIES: Final = 50
# Of one batch of the desk's outbox, and of the making of many.
DRAINED: Final = 2_000
MADE: Final = 20_000
FloatRows = npt.NDArray[np.float32]


def main() -> None:
    """Fill, hunt, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bodies", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--step", choices=["fill", "hunt", "peer"])
    options = parser.parse_args()
    if options.step:
        step = {"fill": fill, "hunt": hunt, "peer": peer}[options.step]
        print(json.dumps(step(options.folder, options.bodies) | {"peak_mb": peak_mb()}))
        return
    folder = options.folder or Path(tempfile.mkdtemp(prefix="partwatch-hunting-"))
    try:
        told = {step: alone(step, folder, options.bodies) for step in ("fill", "hunt", "peer")}
        print(json.dumps(told | {"recall": recall(folder)}, indent=1))
    finally:
        if options.folder is None:
            shutil.rmtree(folder, ignore_errors=True)


def alone(step: str, folder: Path, bodies: int) -> dict[str, Any]:
    """A step in a process of its own."""
    say(step)
    command = [sys.executable, "-m", "benchmarks.hunting", "--step", step, "--folder", str(folder)]
    done = subprocess.run([*command, "--bodies", str(bodies)], check=True, stdout=subprocess.PIPE)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def peak_mb() -> float:
    """The largest the process ever was, libraries included."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def normalised(rows: FloatRows) -> FloatRows:
    """Blocks of unit length, none below 0: as descriptors are."""
    rows = np.abs(rows)
    for block in (rows[:, :COARSE_SIZE], rows[:, COARSE_SIZE:]):
        block /= np.linalg.norm(block, axis=1, keepdims=True)
    return rows


def sought() -> FloatRows:
    """(QUERIES, DESCRIPTOR_SIZE): what is hunted for."""
    known = shipped_population().descriptors
    return np.asarray(known[np.random.default_rng(7).choice(len(known), QUERIES, replace=False)], np.float32)


def made_up(bodies: int) -> Iterator[FloatRows]:
    """Descriptors in batches, copies of what is sought among them; the same whenever it is asked."""
    chance = np.random.default_rng(51)
    known = np.asarray(shipped_population().descriptors, dtype=np.float32)
    copies = np.repeat(sought(), COPIES, axis=0)
    noise = chance.uniform(0.0, 0.01, (len(copies), 1)).astype(np.float32)
    copies = normalised(copies + noise * chance.normal(size=copies.shape).astype(np.float32))
    left = bodies - len(copies)
    yield copies
    while left > 0:
        count = min(MADE, left)
        a, b = (known[chance.integers(0, len(known), count)] for _ in range(2))
        share = chance.random((count, 1)).astype(np.float32) ** 3
        rows = (1 - share) * a + share * b
        noisy = rows + 0.004 * chance.normal(size=rows.shape)
        yield normalised(noisy.astype(np.float32))
        left -= count


def fill(folder: Path, bodies: int) -> dict[str, Any]:
    """The history, as the service fills it: batches, merged by id, tidied at the end."""
    known = shipped_population().descriptors
    history = HistoryStore.open(folder / "history", lambda: Projection.fitted(known))
    number, merging, begun = 0, 0.0, time.perf_counter()
    merges: list[float] = []
    for rows in made_up(bodies):
        entries = [entry(number + k, row) for k, row in enumerate(rows)]
        number += len(rows)
        for place in range(0, len(entries), MADE if number < bodies - MADE else DRAINED):
            size = MADE if number < bodies - MADE else DRAINED
            start = time.perf_counter()
            history.add(entries[place : place + size])
            merging = time.perf_counter() - start
            merges.append(merging)
        if len(merges) % 25 == 0:
            say(f"{number:,}")
    took, start = time.perf_counter() - begun, time.perf_counter()
    history.tidy()
    tidied = time.perf_counter() - start
    with_old = size_of(folder / "history")
    history.tidy(timedelta(milliseconds=1))
    return {
        "bodies": history.counts().bodies,
        "fill_s": round(took, 1),
        "last_merge_of_2000_s": round(merging, 2),
        "tidy_s": round(tidied, 1),
        "disk_mb": round(size_of(folder / "history") / 1e6),
        "disk_mb_with_versions_of_the_last_hour": round(with_old / 1e6),
        "disk_mb_of_bare_float32": round(bodies * DESCRIPTOR_SIZE * 4 / 1e6),
    }


def entry(number: int, row: FloatRows) -> Entry:
    """A made-up body."""
    day = f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}T08:00:00.000Z"
    return Entry(
        f"s{number // 3:021}", 0, f"{number:064x}", f"{number:064x}", None, number % 3, f"c{number % 7}", day,
        row,
        float(5 + number % 50), float(100 + number % 900), (1.0, 2.0, 3.0),
    )  # fmt: skip


def size_of(folder: Path) -> int:
    """Bytes of all files below it."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def hunt(folder: Path, _bodies: int) -> dict[str, Any]:
    """Each of what is sought, then all at once, as a design of many parts is."""
    idle = peak_mb()
    history = HistoryStore.open(folder / "history")
    queries, took, found = sought(), [], []
    for query in queries:
        start = time.perf_counter()
        near = nearest(history, Sought(query[None], REACH, MOST))
        took.append(time.perf_counter() - start)
        found.append([[int(one.file_sha256, 16), round(one.distance, 4)] for one in near.found])
    start = time.perf_counter()
    nearest(history, Sought(queries, REACH, MOST))
    together = time.perf_counter() - start
    (folder / "hunt.json").write_text(json.dumps(found))
    return {
        "first_s": round(took[0], 2),
        "median_s": round(float(np.median(took)), 2),
        "most_s": round(max(took), 2),
        "all_20_at_once_s": round(together, 2),
        "idle_mb": idle,
    }


def peer(folder: Path, bodies: int) -> dict[str, Any]:
    """Brute force over all of them in memory."""
    rows = np.empty((bodies, DESCRIPTOR_SIZE), dtype=np.float32)
    place = 0
    for batch in made_up(bodies):
        rows[place : place + len(batch)] = batch
        place += len(batch)
    name, search = brute_force(rows)
    queries, took, found = sought(), [], []
    for query in queries:
        start = time.perf_counter()
        order, far = search(query)
        took.append(time.perf_counter() - start)
        found.append([[int(k), round(float(d), 4)] for k, d in zip(order, far, strict=True) if d <= REACH])
    (folder / "peer.json").write_text(json.dumps(found))
    return {"name": name, "median_s": round(float(np.median(took)), 2), "most_s": round(max(took), 2)}


def brute_force(rows: FloatRows) -> tuple[str, Any]:
    """The name of the peer, and its search: the MOST nearest with their distances."""
    try:
        import faiss
    except ImportError:
        squares = np.einsum("ij,ij->i", rows, rows)

        def in_numpy(query: FloatRows) -> tuple[Any, Any]:
            far = squares - 2 * (rows @ query) + float(query @ query)
            some = np.argpartition(far, MOST)[:MOST]
            some = some[np.lexsort((some, far[some]))]
            return some, distances(rows[some], query[None])[:, 0]

        return "numpy, float32 in memory", in_numpy
    index = faiss.IndexFlatL2(DESCRIPTOR_SIZE)
    index.add(rows)

    def in_faiss(query: FloatRows) -> tuple[Any, Any]:
        far, some = index.search(query[None], MOST)
        return some[0], np.sqrt(far[0])

    return f"faiss {faiss.__version__} IndexFlatL2", in_faiss


def recall(folder: Path) -> dict[str, Any]:
    """Of what brute force gives, how much the hunt gives; what is as far as the last counts as given, since
    distances of float16 may order equals otherwise."""
    ours, theirs = (json.loads((folder / f"{name}.json").read_text()) for name in ("hunt", "peer"))
    given = wanted = copies = 0
    off = 0.0
    for mine, exact in zip(ours, theirs, strict=True):
        known, last = dict(map(tuple, mine)), mine[-1][1] if mine else 0.0
        wanted += len(exact)
        given += sum(number in known or far >= last - 0.001 for number, far in exact)
        off = max([off, *(abs(known[number] - far) for number, far in exact if number in known)])
    for place, mine in enumerate(ours):
        copies += sum(place * COPIES <= number < (place + 1) * COPIES for number, _ in mine)
    return {
        "of_exact": f"{given:,} of {wanted:,}",
        "copies": f"{copies:,} of {QUERIES * COPIES:,}",
        "most_off_by": round(off, 4),
    }


if __name__ == "__main__":
    main()
