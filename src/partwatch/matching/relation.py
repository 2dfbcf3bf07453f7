"""From a measurement to the contract's words: relation, unit, scale, finding."""

from __future__ import annotations

from dataclasses import dataclass

from partwatch.matching.policy import Policy
from partwatch.matching.stretch import stretch_of
from partwatch.matching.verification import Measurement
from partwatch.matching.weight import SizeFit, Weight
from partwatch.model.document import MatchFinding, Relation, UnitSource
from partwatch.model.mesh import MM_PER_UNIT, UNIT_HYPOTHESES, Unit

# A part that was made longer along one direction by less than this is as good as its own shape.
LEAST_STRETCH = 1e-3


@dataclass(frozen=True)
class Size:
    """A body's unit as stated or supposed, and what scale is left between body and part after it.

    scale: of T_part_body, so 2 where the body is half the part's size.
    """

    unit: Unit
    source: UnitSource
    scale: float


def explain_size(mm_per_body_unit: float, stated: Unit | None, scale_tolerance: float) -> Size:
    """The unit under which the body has the part's size; else the stated one or millimetres, with a scale.

    mm_per_body_unit: the part's millimetres in one of the body's units, as the alignment found it.
    """
    if stated is not None:
        return Size(stated, UnitSource.STATED, mm_per_body_unit / MM_PER_UNIT[stated])
    for unit in UNIT_HYPOTHESES:
        scale = mm_per_body_unit / MM_PER_UNIT[unit]
        if abs(scale - 1) <= scale_tolerance:
            source = UnitSource.ASSUMED if unit is Unit.MILLIMETRE else UnitSource.INFERRED
            return Size(unit, source, scale)
    return Size(Unit.MILLIMETRE, UnitSource.ASSUMED, mm_per_body_unit)


def fitting_unit(size: Size, scale_tolerance: float) -> Unit | None:
    """The unit in which the body would have the part's size, where the file states another one."""
    if size.source is not UnitSource.STATED or abs(size.scale - 1) <= scale_tolerance:
        return None
    mm_per_body_unit = size.scale * MM_PER_UNIT[size.unit]
    return next(
        (unit for unit, mm in MM_PER_UNIT.items() if abs(mm_per_body_unit / mm - 1) <= scale_tolerance), None
    )


def shape_relation(measured: Measurement, policy: Policy) -> Relation:
    """Which of same shape, edited, piece of, contains the coverages speak for."""
    if (
        measured.coverage >= 1 - policy.same_shape_uncovered
        and measured.vertices_apart <= policy.same_shape_vertices
        and stretch_of(measured.T_body_part) < LEAST_STRETCH
    ):
        return Relation.SAME_SHAPE
    if measured.coverage < policy.review_coverage:
        if measured.coverage_body > policy.one_sided * measured.coverage_part:
            return Relation.PIECE_OF
        if measured.coverage_part > policy.one_sided * measured.coverage_body:
            return Relation.CONTAINS
    return Relation.EDITED


def match_finding(
    coverage: float, scale: float, distinctiveness: float, policy: Policy
) -> MatchFinding | None:
    """What a match of that coverage, the lesser of both, amounts to; None where it is not worth reporting."""
    if coverage < policy.candidate_coverage:
        return None
    if coverage < policy.review_coverage:
        return MatchFinding.CANDIDATE
    if (
        coverage < policy.match_coverage
        or abs(scale - 1) > policy.scale_tolerance
        or distinctiveness < policy.match_distinctiveness
    ):
        return MatchFinding.REVIEW
    return MatchFinding.MATCH


def region_share(relation: Relation, coverage_part: float, coverage_body: float, policy: Policy) -> float:
    """How much of the side that must lie on the other does, over the least of it that is reported."""
    return region_side(relation, coverage_part, coverage_body) / policy.region_coverage[relation]


def measured_share(measured: Measurement, policy: Policy) -> float:
    """`region_share` of two surfaces as they were measured."""
    relation = shape_relation(measured, policy)
    return region_share(relation, measured.coverage_part, measured.coverage_body, policy)


def region_side(relation: Relation, coverage_part: float, coverage_body: float) -> float:
    """Coverage of the side that must lie on the other: the body of a piece, the part within a larger body,
    the worse of both otherwise."""
    if relation is Relation.PIECE_OF:
        return coverage_body
    if relation is Relation.CONTAINS:
        return coverage_part
    return min(coverage_part, coverage_body)


def region_finding(share: float, scale: float, weight: Weight, policy: Policy) -> MatchFinding | None:
    """What a shared region amounts to. share: as `region_share` gives it, for geometry says whether a region
    is worth reporting; how rare it is, how much it is worth."""
    if share < policy.region_candidate or weight.bits <= 0:
        return None
    if share < 1 or not weight.is_review:
        return MatchFinding.CANDIDATE
    if abs(scale - 1) > policy.scale_tolerance or not weight.is_match:
        return MatchFinding.REVIEW
    return MatchFinding.MATCH


def size_fit(scale: float, source: UnitSource, scale_tolerance: float) -> SizeFit:
    """How a body of that scale comes to have the part's size."""
    if not abs(scale - 1) <= scale_tolerance:
        return SizeFit.NONE
    return SizeFit.INFERRED if source is UnitSource.INFERRED else SizeFit.OWN


def held_back(finding: MatchFinding, weight: Weight) -> MatchFinding:
    """A finding of geometry, lessened where unrelated bodies would do as well more often than is allowed.

    What geometry calls a match, at the part's own size, stays up for review however plain the part is: that
    is for a person to decide.
    """
    if finding is MatchFinding.MATCH and not weight.is_match:
        return MatchFinding.REVIEW
    if finding is MatchFinding.REVIEW and not weight.is_review:
        return MatchFinding.CANDIDATE
    return finding
