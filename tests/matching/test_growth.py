"""A part whose walls were moved by one distance: which, and how it lies."""

from __future__ import annotations

import numpy as np
import pytest

import parts
from partwatch.fingerprint import sample_surface
from partwatch.geometry.offset import offset_mesh
from partwatch.matching.alignment import Target
from partwatch.matching.growth import MOST_GROWTH_MM, growth_of
from partwatch.matching.verification import ListedSurface
from partwatch.model.mesh import FloatArray, Mesh


def nudged(motion: FloatArray) -> FloatArray:
    """Turned by a thousandth and shifted a little beforehand."""
    u, _, vt = np.linalg.svd(np.eye(3) + 1e-3 * np.array([[0, -1, 0.8], [1, 0, -1.2], [-0.8, 1.2, 0]]))
    shift = motion[:, :3] @ np.array([0.05, -0.04, 0.06]) + motion[:, 3]
    return np.concatenate([motion[:, :3] @ u @ vt, shift[:, None]], axis=1)


def fit(part: Mesh, body: Mesh, T: FloatArray, reach: float = 0.5) -> tuple[FloatArray, float] | None:
    points, normals = (np.ascontiguousarray(rows[::8]) for rows in ListedSurface(part).samples)
    return growth_of(body, Target(body, sample_surface(body)).tree, points, normals, T, reach)


@pytest.mark.parametrize("name", ["bracket", "hinge", "housing", "clamp", "gear"])
@pytest.mark.parametrize("by", [-0.2, 0.0, 0.13])
def test_the_distance_and_the_pose_are_found(name: str, by: float) -> None:
    part = parts.part_mesh(name)
    motion = parts.motion(4)
    body = parts.moved(offset_mesh(part, by), motion)
    found = fit(part, body, nudged(motion))
    assert found is not None
    T, grown = found
    assert grown == pytest.approx(by, abs=0.01)
    at = part.vertices @ T[:, :3].T + T[:, 3]
    assert np.abs(at - parts.moved(part, motion).vertices).max() < 0.05
    assert np.linalg.norm(T[:, :3].T @ T[:, :3] - np.eye(3)) < 1e-9


def test_it_is_given_in_the_parts_millimetres_and_for_images_too() -> None:
    part = parts.part_mesh("hinge")
    motion = parts.motion(9, scale=1 / 25.4, mirrored=True)
    found = fit(part, parts.moved(offset_mesh(part, 0.15), motion), motion, 0.5 / 25.4)
    assert found is not None
    assert found[1] == pytest.approx(0.15, abs=0.01)


def test_nothing_is_found_where_nothing_is_near_or_too_much_was_moved() -> None:
    part = parts.part_mesh("bracket")
    away = np.eye(3, 4)
    away[:, 3] = 500
    assert fit(part, part, away) is None
    assert fit(part, offset_mesh(part, MOST_GROWTH_MM + 0.1), np.eye(3, 4), 0.8) is None
