"""Coverage and deviation against a measurement of our own, and the views that pictures are drawn from."""

from __future__ import annotations

import numpy as np
import pytest
from listed import MemoryIndex, matcher_of, placed, screened
from manifold3d import Manifold
from scipy.spatial import cKDTree

import parts
from partwatch.geometry.clean import signed_volume
from partwatch.kernel import TriangleTree
from partwatch.matching import Matcher
from partwatch.model.document import Match, MatchFinding
from partwatch.model.mesh import FloatArray, Mesh
from partwatch.model.view import decode_view

SAMPLES, DENSE = 6_000, 400_000
COMPATIBLE = 0.5

EDITS: dict[str, tuple[str, Manifold]] = {
    "thicker by 0.2 mm": ("plate", parts.drilled(parts.block(70, 40, 5.2), parts.PLATE_HOLES)),
    "a hole moved": ("plate", parts.plate([*parts.PLATE_HOLES[:4], (33, 28, 4), parts.PLATE_HOLES[5]])),
    "a corner cut off": ("bracket", parts.bracket() - parts.block(20, 20, 20, (42, -5, -5))),
    "a rib more": ("housing", parts.housing() + parts.block(3, 40, 9, (28, 1, 1))),
    "as it was": ("hook", parts.hook()),
}


def distances(points: FloatArray, normals: FloatArray, surface: Mesh, tolerance: float) -> FloatArray:
    """To the surface's tangent plane at its closest compatible sample; inf beyond tolerance."""
    dense, dense_normals = parts.surface_samples(surface, DENSE, seed=2)
    near, at = cKDTree(dense).query(points, k=24, distance_upper_bound=2 * tolerance)
    at = np.minimum(at, DENSE - 1)
    fits = np.isfinite(near) & (np.abs((dense_normals[at] * normals[:, None]).sum(axis=2)) >= COMPATIBLE)
    first = at[np.arange(len(points)), fits.argmax(axis=1)]
    height = np.abs(((points - dense[first]) * dense_normals[first]).sum(axis=1))
    return np.where(fits.any(axis=1) & (height <= tolerance), height, np.inf)


def measured(match: Match, body_mm: Mesh, part: Mesh) -> tuple[FloatArray, FloatArray]:
    """Distances of the part's samples to the body as the match places it, and the other way round."""
    laid = Mesh(placed(match, body_mm.vertices), body_mm.triangles)
    return (
        distances(*parts.surface_samples(part, SAMPLES), laid, match.tolerance_mm),
        distances(*parts.surface_samples(laid, SAMPLES), part, match.tolerance_mm),
    )


@pytest.mark.parametrize("case", EDITS)
def test_coverage_and_deviation_are_what_dense_samples_say(case: str, matcher: Matcher) -> None:
    name, solid = EDITS[case]
    there = parts.moved(parts.mesh_of(solid), parts.motion(6, 50))
    match = screened(matcher, there).best
    assert match.part == name
    of_part, of_body = measured(match, there, parts.part_mesh(name))
    # Three standard errors of a share near 0.9 on 6000 and 4000 samples.
    assert match.coverage_part == pytest.approx(np.isfinite(of_part).mean(), abs=0.015)
    assert match.coverage_body == pytest.approx(np.isfinite(of_body).mean(), abs=0.015)
    covered = np.concatenate([of_part[np.isfinite(of_part)], of_body[np.isfinite(of_body)]])
    assert match.deviation_mm.median == pytest.approx(np.median(covered), abs=0.005)
    assert match.deviation_mm.p95 == pytest.approx(np.quantile(covered, 0.95), abs=0.02)
    assert match.deviation_mm.p95 <= match.deviation_mm.max <= match.tolerance_mm + 1e-4


def test_what_is_added_lowers_the_body_s_coverage_and_what_is_cut_the_part_s(matcher: Matcher) -> None:
    added = screened(matcher, parts.mesh_of(EDITS["a rib more"][1])).best
    assert added.coverage_body < added.coverage_part
    cut = screened(matcher, parts.mesh_of(EDITS["a corner cut off"][1])).best
    assert cut.coverage_part < cut.coverage_body


# Views


@pytest.fixture(scope="module")
def drawing(index: MemoryIndex) -> Matcher:
    """A matcher that keeps views."""
    return matcher_of(index, views=True)


