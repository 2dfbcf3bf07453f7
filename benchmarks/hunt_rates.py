"""How far apart the fingerprints of what screening finds lie: what a hunt may pass over, and what it may say.

`python -m benchmarks.hunt_rates --corpus DIR --out FILE.npz`: some parts of a corpus are listed; all of it, and
changed copies of the listed ones, are screened against that list as `screen` does. For each body and part the
distances of their fingerprints are kept with what was found. `--table FILE.npz` prints what
`partwatch.history.rates` holds.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final
from zlib import crc32

import numpy as np
import numpy.typing as npt

from benchmarks.progress import say
from partwatch.curation.corpus import CorpusFile, listed_parts, read_corpus
from partwatch.curation.trial import TRIALS, part_in_mm, written
from partwatch.curation.changes import moved
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
    np.savez(options.out, **{name: np.array([row[name] for row in rows]) for name in COLUMNS})
    say(f"{len(rows):,} pairs: {options.out}")


def measured(
    folder: Path, files: list[CorpusFile], parts: int, changed: int
) -> Iterator[dict[str, Any]]:
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
    """By distance: pairs, and those that screening finds."""
    raise NotImplementedError


if __name__ == "__main__":
    main()
