"""How far apart the fingerprints of what screening finds lie: what a hunt may pass over, and what it may say.

`python -m benchmarks.hunt_rates --corpus DIR --out FILE.npz`: some parts of a corpus are listed; all of it,
and changed copies of the listed ones, are screened against that list as `screen` does. For each body and part
the distances of their fingerprints are kept with what was found. `--table FILE.npz` prints what
`partwatch.history.rates` holds."""

from __future__ import annotations

import argparse
import json
import tempfile
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any, Final
from zlib import crc32

import numpy as np
import numpy.typing as npt

from benchmarks.progress import say
from partwatch.curation.changes import moved
from partwatch.curation.corpus import CorpusFile, listed_parts, read_corpus
from partwatch.curation.trial import TRIALS, part_in_mm, written
from partwatch.fingerprint.cloud import radius_of
from partwatch.fingerprint.descriptor import COARSE_SIZE, DESCRIPTOR_SIZE
from partwatch.formats.base import ReadLimits
from partwatch.formats.worker import Limits, Task, WorkerPool
from partwatch.model.errors import PartwatchError
from partwatch.screening.answer import Answer
from partwatch.screening.job import SETUP
from partwatch.screening.terms import terms_of
from partwatch.watchlist.enrol import enrol
from partwatch.watchlist.manifest import Design, DesignPart
from partwatch.watchlist.snapshot import Snapshot
from partwatch.watchlist.store import Watchlist

SCREEN: Final = "partwatch.screening.job:screen_file"
# Changes of which a copy may still be the part.
CHANGES: Final = (
    "mirror", "unit inch", "noise", "subdivided", "remeshed", "decimated 70%", "decimated 50%",
    "decimated 30%", "decimated 15%",
)  # fmt: skip
AS_OF: Final = "2026-01-01"
COLUMNS: Final = ("part", "d2", "ppf", "both", "ratio", "finding", "relation", "kind", "same_file", "body")
_KEPT_BELOW: Final = 1.3
EDGES: Final = (0.0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.125, 0.15, 0.2, 0.25, 0.3, 0.35)
# Of the same size up to what printers compensate, and what sampling adds.
OWN_SIZE: Final = 0.03


@dataclass(frozen=True)
class Job:
    """A file to screen. kind: of the change, `as it is` without one."""

    path: Path
    kind: str
    sha256: str


