"""Makes the codebook of local features: `python -m partwatch.curation.vocabulary CORPUS OUT.npz`.

Whoever ships another one makes every list's features stale: it belongs to a new version of the program.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from partwatch import kernel
from partwatch.curation.corpus import CorpusFile, listed_parts, read_corpus
from partwatch.curation.families import families_of
from partwatch.curation.trial import part_in_mm
from partwatch.fingerprint import describe, sample_surface
from partwatch.fingerprint.local import MOST_OF_PART, PART_RADII, described, octaves, sheets_of
from partwatch.geometry.clean import weld
from partwatch.model.errors import UnreadableError
from partwatch.model.mesh import Mesh

CELLS = 1024
TRAINED_ON = 40_000
ROUNDS = 8
# Parts of a family that count.
A_FAMILY = 3
# Codes reach the ends of int8 for all but this share of the numbers.
CLIPPED = 0.0005

Tables = dict[str, npt.NDArray[np.float32]]


def descriptors_of(mesh: Mesh) -> npt.NDArray[np.float32]:
    """(n, LOCAL_SIZE) of a part in millimetres, welded, at all its octaves."""
    sheets = sheets_of(mesh)
    found = [
        described(mesh, sheets, octave, MOST_OF_PART)[2]
        for octave in octaves(float(np.linalg.norm(mesh.extents)), PART_RADII)
    ]
    return np.concatenate(found) if found else np.zeros((0, kernel.LOCAL_SIZE), dtype=np.float32)


def codebook_from(
    descriptors: npt.NDArray[np.float32], families: npt.NDArray[np.int_], seed: int = 0
) -> Tables:
    """The tables of a `Codebook`. descriptors: (n, LOCAL_SIZE). families: (n,), whose each is.

    Principal components, k-means on codes, and of each cell the share of families that have something in it.
    """
    from scipy.cluster.vq import kmeans2

    mean = descriptors.mean(axis=0)
    _, _, axes = np.linalg.svd(descriptors - mean, full_matrices=False)
    basis = axes[: kernel.CODE_SIZE].T
    # Which way an axis points is the solver's choice: the largest component is made positive.
    basis = basis * np.sign(basis[np.abs(basis).argmax(axis=0), np.arange(basis.shape[1])])
    basis = basis * 127 / np.quantile(np.abs((descriptors - mean) @ basis), 1 - CLIPPED)
    codes = np.clip(np.rint((descriptors - mean) @ basis), -127, 127).astype(np.float32)
    some = np.random.default_rng(seed).permutation(len(codes))[:TRAINED_ON]
    centroids, _ = kmeans2(codes[some], min(CELLS, len(some) // 8), minit="++", seed=seed, iter=ROUNDS)
    cell = ((centroids**2).sum(axis=1) - 2 * codes @ centroids.T).argmin(axis=1)
    count = len(np.unique(families))
    share = [(len(np.unique(families[cell == k])) + 0.5) / (count + 1) for k in range(len(centroids))]
    tables = {"mean": mean, "basis": basis, "centroids": centroids, "rarity": -np.log2(share)}
    return {name: np.asarray(table, dtype=np.float32) for name, table in tables.items()}


@dataclass(frozen=True, eq=False)
class Known:
    """A part of a corpus: what its family is told by, and (n, LOCAL_SIZE) descriptors."""

    project: str
    geometry: str
    whole: npt.NDArray[np.float32]
    radius_mm: float
    local: npt.NDArray[np.float32]


def known(file: CorpusFile) -> Known | None:
    """None where it cannot be read or has no extent."""
    try:
        mesh = weld(part_in_mm(file.path))
        surface = sample_surface(mesh)
    except (UnreadableError, ValueError):
        return None
    return Known(file.project, file.geometry, describe(surface), surface.radius, descriptors_of(mesh))


def of_families(parts: Sequence[Known]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int_]]:
    """Descriptors of at most A_FAMILY parts of each family, and the family of each descriptor: a catalogue
    of one design in forty sizes is no witness of what is common."""
    projects = sorted({part.project for part in parts})
    families = families_of(
        np.array([part.whole for part in parts]),
        np.array([part.radius_mm for part in parts]),
        np.array([projects.index(part.project) for part in parts], dtype=np.int32),
        [part.geometry for part in parts],
    )
    rank = [int((families[:k] == families[k]).sum()) for k in range(len(parts))]
    kept = [k for k in range(len(parts)) if rank[k] < A_FAMILY]
    rows = np.concatenate([parts[k].local for k in kept])
    return rows, np.concatenate([np.full(len(parts[k].local), families[k]) for k in kept])


def main(corpus: Path, out: Path) -> None:
    """Write the codebook of a corpus."""
    parts = [part for file in listed_parts(read_corpus(corpus)) if (part := known(file)) is not None]
    np.savez_compressed(out, allow_pickle=False, **codebook_from(*of_families(parts)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
