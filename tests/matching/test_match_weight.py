"""A judge's weight decides what geometry alone would call a match, and goes with each match."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from listed import TODAY, MemoryIndex, screened

import parts
from partwatch.matching import Matcher, Policy
from partwatch.matching.relation import held_back, match_finding
from partwatch.matching.weight import SizeFit, Weight
from partwatch.model.document import Evidence, MatchFinding, Medium, Rival, Support
from partwatch.model.mesh import Mesh

BRACKET, PLATE = parts.part_mesh("bracket"), parts.part_mesh("plate")
ALLOWED = Weight(bits=9.5, false_per_10000=0.01, is_match=True, is_review=True)
COMMON = Weight(bits=1.25, false_per_10000=400, is_match=False, is_review=False)


@dataclass
class Judging:
    """Says the same of everything, and notes what it was asked."""

    weight: Weight
    asked: list[tuple[int, float, SizeFit]] = field(default_factory=list)
    rivals: list[tuple[int, float] | None] = field(default_factory=list)
    media: list[Medium] = field(default_factory=list)

    def of_medium(self, medium: Medium) -> Judging:
        self.media.append(medium)
        return self

    def weigh(self, part: int, score: float, size: SizeFit) -> Weight:
        self.asked.append((part, score, size))
        return self.weight

    def evidence(self, part: int, weight: Weight, rival: tuple[int, float] | None) -> Evidence:
        self.rivals.append(rival)
        return Evidence(
            bound=12, at_bound=False, false_per_10000=weight.false_per_10000, support=Support.WEAK,
            statement=f"part {part}",
            rival=Rival(design=None, part=None, score=None, look_alike=None, similarity=None),
        )  # fmt: skip


def matcher(index: MemoryIndex, judge: Judging) -> Matcher:
    return Matcher(index, Policy(), TODAY, judge=judge)


def test_bits_and_evidence_go_with_a_match() -> None:
    judge = Judging(ALLOWED)
    best = screened(matcher(MemoryIndex({"bracket": BRACKET}), judge), BRACKET).best
    assert (best.finding, best.bits) == (MatchFinding.MATCH, 9.5)
    assert best.evidence is not None
    assert best.evidence.statement == "part 0"
    assert judge.asked == [(0, pytest.approx(best.score, abs=1e-4), SizeFit.OWN)]
    assert judge.rivals == [None]


@pytest.mark.parametrize("medium", [Medium.MESH, Medium.TOOLPATH, Medium.LAYERS])
def test_an_items_bodies_are_weighed_as_its_medium_is(medium: Medium) -> None:
    judge = Judging(ALLOWED)
    screened(matcher(MemoryIndex({"bracket": BRACKET}), judge), BRACKET, medium=medium)
    assert judge.media == [medium]


def test_bodies_rebuilt_from_moves_are_compared_within_a_tolerance_of_their_own() -> None:
    small = Mesh(BRACKET.vertices * 15 / float(np.linalg.norm(BRACKET.extents)), BRACKET.triangles)
    one = matcher(MemoryIndex({"small": small, "bracket": BRACKET}), Judging(ALLOWED))
    for medium, wanted in ((Medium.MESH, 0.1), (Medium.TOOLPATH, 0.15), (Medium.LAYERS, 0.1)):
        assert screened(one, small, medium=medium).best.tolerance_mm == wanted
    large = [screened(one, BRACKET, medium=medium).best.tolerance_mm for medium in Medium]
    assert len(set(large)) == 1
    assert "toolpath_tolerance_least" not in Policy().thresholds()


def test_what_is_too_common_is_held_for_review_with_its_reason() -> None:
    answer = screened(
        matcher(MemoryIndex({"bracket": BRACKET}), Judging(COMMON)),
        BRACKET,
    )
    assert answer.best.finding is MatchFinding.REVIEW
    (reason,) = answer.reasons
    assert "of 10,000 unrelated bodies about 400 would fit" in reason.message


def test_without_a_judge_there_are_no_bits() -> None:
    best = screened(
        Matcher(MemoryIndex({"bracket": BRACKET}), Policy(), TODAY),
        BRACKET,
    ).best
    assert (best.bits, best.evidence) == (None, None)


def test_the_next_best_part_is_the_rival() -> None:
    judge = Judging(ALLOWED)
    index = MemoryIndex(
        {
            "bracket": BRACKET,
            "again": BRACKET,
            "plate": PLATE,
        }
    )
    screened(matcher(index, judge), BRACKET)
    assert judge.rivals == [(1, 1.0), (0, 1.0)]


@pytest.mark.parametrize(
    ("coverage", "scale", "weight", "wanted"),
    [
        (0.95, 1.0, ALLOWED, MatchFinding.MATCH),
        (0.95, 1.0, COMMON, MatchFinding.REVIEW),
        (0.95, 2.0, COMMON, MatchFinding.CANDIDATE),
        (0.85, 1.0, ALLOWED, MatchFinding.REVIEW),
        (0.85, 1.0, COMMON, MatchFinding.CANDIDATE),
        (0.70, 1.0, ALLOWED, MatchFinding.CANDIDATE),
    ],
)
def test_geometry_proposes_and_the_policy_disposes(
    coverage: float, scale: float, weight: Weight, wanted: MatchFinding
) -> None:
    proposed = match_finding(coverage, scale, 1.0, Policy())
    assert proposed is not None
    assert held_back(proposed, weight) is wanted
