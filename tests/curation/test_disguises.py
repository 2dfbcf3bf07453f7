"""Disguises are what they say: closed, in place, with the stated share of the part's surface left."""

from __future__ import annotations

import numpy as np
import pytest

from parts import block, bracket, gear, housing, knob, mesh_of, pulley, rod, tube
from partwatch import kernel
from partwatch.curation.disguises import (
    GROUPS,
    KINDS,
    Disguise,
    containers,
    disguised,
    edits,
    scans,
    surviving,
)
from partwatch.curation.disguises.solids import area, biggest, inside, solid_of
from partwatch.geometry.bodies import merge, split_bodies
from partwatch.model.document import Relation
from partwatch.model.mesh import Mesh

PARTS = {"bracket": bracket, "knob": knob}
OTHERS = (mesh_of(pulley()), mesh_of(tube(14, 9, 30)))
OPEN = tuple(kind for kind in KINDS if "one side" in kind)


def made(kind: str, mesh: Mesh, seed: int = 0) -> Disguise | None:
    return disguised(kind, mesh, np.random.default_rng(seed), OTHERS)


def closed(mesh: Mesh) -> bool:
    """Every edge once in each direction, by coordinates."""
    _, ids = np.unique(mesh.vertices.round(7), axis=0, return_inverse=True)
    t = ids.reshape(-1)[mesh.triangles]
    t = t[(t[:, 0] != t[:, 1]) & (t[:, 1] != t[:, 2]) & (t[:, 2] != t[:, 0])]
    ahead = np.concatenate([t[:, [0, 1]], t[:, [1, 2]], t[:, [2, 0]]]).astype(np.int64) @ [len(ids) + 1, 1]
    back = np.concatenate([t[:, [1, 0]], t[:, [2, 1]], t[:, [0, 2]]]).astype(np.int64) @ [len(ids) + 1, 1]
    return np.array_equal(np.sort(ahead), np.sort(back))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", PARTS)
def test_every_kind_applies_to_a_common_part_is_closed_and_of_its_relation(kind: str, part: str) -> None:
    mesh = mesh_of(PARTS[part]())
    one = next((one for seed in range(5) if (one := made(kind, mesh, seed)) is not None), None)
    assert one is not None
    assert one.kind == kind
    assert one.relation is KINDS[kind].relation
    assert KINDS[kind].least <= one.surviving <= 1
    assert closed(one.mesh) == (kind not in OPEN)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_draw_gives_the_same_disguise_and_leaves_the_part_alone(kind: str) -> None:
    mesh, fresh = mesh_of(bracket()), mesh_of(bracket())
    one, other = made(kind, mesh, 2), made(kind, mesh, 2)
    assert one is not None
    assert other is not None
    np.testing.assert_array_equal(one.mesh.vertices, other.mesh.vertices)
    np.testing.assert_array_equal(one.mesh.triangles, other.mesh.triangles)
    assert one.surviving == other.surviving
    np.testing.assert_array_equal(mesh.vertices, fresh.vertices)
    np.testing.assert_array_equal(mesh.triangles, fresh.triangles)


@pytest.mark.parametrize("kind", [kind for kind, how in KINDS.items() if how.cuts and how.then is None])
def test_the_surviving_share_is_that_of_a_count_of_its_own(kind: str) -> None:
    """By points of the part drawn at random, near any facet of the result, whatever its normal."""
    mesh = mesh_of(housing())
    one = next((one for seed in range(6) if (one := made(kind, mesh, seed)) is not None), None)
    if one is None:
        assert kind.startswith("piece with")
        return
    rng = np.random.default_rng(3)
    a, b, c = (mesh.vertices[mesh.triangles[:, k]] for k in range(3))
    size = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    facet = rng.choice(len(size), size=40_000, p=size / size.sum())
    u, v = rng.random((2, len(facet), 1))
    u, v = np.where(u + v > 1, 1 - u, u), np.where(u + v > 1, 1 - v, v)
    points = np.ascontiguousarray(a[facet] + u * (b - a)[facet] + v * (c - a)[facet])
    tree = kernel.TriangleTree(one.mesh.vertices, one.mesh.triangles, 0.0)
    distance, _ = tree.closest(points, np.zeros_like(points), 1.0)
    assert one.surviving == pytest.approx((distance < 0.02).mean(), abs=0.01)


