"""Which comparisons make two specimens kin: what their sizes, their plainness and their likeness allow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from partwatch.curation.specimens import Specimens
from partwatch.model.document import Relation
from partwatch.model.families import Kinship
from partwatch.model.mesh import MM_PER_UNIT

# Least coverage, both ways, of a revision; as in matching's policy, its scale may be off by shrinkage.
REVISION_COVERAGE = 0.7
SCALE_TOLERANCE = 0.02
# Where less coincides both must look the same in all, near their own size: a part that was stretched lies
# well on the old one at one end only, or at a scale between.
CHANGED_COVERAGE = 0.4
CHANGED_ALIKE = 1.985
CHANGED_SCALE = 0.05
# Of what was cut from a part, or built into one, so much lies on the other: half of a stranger may.
REMIX_COVERAGE = 0.8
# Flat strangers lie on each other's mirror images as well as on themselves: that takes more.
MIRRORED_COVERAGE = 0.85

_SAME = (Relation.SAME_MESH, Relation.SAME_SHAPE)
_UNIT_FACTORS = sorted(set(MM_PER_UNIT.values()) | {1 / mm for mm in MM_PER_UNIT.values()})


@dataclass(frozen=True)
class Kin:
    """How specimen b lies on specimen a, a < b. scale: of b to a. coverage: of a's surface, then of b's."""

    a: int
    b: int
    relation: Relation
    scale: float
    mirrored: bool
    coverage_a: float
    coverage_b: float
    tolerance_mm: float
    deviation_mm: tuple[float, float, float]

    @property
    def coverage(self) -> float:
        """The lesser."""
        return min(self.coverage_a, self.coverage_b)


def unit_factor(scale: float) -> float | None:
    """The ratio of a unit to the millimetre, or one over it, that a scale comes near to; 1 where none is
    needed, None where none fits."""
    factor = min(_UNIT_FACTORS, key=lambda each: abs(np.log(scale / each)))
    return factor if abs(scale / factor - 1) <= SCALE_TOLERANCE else None


def is_same(kin: Kin, specimens: Specimens) -> bool:
    """Whether both are one shape, of one hand, and in sizes that such shapes may have."""
    return kin.relation in _SAME and not kin.mirrored and _size_fits(kin, specimens)


def kinship_of(kin: Kin, specimens: Specimens) -> Kinship | None:
    """What two different shapes are to each other; None where they are not taken for kin."""
    if specimens.is_plain(kin.a) or specimens.is_plain(kin.b) or not _size_fits(kin, specimens):
        return None
    if kin.relation in _SAME:
        return Kinship.MIRROR if kin.mirrored else None
    if specimens.is_simple(kin.a) or specimens.is_simple(kin.b):
        return None
    if kin.relation is Relation.EDITED:
        return Kinship.REVISION if _is_revision(kin, specimens) else None
    most = max(kin.coverage_a, kin.coverage_b)
    return Kinship.REMIX if most >= REMIX_COVERAGE and unit_factor(kin.scale) is not None else None


def _size_fits(kin: Kin, specimens: Specimens) -> bool:
    """Plainer shapes are found in every size: they are known again only in their own, or by a unit."""
    if specimens.is_simple(kin.a) or specimens.is_simple(kin.b):
        return abs(kin.scale - 1) <= SCALE_TOLERANCE
    if kin.relation is Relation.EDITED and abs(kin.scale - 1) <= CHANGED_SCALE:
        return True
    known_scaled = specimens.is_known_scaled(kin.a) and specimens.is_known_scaled(kin.b)
    return unit_factor(kin.scale) is not None or (known_scaled and kin.relation in _SAME)


def _is_revision(kin: Kin, specimens: Specimens) -> bool:
    if kin.mirrored and kin.coverage < MIRRORED_COVERAGE:
        return False
    if kin.coverage >= REVISION_COVERAGE and unit_factor(kin.scale) is not None:
        return True
    return (
        kin.coverage >= CHANGED_COVERAGE
        and abs(kin.scale - 1) <= CHANGED_SCALE
        and specimens.alike(kin.a, kin.b) >= CHANGED_ALIKE
    )
