"""How well near-copies of what was held are told, and how often benign things are taken for them.

    python -m benchmarks.near_copies --corpus DIR [--parts 120] [--seed 1]

Takes parts of the corpus, at most six of a project, changes each in the ways that `evaluate` does, and asks
at each likeness how many changed parts are near-copies of their own part, and how many pairs of parts of
different projects are near-copies of each other.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.progress import say
from partwatch import formats
from partwatch.curation.corpus import CorpusFile, listed_parts, read_corpus
from partwatch.curation.disguises import GROUPS, disguised
from partwatch.fingerprint import describe, sample_surface
from partwatch.formats import ReadLimits
from partwatch.geometry.bodies import split_bodies
from partwatch.model.errors import PartwatchError
from partwatch.model.mesh import Mesh
from partwatch.service.near_copies import like

LIKENESSES = (0.10, 0.15, 0.20, 0.25, 0.30, 0.35, 0.40, 0.50)
MOST_OF_A_PROJECT = 6
MOST_TRIANGLES = 60_000
SCALES = (0.5, 0.97, 1.03, 2.0)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--parts", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    parts = list(_bodies(asked.corpus, asked.parts, asked.seed))
    say(f"{len(parts)} parts")
    own = [_print(mesh) for _, mesh in parts]
    told_changes(parts, own, asked.seed)
    told_others([project for project, _ in parts], own)
    return 0


def told_changes(parts: list[tuple[str, Mesh]], own: list[tuple[np.ndarray, float]], seed: int) -> None:
    """Print, by kind of change, the share that is a near-copy at each likeness."""
    rng = np.random.default_rng(seed)
    print(f"{'changed parts that are near-copies':38s} {'n':>4s}", *(f"{x:6.2f}" for x in LIKENESSES))
    for name in ("rescaled", *(kind for group in GROUPS.values() for kind in group)):
        near, count = np.zeros(len(LIKENESSES)), 0
        for number, (_, mesh) in enumerate(parts):
            others = [parts[int(k)][1] for k in rng.permutation(len(parts))[:2]]
            changed = _changed(name, mesh, rng, others)
            if changed is None:
                continue
            near += _are_like(_print(changed), own[number])
            count += 1
        print(f"{name:38s} {count:4d}", *(f"{x:6.2f}" for x in near / max(count, 1)))
        say(name)


def told_others(projects: list[str], own: list[tuple[np.ndarray, float]]) -> None:
    """Print the share of pairs of different projects that are near-copies at each likeness, and how many
    parts have at least one."""
    near, pairs = np.zeros(len(LIKENESSES)), 0
    with_any = [Counter[int]() for _ in LIKENESSES]
    for a in range(len(own)):
        for b in range(a):
            if projects[a] == projects[b]:
                continue
            hits = _are_like(own[a], own[b])
            near, pairs = near + hits, pairs + 1
            for place in np.flatnonzero(hits):
                with_any[place].update((a, b))
    print(
        f"{'pairs of different projects, per 10,000':38s} {pairs:4d}",
        *(f"{x:6.1f}" for x in near / pairs * 1e4),
    )
    print(f"{'parts that have one':38s} {len(own):4d}", *(f"{len(one) / len(own):6.2f}" for one in with_any))
    # What withholds: three held things of one customer.
    print(f"{'parts that have three':38s} {len(own):4d}",
          *(f"{sum(n >= 3 for n in one.values()) / len(own):6.2f}" for one in with_any))  # fmt: skip


def _are_like(one: tuple[np.ndarray, float], other: tuple[np.ndarray, float]) -> np.ndarray:
    """(likenesses,): whether they are near-copies at each."""
    ours, theirs = one[0][None], other[0][None]
    radii = np.array([one[1]]), np.array([other[1]])
    return np.array([like(ours, radii[0], theirs, radii[1], x)[0, 0] for x in LIKENESSES])


def _changed(name: str, mesh: Mesh, rng: np.random.Generator, others: list[Mesh]) -> Mesh | None:
    if name == "rescaled":
        return Mesh(mesh.vertices * rng.choice(SCALES), mesh.triangles)
    made = disguised(name, mesh, rng, others)
    return None if made is None else made.mesh


def _print(mesh: Mesh) -> tuple[np.ndarray, float]:
    surface = sample_surface(mesh)
    return describe(surface).astype(np.float32), surface.radius


def _bodies(corpus: Path, most: int, seed: int) -> Iterator[tuple[str, Mesh]]:
    """The largest body of each of so many files, with its project."""
    files: list[CorpusFile] = listed_parts(read_corpus(corpus))
    of_project: Counter[str] = Counter()
    found = 0
    for place in np.random.default_rng(seed).permutation(len(files)):
        file = files[int(place)]
        if found == most:
            return
        if of_project[file.project] >= MOST_OF_A_PROJECT:
            continue
        try:
            shapes = formats.read(file.path.read_bytes(), ReadLimits()).shapes
        except PartwatchError:
            continue
        solids = [solid for shape in shapes for solid in split_bodies(shape.mesh, shape.name)]
        solids = [one for one in solids if 50 < len(one.mesh.triangles) < MOST_TRIANGLES]
        if not solids:
            continue
        mesh = max(solids, key=lambda one: float(np.linalg.norm(one.mesh.extents))).mesh
        if np.linalg.norm(mesh.extents) >= 10:
            of_project[file.project] += 1
            found += 1
            yield file.project, mesh


if __name__ == "__main__":
    sys.exit(main())
