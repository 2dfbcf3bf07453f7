"""Every threshold that turns a measurement into a finding, in one place.

All are provisional: they were set on measured rates of the open corpus (docs/benchmarks.md) and give way
to calibrated bits.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from partwatch.model.document import Medium, Relation


@dataclass(frozen=True)
class Policy:
    """Thresholds. Shares are 0 to 1, lengths in millimetres of the listed part.

    tolerance_share, tolerance_least, tolerance_most: the tolerance is this share of the part's diagonal,
    kept between the two, and never more than tolerance_bound of the diagonal.
    toolpath_tolerance_least: takes the place of tolerance_least for bodies rebuilt from a print job's moves
    (docs/decisions/0031: within it nine copies in ten cover what a match asks for). It is no threshold of the
    result's header, as each match says its own tolerance.
    scale_tolerance: shrinkage compensation; beyond it a match is at most review.
    same_shape_uncovered: most of either surface that may lie apart for *same shape*.
    same_shape_vertices: most of the vertices that may lie apart for *same shape*; they crowd where the
    details are, so a moved hole shows there first.
    match_coverage, review_coverage, candidate_coverage: least coverage, both ways, for each.
    match_distinctiveness: least distinctiveness for *match*; a more generic part is at most review.
    one_sided: how many times as much of one surface than of the other must coincide for *piece of* or
    *contains*.
    piece_coverage, contains_coverage, edited_coverage: least coverage, of the body, of the part and of both,
    for a region to be reported. region_candidate: the share of it from which on it is a candidate.
    fingerprint_similarity: least similarity of descriptors (2 where they are the same) that puts a body up
    for review where the list gives no geometry to verify it by.
    """

    name: str = "provisional-2"
    tolerance_share: float = 0.006
    tolerance_least: float = 0.1
    tolerance_most: float = 0.3
    tolerance_bound: float = 0.02
    toolpath_tolerance_least: float = 0.15
    scale_tolerance: float = 0.02
    same_shape_uncovered: float = 0.002
    same_shape_vertices: float = 0.002
    match_coverage: float = 0.92
    review_coverage: float = 0.80
    candidate_coverage: float = 0.60
    match_distinctiveness: float = 0.30
    one_sided: float = 1.25
    piece_coverage: float = 0.50
    contains_coverage: float = 0.65
    edited_coverage: float = 0.60
    region_candidate: float = 0.75
    fingerprint_similarity: float = 1.99

    def of_medium(self, medium: Medium) -> Policy:
        """The policy for bodies of that medium: with the tolerance that belongs to it."""
        if medium is Medium.TOOLPATH:
            return replace(self, tolerance_least=self.toolpath_tolerance_least)
        return self

    def tolerance_mm(self, diagonal_mm: float) -> float:
        """The tolerance for a part of that diagonal."""
        share = max(self.tolerance_share * diagonal_mm, self.tolerance_least)
        return min(share, self.tolerance_most, self.tolerance_bound * diagonal_mm)

    def region_tolerance_mm(self, diagonal_mm: float) -> float:
        """The tolerance for a region of such a part: small ones as well are printed with walls moved."""
        return min(self.tolerance_most, self.tolerance_bound * diagonal_mm)

    @property
    def region_coverage(self) -> dict[Relation, float]:
        """Least coverage by relation: of the side that must lie on the other."""
        edited = self.edited_coverage
        return dict.fromkeys(Relation, edited) | {
            Relation.PIECE_OF: self.piece_coverage,
            Relation.CONTAINS: self.contains_coverage,
        }

    def thresholds(self) -> dict[str, float]:
        """All numbers by name, for the result's header."""
        untold = ("name", "toolpath_tolerance_least")
        return {name: float(value) for name, value in asdict(self).items() if name not in untold}
