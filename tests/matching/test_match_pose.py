"""Where a match says that a body lies in its part: transform, scale, hand, unit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from listed import MemoryIndex, in_unit, matcher_of, misplaced_mm, screened

import parts
from partwatch.matching import Matcher, Policy
from partwatch.model.document import MatchFinding, Medium, Relation, UnitSource
from partwatch.model.mesh import UNIT_HYPOTHESES, Unit

# Of the vertices, by the transform that is reported.
RESIDUAL_MM = 0.02
SOME = ("bracket", "gear", "housing", "hook")


@pytest.mark.parametrize("name", parts.DISTINCT)
def test_a_moved_copy_is_found_and_laid_vertex_on_vertex(
    name: str, matcher: Matcher, index: MemoryIndex
) -> None:
    mesh = parts.part_mesh(name)
    there = parts.moved(mesh, parts.motion(17, 200))
    answer = screened(matcher, there)
    match, body = answer.best, answer.body
    entry = next(entry for entry in index.entries if entry.name == name)
    assert (match.part, match.design) == (name, f"design of {name}")
    assert (match.finding, match.relation) == (MatchFinding.MATCH, Relation.SAME_MESH)
    assert match.medium is Medium.MESH
    assert (match.mirrored, match.scale_ambiguous, match.bits) == (False, False, None)
    assert match.scale == pytest.approx(1, abs=1e-5)
    assert match.distinctiveness == pytest.approx(entry.distinctiveness, abs=1e-4)
    assert match.tolerance_mm == pytest.approx(
        Policy().tolerance_mm(float(np.linalg.norm(mesh.extents))), abs=1e-4
    )
    assert match.coverage_part == match.coverage_body == 1
    assert match.deviation_mm.max <= 0.001
    assert match.score > 0.99
    assert misplaced_mm(match, body, there.vertices, mesh.vertices) < RESIDUAL_MM
    assert np.linalg.det(np.array(match.T_part_body)[:3, :3]) == pytest.approx(1, abs=1e-4)
    assert (body.index, body.name) == (0, "shape 0")
    assert (body.unit, body.unit_source) == (Unit.MILLIMETRE, UnitSource.ASSUMED)
    assert body.extents_mm == pytest.approx(tuple(there.extents), abs=1e-3)
    assert body.triangles == len(mesh.triangles)
    assert body.notes == ()
    assert [reason.code for reason in answer.reasons] == ["match"] + [
        other.finding.value for other in body.matches[1:] if other.finding is not MatchFinding.CANDIDATE
    ]
    assert name in answer.reasons[0].message


@pytest.mark.parametrize("name", ["gear", "knob"])
@pytest.mark.parametrize("seed", range(1000, 1008))
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_part_that_turns_onto_itself_but_for_a_detail_is_laid_by_that_detail(
    name: str, seed: int, mirrored: bool, matcher: Matcher
) -> None:
    """One tooth off is another place for the keyway: neither the same shape nor the right transform."""
    T = parts.motion(seed, 100, mirrored=mirrored)
    answer = screened(matcher, parts.moved(NEARLY_SYMMETRIC[name], T))
    match = answer.best
    assert (match.part, match.relation, match.mirrored) == (name, Relation.SAME_SHAPE, mirrored)
    vertices = parts.part_mesh(name).vertices
    assert misplaced_mm(match, answer.body, vertices @ T[:, :3].T + T[:, 3], vertices) < RESIDUAL_MM


NEARLY_SYMMETRIC = {name: parts.finer(parts.part_mesh(name), 5.0) for name in ("gear", "knob")}


@given(st.sampled_from(["bracket", "stand", "impeller", "clamp"]), st.integers(0, 10**6))
@settings(max_examples=12)
def test_the_transform_is_right_wherever_the_body_lies(name: str, seed: int) -> None:
    mesh = parts.part_mesh(name)
    there = parts.moved(mesh, parts.motion(seed, 1000))
    answer = screened(matcher_of(FEW), there)
    assert (answer.best.part, answer.best.mirrored) == (name, False)
    assert misplaced_mm(answer.best, answer.body, there.vertices, mesh.vertices) < RESIDUAL_MM


FEW = MemoryIndex({name: parts.part_mesh(name) for name in ("bracket", "stand", "impeller", "clamp")})


@pytest.mark.parametrize("name", SOME)
@pytest.mark.parametrize("unit", UNIT_HYPOTHESES)
def test_a_file_without_unit_is_taken_in_the_unit_that_fits(name: str, unit: Unit, matcher: Matcher) -> None:
    mesh = parts.part_mesh(name)
    there = in_unit(parts.moved(mesh, parts.motion(5, 100)), unit)
    answer = screened(matcher, there)
    match, body = answer.best, answer.body
    assert (match.part, match.finding) == (name, MatchFinding.MATCH)
    assert body.unit is unit
    assert body.unit_source is (UnitSource.ASSUMED if unit is Unit.MILLIMETRE else UnitSource.INFERRED)
    assert match.scale == pytest.approx(1, abs=1e-4)
    assert not match.scale_ambiguous
    assert misplaced_mm(match, body, there.vertices, mesh.vertices) < RESIDUAL_MM
    assert body.extents_mm == pytest.approx(tuple(parts.moved(mesh, parts.motion(5, 100)).extents), rel=1e-4)


@pytest.mark.parametrize("unit", Unit)
def test_a_stated_unit_is_believed(unit: Unit, matcher: Matcher) -> None:
    mesh = parts.part_mesh("bracket")
    there = in_unit(parts.moved(mesh, parts.motion(6, 100)), unit)
    answer = screened(matcher, there, unit=unit)
    match, body = answer.best, answer.body
    assert (match.part, match.finding) == ("bracket", MatchFinding.MATCH)
    assert (body.unit, body.unit_source) == (unit, UnitSource.STATED)
    assert match.scale == pytest.approx(1, abs=1e-4)
    assert misplaced_mm(match, body, there.vertices, mesh.vertices) < RESIDUAL_MM


@pytest.mark.parametrize(("stated", "made_in"), [(Unit.MILLIMETRE, Unit.INCH), (Unit.INCH, Unit.MILLIMETRE)])
def test_a_stated_unit_that_does_not_fit_leaves_a_scale_and_a_review(
    stated: Unit, made_in: Unit, matcher: Matcher
) -> None:
    mesh = parts.part_mesh("bracket")
    there = in_unit(parts.moved(mesh, parts.motion(6, 100)), made_in)
    answer = screened(matcher, there, unit=stated)
    match, body = answer.best, answer.body
    assert (match.part, match.finding) == ("bracket", MatchFinding.REVIEW)
    assert (body.unit, body.unit_source) == (stated, UnitSource.STATED)
    assert match.scale == pytest.approx(25.4 if stated is Unit.MILLIMETRE else 1 / 25.4, rel=1e-4)
    assert misplaced_mm(match, body, there.vertices, mesh.vertices) < RESIDUAL_MM


@pytest.mark.parametrize("name", SOME)
@pytest.mark.parametrize("factor", [0.5, 2.0, 1 / 16, 1.05, 0.95])
def test_another_size_is_at_most_review_and_its_scale_is_from_body_to_part(
    name: str, factor: float, matcher: Matcher
) -> None:
    mesh = parts.part_mesh(name)
    there = parts.moved(mesh, parts.motion(8, 50, factor))
    answer = screened(matcher, there)
    match = answer.best
    assert (match.part, match.finding) == (name, MatchFinding.REVIEW)
    assert (answer.body.unit, answer.body.unit_source) == (Unit.MILLIMETRE, UnitSource.ASSUMED)
    assert match.scale == pytest.approx(1 / factor, rel=1e-4)
    assert match.coverage_part > 0.99
    assert match.coverage_body > 0.99
    assert misplaced_mm(match, answer.body, there.vertices, mesh.vertices) < RESIDUAL_MM
    assert f"{factor:.3g} times the part's size" in answer.reasons[0].message
    assert all(other.finding is not MatchFinding.MATCH for other in answer.body.matches)


@pytest.mark.parametrize("name", SOME)
@pytest.mark.parametrize("factor", [0.99, 1.01, 0.985, 1.015])
def test_shrinkage_compensation_stays_a_match(name: str, factor: float, matcher: Matcher) -> None:
    mesh = parts.part_mesh(name)
    there = parts.moved(mesh, parts.motion(9, 50, factor))
    answer = screened(matcher, there)
    assert (answer.best.part, answer.best.finding) == (name, MatchFinding.MATCH)
    assert answer.best.scale == pytest.approx(1 / factor, rel=1e-4)
    assert misplaced_mm(answer.best, answer.body, there.vertices, mesh.vertices) < RESIDUAL_MM


@pytest.mark.parametrize("name", parts.HANDED)
def test_the_other_hand_is_found_and_said_to_be_mirrored(name: str, matcher: Matcher) -> None:
    mesh = parts.part_mesh(name)
    there = parts.moved(mesh, parts.motion(10, 50, mirrored=True))
    answer = screened(matcher, there)
    match = answer.best
    assert (match.part, match.mirrored, match.finding) == (name, True, MatchFinding.MATCH)
    assert np.linalg.det(np.array(match.T_part_body)[:3, :3]) == pytest.approx(-1, abs=1e-3)
    assert misplaced_mm(match, answer.body, there.vertices, mesh.vertices) < RESIDUAL_MM


@pytest.mark.parametrize("name", ["plate", "clamp"])
def test_a_part_that_is_its_own_mirror_image_is_not_said_to_be_mirrored(name: str, matcher: Matcher) -> None:
    # Tessellated anew: else the triangles themselves could be the mirrored ones.
    mesh = parts.finer(parts.part_mesh(name), 6.0)
    match = screened(matcher, parts.moved(mesh, parts.motion(10, 50, mirrored=True))).best
    assert (match.part, match.mirrored, match.finding) == (name, False, MatchFinding.MATCH)
    assert match.relation is Relation.SAME_SHAPE


@pytest.mark.parametrize("name", parts.HANDED)
def test_of_a_left_and_a_right_part_the_right_one_comes_first(name: str) -> None:
    left = parts.part_mesh(name)
    right = parts.moved(left, np.concatenate([np.diag([-1.0, 1, 1]), np.zeros((3, 1))], axis=1))
    matcher = matcher_of(MemoryIndex({"left": left, "right": right, "hook": parts.part_mesh("hook")}))
    for mesh, mine, other in ((left, "left", "right"), (right, "right", "left")):
        there = parts.moved(mesh, parts.motion(12))
        answer = screened(matcher, there)
        assert [(m.part, m.mirrored) for m in answer.body.matches[:2]] == [(mine, False), (other, True)]
        assert misplaced_mm(answer.best, answer.body, there.vertices, mesh.vertices) < RESIDUAL_MM


def two_sizes() -> Matcher:
    small = parts.part_mesh("bracket")
    return matcher_of(
        MemoryIndex({"small": small, "large": parts.scaled(small, 10), "gear": parts.part_mesh("gear")})
    )


def test_a_size_that_two_units_explain_is_said_to_be_ambiguous() -> None:
    there = parts.moved(parts.part_mesh("bracket"), parts.motion(13))
    answer = screened(two_sizes(), there)
    assert {match.part for match in answer.body.matches} == {"small", "large"}
    assert all(match.scale_ambiguous for match in answer.body.matches)
    assert all(match.finding is MatchFinding.MATCH for match in answer.body.matches)
    for match, factor in ((m, {"small": 1, "large": 10}[m.part]) for m in answer.body.matches):
        part = parts.scaled(parts.part_mesh("bracket"), factor)
        assert misplaced_mm(match, answer.body, there.vertices, part.vertices) < RESIDUAL_MM * factor


def test_a_stated_unit_leaves_nothing_ambiguous() -> None:
    there = parts.moved(parts.part_mesh("bracket"), parts.motion(13))
    answer = screened(two_sizes(), there, unit=Unit.MILLIMETRE)
    found = {match.part: match for match in answer.body.matches}
    assert answer.best.part == "small"
    assert found["small"].finding is MatchFinding.MATCH
    assert found["large"].finding is MatchFinding.REVIEW
    assert found["large"].scale == pytest.approx(10, rel=1e-4)
    assert not any(match.scale_ambiguous for match in found.values())


def test_each_body_of_a_plate_has_its_own_part_and_place(matcher: Matcher) -> None:
    names = ["gear", "bracket", "hinge", "cam"]
    there = [
        parts.moved(parts.part_mesh(name), parts.motion(20 + k, 10) + np.eye(3, 4, 3) * 150 * k)
        for k, name in enumerate(names)
    ]
    answer = screened(matcher, parts.together(*there))
    assert [body.matches[0].part for body in answer.bodies] == names
    assert [body.index for body in answer.bodies] == [0, 1, 2, 3]
    for body, name, mesh in zip(answer.bodies, names, there, strict=True):
        assert (
            misplaced_mm(body.matches[0], body, mesh.vertices, parts.part_mesh(name).vertices) < RESIDUAL_MM
        )


def test_a_part_of_two_shells_is_found_on_its_shells_read_as_bodies() -> None:
    apart = np.concatenate([np.eye(3), [[70.0], [10], [0]]], axis=1)
    both = parts.together(parts.part_mesh("bracket"), parts.moved(parts.part_mesh("gear"), apart))
    matcher = matcher_of(MemoryIndex({"pair": both, "hook": parts.part_mesh("hook")}))
    there = parts.moved(both, parts.motion(14))
    answer = screened(matcher, there)
    assert len(answer.bodies) == 2
    assert [body.matches[0].part for body in answer.bodies] == ["pair", "pair"]
    first = len(parts.part_mesh("bracket").vertices)
    for body, own in zip(answer.bodies, (slice(None, first), slice(first, None)), strict=True):
        match = body.matches[0]
        assert match.finding is MatchFinding.MATCH
        assert match.coverage_part > 0.99
        assert match.coverage_body > 0.99
        assert misplaced_mm(match, body, there.vertices[own], both.vertices[own]) < RESIDUAL_MM


def test_half_of_a_part_of_two_shells_is_no_match_of_the_whole() -> None:
    apart = np.concatenate([np.eye(3), [[70.0], [10], [0]]], axis=1)
    both = parts.together(parts.part_mesh("bracket"), parts.moved(parts.part_mesh("gear"), apart))
    matcher = matcher_of(MemoryIndex({"pair": both, "hook": parts.part_mesh("hook")}))
    answer = screened(matcher, parts.moved(parts.part_mesh("gear"), parts.motion(14)))
    assert not any(match.finding is MatchFinding.MATCH for match in answer.body.matches)


def test_far_from_the_origin_the_transform_keeps_its_digits(matcher: Matcher) -> None:
    mesh = parts.part_mesh("bracket")
    far = parts.motion(3) + np.array([[0, 0, 0, 50_000.0], [0, 0, 0, -20_000], [0, 0, 0, 70_000]])
    there = parts.moved(mesh, far)
    answer = screened(matcher, there)
    assert answer.best.part == "bracket"
    assert misplaced_mm(answer.best, answer.body, there.vertices, mesh.vertices) < RESIDUAL_MM