def test_half_a_box_across_has_half_its_sides_and_one_end() -> None:
    mesh = mesh_of(block(100, 20, 10))
    kept = Mesh(mesh.vertices * [0.5, 1, 1], mesh.triangles)
    ends, sides = 2 * 20 * 10, 2 * (20 + 10) * 100
    assert surviving(mesh, kept) == pytest.approx((ends / 2 + sides / 2) / (ends + sides), abs=0.01)


def test_a_part_survives_itself_whole_and_a_part_elsewhere_not_at_all() -> None:
    mesh = mesh_of(bracket())
    assert surviving(mesh, mesh) == 1
    assert surviving(mesh, Mesh(mesh.vertices + 200, mesh.triangles)) == 0


@pytest.mark.parametrize(("kind", "share"), [("piece 1/4", 0.27), ("piece 1/2", 0.5), ("piece 3/4", 0.75)])
def test_a_plane_leaves_the_share_it_is_named_for(kind: str, share: float) -> None:
    ball_like = mesh_of(rod(20, 35))
    for seed in range(4):
        one = made(kind, ball_like, seed)
        assert one is not None
        assert one.surviving == pytest.approx(share, abs=0.01)


def test_pieces_lie_within_the_part() -> None:
    mesh = mesh_of(gear())
    for kind in GROUPS["pieces"]:
        one = made(kind, mesh, 1)
        assert one is not None
        outside = (solid_of(one.mesh) - solid_of(mesh)).volume()
        # A peg stands where the other piece was.
        assert outside < 0.1, kind


def test_pegs_add_material_and_surface_and_sockets_only_surface() -> None:
    mesh = mesh_of(gear())
    pegs, sockets, plain = (
        made(kind, mesh, 1) for kind in ("piece with pegs", "piece with sockets", "piece 1/2")
    )
    assert pegs is not None
    assert sockets is not None
    assert plain is not None
    assert min(area(pegs.mesh), area(sockets.mesh)) > area(plain.mesh)
    half, pegged, hollowed = (solid_of(one.mesh) for one in (plain, pegs, sockets))
    assert hollowed.volume() < half.volume() < pegged.volume()
    assert pegs.surviving == pytest.approx(sockets.surviving, abs=0.01)


def test_a_stopped_print_is_flat_at_half_its_height() -> None:
    mesh = mesh_of(bracket())
    one = made("print stopped half-way", mesh)
    assert one is not None
    low, high = one.mesh.bounds
    np.testing.assert_allclose(low[2], mesh.bounds[0][2])
    np.testing.assert_allclose(high[2], mesh.bounds[0][2] + mesh.extents[2] / 2)


def test_what_contains_a_part_is_one_body_but_for_a_loose_part_in_a_cavity() -> None:
    mesh = mesh_of(bracket())
    for kind in GROUPS["contained"]:
        one = made(kind, mesh, 1)
        assert one is not None
        bodies = split_bodies(one.mesh)
        assert len(bodies) == (2 if kind == "in a cavity" else 1), kind
        assert one.surviving >= 0.85 or kind == "three fused"


def test_a_loose_part_in_a_cavity_is_untouched_and_all_within() -> None:
    mesh = mesh_of(knob())
    shell, part = sorted(
        (solid.mesh for solid in split_bodies(containers.in_cavity(mesh, np.random.default_rng(3)))),
        key=lambda body: -float(np.linalg.norm(body.extents)),
    )
    assert len(part.triangles) == len(mesh.triangles)
    assert not inside(part.vertices, shell).any()
    assert (shell.bounds[0] < part.bounds[0]).all()
    assert (shell.bounds[1] > part.bounds[1]).all()


@pytest.mark.parametrize("sign", [-1, 1])
def test_offset_walls_move_by_one_distance(sign: int) -> None:
    mesh = mesh_of(block(30, 20, 10))
    one = next(
        one
        for seed in range(20)
        if (one := edits.offset(mesh, np.random.default_rng(seed)))
        and np.sign(one.extents[0] - mesh.extents[0]) == sign
    )
    grown = one.extents - mesh.extents
    np.testing.assert_allclose(grown, grown[0], atol=1e-3)
    assert 0.1 * 0.99 <= abs(grown[0]) <= 0.4 * 1.01


def test_stretching_is_along_one_axis_of_the_file() -> None:
    mesh = mesh_of(bracket())
    one = edits.stretched(mesh, np.random.default_rng(0))
    assert one is not None
    ratio = np.sort(one.extents / mesh.extents)
    np.testing.assert_allclose(ratio[:2], 1)
    assert 1.01 <= ratio[2] <= 1.05


