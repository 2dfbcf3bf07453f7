"""Peers on the same queries against the same parts: who finds the right one, and in what time."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import trimesh

from benchmarks import calls, lists, parts, peer_parts, stages
from benchmarks.peer_parts import KINDS, MIRROR, Query
from benchmarks.progress import say
from benchmarks.report import Section, Table
from benchmarks.settings import Settings
from partwatch.formats.worker import Task, WorkerPool
from partwatch.model.mesh import Mesh
from partwatch.watchlist.store import Watchlist

CHILD = Path(__file__).parent / "peers_child.py"
# One thread each: CPU time is compared.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
ALIGNED = 0.9
# Untyped as a whole, so that each call of it need not say so.
comparison: Any = importlib.import_module("trimesh.comparison")


@dataclass(frozen=True)
class Answers:
    """One method. ranks: of the right part for each query, from 1, None where it was not named at all.

    offered: parts that it had to choose from. cpu_s: of each query. missing: why there is nothing else here.
    aligned: share of queries laid well on the right part, where that is what the method does.
    """

    method: str
    offered: int
    ranks: tuple[int | None, ...] = ()
    cpu_s: tuple[float, ...] = ()
    missing: str = ""
    aligned: float | None = None

    def recall(self, within: int, of: Sequence[bool] | None = None) -> float:
        """Share of the queries (of those marked) whose right part is among the first `within`."""
        chosen = [rank for k, rank in enumerate(self.ranks) if of is None or of[k]]
        return (
            sum(rank is not None and rank <= within for rank in chosen) / len(chosen)
            if chosen
            else float("nan")
        )


@dataclass(frozen=True)
class Peers:
    """All methods on the same queries. kinds: of each query."""

    source: str
    parts: int
    kinds: tuple[str, ...]
    decoys: int
    answers: tuple[Answers, ...]


def measure(settings: Settings) -> Peers:
    """Every method; those that are not installed say so."""
    source, meshes = peer_parts.candidates(settings)
    queries = peer_parts.queries(meshes, settings.sizes.peer_queries)
    home = lists.of_meshes(settings.cache, "peers", meshes)
    with tempfile.TemporaryDirectory(prefix="partwatch-benchmarks-") as scratch:
        files = _written(queries, Path(scratch))
        say(f"b4: Partwatch on {len(queries)} queries")
        answers = [_partwatch(home, queries, files, len(meshes), settings)]
        say("b4: trimesh")
        answers += _trimesh(meshes, queries, files)
        say("b4: aligners")
        answers += _aligners(home, meshes, queries, settings, Path(scratch))
    kinds = tuple(query.kind for query in queries)
    return Peers(source, len(meshes), kinds, settings.sizes.decoys, tuple(answers))


def section(result: Peers) -> Section:
    """As it is reported."""
    rows = tuple(_row(answers, result) for answers in result.answers)
    ours = result.answers[0]
    columns = (
        "method",
        "chose from",
        "recall@1",
        "recall@5",
        *KINDS,
        "laid well",
        "CPU ms a query, median",
        "all parts, s",
    )
    return Section(
        "4. Beside peers",
        (
            f"Partwatch names the right one of {result.parts} parts first in {ours.recall(1):.1%} of "
            f"{len(result.kinds)} queries, among its first five in {ours.recall(5):.1%}.",
        ),
        (Table(columns, rows),),
        (
            f"The parts: {result.parts} {result.source}. The queries: copies of parts drawn by chance, "
            "moved any way, a quarter each as they are, mirrored, with vertex noise of "
            f"{peer_parts.NOISE_RMS_MM} mm RMS, and decimated to {peer_parts.DECIMATED_TO:.0%}. The "
            "columns by kind are recall@1.",
            "Partwatch and trimesh read each query's STL file and choose from all parts. trimesh's "
            "`identifier_simple` is ranked by distance, each number in its own spread over the parts; "
            "`identifier_hash` names only those of equal hash.",
            "Aligners lay one cloud on another and would need hours for all pairs: each is offered the "
            f"right part and the {result.decoys} others whose descriptors are nearest to it, and ranks "
            "them by how well they lie. None looks for mirror images: they are handed these unmirrored. "
            "Clouds are handed over sampled, the parts' features are made beforehand, and neither is "
            f"counted; each ends in ICP. *Laid well*: {ALIGNED:.0%} of both surfaces' samples within 1.5 "
            "% of the part's diagonal, on the right part. *All parts*: CPU time of a query against every "
            "part, at this rate.",
        ),
    )


def _row(answers: Answers, result: Peers) -> tuple[str, ...]:
    if answers.missing:
        return (answers.method, answers.missing, *("" for _ in range(len(KINDS) + 5)))
    chosen = f"all {answers.offered}" if answers.offered == result.parts else f"{answers.offered}"
    at_5 = f"{answers.recall(5):.1%}" if answers.offered > 5 else "–"
    by_kind = (f"{answers.recall(1, [kind == each for kind in result.kinds]):.0%}" for each in KINDS)
    laid = "" if answers.aligned is None else f"{answers.aligned:.1%}"
    cpu_s = float(np.median(answers.cpu_s))
    times = f"{1e3 * cpu_s:.0f}", f"{cpu_s * result.parts / answers.offered:.2f}"
    return (answers.method, chosen, f"{answers.recall(1):.1%}", at_5, *by_kind, laid, *times)


def _written(queries: Sequence[Query], folder: Path) -> list[Path]:
    paths = []
    for k, query in enumerate(queries):
        paths.append(folder / f"query-{k:04d}.stl")
        paths[-1].write_bytes(parts.stl_of(query.mesh))
    return paths


def _partwatch(
    home: Path, queries: Sequence[Query], files: Sequence[Path], offered: int, settings: Settings
) -> Answers:
    with Watchlist.open(home).snapshot() as snapshot:
        args = calls.setup_args(home, snapshot, settings.as_of)
        with WorkerPool[int](jobs=1, setup=stages.SETUP, setup_args=args) as pool:
            tasks = (Task(stages.SCREEN_TIMED, {"path": str(path)}, k) for k, path in enumerate(files))
            told = {
                done.tag: json.loads(outcome)
                for done, outcome in pool.run(tasks)
                if isinstance(outcome, bytes)
            }
    ranks = tuple(
        _rank(told[k]["parts"], query.key) if k in told else None for k, query in enumerate(queries)
    )
    for query, rank in zip(queries, ranks, strict=True):
        if rank != 1:
            say(f"b4: {query.kind} {query.key} ({len(query.mesh.triangles):,} triangles) ranks {rank}")
    return Answers("Partwatch", offered, ranks, tuple(one["cpu_s"] for one in told.values()))


def _rank(ranking: Sequence[str], key: str) -> int | None:
    return ranking.index(key) + 1 if key in ranking else None


def _trimesh(meshes: Mapping[str, Mesh], queries: Sequence[Query], files: Sequence[Path]) -> list[Answers]:
    keys = list(meshes)
    listed = np.array(
        [_identifier(trimesh.Trimesh(mesh.vertices, mesh.triangles)) for mesh in meshes.values()]
    )
    hashes = np.array([comparison.identifier_hash(row) for row in listed])
    spreads = np.maximum(listed.std(axis=0), 1e-12)
    ranks: tuple[list[int | None], list[int | None]] = ([], [])
    cpu_s = []
    for query, path in zip(queries, files, strict=True):
        start = time.process_time()
        own = _identifier(trimesh.load(path, force="mesh"))
        order = np.argsort(np.linalg.norm((listed - own) / spreads, axis=1), kind="stable")
        equal = hashes[order] == comparison.identifier_hash(own)
        cpu_s.append(time.process_time() - start)
        ranks[0].append(_rank([keys[k] for k in order], query.key))
        ranks[1].append(_rank([keys[k] for k in order[equal]], query.key))
    names = ("trimesh `identifier_simple`", "trimesh `identifier_hash`")
    return [Answers(name, len(keys), tuple(r), tuple(cpu_s)) for name, r in zip(names, ranks, strict=True)]


def _identifier(mesh: Any) -> npt.NDArray[np.float64]:
    return np.asarray(comparison.identifier_simple(mesh), dtype=np.float64)


def _aligners(
    home: Path, meshes: Mapping[str, Mesh], queries: Sequence[Query], settings: Settings, scratch: Path
) -> list[Answers]:
    """Each in the peers' own interpreter."""
    keys = list(meshes)
    offers = _offers(home, keys, queries, settings.sizes.decoys)
    used = sorted({int(part) for offer in offers for part in offer})
    place = {part: k for k, part in enumerate(used)}
    np.savez(
        scratch / "asked.npz",
        parts=np.stack([peer_parts.points(meshes[keys[part]]) for part in used]).astype(np.float32),
        queries=np.stack([_handed(query) for query in queries]).astype(np.float32),
        offers=np.array([[place[int(part)] for part in offer] for offer in offers]),
    )
    command = [settings.peers_python, str(CHILD), str(scratch / "asked.npz"), str(scratch / "told.json")]
    subprocess.run(command, check=True, env=_child_environment(), stdout=subprocess.DEVNULL)
    told = json.loads((scratch / "told.json").read_text("utf-8"))
    return [_aligner_answers(name, one, offers.shape[1]) for name, one in told.items()]


