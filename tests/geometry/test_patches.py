"""What of a surface hangs together, and triangles made finer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import parts
from partwatch.geometry.clean import signed_volume, triangle_areas
from partwatch.geometry.patches import linked, patches, smooth_faces
from partwatch.geometry.refine import split_long_edges
from partwatch.model.mesh import Mesh


def reference(count: int, pairs: list[tuple[int, int]]) -> list[int]:
    """The lowest member of each one's group, by going round until nothing changes."""
    label = list(range(count))
    while True:
        before = list(label)
        for left, right in pairs:
            label[left] = label[right] = min(label[left], label[right])
        if label == before:
            return label


@given(st.integers(1, 40), st.data())
def test_links_are_those_of_the_slow_way(count: int, data: st.DataObject) -> None:
    one = st.integers(0, count - 1)
    pairs = data.draw(st.lists(st.tuples(one, one), max_size=60))
    left, right = (np.array([pair[k] for pair in pairs], dtype=np.int64) for k in (0, 1))

    assert linked(count, left, right).tolist() == reference(count, pairs)


def test_a_long_chain_is_one_group() -> None:
    ends = np.random.default_rng(0).permutation(100_000)
    assert not linked(100_000, ends[:-1], ends[1:]).any()


def test_triangles_that_share_a_vertex_are_one_patch() -> None:
    triangles = np.array([[0, 1, 2], [2, 3, 4], [7, 8, 9], [9, 5, 6]])
    assert patches(triangles).tolist() == [0, 0, 1, 1]
    assert patches(triangles[:0]).tolist() == []


def test_a_rod_has_three_faces_and_a_block_six() -> None:
    for solid, faces in ((parts.rod(5, 20), 3), (parts.block(3, 4, 5), 6)):
        assert len(set(smooth_faces(parts.mesh_of(solid)).tolist())) == faces


def test_finer_triangles_lie_on_the_ones_they_are_parts_of() -> None:
    mesh = parts.part_mesh("bracket")
    finer = split_long_edges(mesh.vertices, mesh.triangles, 8.0)
    assert finer is not None
    vertices, triangles, of = finer
    assert np.array_equal(vertices[: len(mesh.vertices)], mesh.vertices)
    areas = np.bincount(of, triangle_areas(Mesh(vertices, triangles)))
    np.testing.assert_allclose(areas, triangle_areas(mesh))
    assert signed_volume(Mesh(vertices, triangles)) == pytest.approx(signed_volume(mesh))


def test_nothing_is_split_that_is_short_enough() -> None:
    mesh = parts.part_mesh("bracket")
    assert split_long_edges(mesh.vertices, mesh.triangles, 1000.0) is None
    assert split_long_edges(mesh.vertices, mesh.triangles, 1.0, np.zeros(len(mesh.triangles), bool)) is None
