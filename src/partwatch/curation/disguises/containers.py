"""Larger bodies with a part in them: on a base, on a sprue, fused with other bodies, within a cavity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from partwatch.curation.changes import random_rotation
from partwatch.curation.disguises.solids import (
    Manifold,
    all_of,
    box,
    direction_of,
    frame_of,
    inside,
    mesh_of,
    on_surface,
    placed,
    rod,
    solid_of,
    together,
)
from partwatch.geometry.bodies import split_bodies
from partwatch.model.mesh import FloatArray, Mesh

# The share of the part's surface that may lie within what it is joined to.
MOST_COVERED = 0.12
_LEAST_COVERED = 0.01
_SAMPLES = 2048


def on_base(mesh: Mesh, rng: np.random.Generator) -> Mesh | None:
    """Sunk a little into a block or a disc under one of its ends."""
    import manifold3d

    solid, grip = solid_of(mesh), _grip(mesh, rng)
    if solid is None or grip is None:
        return None
    frame, top = grip
    local = mesh.vertices @ frame
    low, high = local.min(axis=0), local.max(axis=0)
    margin, thickness = rng.uniform(2, 10), float(rng.uniform(3, 10)) + high[2] - top
    if rng.random() < 0.5:
        base = box(np.append(low[:2] - margin, top), np.append(high[:2] + margin, top + thickness))
    else:
        radius = float(np.linalg.norm((high - low)[:2])) / 2 + margin
        base = manifold3d.Manifold.cylinder(thickness, radius, radius, 96).translate(
            (*((low + high)[:2] / 2), top)
        )
    return mesh_of(solid + placed(base, frame, np.zeros(3)))


def on_sprue(mesh: Mesh, rng: np.random.Generator) -> Mesh | None:
    """Two to four thin rods from its surface to a runner beside it."""
    solid = solid_of(mesh)
    if solid is None:
        return None
    points, normals = on_surface(mesh, _SAMPLES)
    size = float(np.linalg.norm(mesh.extents))
    frame = frame_of(direction_of(rng))
    local = points @ frame
    facing = np.flatnonzero((normals @ frame[:, 2] > 0.6) & (local[:, 2] > np.quantile(local[:, 2], 0.5)))
    if not len(facing):
        return None
    height = local[:, 2].max() + max(4.0, 0.1 * size)
    radius = float(np.clip(0.015 * size, 0.5, 2.0))
    # The runner is a plate, thin and wide enough for every rod to end in it.
    low, high = local.min(axis=0), local.max(axis=0)
    runner = box(np.append(low[:2] - radius, height), np.append(high[:2] + radius, height + 3 * radius))
    rods = []
    for k in rng.choice(facing, size=int(rng.integers(2, 5))):
        foot = local[k] - [0, 0, radius]
        rods.append(rod(foot, np.array([foot[0], foot[1], height + radius]), radius))
    return _one_body(solid + placed(all_of([runner, *rods]), frame, np.zeros(3)))


def fused(mesh: Mesh, rng: np.random.Generator, others: Sequence[Mesh]) -> Mesh | None:
    """Joined to another body, into which little of it sinks."""
    solid = solid_of(mesh)
    joined = _joined(mesh, solid, rng, others[:1]) if solid is not None else None
    return mesh_of(joined) if joined is not None else None


def three_fused(mesh: Mesh, rng: np.random.Generator, others: Sequence[Mesh]) -> Mesh | None:
    """Joined to two other bodies."""
    solid = solid_of(mesh)
    if solid is None or len(others) < 2:
        return None
    joined = _joined(mesh, solid, rng, others[:2])
    return mesh_of(joined) if joined is not None else None


def in_cavity(mesh: Mesh, rng: np.random.Generator) -> Mesh | None:
    """Loose in the void of a larger block, disc or ball: two bodies, one within the other."""
    shell = mesh_of(_hollow(mesh, rng)[0])
    return together(shell, mesh) if shell else None


def in_cavity_on_struts(mesh: Mesh, rng: np.random.Generator) -> Mesh | None:
    """The same, held by thin rods: one body."""
    solid = solid_of(mesh)
    if solid is None:
        return None
    shell, reach = _hollow(mesh, rng)
    points, _ = on_surface(mesh, _SAMPLES)
    rods = []
    for axis in rng.permutation(6)[: int(rng.integers(3, 6))]:
        outward = np.eye(3)[axis % 3] * (1 if axis < 3 else -1)
        # The outermost point of all: nothing else of the part is in the way.
        tip = points[int(np.argmax(points @ outward))]
        rods.append(rod(tip - 0.5 * outward, tip + reach * outward, rng.uniform(0.5, 1.0)))
    return _one_body(all_of([shell, solid, *rods]))


def _hollow(mesh: Mesh, rng: np.random.Generator) -> tuple[Manifold, float]:
    """A closed body with a void around the part, and a length that ends within its wall."""
    import manifold3d

    clearance, wall = rng.uniform(0.5, 2.0), rng.uniform(2.0, 5.0)
    low, high = mesh.bounds[0] - clearance, mesh.bounds[1] + clearance
    size, middle = high - low, (low + high) / 2
    shape = int(rng.integers(3))
    if shape == 0:
        outer = box(low - wall, high + wall)
    elif shape == 1:
        radius = float(np.linalg.norm(size[:2])) / 2 + wall
        outer = manifold3d.Manifold.cylinder(size[2] + 2 * wall, radius, radius, 96, True)
        outer = outer.translate(tuple(middle))
    else:
        # A ball of flat facets lies a little within its sphere.
        radius = 1.01 * float(np.linalg.norm(size)) / 2 + wall
        outer = manifold3d.Manifold.sphere(radius, 96).translate(tuple(middle))
    return outer - box(low, high), float(clearance + wall / 2)


def _grip(mesh: Mesh, rng: np.random.Generator) -> tuple[FloatArray, float] | None:
    """A frame whose z points from the part to its base, and the height along it where the base begins."""
    points, _ = on_surface(mesh, _SAMPLES)
    axes = np.concatenate([np.eye(3), -np.eye(3)])[rng.permutation(6)]
    for outward in [*axes, *(direction_of(rng) for _ in range(6))]:
        frame = frame_of(outward)
        high = (mesh.vertices @ outward).max()
        depth = max(0.5, 0.02 * float(np.ptp(mesh.vertices @ outward)))
        if (points @ outward > high - depth).mean() <= MOST_COVERED:
            return frame, float(high - depth)
    return None


def _joined(mesh: Mesh, solid: Manifold, rng: np.random.Generator, others: Sequence[Mesh]) -> Manifold | None:
    """The part and the others, each laid against it from some side and pushed in until it holds."""
    most = MOST_COVERED / max(len(others), 1)
    points, _ = on_surface(mesh, _SAMPLES)
    for other in others:
        second = solid_of(other)
        if second is None:
            return None
        turned = Mesh(other.vertices @ random_rotation(rng).T, other.triangles)
        shift = _against(mesh, points, turned, rng, most)
        if shift is None:
            return None
        moved = solid_of(Mesh(turned.vertices + shift, turned.triangles))
        if moved is None:
            return None
        solid = solid + moved
    bodies = mesh_of(solid)
    held = len(split_bodies(bodies)) if bodies else 0
    apart = sum(len(split_bodies(one)) for one in (mesh, *others))
    return solid if 0 < held <= apart - len(others) else None


def _against(
    mesh: Mesh, points: FloatArray, other: Mesh, rng: np.random.Generator, most: float
) -> FloatArray | None:
    """Where to move the other body so that it covers some of the part's surface, and no more than `most`."""
    way = direction_of(rng)
    middle = (mesh.bounds[0] + mesh.bounds[1] - other.bounds[0] - other.bounds[1]) / 2
    far = (float(np.linalg.norm(mesh.extents)) + float(np.linalg.norm(other.extents))) / 2
    near = 0.0
    for _ in range(24):
        at = (near + far) / 2
        covered = float(inside(points - (middle + at * way), other).mean())
        if _LEAST_COVERED <= covered <= most:
            return np.asarray(middle + at * way)
        near, far = (at, far) if covered > most else (near, at)
    return None


def _one_body(solid: Manifold) -> Mesh | None:
    mesh = mesh_of(solid)
    return mesh if mesh and len(split_bodies(mesh)) == 1 else None