def test_without_asking_there_is_no_view(matcher: Matcher) -> None:
    assert all(match.view is None for match in screened(matcher, parts.part_mesh("plate")).body.matches)


def test_a_view_draws_the_body_where_it_lies_and_nothing_of_the_part(drawing: Matcher) -> None:
    there = parts.moved(parts.part_mesh("bracket"), parts.motion(4, 50))
    answer = screened(drawing, there)
    assert all(
        (match.view is None) == (match.finding is MatchFinding.CANDIDATE) for match in answer.body.matches
    )
    view = answer.best.view
    assert view is not None
    assert view.part_positions is None
    assert view.part_triangles is None
    shown = decode_view(view)
    assert shown.positions.min(axis=0) == pytest.approx(there.vertices.min(axis=0), abs=1e-3)
    assert shown.positions.max(axis=0) == pytest.approx(there.vertices.max(axis=0), abs=1e-3)
    assert shown.distance_mm.max() < 0.01


def test_a_view_of_a_file_in_inches_is_in_millimetres(drawing: Matcher) -> None:
    mesh = parts.part_mesh("bracket")
    view = screened(drawing, parts.scaled(mesh, 1 / 25.4)).best.view
    assert view is not None
    assert np.ptp(decode_view(view).positions, axis=0) == pytest.approx(mesh.extents, rel=1e-3)


def test_a_view_shows_where_the_body_differs(drawing: Matcher) -> None:
    solid = parts.bracket() + parts.rod(3, 12, (40, 20, 0))
    answer = screened(drawing, parts.mesh_of(solid))
    assert answer.best.part == "bracket"
    assert answer.best.view is not None
    shown = decode_view(answer.best.view)
    on_boss = (np.linalg.norm(shown.positions[:, :2] - [40, 20], axis=1) < 3.01) & (
        shown.positions[:, 2] > 11
    )
    assert on_boss.any()
    assert shown.distance_mm[on_boss].min() > 1
    beside = np.linalg.norm(shown.positions[:, :2] - [40, 20], axis=1) > 8
    assert np.quantile(shown.distance_mm[beside], 0.99) < 0.1


def test_the_part_is_in_a_view_only_where_it_was_asked_for(index: MemoryIndex) -> None:
    mesh = parts.part_mesh("bracket")
    there = parts.moved(mesh, parts.motion(4, 50))
    view = screened(matcher_of(index, views=True, with_part_geometry=True), there).best.view
    assert view is not None
    shown = decode_view(view)
    assert shown.part_positions is not None
    assert shown.part_positions.min(axis=0) == pytest.approx(there.vertices.min(axis=0), abs=0.02)
    assert shown.part_positions.max(axis=0) == pytest.approx(there.vertices.max(axis=0), abs=0.02)
    alone = screened(matcher_of(index, with_part_geometry=True), there)
    assert alone.best.view is None


def test_every_vertex_of_a_view_lies_on_the_submitted_body(drawing: Matcher) -> None:
    """Also where it differs: what is drawn there is the body's own surface, not the part's."""
    holes = [*parts.PLATE_HOLES[:4], (33, 28, 4), parts.PLATE_HOLES[5]]
    there = parts.moved(parts.mesh_of(parts.plate(holes)), parts.motion(5, 20))
    match = screened(drawing, there).best
    assert match.view is not None
    shown = decode_view(match.view).positions.astype(np.float64)
    tree = TriangleTree(there.vertices, there.triangles, 0.5)
    assert tree.closest(shown, np.zeros_like(shown), np.inf)[0].max() < 1e-4


@pytest.mark.parametrize("name", ["bracket", "housing"])
def test_a_very_fine_body_is_drawn_coarser_but_as_it_is(name: str, drawing: Matcher) -> None:
    fine = parts.finer(parts.part_mesh(name), 2.5)
    assert len(fine.triangles) > 30_000
    view = screened(drawing, fine).best.view
    assert view is not None
    shown = decode_view(view)
    assert len(shown.triangles) < len(fine.triangles) / 2
    drawn = Mesh(shown.positions.astype(np.float64), shown.triangles)
    assert np.ptp(shown.positions, axis=0) == pytest.approx(fine.extents, abs=0.1)
    assert signed_volume(drawn) == pytest.approx(signed_volume(fine), rel=0.01)
    # It is the very part: nowhere may it look as if it differed.
    assert shown.distance_mm.max() < 0.1
