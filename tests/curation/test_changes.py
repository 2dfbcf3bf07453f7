"""Each change leaves what it says it leaves."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from partwatch.curation import changes
from partwatch.curation.trial import BOUNDED_KINDS, RIGID_KINDS, TRIALS
from partwatch.geometry.clean import signed_volume
from partwatch.model.mesh import FloatArray, Mesh


def bracket() -> Mesh:
    plate = trimesh.creation.box(extents=(60, 40, 6))
    post = trimesh.creation.cylinder(radius=7, height=50, sections=48)
    mesh = trimesh.util.concatenate([plate, post])
    return Mesh(np.asarray(mesh.vertices, dtype=float), np.asarray(mesh.faces, dtype=np.int32))


def edge_lengths(mesh: Mesh) -> FloatArray:
    corners = mesh.vertices[mesh.triangles]
    return np.sort(np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).reshape(-1))


@pytest.mark.parametrize("change", [changes.moved, changes.mirrored, changes.wound_inward, changes.reordered])
def test_rigid_changes_keep_every_edge(change: changes.Change) -> None:
    changed = change(bracket(), np.random.default_rng(1))
    assert changed is not None
    np.testing.assert_allclose(edge_lengths(changed), edge_lengths(bracket()), rtol=1e-9, atol=1e-9)


def test_mirroring_keeps_the_winding_outward_and_turning_inside_out_does_not() -> None:
    rng = np.random.default_rng(1)
    volume = signed_volume(bracket())
    assert signed_volume(changes.mirrored(bracket(), rng)) == pytest.approx(volume)
    assert signed_volume(changes.wound_inward(bracket(), rng)) == pytest.approx(-volume)


def test_noise_has_the_stated_size_and_spares_small_bodies() -> None:
    mesh = bracket()
    noisy = changes.noisy(mesh, np.random.default_rng(1))
    assert noisy is not None
    rms = np.sqrt(((noisy.vertices - mesh.vertices) ** 2).sum(axis=1).mean())
    assert rms == pytest.approx(changes.NOISE_RMS_MM, rel=0.15)
    assert changes.noisy(Mesh(mesh.vertices / 10, mesh.triangles), np.random.default_rng(1)) is None


def test_subdividing_keeps_the_volume_and_makes_four_of_each() -> None:
    finer = changes.subdivided(bracket(), np.random.default_rng(1))
    assert finer is not None
    assert len(finer.triangles) == 4 * len(bracket().triangles)
    assert signed_volume(finer) == pytest.approx(signed_volume(bracket()))


def test_every_trial_is_rigid_bounded_or_noise() -> None:
    assert set(TRIALS) == {*RIGID_KINDS, *BOUNDED_KINDS, "noise"}
