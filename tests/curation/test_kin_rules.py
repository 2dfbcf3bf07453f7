"""Which comparisons make kin: sizes, plainness, likeness."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from partwatch.curation.kin_rules import Kin, is_same, kinship_of, unit_factor
from partwatch.curation.specimens import FACTS, Specimens
from partwatch.fingerprint import DESCRIPTOR_SIZE
from partwatch.model.document import Relation
from partwatch.model.families import Kinship

SAME = Kin(0, 1, Relation.SAME_SHAPE, 1.0, False, 1.0, 1.0, 0.2, (0.0, 0.0, 0.0))
EDITED = replace(SAME, relation=Relation.EDITED, coverage_a=0.9, coverage_b=0.8)
CHANGED = replace(EDITED, coverage_a=0.5)


def two(distinct: float = 0.8, triangles: int = 500, alike: float = 1.995) -> Specimens:
    """Two specimens of that likeness."""
    facts = np.ones((2, FACTS))
    facts[:, 3], facts[:, 8] = distinct, triangles
    angle = np.arccos(alike / 2)
    descriptors = np.zeros((2, DESCRIPTOR_SIZE), np.float32)
    descriptors[0, 0] = np.sqrt(2)
    descriptors[1, :2] = np.sqrt(2) * np.array([np.cos(angle), np.sin(angle)])
    return Specimens(facts, descriptors, (b"a", b"b"))


@pytest.mark.parametrize(
    ("scale", "factor"),
    [(1.01, 1.0), (25.4, 25.4), (0.0394, 1 / 25.4), (1000, 1000.0), (1.05, None), (2, None)],
)
def test_a_unit_explains_a_scale_that_comes_near_to_it(scale: float, factor: float | None) -> None:
    assert unit_factor(scale) == factor


def test_the_same_shape_in_its_own_size_or_by_a_unit_is_one() -> None:
    for scale in (1.0, 25.4, 0.1):
        assert is_same(replace(SAME, scale=scale), two(distinct=0.4))
    assert not is_same(replace(SAME, scale=1.5), two(distinct=0.4))
    assert is_same(replace(SAME, scale=1.5), two(distinct=0.7))
    assert not is_same(replace(SAME, mirrored=True), two())
    assert not is_same(EDITED, two())


def test_few_facets_are_known_in_their_own_size_only() -> None:
    tetrahedra = two(triangles=4)
    assert is_same(SAME, tetrahedra)
    assert not is_same(replace(SAME, scale=1.5), tetrahedra)
    assert not is_same(replace(SAME, scale=25.4), tetrahedra)
    assert kinship_of(EDITED, tetrahedra) is None


def test_a_mirror_image_a_revision_and_a_piece() -> None:
    assert kinship_of(replace(SAME, mirrored=True), two()) is Kinship.MIRROR
    assert kinship_of(EDITED, two(alike=1.95)) is Kinship.REVISION
    for relation in (Relation.PIECE_OF, Relation.CONTAINS):
        kin = replace(EDITED, relation=relation)
        assert kinship_of(kin, two(alike=1.0)) is Kinship.REMIX
        # Half of a stranger lies on anything.
        assert kinship_of(replace(kin, coverage_a=0.6, coverage_b=0.3), two(alike=2.0)) is None


def test_plain_shapes_are_no_kin_by_shape() -> None:
    for kin in (replace(SAME, mirrored=True), EDITED, replace(EDITED, relation=Relation.CONTAINS)):
        assert kinship_of(kin, two(distinct=0.2)) is None


def test_where_less_coincides_all_must_look_the_same_and_near_in_size() -> None:
    assert kinship_of(CHANGED, two(alike=1.99)) is Kinship.REVISION
    assert kinship_of(replace(CHANGED, scale=1.04), two(alike=1.99)) is Kinship.REVISION
    assert kinship_of(CHANGED, two(alike=1.98)) is None
    assert kinship_of(replace(CHANGED, scale=1.06), two(alike=1.99)) is None
    assert kinship_of(replace(CHANGED, scale=25.4), two(alike=1.99)) is None
    assert kinship_of(replace(CHANGED, coverage_b=0.39), two(alike=1.99)) is None


def test_a_mirrored_revision_takes_more() -> None:
    assert kinship_of(replace(EDITED, mirrored=True), two()) is None
    assert kinship_of(replace(EDITED, mirrored=True, coverage_b=0.86), two()) is Kinship.REVISION
