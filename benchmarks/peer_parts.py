"""What all peers are asked: the same candidate parts, the same changed copies of them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks import parts
from benchmarks.settings import Settings
from partwatch.curation.corpus import CorpusFile, listed_parts
from partwatch.fingerprint import sample_surface
from partwatch.formats import read
from partwatch.geometry.bodies import split_bodies
from partwatch.model.errors import UnreadableError
from partwatch.model.mesh import FloatArray, Mesh

LEAST_TRIANGLES, MOST_TRIANGLES = 100, 60_000
LEAST_DIAGONAL_MM = 50.0
NOISE_RMS_MM = 0.05
DECIMATED_TO = 0.3
MIRROR = np.diag([1.0, 1.0, -1.0])


@dataclass(frozen=True, eq=False)
class Query:
    """A changed copy of the candidate of that key."""

    kind: str
    key: str
    mesh: Mesh


def candidates(settings: Settings) -> tuple[str, dict[str, Mesh]]:
    """In words, and by key: single closed bodies of the corpus by chance, else generated parts."""
    wanted = settings.sizes.peer_parts
    if not settings.corpus:
        return "generated parts", {f"part {seed:04d}": parts.part(seed) for seed in range(wanted)}
    found: dict[str, Mesh] = {}
    for mesh in _corpus_meshes(settings.corpus):
        if len(found) == wanted:
            break
        found[f"part {len(found):04d}"] = mesh
    return "single closed bodies from the corpus' present files", found


def queries(meshes: dict[str, Mesh], count: int) -> list[Query]:
    """Changed copies of parts drawn by chance, each kind in turn, each moved any way."""
    rng = np.random.default_rng(11)
    keys = list(meshes)
    made = []
    for k in range(count):
        key = keys[int(rng.integers(len(keys)))]
        kind = list(_CHANGES)[k % len(_CHANGES)]
        changed = _CHANGES[kind](meshes[key], rng)
        made.append(Query(kind, key, parts.moved(changed, parts.any_motion(rng))))
    return made


def points(mesh: Mesh) -> FloatArray:
    """(8192, 3) even by area."""
    return sample_surface(mesh).raw


def _corpus_meshes(files: Sequence[CorpusFile]) -> Iterator[Mesh]:
    present = [
        file for file in listed_parts(list(files)) if "head" in file.path.parts and file.path.suffix == ".stl"
    ]
    seen = set()
    for k in np.random.default_rng(12).permutation(len(present)):
        file = present[k]
        if file.geometry in seen:
            continue
        seen.add(file.geometry)
        try:
            reading = read(file.path.read_bytes())
        except UnreadableError:
            continue
        solids = [solid for shape in reading.shapes for solid in split_bodies(shape.mesh)]
        if len(solids) == 1 and solids[0].closed and _is_fair(solids[0].mesh):
            yield solids[0].mesh


def _is_fair(mesh: Mesh) -> bool:
    """Detailed enough to be told apart, large enough for noise of a twentieth of a millimetre."""
    return (
        LEAST_TRIANGLES <= len(mesh.triangles) <= MOST_TRIANGLES
        and float(np.linalg.norm(mesh.extents)) >= LEAST_DIAGONAL_MM
    )


def _unchanged(mesh: Mesh, rng: np.random.Generator) -> Mesh:
    return mesh


def _mirrored(mesh: Mesh, rng: np.random.Generator) -> Mesh:
    return parts.moved(mesh, np.concatenate([MIRROR, np.zeros((3, 1))], axis=1))


def _noisy(mesh: Mesh, rng: np.random.Generator) -> Mesh:
    shifts = rng.normal(0, NOISE_RMS_MM / np.sqrt(3), mesh.vertices.shape)
    return Mesh(mesh.vertices + shifts, mesh.triangles)


def _decimated(mesh: Mesh, rng: np.random.Generator) -> Mesh:
    simplify = importlib.import_module("fast_simplification").simplify
    vertices, triangles = simplify(
        mesh.vertices.astype(np.float32), mesh.triangles, target_reduction=1 - DECIMATED_TO
    )
    return Mesh(vertices.astype(np.float64), np.ascontiguousarray(triangles, dtype=np.int32))


_CHANGES: dict[str, Callable[[Mesh, np.random.Generator], Mesh]] = {
    "rotated": _unchanged,
    "mirrored": _mirrored,
    "noisy": _noisy,
    "decimated": _decimated,
}
KINDS = tuple(_CHANGES)
