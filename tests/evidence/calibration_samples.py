"""A calibration for tests, its numbers round."""

from __future__ import annotations

from partwatch.evidence.calibration import Calibration, Line, PlainShapes
from partwatch.evidence.tail import TailModel

CALIBRATION = Calibration(
    population="test",
    population_version="0" * 12,
    tail=TailModel(-9.0, 2.0, 1.5, 0.1, 0.7),
    plain_shapes=PlainShapes(0.3, 0.0005, 0.002),
    weight=Line(-0.5, 0.9),
    plain=-1.0,
    missed=-6.0,
    pair_bound=17.0,
    search_bound=6.0,
    size_tolerance=0.02,
    mates=1000,
    non_mates=2000,
    family_pairs=200_000,
    families=700,
    projects=20,
    list_parts=1000,
    made_from="test",
)
