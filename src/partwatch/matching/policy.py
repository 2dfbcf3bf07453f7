"""Every threshold that turns a measurement into a finding, in one place.

All are provisional: they were set on measured rates of the open corpus (docs/benchmarks.md) and give way
to calibrated bits.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Policy:
    """Thresholds. Shares are 0 to 1, lengths in millimetres of the listed part.

    tolerance_share, tolerance_least, tolerance_most: the tolerance is this share of the part's diagonal,
    kept between the two, and never more than tolerance_bound of the diagonal.
    scale_tolerance: shrinkage compensation; beyond it a match is at most review.
    same_shape_uncovered: most of either surface that may lie apart for *same shape*.
    same_shape_vertices: most of the vertices that may lie apart for *same shape*; they crowd where the
    details are, so a moved hole shows there first.
    match_coverage, review_coverage, candidate_coverage: least coverage, both ways, for each.
    match_distinctiveness: least distinctiveness for *match*; a more generic part is at most review.
    fingerprint_similarity: least similarity of descriptors (2 where they are the same) that puts a body up
    for review where the list gives no geometry to verify it by.
    """

    name: str = "provisional-1"
    tolerance_share: float = 0.006
    tolerance_least: float = 0.1
    tolerance_most: float = 0.3
    tolerance_bound: float = 0.02
    scale_tolerance: float = 0.02
    same_shape_uncovered: float = 0.002
    same_shape_vertices: float = 0.002
    match_coverage: float = 0.92
    review_coverage: float = 0.80
    candidate_coverage: float = 0.60
    match_distinctiveness: float = 0.30
    fingerprint_similarity: float = 1.99

    def tolerance_mm(self, diagonal_mm: float) -> float:
        """The tolerance for a part of that diagonal."""
        share = max(self.tolerance_share * diagonal_mm, self.tolerance_least)
        return min(share, self.tolerance_most, self.tolerance_bound * diagonal_mm)

    def thresholds(self) -> dict[str, float]:
        """All numbers by name, for the result's header."""
        return {name: float(value) for name, value in asdict(self).items() if name != "name"}
