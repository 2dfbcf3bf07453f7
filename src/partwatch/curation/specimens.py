"""Specimens: a file as a whole and each of its larger bodies, as they are compared with those of others.

Each reading of a file is kept in one uncompressed `.npz` of plain arrays in a folder of the run, named after
the file's bytes: whatever is read twice is kept once, and meshes are read again only where they are needed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from partwatch.fingerprint import CLOUD_SIZE, DESCRIPTOR_SIZE, describe, distinctiveness, sample_surface
from partwatch.fingerprint.cloud import cloud_of
from partwatch.geometry.bodies import Solid, merge
from partwatch.geometry.clean import signed_volume, triangle_areas
from partwatch.model.mesh import FloatArray, Mesh

# Bodies of one file that are compared on their own, the largest, and the least share of its surface for it.
MOST_BODIES = 24
LEAST_SHARE = 0.02
# Coordinates are compared in steps of this share of the size, a power of two so that rounding cannot move it.
STEP_BITS = 12
# Less distinct shapes are everywhere: they are kin only if they come of one export.
PLAIN = 0.3
# Fewer facets than this say little but by their size: such shapes are kin only where they are the same in it.
FEW_TRIANGLES = 16
# Least distinctiveness of what may be known again in another size than its own or one that units explain.
SCALED_DISTINCT = 0.6

FACTS = 9

Digest = bytes


@dataclass(frozen=True, eq=False)
class Specimens:
    """Those of one reading, the whole first; then, where there are several, its bodies, largest first.

    facts: (n, FACTS), numbers by the column that a property below names. descriptors: (n, DESCRIPTOR_SIZE).
    placed: (n,) digests of the triangles in mm, the same for one export of one thing wherever it was put.
    """

    facts: FloatArray
    descriptors: npt.NDArray[np.float32]
    placed: tuple[Digest, ...]

    @property
    def area(self) -> FloatArray:
        """(n,) in square millimetres."""
        return self.facts[:, 0]

    @property
    def volume(self) -> FloatArray:
        """(n,) in cubic millimetres, negative where wound inside out; means little where not closed."""
        return self.facts[:, 1]

    @property
    def radius(self) -> FloatArray:
        """(n,) root mean square distance from the middle, in millimetres."""
        return self.facts[:, 2]

    @property
    def distinct(self) -> FloatArray:
        """(n,) distinctiveness, 0 to 1."""
        return self.facts[:, 3]

    @property
    def extents(self) -> FloatArray:
        """(n, 3) in millimetres."""
        return self.facts[:, 4:7]

    @property
    def closed(self) -> npt.NDArray[np.bool_]:
        """(n,) whether the surface encloses a volume."""
        return np.asarray(self.facts[:, 7] > 0)

    @property
    def triangles(self) -> npt.NDArray[np.int64]:
        """(n,)."""
        return self.facts[:, 8].astype(np.int64)

    def __len__(self) -> int:
        return len(self.area)

    def is_plain(self, row: int) -> bool:
        """Whether a specimen is so plain that its shape alone says nothing of where it comes from."""
        return bool(self.distinct[row] < PLAIN)

    def is_simple(self, row: int) -> bool:
        """Whether a specimen has so few facets that only the same shape in the same size is kin to it."""
        return bool(self.facts[row, 8] < FEW_TRIANGLES)

    def is_known_scaled(self, row: int) -> bool:
        """Whether a specimen can be known again in any size."""
        return bool(self.distinct[row] >= SCALED_DISTINCT) and not self.is_simple(row)

    def alike(self, a: int, b: int) -> float:
        """Similarity of two descriptors, 2 for the same."""
        return float(self.descriptors[a] @ self.descriptors[b])


@dataclass(frozen=True, eq=False)
class Shown:
    """What alignment needs of one specimen, in millimetres about the middle of its box: mesh and cloud."""

    mesh: Mesh
    cloud: npt.NDArray[np.float32]


def write_specimens(path: Path, solids: Sequence[Solid], mm_per_unit: float) -> None:
    """Keep a reading's specimens; a file that is there already is left, for it holds the same.

    solids: of one reading, in its unit.
    """
    if path.exists():
        return
    entries = [entry for each in _chosen(solids, mm_per_unit) if (entry := _entry(*each)) is not None]
    # Any: numpy's own word for these keywords takes them for its options.
    arrays: dict[str, Any] = {
        "descriptors": _stacked([e["descriptor"] for e in entries], (DESCRIPTOR_SIZE,), np.float32),
        "clouds": _stacked([e["cloud"] for e in entries], (CLOUD_SIZE, 6), np.float32),
        "facts": _stacked([e["facts"] for e in entries], (FACTS,), np.float64),
        "placed": _stacked([e["placed"] for e in entries], (32,), np.uint8),
    }
    for k, entry in enumerate(entries):
        arrays[f"v{k}"] = entry["vertices"]
        arrays[f"t{k}"] = entry["triangles"]
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("wb") as file:
        np.savez(file, **arrays)
    temporary.replace(path)


def read_specimens(path: Path) -> Specimens:
    """The numbers of a reading, without its meshes. ValueError or OSError where it is damaged or gone."""
    with _opened(path) as kept:
        facts = _shaped(kept["facts"], (FACTS,), np.float64)
        placed = _shaped(kept["placed"], (32,), np.uint8)
        descriptors = _shaped(kept["descriptors"], (DESCRIPTOR_SIZE,), np.float32)
    sound = np.isfinite(descriptors).all() and np.isfinite(facts).all()
    if not (sound and len(facts) == len(placed) == len(descriptors)):
        raise ValueError(f"{path.name}: its arrays do not fit together")
    return Specimens(facts, descriptors, tuple(row.tobytes() for row in placed))


@contextmanager
def _opened(path: Path) -> Iterator[Mapping[str, npt.NDArray[Any]]]:
    """The arrays of a kept file, plain numbers only."""
    with path.open("rb") as file:
        try:
            with np.load(file, allow_pickle=False) as kept:
                yield kept
        except (BadZipFile, KeyError, EOFError) as error:
            raise ValueError(f"{path.name}: damaged ({error})") from error


def read_shown(path: Path, number: int) -> Shown:
    """One specimen of a reading, ready to be laid on others."""
    with _opened(path) as kept:
        vertices = _shaped(kept[f"v{number}"], (3,), np.float32).astype(np.float64)
        triangles = _shaped(kept[f"t{number}"], (3,), np.int32)
        cloud = kept["clouds"][number]
    return Shown(Mesh(np.ascontiguousarray(vertices), np.ascontiguousarray(triangles)), cloud)


def _chosen(solids: Sequence[Solid], mm: float) -> list[tuple[Mesh, bool, Digest]]:
    """Meshes in millimetres, whether closed, and digests: the whole, then the larger bodies, each once."""
    usable = [solid for solid in solids if len(solid.mesh.triangles) and solid.mesh.extents.max() > 0]
    meshes = [Mesh(solid.mesh.vertices * mm, solid.mesh.triangles) for solid in usable]
    if len(meshes) < 2:
        return [(mesh, usable[0].closed, placed_digest(mesh)) for mesh in meshes]
    areas = np.array([triangle_areas(mesh).sum() for mesh in meshes])
    groups: dict[Digest, list[int]] = {}
    for k in np.argsort(-areas, kind="stable"):
        groups.setdefault(placed_digest(meshes[k]), []).append(int(k))
    large = [
        (meshes[same[0]], usable[same[0]].closed, digest)
        for digest, same in groups.items()
        if len(same) * areas[same[0]] >= LEAST_SHARE * areas.sum()
    ]
    whole = merge(meshes)
    closed = all(solid.closed for solid in usable)
    return [(whole, closed, placed_digest(whole)), *large[:MOST_BODIES]]


def _entry(mesh: Mesh, closed: bool, placed: Digest) -> dict[str, Any] | None:
    try:
        surface = sample_surface(mesh)
    except ValueError:
        return None
    low, high = mesh.bounds
    middle = (low + high) / 2
    cloud = cloud_of(surface)
    cloud[:, :3] = surface.points[:CLOUD_SIZE] - middle
    facts = [
        surface.area, signed_volume(mesh), surface.radius, distinctiveness(surface),
        *mesh.extents, closed, len(mesh.triangles),
    ]  # fmt: skip
    return {
        "descriptor": describe(surface),
        "cloud": cloud,
        "facts": np.array(facts),
        "placed": np.frombuffer(placed, dtype=np.uint8),
        "vertices": (mesh.vertices - middle).astype(np.float32),
        "triangles": mesh.triangles,
    }


def placed_digest(mesh: Mesh) -> Digest:
    """SHA-256 of the triangles' corners, in any order, wherever the mesh lies; lengths in its unit count."""
    low, high = mesh.bounds
    size = float((high - low).max())
    step = 2.0 ** (np.floor(np.log2(size)) - STEP_BITS) if size > 0 else 1.0
    # Off the grid by an odd share, so that round coordinates do not fall on a step.
    steps = np.floor((mesh.vertices - low) / step + 0.31).astype(np.int64)
    _, number = np.unique(steps, axis=0, return_inverse=True)
    corners = np.sort(number.reshape(-1)[mesh.triangles], axis=1)
    corners = corners[np.lexsort(corners.T[::-1])]
    places = np.unique(steps, axis=0)
    return hashlib.sha256(
        repr(step).encode() + places.tobytes() + corners.astype(np.int64).tobytes()
    ).digest()


def _stacked(rows: list[Any], shape: tuple[int, ...], dtype: type) -> npt.NDArray[Any]:
    return np.stack(rows).astype(dtype) if rows else np.zeros((0, *shape), dtype=dtype)


def _shaped(array: npt.NDArray[Any], row: tuple[int, ...], dtype: type) -> npt.NDArray[Any]:
    if array.shape[1:] != row or array.dtype != dtype:
        raise ValueError(f"holds rows of {array.shape[1:]} {array.dtype}")
    return array