def test_edits_change_the_part_and_leave_most_of_it() -> None:
    mesh = mesh_of(housing())
    for kind in GROUPS["edits"]:
        one = made(kind, mesh, 1)
        assert one is not None
        assert one.surviving >= 0.85
        assert surviving(one.mesh, mesh) < 0.9999, kind


def test_a_resampled_surface_is_the_same_and_finely_divided() -> None:
    mesh = mesh_of(bracket())
    fine = scans.resampled(mesh, np.random.default_rng(0))
    assert fine is not None
    a, b, c = (fine.vertices[fine.triangles[:, k]] for k in range(3))
    longest = max(float(np.linalg.norm(u - v, axis=1).max()) for u, v in ((a, b), (b, c), (c, a)))
    assert longest <= 0.03 * np.linalg.norm(mesh.extents)
    assert area(fine) == pytest.approx(area(mesh))
    assert closed(fine)
    assert surviving(mesh, fine) == 1


def test_a_scan_of_one_side_has_less_than_one_without_one_side() -> None:
    rod_like = mesh_of(rod(15, 30))
    for seed in range(3):
        one = scans.one_side(rod_like, np.random.default_rng(seed))
        most = scans.without_one_side(rod_like, np.random.default_rng(seed))
        assert one is not None
        assert most is not None
        assert not closed(one)
        assert not closed(most)
        assert 0.3 < surviving(rod_like, one) < surviving(rod_like, most) < 0.95


def test_what_lies_in_a_void_is_not_seen() -> None:
    outer, inner = mesh_of(block(30, 30, 30)), mesh_of(block(10, 10, 10, at=(10, 10, 10)))
    seen = scans.without_one_side(merge([outer, inner]), np.random.default_rng(0))
    assert seen is not None
    assert surviving(inner, seen) == 0
    assert surviving(outer, seen) > 0.6


def test_roughness_has_its_root_mean_square_and_opens_no_seam() -> None:
    fine = scans.resampled(mesh_of(bracket()), np.random.default_rng(0))
    assert fine is not None
    rough = scans.roughened(fine, np.random.default_rng(0))
    rms = np.sqrt(((rough.vertices - fine.vertices) ** 2).sum(axis=1).mean())
    assert rms == pytest.approx(0.2, rel=0.02)
    assert closed(rough)


def test_what_is_open_can_be_scanned_offset_and_stretched_only() -> None:
    whole = mesh_of(bracket())
    gap = Mesh(whole.vertices, np.ascontiguousarray(whole.triangles[40:]))
    applies = {kind for kind in KINDS if made(kind, gap) is not None}
    whole_only = {"print stopped half-way"}
    assert applies == {*GROUPS["scans"], "walls offset", "stretched", "in a cavity"} - whole_only


def test_what_is_as_small_as_a_file_in_metres_is_left_out() -> None:
    whole = mesh_of(bracket())
    tiny = Mesh(whole.vertices / 1000, whole.triangles)
    assert [kind for kind in KINDS if made(kind, tiny) is not None] == []


def test_a_part_wound_inward_is_disguised_like_one_that_is_not() -> None:
    whole = mesh_of(bracket())
    inward = Mesh(whole.vertices, np.ascontiguousarray(whole.triangles[:, ::-1]))
    one, other = made("piece 1/2", whole), made("piece 1/2", inward)
    assert one
    assert other
    assert one.surviving == pytest.approx(other.surviving, abs=0.02)


def test_joining_wants_its_other_bodies() -> None:
    mesh = mesh_of(bracket())
    assert disguised("fused with another", mesh, np.random.default_rng(0), ()) is None
    assert disguised("three fused", mesh, np.random.default_rng(0), OTHERS[:1]) is None


def test_the_biggest_body_is_that_with_the_most_surface() -> None:
    small, large = mesh_of(block(1, 1, 1)), mesh_of(block(5, 5, 5, at=(10, 0, 0)))
    found = biggest(merge([small, large]))
    assert found is not None
    np.testing.assert_allclose(found.bounds, large.bounds)
    assert biggest(None) is None


def test_relations_are_those_of_their_group() -> None:
    assert {kind.relation for kind in GROUPS["pieces"].values()} == {Relation.PIECE_OF}
    assert {kind.relation for kind in GROUPS["contained"].values()} == {Relation.CONTAINS}
    assert {kind.relation for kind in GROUPS["edits"].values()} == {Relation.EDITED}