def _child_environment() -> dict[str, str]:
    # Its packages are its own, not those of this interpreter.
    return {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | ONE_THREAD


def _handed(query: Query) -> npt.NDArray[np.float64]:
    cloud = peer_parts.points(query.mesh)
    return cloud @ MIRROR if query.kind == "mirrored" else cloud


def _offers(home: Path, keys: Sequence[str], queries: Sequence[Query], decoys: int) -> npt.NDArray[np.intp]:
    """For each query the look-alikes of its part, then the part itself: a tie counts against the method."""
    with Watchlist.open(home).snapshot() as snapshot:
        row_of = {
            part.name: int(np.flatnonzero(snapshot.part_index == k)[0])
            for k, part in enumerate(snapshot.parts)
        }
        prints = np.array(snapshot.descriptors[[row_of[key] for key in keys]])
    number = {key: k for k, key in enumerate(keys)}
    offers = []
    for query in queries:
        right = number[query.key]
        near = np.argsort(-(prints @ prints[right]), kind="stable")
        offers.append([*near[near != right][:decoys], right])
    return np.array(offers)


def _aligner_answers(name: str, told: Mapping[str, Any], offered: int) -> Answers:
    if told["missing"]:
        return Answers(name, offered, missing=told["missing"])
    coverages = np.array(told["coverages"])
    right = coverages[:, -1]
    ranks = 1 + (coverages[:, :-1] >= right[:, None]).sum(axis=1)
    # What does not lie at all was not found, whatever its rank.
    found = tuple(int(rank) if own > 0 else None for rank, own in zip(ranks, right, strict=True))
    return Answers(name, offered, found, tuple(told["cpu_s"]), aligned=float((right >= ALIGNED).mean()))