def main() -> None:
    """Measure, or print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--table", type=Path)
    parser.add_argument("--parts", type=int, default=200)
    parser.add_argument("--changed", type=int, default=60)
    options = parser.parse_args()
    if options.table:
        print(json.dumps(tabled(dict(np.load(options.table))), indent=1))
        return
    files = listed_parts(read_corpus(options.corpus))
    with tempfile.TemporaryDirectory() as folder:
        rows = list(measured(Path(folder), files, options.parts, options.changed))
    np.savez(
        options.out, allow_pickle=False, **{name: np.array([row[name] for row in rows]) for name in COLUMNS}
    )
    say(f"{len(rows):,} pairs: {options.out}")


def measured(folder: Path, files: list[CorpusFile], parts: int, changed: int) -> Iterator[dict[str, Any]]:
    """Every pair of a body and a part that are near, or that screening finds."""
    chance = np.random.default_rng(51)
    order = chance.permutation(len(files))
    chosen = [files[k] for k in order[:parts]]
    listed(folder, chosen)
    jobs = [Job(file.path, "as it is", file.sha256) for file in files]
    jobs += list(copies(folder, chosen[:changed]))
    with Watchlist.open(folder).snapshot() as snapshot:
        setup = {
            "home": str(folder), "snapshot_key": snapshot.key, "as_of": AS_OF, "limits": asdict(ReadLimits()),
            "terms": terms_of(folder, None, None).told(), "pieces": False, "prints": True,
        }  # fmt: skip
        with WorkerPool[Job](1, Limits(timeout_s=120), SETUP, setup) as pool:
            tasks = (Task(SCREEN, {"path": str(job.path), "chain": []}, job) for job in jobs)
            for number, (task, outcome) in enumerate(pool.run(tasks)):
                if number % 50 == 0:
                    say(f"{number:,} of {len(jobs):,}")
                if isinstance(outcome, bytes):
                    yield from pairs(snapshot, task.tag, Answer.model_validate_json(outcome))


def listed(home: Path, chosen: list[CorpusFile]) -> None:
    """A list of these, a design each; those that cannot be read are left out."""
    designs = [
        Design(
            f"d{k}", "benchmark", "a benchmark", date(2030, 1, 1), None, (DesignPart("p", file.path),),
            Path("made"),
        )
        for k, file in enumerate(chosen)
    ]  # fmt: skip
    Watchlist.open(home, create=True).add(enrol(designs, 1, skipped=say))


def copies(folder: Path, chosen: list[CorpusFile]) -> Iterator[Job]:
    """Changed copies of listed parts."""
    for file in chosen:
        for kind in CHANGES:
            chance = np.random.default_rng(crc32(f"{kind}:{file.path.name}".encode()))
            try:
                shape = TRIALS[kind].shape(part_in_mm(file.path), chance)
            except (PartwatchError, ValueError):
                continue
            if shape is None or len(shape.triangles) == 0:
                continue
            path = folder / f"{file.sha256[:16]}-{crc32(kind.encode())}.stl"
            path.write_bytes(written(moved(shape, chance), "stl"))
            yield Job(path, kind, "")


def pairs(snapshot: Snapshot, job: Job, answer: Answer) -> Iterator[dict[str, Any]]:
    """Of one screened file."""
    descriptors, part_of = np.asarray(snapshot.descriptors), np.asarray(snapshot.part_index)
    index = {(part.design, part.name): part.index for part in snapshot.parts}
    of_body = {body.index: body for body in answer.item.bodies}
    radii = _radii(snapshot)
    for one in answer.prints:
        row = np.frombuffer(b64decode(one.descriptor), "<f4")
        found = {index[match.design, match.part]: match for match in of_body[one.body].matches}
        d2, ppf, both = distances(descriptors, row)
        for part in range(len(snapshot.parts)):
            mine = part_of == part
            nearest = int(np.argmin(np.where(mine, both, 9)))
            match = found.get(part)
            if match is None and both[nearest] > _KEPT_BELOW:
                continue
            yield {
                "part": part, "d2": d2[mine].min(), "ppf": ppf[mine].min(), "both": both[nearest],
                "ratio": one.radius_mm / radii[nearest],
                "finding": match.finding.value if match else "none",
                "relation": match.relation.value if match else "",
                "kind": job.kind, "same_file": bool(job.sha256 == snapshot.parts[part].sha256),
                "body": f"{job.path.name}:{one.body}",
            }  # fmt: skip


_known_radii: dict[str, npt.NDArray[np.float64]] = {}


def _radii(snapshot: Snapshot) -> npt.NDArray[np.float64]:
    if snapshot.key not in _known_radii:
        rows = range(len(snapshot.part_index))
        _known_radii[snapshot.key] = np.array([radius_of(snapshot.cloud(row)) for row in rows])
    return _known_radii[snapshot.key]


def distances(rows: npt.NDArray[np.float32], one: npt.NDArray[np.float32]) -> Any:
    """Of descriptors (n, D) to one: by D2, by point pairs, by both."""
    squares = (rows - one) ** 2
    d2, ppf = squares[:, :COARSE_SIZE].sum(axis=1), squares[:, COARSE_SIZE:].sum(axis=1)
    assert rows.shape[1] == DESCRIPTOR_SIZE
    return np.sqrt(d2), np.sqrt(ppf), np.sqrt(d2 + ppf)


def tabled(found: dict[str, npt.NDArray[Any]]) -> dict[str, Any]:
    """By distance: pairs of other files than the listed one, and those that screening finds; the interval by
    drawing listed parts anew, since what looks like one part is no separate witness. And of all pairs of a
    file and a part that are found, how far the nearest body of the file is."""
    is_found = np.isin(found["finding"], ["match", "review"])
    other = (found["kind"] == "as it is") & ~found["same_file"]
    own_size = np.abs(found["ratio"] - 1) <= OWN_SIZE
    rows = []
    for size, of_size in (("own", own_size), ("other", ~own_size)):
        for low, high in pairwise(EDGES):
            here = other & of_size & (found["both"] >= low) & (found["both"] < high)
            interval = by_parts(found["part"][here], is_found[here])
            rows.append([size, low, high, int(is_found[here].sum()), int(here.sum()), *interval])
    return {"rates": rows, "nearest": nearest_bodies(found, is_found)}


def by_parts(part: npt.NDArray[Any], is_found: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """The 95 % interval of a share, by drawing parts with replacement."""
    names, place = np.unique(part, return_inverse=True)
    if not len(names):
        return 0.0, 1.0
    pairs = np.bincount(place, minlength=len(names))
    hits = np.bincount(place, is_found, minlength=len(names))
    chance = np.random.default_rng(51)
    drawn = chance.integers(0, len(names), (4000, len(names)))
    shares = hits[drawn].sum(axis=1) / pairs[drawn].sum(axis=1)
    low, high = np.quantile(shares, [0.025, 0.975])
    # Where all parts agree drawing says nothing: what so many parts can rule out.
    bound = 0.05 ** (1 / len(names))
    low = min(low, bound) if is_found.all() else low
    high = max(high, 1 - bound) if not is_found.any() else high
    return round(float(low), 4), round(float(high), 4)


def nearest_bodies(found: dict[str, npt.NDArray[Any]], is_found: npt.NDArray[np.bool_]) -> list[list[float]]:
    """(distance, pairs of a file and a part that lie farther, of so many that screening finds)."""
    nearest: dict[tuple[str, ...], float] = {}
    finds: set[tuple[str, ...]] = set()
    for row in range(len(is_found)):
        if found["same_file"][row]:
            continue
        file = str(found["body"][row]).rpartition(":")[0]
        key = (file, str(found["kind"][row]), str(found["part"][row]))
        nearest[key] = min(nearest.get(key, 9.0), float(found["both"][row]))
        if is_found[row]:
            finds.add(key)
    far = np.array([nearest[key] for key in finds])
    return [[edge, int((far > edge).sum()), len(far)] for edge in EDGES[1:]]


if __name__ == "__main__":
    main()
