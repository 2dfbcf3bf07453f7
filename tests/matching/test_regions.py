"""Pieces of parts, parts within larger bodies, edited ones: found by what they share."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from listed import TODAY, Answer, MemoryIndex, misplaced_mm, named, screened
from manifold3d import Manifold

import parts
from partwatch.fingerprint.feature_index import FeatureIndex, index_features
from partwatch.fingerprint.local import features_of_part
from partwatch.geometry.bodies import split_bodies
from partwatch.geometry.offset import offset_mesh
from partwatch.matching import Matcher, Policy
from partwatch.matching.engine import Around, Engine
from partwatch.matching.matcher import MOST_IN_REGIONS
from partwatch.matching.relation import region_finding, region_share
from partwatch.matching.weight import SizeFit, Weight
from partwatch.model.document import Evidence, MatchFinding, Medium, Relation, Rival, Support
from partwatch.model.mesh import Mesh, Unit

PLENTY = Weight(bits=8, false_per_10000=0.01, is_match=True, is_review=True)
SOME = Weight(bits=1.5, false_per_10000=90, is_match=False, is_review=False)
LITTLE = Weight(bits=-3, false_per_10000=900, is_match=False, is_review=False)
LISTED = ("bracket", "gear", "housing", "clamp", "pulley", "hinge", "knob", "pin", "cube")


@dataclass
class Judging:
    """Says the same of every region, nothing of wholes, and notes what it was asked."""

    region: Weight = PLENTY
    whole: Weight = LITTLE
    asked: list[float] = field(default_factory=list)

    def of_medium(self, medium: Medium) -> Judging:
        return self

    def weigh(self, part: int, score: float, size: SizeFit) -> Weight:
        return self.whole

    def weigh_region(self, information: float) -> Weight:
        self.asked.append(information)
        return replace(self.region, information=information)

    def evidence(self, part: int, weight: Weight, rival: tuple[int, float] | None) -> Evidence:
        return Evidence(
            bound=12, at_bound=False, false_per_10000=weight.false_per_10000, support=Support.WEAK,
            statement=f"part {part}", region_rarity=weight.information,
            rival=Rival(design=None, part=None, score=None, look_alike=None, similarity=None),
        )  # fmt: skip


@pytest.fixture(scope="module")
def listed() -> MemoryIndex:
    return MemoryIndex({name: parts.part_mesh(name) for name in LISTED})


@pytest.fixture(scope="module")
def features(listed: MemoryIndex) -> FeatureIndex:
    return index_features([features_of_part(parts.part_mesh(name)) for name in LISTED])


def matcher(listed: MemoryIndex, features: FeatureIndex | None, judge: Judging | None = None) -> Matcher:
    return Matcher(listed, Policy(), TODAY, judge=judge or Judging(), features=features)


def solid(name: str) -> Manifold:
    made: Manifold = getattr(parts, name)()
    return made


def cut(name: str, direction: tuple[float, float, float], offset: float) -> Mesh:
    return parts.mesh_of(solid(name).trim_by_plane(direction, offset))


def moved(mesh: Mesh, seed: int = 5) -> tuple[Mesh, np.ndarray]:
    T = parts.motion(seed)
    return Mesh(mesh.vertices @ T[:, :3].T + T[:, 3], mesh.triangles), T


def pieces() -> dict[str, tuple[str, Mesh]]:
    return {
        "housing askew": ("housing", cut("housing", (0.6, 0.7, 0.2), 38)),
        "housing across": ("housing", cut("housing", (1, 0, 0.2), 25)),
        "hinge": ("hinge", cut("hinge", (0.2, 1, 0.1), 25)),
        "gear": ("gear", cut("gear", (1, 0.3, 0), 0)),
    }


@pytest.mark.parametrize("kind", pieces())
def test_a_piece_is_found_and_laid_where_it_was(
    kind: str, listed: MemoryIndex, features: FeatureIndex
) -> None:
    name, piece = pieces()[kind]
    there, _ = moved(piece)
    answer = screened(matcher(listed, features), there)
    best = answer.best
    assert (best.part, best.finding, best.relation) == (name, MatchFinding.MATCH, Relation.PIECE_OF)
    assert best.coverage_body > 0.5
    assert best.coverage_part < best.coverage_body
    assert not best.mirrored
    assert misplaced_mm(best, answer.body, there.vertices, piece.vertices) < 0.2
    assert "is a piece of" in answer.reasons[0].message


def test_without_features_or_without_a_judge_no_piece_is_looked_for(
    listed: MemoryIndex, features: FeatureIndex
) -> None:
    piece, _ = moved(cut("bracket", (1, 0, 0.2), 20))
    assert named(screened(matcher(listed, None), piece), "bracket") == []
    bare = Matcher(listed, Policy(), TODAY, features=features)
    assert named(screened(bare, piece), "bracket") == []


def test_a_mirrored_piece_is_told_as_mirrored(listed: MemoryIndex, features: FeatureIndex) -> None:
    piece = parts.mesh_of(solid("housing").trim_by_plane((0.6, 0.7, 0.2), 38).mirror((1, 0, 0)))
    best = screened(matcher(listed, features), moved(piece)[0]).best
    assert (best.part, best.relation, best.mirrored) == ("housing", Relation.PIECE_OF, True)


def on_a_base() -> Mesh:
    return parts.mesh_of(solid("bracket") + parts.block(90, 80, 12, (-20, -20, -11)))


def test_a_part_on_a_larger_body_is_contained(listed: MemoryIndex, features: FeatureIndex) -> None:
    there, _ = moved(on_a_base())
    best = screened(matcher(listed, features), there).best
    assert (best.part, best.finding, best.relation) == ("bracket", MatchFinding.MATCH, Relation.CONTAINS)
    assert best.coverage_part > 0.7 > best.coverage_body
    assert best.evidence is not None
    assert best.evidence.region_rarity is not None
    assert best.evidence.region_rarity > 0


def test_two_parts_fused_are_both_named(listed: MemoryIndex, features: FeatureIndex) -> None:
    fused = parts.mesh_of(solid("bracket") + solid("housing").translate((50, 5, 1)))
    answer = screened(matcher(listed, features), moved(fused)[0])
    found = {m.part: m.relation for m in answer.body.matches if m.finding is MatchFinding.MATCH}
    assert found["bracket"] is found["housing"] is Relation.CONTAINS


def in_a_hollow(name: str) -> Mesh:
    """In a block, half a millimetre from its walls, held by rods."""
    low, high = parts.part_mesh(name).bounds
    wall = parts.block(*(high - low + 7), tuple(low - 3.5)) - parts.block(*(high - low + 1), tuple(low - 0.5))
    held = solid(name) + wall
    points = parts.part_mesh(name).vertices
    for axis in range(3):
        tip = points[int(points[:, axis].argmax())]
        way = (np.eye(3)[axis] * 2).tolist()
        held += parts.block(0.8, 0.8, 0.8, tuple(tip - 0.4)).hull() + parts.block(
            0.8, 0.8, 0.8, tuple(tip - 0.4 + way)
        )
        held += parts.block(*(0.8 + np.abs(way)), tuple(tip - 0.4))
    return parts.mesh_of(held)


@pytest.mark.parametrize("name", ["bracket", "hinge", "clamp"])
def test_a_part_in_a_close_hollow_is_found_though_walls_stand_around_it(
    name: str, listed: MemoryIndex, features: FeatureIndex
) -> None:
    hollow = in_a_hollow(name)
    assert len(split_bodies(hollow)) == 1
    best = screened(matcher(listed, features), moved(hollow)[0]).best
    assert (best.part, best.finding, best.relation) == (name, MatchFinding.MATCH, Relation.CONTAINS)
    assert best.coverage_part > 0.85


def test_a_part_is_seen_beside_one_with_many_near_duplicates() -> None:
    # Twelve of nearly the same would take all the places that are measured.
    twins = {f"housing {k}": parts.mesh_of(solid("housing").scale((1, 1, 1 + k / 2000))) for k in range(12)}
    index = MemoryIndex({"hinge": parts.part_mesh("hinge"), **twins})
    own = index_features([features_of_part(index.mesh(k)) for k in range(len(index.entries))])
    fused = parts.mesh_of(solid("hinge") + solid("housing").translate((10, 20, 2)))
    answer = screened(matcher(index, own), moved(fused)[0])
    found = {m.part for m in answer.body.matches if m.finding is MatchFinding.MATCH}
    assert "hinge" in found
    assert len(found - {"hinge"}) > 6


def test_of_two_crowds_of_near_duplicates_in_one_body_both_are_named() -> None:
    # The second one's is never the best that was found; and plain blocks lie on every flat side.
    def crowd(name: str) -> dict[str, Mesh]:
        made = solid(name)
        return {f"{name} {k}": parts.mesh_of(made.scale((1, 1, 1 + k / 2000))) for k in range(5)}

    blocks = {f"block {k}": parts.mesh_of(parts.block(9 + k, 8, 7)) for k in range(40)}
    index = MemoryIndex({**blocks, **crowd("housing"), **crowd("hinge")})
    own = index_features([features_of_part(index.mesh(k)) for k in range(len(index.entries))])
    fused = parts.mesh_of(solid("hinge") + solid("housing").translate((10, 20, 2)))
    answer = screened(matcher(index, own), moved(fused)[0])
    found = {m.part for m in answer.body.matches if m.finding is MatchFinding.MATCH}
    assert found == {*crowd("housing"), *crowd("hinge")}


def test_what_one_part_leaves_of_a_body_is_searched_for_others() -> None:
    # Far more housings than are looked at in one go.
    many = {f"housing {k}": parts.mesh_of(solid("housing").scale((1, 1, 1 + k / 5000))) for k in range(40)}
    index = MemoryIndex({"bracket": parts.part_mesh("bracket"), **many})
    own = index_features([features_of_part(index.mesh(k)) for k in range(len(index.entries))])
    fused = parts.mesh_of(solid("bracket") + solid("housing").translate((50, 5, 1)))
    answer = screened(matcher(index, own), moved(fused)[0])
    assert "bracket" in {m.part for m in answer.body.matches if m.finding is MatchFinding.MATCH}


@pytest.mark.parametrize("by", [-0.15, 0.12])
def test_a_part_whose_walls_were_moved_says_as_much_as_one_that_was_not(
    by: float, listed: MemoryIndex, features: FeatureIndex
) -> None:
    housing = parts.part_mesh("housing")
    engine = Engine(listed, Policy(), features)

    def told(mesh: Mesh) -> float:
        (body,) = split_bodies(mesh)
        region = engine.shared_at(body, LISTED.index("housing"), np.eye(3, 4), 1.0)
        assert region is not None
        return region.information

    moved_walls = told(offset_mesh(housing, by))
    assert moved_walls > 0.5 * told(housing)
    # Walls that moved each by a distance of its own.
    assert told(parts.jittered(housing, abs(by))) < 0.7 * moved_walls


def test_a_stretched_part_is_edited_in_its_region_and_not_alike_as_a_whole(
    listed: MemoryIndex, features: FeatureIndex
) -> None:
    hinge = parts.part_mesh("hinge")
    longer, _ = moved(Mesh(hinge.vertices * [1, 1.05, 1], hinge.triangles))
    (best,) = named(screened(matcher(listed, features), longer), "hinge")
    assert (best.finding, best.relation) == (MatchFinding.MATCH, Relation.EDITED)
    assert min(best.coverage_part, best.coverage_body) > 0.98
    assert best.scale == pytest.approx(1.05 ** (-1 / 3), abs=2e-3)
    # Without its features there is only the whole, which is not alike enough.
    whole = named(screened(matcher(listed, None, Judging(whole=PLENTY)), longer), "hinge")
    assert all(match.finding is not MatchFinding.MATCH for match in whole)


def test_the_rim_of_a_missing_facet_says_nothing_of_a_part_that_has_it() -> None:
    index = MemoryIndex({"cube": parts.part_mesh("cube"), "hinge": parts.part_mesh("hinge")})
    own = index_features([features_of_part(index.mesh(k)) for k in range(2)])
    engine = Engine(index, Policy(), own)
    cube = parts.part_mesh("cube")
    (body,) = split_bodies(Mesh(cube.vertices, np.ascontiguousarray(cube.triangles[1:])))
    found = engine.shared_at(body, 0, np.eye(3, 4), 1.0)
    assert found is not None
    assert found.measured.coverage_body > 0.99
    assert found.information < 1.0


def test_exact_agreement_says_more_than_a_loose_one(listed: MemoryIndex, features: FeatureIndex) -> None:
    piece = cut("housing", (1, 0, 0.2), 25)
    loose = parts.jittered(parts.finer(piece, 2.0), 0.05)
    exact = information(listed, features, piece, "housing")
    assert 0 < information(listed, features, loose, "housing") < exact


def test_what_says_little_is_a_candidate_at_most(listed: MemoryIndex, features: FeatureIndex) -> None:
    piece, _ = moved(cut("bracket", (1, 0, 0.2), 20))
    answer = screened(matcher(listed, features, Judging(region=SOME)), piece)
    assert {m.finding for m in named(answer, "bracket")} == {MatchFinding.CANDIDATE}
    assert answer.reasons == []
    assert named(screened(matcher(listed, features, Judging(region=LITTLE)), piece), "bracket") == []


def test_a_piece_in_inches_is_found_where_the_file_says_so(
    listed: MemoryIndex, features: FeatureIndex
) -> None:
    piece, _ = moved(cut("housing", (0.6, 0.7, 0.2), 38))
    inches = Mesh(piece.vertices / 25.4, piece.triangles)
    best = screened(matcher(listed, features), inches, unit=Unit.INCH).best
    assert (best.part, best.relation) == ("housing", Relation.PIECE_OF)
    assert best.scale == pytest.approx(1, abs=1e-3)


def information(listed: MemoryIndex, features: FeatureIndex, mesh: Mesh, part: str) -> float:
    engine = Engine(listed, Policy(), features)
    (body,) = split_bodies(mesh)
    hits = engine.find(body, Around([body]), mm_per_unit=1.0).hits
    return max((hit.information or 0.0 for hit in hits if LISTED[hit.part] == part), default=0.0)


def test_a_plain_piece_carries_far_less_than_a_detailed_one(
    listed: MemoryIndex, features: FeatureIndex
) -> None:
    bar = parts.mesh_of(parts.block(40, 12, 8))
    detailed = information(listed, features, cut("housing", (1, 0, 0.2), 25), "housing")
    plain = max(information(listed, features, bar, name) for name in LISTED)
    assert detailed > 20 * plain


def test_a_body_that_is_a_part_is_not_searched_for_regions(
    listed: MemoryIndex, features: FeatureIndex
) -> None:
    judge = Judging()
    screened(matcher(listed, features, judge), moved(parts.part_mesh("bracket"))[0])
    assert judge.asked == []


def test_files_in_metres_are_too_small_for_regions(listed: MemoryIndex, features: FeatureIndex) -> None:
    judge = Judging()
    piece = cut("bracket", (1, 0, 0.2), 20)
    screened(matcher(listed, features, judge), Mesh(piece.vertices / 1000, piece.triangles))
    assert judge.asked == []


def test_of_very_many_bodies_the_largest_are_searched_and_it_is_said(
    listed: MemoryIndex, features: FeatureIndex
) -> None:
    rng = np.random.default_rng(0)
    many = [
        parts.mesh_of(parts.block(*rng.uniform(2, 4, 3), (10 * k, -200, 0))) for k in range(MOST_IN_REGIONS)
    ]
    piece, _ = moved(cut("bracket", (1, 0, 0.2), 20))
    answer: Answer = screened(matcher(listed, features), *many, piece)
    assert answer.bodies[-1].matches[0].relation is Relation.PIECE_OF
    assert [reason.code for reason in answer.reasons].count("regions_limited") == 1
    without = screened(matcher(listed, None), *many, piece)
    assert "regions_limited" not in [reason.code for reason in without.reasons]


def test_the_same_input_gives_the_same_answer(listed: MemoryIndex, features: FeatureIndex) -> None:
    piece, _ = moved(cut("gear", (1, 0.3, 0), 0))
    first, second = (screened(matcher(listed, features), piece).bodies for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("share", "scale", "weight", "finding"),
    [
        (1.2, 1.0, PLENTY, MatchFinding.MATCH),
        (1.2, 1.5, PLENTY, MatchFinding.REVIEW),
        (1.2, 1.0, replace(PLENTY, is_match=False), MatchFinding.REVIEW),
        (1.2, 1.0, SOME, MatchFinding.CANDIDATE),
        (1.2, 1.0, LITTLE, None),
        (0.9, 1.0, PLENTY, MatchFinding.CANDIDATE),
        (0.5, 1.0, PLENTY, None),
    ],
)
def test_a_region_needs_both_extent_and_weight(
    share: float, scale: float, weight: Weight, finding: MatchFinding | None
) -> None:
    assert region_finding(share, scale, weight, Policy()) is finding


def test_the_side_that_must_lie_on_the_other_is_what_counts() -> None:
    policy = Policy()
    assert region_share(Relation.PIECE_OF, 0.1, 0.5, policy) == pytest.approx(0.5 / policy.piece_coverage)
    assert region_share(Relation.CONTAINS, 0.65, 0.1, policy) == pytest.approx(
        0.65 / policy.contains_coverage
    )
    assert region_share(Relation.EDITED, 0.9, 0.6, policy) == pytest.approx(0.6 / policy.edited_coverage)
