"""From triangles to bodies: plates, voids, open and broken surfaces, soups."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import parts
from partwatch.geometry.bodies import Solid, split_bodies
from partwatch.geometry.clean import signed_volume, triangle_areas
from partwatch.model.mesh import Mesh

CUBE = parts.part_mesh("cube")  # 20 mm a side, at the origin


def cube(side: float, at: tuple[float, float, float] = (0, 0, 0)) -> Mesh:
    return Mesh(CUBE.vertices * (side / 20) + np.array(at), CUBE.triangles)


def volumes(solids: list[Solid]) -> list[float]:
    return [signed_volume(solid.mesh) for solid in solids]


def said(solid: Solid, words: str) -> bool:
    return any(words in note for note in solid.notes)


def facets(mesh: Mesh) -> set[frozenset[tuple[float, ...]]]:
    """Triangles as sets of corner coordinates."""
    return {frozenset(map(tuple, corners)) for corners in (mesh.vertices[mesh.triangles] + 0.0).tolist()}


NOTHING = Mesh(np.empty((0, 3)), np.empty((0, 3), dtype=np.int32))
HOLLOW = parts.together(cube(20), parts.flipped(cube(10, (5, 5, 5))))


# One solid and several


@pytest.mark.parametrize("name", parts.DISTINCT)
def test_a_part_is_one_closed_body_with_nothing_odd(name: str) -> None:
    mesh = parts.part_mesh(name)
    (solid,) = split_bodies(mesh, "as named")
    assert solid.name == "as named"
    assert solid.closed
    assert solid.notes == ()
    assert facets(solid.mesh) == facets(mesh)
    assert signed_volume(solid.mesh) == pytest.approx(parts.DISTINCT[name]().volume(), rel=1e-5)


def test_a_plate_of_solids_is_as_many_bodies_in_their_order() -> None:
    names = ["gear", "bracket", "cube", "hook", "knob"]
    placed = [
        parts.moved(parts.part_mesh(name), parts.motion(k, 5) + np.eye(3, 4, 3) * 100 * k)
        for k, name in enumerate(names)
    ]
    solids = split_bodies(parts.together(*placed))
    assert [len(solid.mesh.triangles) for solid in solids] == [len(mesh.triangles) for mesh in placed]
    for solid, mesh in zip(solids, placed, strict=True):
        assert facets(solid.mesh) == facets(mesh)
        assert solid.closed
        assert solid.notes == ()


def test_each_body_keeps_only_its_own_vertices() -> None:
    stray = np.concatenate([cube(5).vertices, [[900.0, 0, 0]], cube(5, (50, 0, 0)).vertices])
    triangles = np.concatenate([CUBE.triangles, CUBE.triangles + 9]).astype(np.int32)
    solids = split_bodies(Mesh(stray, triangles))
    assert [len(solid.mesh.vertices) for solid in solids] == [8, 8]
    assert [solid.mesh.extents.tolist() for solid in solids] == [[5, 5, 5], [5, 5, 5]]


def test_bodies_that_touch_at_a_point_are_two() -> None:
    solids = split_bodies(parts.together(cube(5), cube(5, (5, 5, 5))))
    assert volumes(solids) == pytest.approx([125, 125])
    assert all(solid.closed for solid in solids)


def test_bodies_that_share_an_edge_are_one_and_it_is_noted() -> None:
    (solid,) = split_bodies(parts.together(cube(5), cube(5, (5, 5, 0))))
    assert said(solid, "more than two triangles")
    assert signed_volume(solid.mesh) == pytest.approx(250)


def test_thousands_of_small_bodies_are_thousands_of_bodies() -> None:
    places = np.stack(np.meshgrid(np.arange(16), np.arange(16), np.arange(16)), axis=-1).reshape(-1, 3)
    many = parts.together(*[cube(1, (2.0 * x, 2.0 * y, 2.0 * z)) for x, y, z in places])
    solids = split_bodies(many)
    assert len(solids) == 4096
    assert volumes(solids) == pytest.approx([1] * 4096)
    assert np.array_equal([solid.mesh.vertices.min(axis=0) for solid in solids], places * 2.0)


def test_thousands_of_voids_belong_to_their_block() -> None:
    places = np.stack(np.meshgrid(np.arange(11), np.arange(11), np.arange(11)), axis=-1).reshape(-1, 3)
    voids = [parts.flipped(cube(1, (1 + 2.0 * x, 1 + 2.0 * y, 1 + 2.0 * z))) for x, y, z in places]
    (solid,) = split_bodies(parts.together(cube(24), *voids))
    assert signed_volume(solid.mesh) == pytest.approx(24**3 - 1331)
    assert said(solid, "1331 inner voids")


# Voids


def turned(mesh: Mesh, flip: bool) -> Mesh:
    return parts.flipped(mesh) if flip else mesh


@pytest.mark.parametrize("flip", [False, True])
def test_a_void_belongs_to_the_shell_around_it(flip: bool) -> None:
    (solid,) = split_bodies(turned(HOLLOW, flip))
    assert signed_volume(solid.mesh) == pytest.approx(8000 - 1000)
    assert facets(solid.mesh) == facets(HOLLOW)
    assert said(solid, "1 inner void")
    assert said(solid, "inside out") == flip
    assert solid.closed


@pytest.mark.parametrize("flip", [False, True])
def test_a_void_that_comes_first_in_the_file_belongs_to_the_shell_around_it(flip: bool) -> None:
    (solid,) = split_bodies(turned(parts.together(parts.flipped(cube(10, (5, 5, 5))), cube(20)), flip))
    assert signed_volume(solid.mesh) == pytest.approx(7000)
    assert facets(solid.mesh) == facets(HOLLOW)


@pytest.mark.parametrize("flip", [False, True])
def test_an_island_in_a_void_is_a_body_of_its_own(flip: bool) -> None:
    island = cube(4, (8, 8, 8))
    solids = split_bodies(turned(parts.together(HOLLOW, island), flip))
    assert volumes(solids) == pytest.approx([7000, 64])
    assert facets(solids[0].mesh) == facets(HOLLOW)
    assert facets(solids[1].mesh) == facets(island)


@pytest.mark.parametrize("flip", [False, True])
def test_a_hollow_island_in_a_void_keeps_its_own_void(flip: bool) -> None:
    island = parts.together(cube(6, (7, 7, 7)), parts.flipped(cube(2, (9, 9, 9))))
    solids = split_bodies(turned(parts.together(HOLLOW, island), flip))
    assert volumes(solids) == pytest.approx([7000, 216 - 8])
    assert facets(solids[1].mesh) == facets(island)


@pytest.mark.parametrize("flip", [False, True])
def test_a_solid_wound_alike_within_another_is_a_body_of_its_own(flip: bool) -> None:
    solids = split_bodies(turned(parts.together(cube(20), cube(10, (5, 5, 5))), flip))
    assert volumes(solids) == pytest.approx([8000, 1000])


def test_a_void_belongs_to_the_innermost_shell_around_it() -> None:
    nested = parts.together(cube(40), cube(20, (10, 10, 10)), parts.flipped(cube(5, (15, 15, 15))))
    assert volumes(split_bodies(nested)) == pytest.approx([64000, 8000 - 125])


def test_a_box_within_a_box_but_beside_the_part_is_no_void() -> None:
    """In the notch of the clamp: within its box, not within it."""
    beside = parts.flipped(cube(5, (30, 3, 20)))
    solids = split_bodies(parts.together(parts.part_mesh("clamp"), beside))
    assert len(solids) == 2
    assert said(solids[1], "inside out")
    assert signed_volume(solids[1].mesh) == pytest.approx(125)


def test_voids_are_told_by_depth_where_the_winding_cannot_be_trusted() -> None:
    muddled = HOLLOW.triangles.copy()
    muddled[::3] = muddled[::3, ::-1]
    (solid,) = split_bodies(Mesh(HOLLOW.vertices, muddled))
    assert facets(solid.mesh) == facets(HOLLOW)
    assert said(solid, "winding is inconsistent")


# Winding


@pytest.mark.parametrize("name", ["bracket", "gear", "pulley"])
def test_a_winding_turned_inside_out_is_mended_and_noted(name: str) -> None:
    mesh = parts.part_mesh(name)
    (solid,) = split_bodies(parts.flipped(mesh))
    assert said(solid, "inside out")
    assert signed_volume(solid.mesh) == pytest.approx(signed_volume(mesh))
    assert facets(solid.mesh) == facets(mesh)


def test_only_the_body_that_is_inside_out_is_turned() -> None:
    solids = split_bodies(parts.together(cube(3), parts.flipped(cube(4, (10, 0, 0))), cube(5, (20, 0, 0))))
    assert volumes(solids) == pytest.approx([27, 64, 125])
    assert [said(solid, "inside out") for solid in solids] == [False, True, False]


def test_a_winding_that_changes_within_a_body_is_noted() -> None:
    muddled = CUBE.triangles.copy()
    muddled[3] = muddled[3, ::-1]
    (solid,) = split_bodies(Mesh(CUBE.vertices, muddled))
    assert said(solid, "inconsistent")
    assert facets(solid.mesh) == facets(CUBE)


# Open surfaces and patches


def test_an_open_mesh_is_a_body_and_its_open_edges_are_counted() -> None:
    (solid,) = split_bodies(Mesh(CUBE.vertices, CUBE.triangles[1:]))
    assert not solid.closed
    assert said(solid, "open: 3 edges")
    assert len(solid.mesh.triangles) == 11


def test_an_open_body_does_not_open_its_neighbours() -> None:
    solids = split_bodies(parts.together(Mesh(CUBE.vertices, CUBE.triangles[1:]), cube(5, (50, 0, 0))))
    assert [solid.closed for solid in solids] == [False, True]
    assert solids[1].notes == ()


def grid(count: int, origin: tuple[float, ...], u: tuple[float, ...], w: tuple[float, ...]) -> Mesh:
    """A parallelogram in count x count cells."""
    steps = np.linspace(0, 1, count + 1)
    a, b = np.meshgrid(steps, steps, indexing="ij")
    vertices = np.array(origin) + a.reshape(-1, 1) * np.array(u) + b.reshape(-1, 1) * np.array(w)
    i, j = (x.reshape(-1) for x in np.meshgrid(np.arange(count), np.arange(count), indexing="ij"))
    first = i * (count + 1) + j
    right, up, across = first + count + 1, first + 1, first + count + 2
    triangles = np.concatenate([np.stack([first, right, across], 1), np.stack([first, across, up], 1)])
    return Mesh(vertices, triangles.astype(np.int32))


def patched_box(x: float, gap: float = 0.0) -> Mesh:
    """A box whose faces are tessellated each for itself, so that no edge fits; faces `gap` apart."""
    faces = [
        grid(2, (x, 0, -gap), (0, 10, 0), (20, 0, 0)), grid(3, (x, 0, 5 + gap), (20, 0, 0), (0, 10, 0)),
        grid(4, (x, -gap, 0), (20, 0, 0), (0, 0, 5)), grid(5, (x, 10 + gap, 0), (0, 0, 5), (20, 0, 0)),
        grid(7, (x - gap, 0, 0), (0, 0, 5), (0, 10, 0)), grid(6, (x + 20 + gap, 0, 0), (0, 10, 0), (0, 0, 5)),
    ]  # fmt: skip
    return parts.together(*faces)


@pytest.mark.parametrize("gap", [0.0, 0.001, 0.008])
def test_faces_tessellated_apart_are_one_body(gap: float) -> None:
    solids = split_bodies(parts.together(patched_box(0, gap), patched_box(30, gap)))
    count = len(patched_box(0).triangles)
    assert [len(solid.mesh.triangles) for solid in solids] == [count, count]
    assert not any(solid.closed for solid in solids)


def test_patches_do_not_swallow_a_closed_body_beside_them() -> None:
    solids = split_bodies(parts.together(patched_box(0), cube(5, (20.001, 0, 0))))
    assert [len(solid.mesh.triangles) for solid in solids] == [len(patched_box(0).triangles), 12]
    assert solids[1].closed


def test_many_loose_triangles_are_one_body() -> None:
    rng = np.random.default_rng(0)
    loose = rng.uniform(0, 100, (500, 1, 3)) + rng.uniform(-1, 1, (500, 3, 3))
    (solid,) = split_bodies(Mesh(loose.reshape(-1, 3), np.arange(1500, dtype=np.int32).reshape(-1, 3)))
    assert len(solid.mesh.triangles) == 500
    assert not solid.closed


# Soup, repeats and flat triangles


@pytest.mark.parametrize("name", ["bracket", "gear", "knob"])
def test_a_soup_is_welded(name: str) -> None:
    mesh = parts.part_mesh(name)
    (solid,) = split_bodies(parts.soup(mesh))
    assert solid.closed
    assert solid.notes == ()
    assert len(solid.mesh.vertices) == len(mesh.vertices)
    assert facets(solid.mesh) == facets(mesh)


@pytest.mark.parametrize("name", ["bracket", "gear", "stand"])
@pytest.mark.parametrize("scale", [1.0, 25.4, 1e-3, 1e3])
def test_gaps_of_rounding_are_closed_and_noted(name: str, scale: float) -> None:
    mesh = parts.scaled(parts.part_mesh(name), scale)
    size = float(np.linalg.norm(mesh.extents))
    loose = parts.soup(mesh)
    off = np.random.default_rng(1).uniform(-5e-7 * size, 5e-7 * size, loose.vertices.shape)
    (solid,) = split_bodies(Mesh(loose.vertices + off, loose.triangles))
    assert solid.closed
    assert said(solid, "gaps as small as rounding were closed")
    assert len(solid.mesh.vertices) == len(mesh.vertices)
    assert len(solid.mesh.triangles) == len(mesh.triangles)
    assert signed_volume(solid.mesh) == pytest.approx(signed_volume(mesh), rel=1e-4)


@pytest.mark.parametrize("again", [lambda mesh: mesh, parts.flipped, parts.shuffled])
def test_repeated_triangles_are_dropped_and_noted(again: object) -> None:
    mesh = parts.part_mesh("bracket")
    assert callable(again)
    (solid,) = split_bodies(parts.together(mesh, again(mesh)))
    assert said(solid, f"{len(mesh.triangles)} repeated triangles dropped")
    assert solid.closed
    assert len(solid.mesh.triangles) == len(mesh.triangles)
    assert signed_volume(solid.mesh) == pytest.approx(signed_volume(mesh))


def test_one_repeated_triangle_of_a_soup_is_dropped_and_noted() -> None:
    loose = parts.soup(parts.part_mesh("hook"))
    (solid,) = split_bodies(Mesh(loose.vertices, np.concatenate([loose.triangles, loose.triangles[5:6]])))
    assert said(solid, "1 repeated triangles dropped")
    assert solid.closed


def test_triangles_without_area_are_dropped_and_noted() -> None:
    flat = np.array([[0, 0, 1], [3, 4, 3], [5, 5, 5]], dtype=np.int32)
    (solid,) = split_bodies(Mesh(CUBE.vertices, np.concatenate([flat, CUBE.triangles])))
    assert said(solid, "3 triangles without area dropped")
    assert solid.closed
    assert facets(solid.mesh) == facets(CUBE)


def test_a_fin_on_a_body_is_noted_as_an_edge_with_three_triangles() -> None:
    vertices = np.concatenate([CUBE.vertices, [[40.0, 40, 40]]])
    edge = CUBE.triangles[0, :2]
    fin = np.array([[edge[0], edge[1], 8]], dtype=np.int32)
    (solid,) = split_bodies(Mesh(vertices, np.concatenate([CUBE.triangles, fin])))
    assert said(solid, "more than two triangles")
    assert said(solid, "open: 2 edges")
    assert len(solid.mesh.triangles) == 13


# Nothing


@pytest.mark.parametrize(
    "mesh",
    [
        NOTHING,
        Mesh(CUBE.vertices, NOTHING.triangles),
        Mesh(CUBE.vertices, np.array([[0, 0, 0], [1, 1, 2]], dtype=np.int32)),
        Mesh(np.full((3, 3), 7.0), np.array([[0, 1, 2]], dtype=np.int32)),
        Mesh(np.arange(9.0).reshape(3, 3), np.array([[0, 1, 2]], dtype=np.int32)),
    ],
    ids=["no vertex", "no triangle", "corners repeat", "corners coincide", "corners in line"],
)
def test_without_a_triangle_that_has_area_there_is_no_body(mesh: Mesh) -> None:
    assert split_bodies(mesh) == []


# What holds for any mesh


@given(
    hnp.arrays(np.float64, (12, 3), elements=st.integers(-2, 2).map(float)),
    hnp.arrays(np.int32, st.integers(1, 30).map(lambda m: (m, 3)), elements=st.integers(0, 11)),
)
def test_no_triangle_with_area_is_lost_and_none_is_made_up(v: np.ndarray, t: np.ndarray) -> None:
    mesh = Mesh(v, np.ascontiguousarray(t))
    solid_area = Mesh(v, np.ascontiguousarray(t[triangle_areas(mesh) > 0]))
    bodies = [facets(solid.mesh) for solid in split_bodies(mesh)]
    kept = set().union(*bodies)
    assert facets(solid_area) <= kept <= facets(mesh)
    for solid in split_bodies(mesh):
        assert solid.mesh.triangles.dtype == np.int32
        assert np.unique(solid.mesh.triangles).tolist() == list(range(len(solid.mesh.vertices)))


@given(st.integers(0, 10**6), st.sampled_from([1.0, 25.4, 1e-3, 1e3]), st.booleans())
def test_bodies_do_not_depend_on_place_size_hand_or_order(seed: int, scale: float, mirrored: bool) -> None:
    plate = parts.together(
        parts.part_mesh("bracket"),
        parts.moved(HOLLOW, parts.motion(3) + np.eye(3, 4, 3) * 200),
        cube(5, (-60, 0, 0)),
    )
    expected = sorted(volumes(split_bodies(plate)))
    changed = parts.shuffled(parts.moved(plate, parts.motion(seed, 100, scale, mirrored)), seed)
    solids = split_bodies(changed)
    assert sorted(v / scale**3 for v in volumes(solids)) == pytest.approx(expected, rel=1e-6)
    assert sorted(solid.notes for solid in solids) == [(), (), ("1 inner voids",)]


def test_the_same_mesh_gives_the_same_bodies_byte_for_byte() -> None:
    plate = parts.together(HOLLOW, parts.flipped(cube(3, (40, 0, 0))), parts.soup(parts.part_mesh("gear")))
    one, other = split_bodies(plate), split_bodies(plate)
    for a, b in zip(one, other, strict=True):
        assert a.mesh.vertices.tobytes() == b.mesh.vertices.tobytes()
        assert a.mesh.triangles.tobytes() == b.mesh.triangles.tobytes()
        assert a.notes == b.notes
