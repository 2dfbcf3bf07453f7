"""One export's triangles are known again wherever they lie; other triangles over the same shape are
others."""

from __future__ import annotations

import numpy as np
import pytest

import parts
from partwatch.formats.base import ReadLimits
from partwatch.formats.stl import write_binary
from partwatch.model.marks import Forgery
from partwatch.model.mesh import Mesh
from partwatch.provenance.linking.of_triangles import triangulation_marks
from partwatch.provenance.linking.triangulation import LEAST_TRIANGLES, triangulations


@pytest.fixture(scope="module")
def bracket() -> Mesh:
    mesh = parts.part_mesh("bracket")
    assert len(mesh.triangles) >= LEAST_TRIANGLES
    return mesh


def moved(mesh: Mesh, seed: int, scale: float) -> Mesh:
    """Turned, shifted, of another size, its triangles and its vertices in another order, as float32 has
    them."""
    rng = np.random.default_rng(seed)
    q, r = np.linalg.qr(rng.normal(size=(3, 3)))
    q *= np.sign(np.diag(r))
    q[:, 0] *= np.linalg.det(q)
    order = rng.permutation(len(mesh.vertices))
    vertices = (scale * mesh.vertices @ q.T + rng.uniform(-50, 50, 3)).astype(np.float32).astype(np.float64)
    place = np.argsort(order).astype(np.int32)
    triangles = place[mesh.triangles[rng.permutation(len(mesh.triangles))]]
    return Mesh(vertices[order], np.roll(triangles, seed, axis=1))


@pytest.mark.parametrize(("seed", "scale"), [(1, 1.0), (2, 0.7), (3, 25.4)])
def test_a_copy_is_known_again(bracket: Mesh, seed: int, scale: float) -> None:
    (own,) = triangulations(bracket)
    assert triangulations(moved(bracket, seed, scale)) == (own,)


def test_another_triangulation_and_another_shape_are_told_apart(bracket: Mesh) -> None:
    (own,) = triangulations(bracket)
    stretched = Mesh(bracket.vertices * [1.0, 1.0, 1.05], bracket.triangles)
    assert triangulations(stretched) != (own,)
    # One triangle halved at its longest side.
    a, b, c = bracket.triangles[0]
    middle = (bracket.vertices[a] + bracket.vertices[b] + bracket.vertices[c]) / 3
    extra = np.array(
        [[a, b, len(bracket.vertices)], [b, c, len(bracket.vertices)], [c, a, len(bracket.vertices)]]
    )
    split = Mesh(
        np.vstack([bracket.vertices, middle]),
        np.vstack([bracket.triangles[1:], extra]).astype(np.int32),
    )
    assert triangulations(split) != (own,)


def test_a_block_is_everybody_s() -> None:
    assert triangulations(parts.mesh_of(parts.block(10, 20, 30))) == ()


def test_a_file_s_triangles_are_marks_that_no_editor_changes(bracket: Mesh) -> None:
    data = write_binary(bracket.vertices[bracket.triangles])
    (found,) = triangulation_marks(data, ("stl",), ReadLimits())
    assert found.forgery is Forgery.REMAKE
    assert found.value == triangulations(bracket)[0]
    # What is broken or is no mesh tells nothing, and raises nothing.
    assert triangulation_marks(data[:300], ("stl",), ReadLimits()) == ()
    assert triangulation_marks(b"G1 X1", ("gcode",), ReadLimits()) == ()
