"""Makes the codebook of local features: `python -m partwatch.curation.vocabulary CORPUS OUT.npz`.

Whoever ships another one makes every list's features stale: it belongs to a new version of the program.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from partwatch import kernel
from partwatch.curation.corpus import listed_parts, read_corpus
from partwatch.curation.trial import part_in_mm
from partwatch.fingerprint.local import MOST_OF_PART, PART_RADII, described, octaves
from partwatch.model.errors import UnreadableError
from partwatch.model.mesh import Mesh

CELLS = 512
TRAINED_ON = 20_000
ROUNDS = 8
# Codes reach the ends of int8 for all but this share of the numbers.
CLIPPED = 0.0005

Tables = dict[str, npt.NDArray[np.float32]]


def descriptors_of(mesh: Mesh) -> npt.NDArray[np.float32]:
    """(n, LOCAL_SIZE) of a part in millimetres, at all its octaves."""
    found = [
        described(mesh, octave, MOST_OF_PART)[2]
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


def readable(corpus: Path) -> Iterable[tuple[str, Mesh]]:
    """Family and mesh of each part of a corpus; those of one thing are one family."""
    for file in listed_parts(read_corpus(corpus)):
        try:
            yield f"{file.project} {file.thing}", part_in_mm(file.path)
        except UnreadableError:
            continue


def main(corpus: Path, out: Path) -> None:
    """Write the codebook of a corpus."""
    found = [(family, descriptors_of(mesh)) for family, mesh in readable(corpus)]
    names = {family: k for k, family in enumerate(dict.fromkeys(family for family, _ in found))}
    families = np.concatenate([np.full(len(rows), names[family]) for family, rows in found])
    np.savez_compressed(
        out, allow_pickle=False, **codebook_from(np.concatenate([r for _, r in found]), families)
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
