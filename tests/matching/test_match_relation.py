"""What a match says of a body: relation, finding, order, reasons; and what is no match."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from listed import EXPIRES, MemoryIndex, matcher_of, misplaced_mm, named, screened, sha256_of
from manifold3d import CrossSection, Manifold

import parts
from partwatch.geometry.bodies import split_bodies
from partwatch.geometry.clean import signed_volume
from partwatch.matching import FINGERPRINT_ONLY, Matcher, Policy
from partwatch.model.document import MatchFinding, Relation
from partwatch.model.mesh import Mesh

SOME = ("bracket", "gear", "housing", "hook", "pulley")


# The same mesh, the same file, the same shape


@pytest.mark.parametrize("name", parts.DISTINCT)
def test_another_order_and_number_format_is_the_same_mesh(name: str, matcher: Matcher) -> None:
    there = parts.float32(parts.shuffled(parts.moved(parts.part_mesh(name), parts.motion(2, 80)), 4))
    match = screened(matcher, there).best
    assert (match.part, match.relation, match.finding) == (name, Relation.SAME_MESH, MatchFinding.MATCH)


@pytest.mark.parametrize("name", SOME)
def test_an_inch_file_and_the_other_hand_are_the_same_mesh(name: str, matcher: Matcher) -> None:
    for T in (parts.motion(3, 4, 1 / 25.4), parts.motion(4, 80, mirrored=True)):
        match = screened(matcher, parts.moved(parts.part_mesh(name), T)).best
        assert (match.part, match.relation) == (name, Relation.SAME_MESH)


@pytest.mark.parametrize("name", SOME)
def test_a_welded_soup_is_the_same_mesh(name: str, matcher: Matcher) -> None:
    match = screened(
        matcher, parts.soup(parts.float32(parts.moved(parts.part_mesh(name), parts.motion(5))))
    ).best
    assert (match.part, match.relation) == (name, Relation.SAME_MESH)


@pytest.mark.parametrize("name", SOME)
def test_the_very_file_is_the_same_file(name: str, matcher: Matcher) -> None:
    match = screened(matcher, parts.part_mesh(name), sha256=sha256_of(name)).best
    assert (match.part, match.relation, match.finding) == (name, Relation.SAME_FILE, MatchFinding.MATCH)


def test_the_very_file_is_the_same_file_of_that_part_only() -> None:
    mesh = parts.part_mesh("bracket")
    matcher = matcher_of(
        MemoryIndex({"one": mesh, "another": parts.shuffled(mesh), "gear": parts.part_mesh("gear")})
    )
    relations = {m.part: m.relation for m in screened(matcher, mesh, sha256=sha256_of("one")).body.matches}
    assert relations == {"one": Relation.SAME_FILE, "another": Relation.SAME_MESH}


@pytest.mark.parametrize("name", SOME)
def test_another_tessellation_is_the_same_shape(name: str, matcher: Matcher) -> None:
    mesh = parts.moved(parts.part_mesh(name), parts.motion(6, 80))
    fine = parts.finer(mesh, float(np.linalg.norm(mesh.extents)) / 12)
    answer = screened(matcher, fine)
    match = answer.best
    assert (match.part, match.relation, match.finding) == (name, Relation.SAME_SHAPE, MatchFinding.MATCH)
    assert misplaced_mm(match, answer.body, mesh.vertices, parts.part_mesh(name).vertices) < 0.02


@pytest.mark.parametrize("name", SOME)
def test_one_triangle_halved_is_the_same_shape_not_the_same_mesh(name: str, matcher: Matcher) -> None:
    mesh = parts.moved(parts.part_mesh(name), parts.motion(6, 80))
    corners = mesh.vertices[mesh.triangles]
    lengths = np.linalg.norm(corners - np.roll(corners, -1, axis=1), axis=2)
    t, k = np.unravel_index(lengths.argmax(), lengths.shape)
    a, b = (int(mesh.triangles[t, (k + step) % 3]) for step in (0, 1))
    rows = []
    for row in mesh.triangles.tolist():
        if a in row and b in row:
            rows += [
                [len(mesh.vertices) if i == b else i for i in row],
                [len(mesh.vertices) if i == a else i for i in row],
            ]
        else:
            rows.append(row)
    vertices = np.concatenate([mesh.vertices, mesh.vertices[[a, b]].mean(axis=0, keepdims=True)])
    match = screened(matcher, Mesh(vertices, np.array(rows, dtype=np.int32))).best
    assert (match.part, match.relation) == (name, Relation.SAME_SHAPE)


@pytest.mark.parametrize("name", SOME)
def test_a_scanner_s_noise_is_still_a_match(name: str, matcher: Matcher) -> None:
    mesh = parts.moved(parts.part_mesh(name), parts.motion(7, 80))
    answer = screened(matcher, parts.jittered(parts.finer(mesh, 4.0), 0.05))
    match = answer.best
    assert (match.part, match.finding, match.relation) == (name, MatchFinding.MATCH, Relation.SAME_SHAPE)
    assert 0.005 < match.deviation_mm.median < 0.05
    assert misplaced_mm(match, answer.body, mesh.vertices, parts.part_mesh(name).vertices) < 0.1


@pytest.mark.parametrize("name", SOME)
def test_a_decimated_copy_is_still_a_match(name: str, matcher: Matcher) -> None:
    mesh = parts.moved(parts.part_mesh(name), parts.motion(8, 80))
    coarse = parts.decimated(parts.finer(mesh, 4.0), 0.5)
    # Else it would be the decimation's fault.
    assert signed_volume(coarse) == pytest.approx(signed_volume(mesh), rel=1e-3)
    match = screened(matcher, coarse).best
    assert (match.part, match.finding) == (name, MatchFinding.MATCH)
    assert match.relation in {Relation.SAME_SHAPE, Relation.EDITED}


# Revisions


def shifted(holes: tuple[parts.Hole, ...], which: int, by: tuple[float, float]) -> list[parts.Hole]:
    """The holes with one of them moved."""
    x, y, radius = holes[which]
    return [*holes[:which], (x + by[0], y + by[1], radius), *holes[which + 1 :]]


REVISIONS = {
    **{
        f"plate, hole {k} to {by}": ("plate", parts.plate(shifted(parts.PLATE_HOLES, k, by)))
        for k in range(6)
        for by in ((1.0, 0.0), (0.0, -1.0))
    },
    **{
        f"bracket, hole {k} to {by}": ("bracket", parts.bracket(shifted(parts.BRACKET_HOLES, k, by)))
        for k in range(4)
        for by in ((1.0, 0.0), (0.0, 1.0))
    },
    "plate, a hole more": ("plate", parts.plate([*parts.PLATE_HOLES, (50, 20, 2.2)])),
    "plate, a hole less": ("plate", parts.plate(parts.PLATE_HOLES[:-1])),
    "gear, a second hole": ("gear", parts.gear() - parts.rod(2, 40, (-11.5, 0, -10))),
    "hook, a boss more": ("hook", parts.hook() + parts.rod(3, 6).rotate((-90, 0, 0)).translate((22, 4, 25))),
}  # fmt: skip


@pytest.mark.parametrize("case", REVISIONS)
def test_a_revision_is_edited_and_still_found(case: str, matcher: Matcher) -> None:
    name, solid = REVISIONS[case]
    match = screened(matcher, parts.moved(parts.mesh_of(solid), parts.motion(9, 80))).best
    assert (match.part, match.relation) == (name, Relation.EDITED)
    assert match.finding is MatchFinding.MATCH
    assert min(match.coverage_part, match.coverage_body) < 1


@pytest.mark.parametrize("which", range(6))
def test_a_revision_tessellated_otherwise_is_edited(which: int, matcher: Matcher) -> None:
    solid = parts.plate(shifted(parts.PLATE_HOLES, which, (0.7, 0.7)))
    fine = parts.finer(parts.moved(parts.mesh_of(solid), parts.motion(9, 80)), 4.0)
    match = screened(matcher, fine).best
    assert (match.part, match.relation) == ("plate", Relation.EDITED)


def test_an_edited_plate_lies_where_it_did(matcher: Matcher) -> None:
    """What stayed must fit; what moved must not pull the whole along."""
    mesh = parts.mesh_of(parts.plate(shifted(parts.PLATE_HOLES, 4, (3.0, 2.0))))
    there = parts.moved(mesh, parts.motion(11, 80))
    answer = screened(matcher, there)
    assert answer.best.part == "plate"
    assert misplaced_mm(answer.best, answer.body, there.vertices, mesh.vertices) < 0.05


def test_of_two_revisions_on_the_list_the_right_one_comes_first() -> None:
    holes = parts.BRACKET_HOLES
    revisions = {"a": holes, "b": shifted(holes, 2, (1.0, 0.0)), "c": shifted(holes, 0, (0.0, 1.0))}
    meshes = {name: parts.mesh_of(parts.bracket(changed)) for name, changed in revisions.items()}
    matcher = matcher_of(MemoryIndex({**meshes, "gear": parts.part_mesh("gear")}))
    for name, mesh in meshes.items():
        found = screened(matcher, parts.finer(parts.moved(mesh, parts.motion(5)), 5.0)).body.matches
        assert {match.part for match in found} == set(revisions)
        assert found[0].part == name
        assert found[0].relation is Relation.SAME_SHAPE
        assert {match.relation for match in found[1:]} == {Relation.EDITED}


# Plain shapes, expiry, strangers


@pytest.mark.parametrize("name", ["pin", "washer", "cube"])
def test_a_plain_part_is_at_most_review_and_the_reason_says_why(name: str, matcher: Matcher) -> None:
    answer = screened(matcher, parts.moved(parts.part_mesh(name), parts.motion(3, 50)))
    (match,) = named(answer, name)
    assert match.finding is MatchFinding.REVIEW
    assert match.distinctiveness < 0.05
    assert match.coverage_part > 0.99
    assert any("plain shape" in reason.message for reason in answer.reasons if reason.code == "review")


@pytest.mark.parametrize("name", ["bracket", "gear"])
def test_an_expired_design_does_not_match_and_a_reason_says_so(name: str, index: MemoryIndex) -> None:
    there = parts.moved(parts.part_mesh(name), parts.motion(3, 50))
    late = screened(matcher_of(index, EXPIRES + timedelta(days=1)), there)
    assert late.body.matches == ()
    (reason,) = late.reasons
    assert reason.code == "expired"
    assert f"design of {name}" in reason.message
    assert EXPIRES.isoformat() in reason.message


def test_on_its_last_day_a_design_still_matches(index: MemoryIndex) -> None:
    answer = screened(matcher_of(index, EXPIRES), parts.part_mesh("bracket"))
    assert answer.best.part == "bracket"
    assert [reason.code for reason in answer.reasons] == ["match"]


def test_an_expired_design_that_is_not_there_goes_unmentioned(index: MemoryIndex) -> None:
    answer = screened(matcher_of(index, EXPIRES + timedelta(days=1)), STRANGERS["star"])
    assert answer.reasons == []


def star() -> Manifold:
    """A five-pointed star with a round boss."""
    points = [
        ((20 if k % 2 else 9) * np.cos(np.pi * k / 5), (20 if k % 2 else 9) * np.sin(np.pi * k / 5))
        for k in range(10)
    ]
    return CrossSection([points]).extrude(6) + parts.rod(5, 15, (2, 0, 0))


def comb() -> Manifold:
    """A bar with twelve prongs."""
    solid = parts.block(80, 8, 4)
    for k in range(12):
        solid += parts.block(3, 25, 4, (1 + 6.5 * k, 7, 0))
    return solid


STRANGERS = {
    "star": parts.mesh_of(star()),
    "comb": parts.mesh_of(comb()),
    "gear of 22 teeth": parts.mesh_of(parts.gear(teeth=22)),
    "gear of 27 teeth": parts.mesh_of(parts.gear(teeth=27)),
    "ring": parts.mesh_of(Manifold.revolve(CrossSection.circle(4).translate((14, 0)), 64)),
    "steps": parts.mesh_of(parts.block(50, 30, 8) + parts.block(35, 30, 16) + parts.block(18, 30, 27)),
}


@pytest.mark.parametrize("name", STRANGERS)
@pytest.mark.parametrize("scale", [1.0, 0.1])
def test_a_body_that_is_not_on_the_list_raises_nothing(name: str, scale: float, matcher: Matcher) -> None:
    answer = screened(matcher, parts.moved(STRANGERS[name], parts.motion(21, 60, scale)))
    assert [match for match in answer.body.matches if match.finding is not MatchFinding.CANDIDATE] == []
    assert answer.reasons == []


def test_on_an_empty_list_there_is_nothing_to_match() -> None:
    answer = screened(matcher_of(MemoryIndex({})), parts.part_mesh("bracket"))
    assert answer.body.matches == ()
    assert answer.reasons == []
    assert answer.body.extents_mm == pytest.approx((55, 40, 36), abs=1e-3)


def test_a_list_without_geometry_gives_a_reason_to_review_and_no_match() -> None:
    meshes = {name: parts.part_mesh(name) for name in ("bracket", "gear", "hook")}
    blind = MemoryIndex(meshes, geometry=False)
    answer = screened(matcher_of(blind), parts.moved(meshes["gear"], parts.motion(3, 50)))
    assert answer.body.matches == ()
    (reason,) = answer.reasons
    assert reason.code == FINGERPRINT_ONLY
    assert "design of gear" in reason.message
    assert screened(matcher_of(blind), STRANGERS["comb"]).reasons == []
    assert screened(matcher_of(blind, EXPIRES + timedelta(days=1)), meshes["gear"]).reasons == []


def test_what_is_odd_about_a_body_does_not_hide_it(matcher: Matcher) -> None:
    mesh = parts.part_mesh("bracket")
    muddled = mesh.triangles.copy()
    muddled[::3] = muddled[::3, ::-1]
    for odd in (
        parts.flipped(mesh),
        parts.together(mesh, mesh),
        Mesh(mesh.vertices, np.ascontiguousarray(mesh.triangles[5:])),
        Mesh(mesh.vertices, muddled),
    ):
        answer = screened(matcher, parts.moved(odd, parts.motion(31)))
        assert answer.body.notes
        assert (answer.best.part, answer.best.finding) == ("bracket", MatchFinding.MATCH)


# Order and sameness


def test_matches_come_best_first(matcher: Matcher) -> None:
    order = {MatchFinding.MATCH: 0, MatchFinding.REVIEW: 1, MatchFinding.CANDIDATE: 2}
    for mesh in (parts.part_mesh("gear"), parts.part_mesh("plate"), parts.mesh_of(parts.block(69, 40, 5))):
        found = screened(matcher, mesh).body.matches
        assert found == tuple(sorted(found, key=lambda match: (order[match.finding], -match.score)))
        assert len({match.part for match in found}) == len(found)


def test_findings_follow_the_policy(matcher: Matcher) -> None:
    policy = Policy()
    for name in ("plate", "pin", "cube"):
        for match in screened(matcher, parts.part_mesh(name)).body.matches:
            coverage = min(match.coverage_part, match.coverage_body)
            assert coverage >= policy.candidate_coverage
            assert (match.finding is MatchFinding.CANDIDATE) == (coverage < policy.review_coverage)
            assert 0 <= match.score <= 1
            assert 0 <= match.deviation_mm.median <= match.deviation_mm.p95 <= match.deviation_mm.max
            assert match.deviation_mm.max <= match.tolerance_mm + 1e-4


def test_the_same_item_gives_the_same_bytes(index: MemoryIndex) -> None:
    there = parts.together(
        parts.moved(parts.part_mesh("hinge"), parts.motion(1)),
        parts.moved(parts.mesh_of(parts.gear(bore=6)), parts.motion(2) + np.eye(3, 4, 3) * 400),
    )
    one, other = (screened(matcher_of(index, views=True), there) for _ in range(2))
    assert [body.model_dump_json() for body in one.bodies] == [
        body.model_dump_json() for body in other.bodies
    ]
    assert one.reasons == other.reasons


def test_what_came_before_does_not_change_an_answer(index: MemoryIndex) -> None:
    used, fresh = matcher_of(index), matcher_of(index)
    for name in parts.DISTINCT:
        screened(used, parts.moved(parts.part_mesh(name), parts.motion(3)))
    there = parts.moved(parts.mesh_of(parts.plate(parts.PLATE_HOLES[:5])), parts.motion(4))
    assert screened(used, there) == screened(fresh, there)


def test_the_number_of_bodies_is_that_of_the_solids(matcher: Matcher) -> None:
    plate = parts.together(
        parts.part_mesh("hook"), parts.moved(STRANGERS["star"], np.eye(3, 4) + np.eye(3, 4, 3) * 90)
    )
    answer = screened(matcher, plate)
    assert len(answer.bodies) == len(split_bodies(plate)) == 2
    assert [bool(body.matches) for body in answer.bodies] == [True, False]
