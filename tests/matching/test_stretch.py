"""A part that was made longer along one direction: found with how much, and what that is worth."""

from __future__ import annotations

import numpy as np
import pytest

import parts
from partwatch import kernel
from partwatch.fingerprint import sample_surface
from partwatch.matching import Policy
from partwatch.matching.alignment import Target
from partwatch.matching.stretch import MOST_STRETCH, stretch_of, stretched
from partwatch.matching.verification import Laid, ListedSurface, Measurement
from partwatch.model.mesh import FloatArray, Mesh


def lengthened(mesh: Mesh, axis: int, by: float) -> Mesh:
    factors = np.ones(3)
    factors[axis] += by
    return Mesh(np.ascontiguousarray(mesh.vertices * factors), mesh.triangles)


def fit(part: Mesh, body: Mesh, start: FloatArray) -> tuple[FloatArray | None, Measurement | None]:
    target, listed = Target(body, sample_surface(body)), ListedSurface(part)
    points, normals = (np.ascontiguousarray(rows[::8]) for rows in listed.samples)
    tolerance = Policy().tolerance_mm(listed.diagonal_mm)
    reach = 0.04 * listed.diagonal_mm
    T = stretched(body, target.tree, points, normals, start, reach, tolerance)
    mirrored = bool(np.linalg.det(start[:, :3]) < 0)
    return T, None if T is None else Laid(target, listed, T, mirrored, tolerance).measure()


@pytest.mark.parametrize("name", ["bracket", "hinge", "housing", "clamp"])
@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("by", [-0.03, 0.05])
def test_a_stretch_along_any_axis_is_found_exactly(name: str, axis: int, by: float) -> None:
    part = parts.part_mesh(name)
    longer = lengthened(part, axis, by)
    motion = parts.motion(3)
    body = parts.moved(longer, motion)
    # As whole-body search would lay it: by the middle, in its own size.
    middle = part.bounds[0] / 2 + part.bounds[1] / 2
    there = motion[:, :3] @ (longer.bounds[0] / 2 + longer.bounds[1] / 2) + motion[:, 3]
    start = np.concatenate([motion[:, :3], (there - motion[:, :3] @ middle)[:, None]], axis=1)
    T, measured = fit(part, body, start)
    assert T is not None
    assert measured is not None
    assert measured.coverage > 0.99
    assert measured.p95_mm < 0.02
    assert stretch_of(T) == pytest.approx(max(1 + by, 1) / min(1 + by, 1) - 1, abs=1e-3)


def test_a_reflection_stays_one() -> None:
    part = parts.part_mesh("bracket")
    motion = parts.motion(4, mirrored=True)
    body = parts.flipped(parts.moved(lengthened(part, 1, 0.03), motion))
    T, measured = fit(part, body, motion)
    assert T is not None
    assert measured is not None
    assert np.linalg.det(T[:, :3]) < 0
    assert measured.coverage > 0.99


def test_what_is_not_stretched_stays_as_it_is() -> None:
    part = parts.part_mesh("hinge")
    motion = parts.motion(6)
    T, _ = fit(part, parts.moved(part, motion), motion)
    assert T is not None
    assert stretch_of(T) < 1e-6
    assert np.abs(T - motion).max() < 1e-6


def test_no_more_than_may_be_is_fitted_and_nothing_where_nothing_is_near() -> None:
    part = parts.part_mesh("bracket")
    T, _ = fit(part, lengthened(part, 0, 0.2), np.eye(3, 4))
    assert T is not None
    assert stretch_of(T) <= MOST_STRETCH / (1 - MOST_STRETCH) + 1e-9
    far = Mesh(part.vertices + 1e4, part.triangles)
    points, normals = ListedSurface(part).samples
    tree = kernel.TriangleTree(np.ascontiguousarray(far.vertices), far.triangles, 0.5)
    assert stretched(far, tree, points, normals, np.eye(3, 4), 5.0, 0.3) is None
