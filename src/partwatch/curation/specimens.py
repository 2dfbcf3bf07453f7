"""Specimens: a file as a whole and each of its larger bodies, as they are compared with those of others.

Each reading of a file is kept in one uncompressed `.npz` of plain arrays in a folder of the run, named after
the file's bytes: whatever is read twice is kept once, and meshes are read again only where they are needed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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

FACTS = 13

Digest = bytes


@dataclass(frozen=True, eq=False)
class Specimens:
    """Those of one reading, the whole first; then, where there are several, its bodies, largest first.

    descriptors: (n, DESCRIPTOR_SIZE). area, volume, radius, distinct: (n,), in mm. extents: (n, 3).
    closed: (n,) whether the surface encloses a volume. triangles, repeats: (n,); repeats: how many bodies of
    the file are this one over again, itself included.
    placed: (n,) digests of the triangles in mm, the same for one export of one thing wherever it was put.
    """

    descriptors: npt.NDArray[np.float32]
    area: FloatArray
    volume: FloatArray
    radius: FloatArray
    distinct: FloatArray
    extents: FloatArray
    closed: npt.NDArray[np.bool_]
    triangles: npt.NDArray[np.int64]
    repeats: npt.NDArray[np.int64]
    placed: tuple[Digest, ...]

    def __len__(self) -> int:
        return len(self.area)


@dataclass(frozen=True, eq=False)
class Shown:
    """What alignment needs of one specimen: its mesh in mm about its middle, its cloud there, and where the
    middle lies in the file."""

    mesh: Mesh
    cloud: npt.NDArray[np.float32]
    middle: FloatArray


def write_specimens(path: Path, solids: Sequence[Solid], mm_per_unit: float) -> None:
    """Keep a reading's specimens; a file that is there already is left, for it holds the same.

    solids: of one reading, in its unit.
    """
    if path.exists():
        return
    entries = [entry for each in _chosen(solids, mm_per_unit) if (entry := _entry(*each)) is not None]
    arrays: dict[str, npt.NDArray[Any]] = {
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
    """The numbers of a reading, without its meshes. ValueError, KeyError or OSError where it is damaged."""
    with np.load(path, allow_pickle=False) as kept:
        facts = _shaped(kept["facts"], (FACTS,), np.float64)
        placed = _shaped(kept["placed"], (32,), np.uint8)
        descriptors = _shaped(kept["descriptors"], (DESCRIPTOR_SIZE,), np.float32)
    if not len(facts) == len(placed) == len(descriptors) or not np.isfinite(descriptors).all():
        raise ValueError(f"{path.name}: its arrays do not fit together")
    return Specimens(
        descriptors=descriptors,
        area=facts[:, 0],
        volume=facts[:, 1],
        radius=facts[:, 2],
        distinct=facts[:, 3],
        extents=facts[:, 4:7],
        closed=facts[:, 7] > 0,
        triangles=facts[:, 8].astype(np.int64),
        repeats=facts[:, 9].astype(np.int64),
        placed=tuple(row.tobytes() for row in placed),
    )


def read_shown(path: Path, number: int) -> Shown:
    """One specimen of a reading, ready to be laid on others."""
    with np.load(path, allow_pickle=False) as kept:
        vertices = _shaped(kept[f"v{number}"], (3,), np.float32).astype(np.float64)
        triangles = _shaped(kept[f"t{number}"], (3,), np.int32)
        cloud = kept["clouds"][number]
        middle = kept["facts"][number, 10:13]
    return Shown(Mesh(np.ascontiguousarray(vertices), np.ascontiguousarray(triangles)), cloud, middle)


def _chosen(solids: Sequence[Solid], mm: float) -> list[tuple[Mesh, bool, int]]:
    """Meshes in millimetres, whether closed, and how often each comes: the whole, then the larger bodies."""
    usable = [solid for solid in solids if len(solid.mesh.triangles) and solid.mesh.extents.max() > 0]
    meshes = [Mesh(solid.mesh.vertices * mm, solid.mesh.triangles) for solid in usable]
    if len(meshes) < 2:
        return [(mesh, solid.closed, 1) for mesh, solid in zip(meshes, usable, strict=True)]
    areas = np.array([triangle_areas(mesh).sum() for mesh in meshes])
    groups: dict[tuple[object, ...], list[int]] = {}
    for k in np.argsort(-areas, kind="stable"):
        groups.setdefault(_looks(meshes[k], float(areas[k])), []).append(int(k))
    large = [g for g in groups.values() if len(g) * areas[g[0]] >= LEAST_SHARE * areas.sum()]
    whole = (merge(meshes), all(solid.closed for solid in usable), 1)
    return [whole, *((meshes[g[0]], usable[g[0]].closed, len(g)) for g in large[:MOST_BODIES])]


def _looks(mesh: Mesh, area: float) -> tuple[object, ...]:
    """The same for bodies of one file that are copies of each other."""
    return len(mesh.triangles), len(mesh.vertices), f"{area:.4g}", f"{signed_volume(mesh):.4g}"


def _entry(mesh: Mesh, closed: bool, repeats: int) -> dict[str, Any] | None:
    try:
        surface = sample_surface(mesh)
    except ValueError:
        return None
    low, high = mesh.bounds
    middle = (low + high) / 2
    cloud = cloud_of(surface)
    cloud[:, :3] -= middle
    facts = [
        surface.area, signed_volume(mesh), surface.radius, distinctiveness(surface),
        *mesh.extents, closed, len(mesh.triangles), repeats, *middle,
    ]  # fmt: skip
    return {
        "descriptor": describe(surface),
        "cloud": cloud,
        "facts": np.array(facts),
        "placed": np.frombuffer(placed_digest(mesh), dtype=np.uint8),
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
    return hashlib.sha256(repr(step).encode() + places.tobytes() + corners.astype(np.int64).tobytes()).digest()


def _stacked(rows: list[Any], shape: tuple[int, ...], dtype: type) -> npt.NDArray[Any]:
    return np.stack(rows).astype(dtype) if rows else np.zeros((0, *shape), dtype=dtype)


def _shaped(array: npt.NDArray[Any], row: tuple[int, ...], dtype: type) -> npt.NDArray[Any]:
    if array.shape[1:] != row or array.dtype != dtype:
        raise ValueError(f"holds rows of {array.shape[1:]} {array.dtype}")
    return array
