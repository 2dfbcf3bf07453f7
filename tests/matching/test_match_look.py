"""The look at a pose by the body's samples alone, which decides what is worth laying on triangles."""

from __future__ import annotations

import numpy as np
import pytest

import parts
from partwatch.fingerprint.cloud import cloud_of
from partwatch.fingerprint.surface import sample_surface
from partwatch.matching import Policy
from partwatch.matching.alignment import Target
from partwatch.matching.engine import LEAST_LOOK, LOOK_SLACK
from partwatch.model.mesh import FloatArray, Mesh

CHANGES = {
    "as it is": lambda mesh: mesh,
    "noisy": lambda mesh: parts.jittered(mesh, 0.05),
    "in finer triangles": lambda mesh: parts.finer(mesh, 3.0),
    "decimated": lambda mesh: parts.decimated(mesh, 0.5),
}


def look(body: Mesh, part: Mesh, T_body_part: FloatArray) -> float:
    tolerance = Policy().tolerance_mm(float(np.linalg.norm(part.extents)))
    return Target(body, sample_surface(body)).look(T_body_part, cloud_of(sample_surface(part)), tolerance)


@pytest.mark.parametrize("name", parts.DISTINCT)
@pytest.mark.parametrize("change", CHANGES)
def test_the_true_pose_looks_far_better_than_what_is_given_up(name: str, change: str) -> None:
    part = parts.part_mesh(name)
    T = parts.motion(3, 50)
    there = look(parts.moved(CHANGES[change](part), T), part, T)
    # Also where another part of the list looks perfect.
    assert there > max(LEAST_LOOK, LOOK_SLACK) + 0.1


@pytest.mark.parametrize("name", parts.DISTINCT)
def test_a_pose_off_by_much_more_than_the_tolerance_looks_worse(name: str) -> None:
    part = parts.part_mesh(name)
    true, off = parts.motion(3, 50), parts.motion(3, 50)
    # Along no axis, so that no face slides in its own plane.
    off[:, 3] += true[:, :3] @ np.full(3, 0.04 * np.linalg.norm(part.extents))
    body = parts.moved(part, true)
    assert look(body, part, off) < 0.5 * look(body, part, true)
