"""What a match is worth: a plain part earns little, a larger list takes its size off, the basis is told."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt
import pytest
import trimesh
from calibration_samples import CALIBRATION

from partwatch.curation.standins import stand_ins
from partwatch.evidence.calibration import Line, PlainShapes
from partwatch.evidence.judge import Judge, basis_of, profile_of, surprise_of
from partwatch.evidence.policy import AlertPolicy
from partwatch.evidence.population import Population
from partwatch.evidence.tail import TailModel
from partwatch.fingerprint import describe, sample_surface
from partwatch.matching.weight import SizeFit
from partwatch.model.document import Support
from partwatch.model.mesh import Mesh

CALIBRATION = replace(
    CALIBRATION,
    tail=TailModel(intercept=-16.0, similarity=3.0, score=1.5, both=0.0, centre=0.7),
    plain_shapes=PlainShapes(below=0.3, sized=0.001, anyhow=0.005),
    weight=Line(0.0, 1.0),
    pair_bound=18.0,
    search_bound=5.0,
)


@dataclass(frozen=True)
class Listed:
    design: str
    name: str
    sha256: str = "0" * 64
    expires: date = date(2030, 1, 1)
    distinctiveness: float = 0.5
    triangles: int = 12
    has_geometry: bool = True


def mesh_of(surface: trimesh.Trimesh) -> Mesh:
    return Mesh(np.asarray(surface.vertices, dtype=float), np.asarray(surface.faces, dtype=np.int32))


@pytest.fixture(scope="module")
def population() -> Population:
    named = list(stand_ins())
    surfaces = [sample_surface(mesh) for _, mesh in named]
    return Population(
        name="plain things",
        descriptors=np.stack([describe(s) for s in surfaces]),
        families=np.arange(len(named), dtype=np.int32),
        projects=np.zeros(len(named), dtype=np.int32),
        radius_mm=np.array([s.radius for s in surfaces], dtype=np.float32),
        names=tuple(name for name, _ in named),
        project_names=("generated",),
        sources=("Apache-2.0",),
    )


def comb() -> trimesh.Trimesh:
    """Nothing like it in a box of plain things: a comb of plates of falling length."""
    return trimesh.util.concatenate(
        [
            trimesh.creation.box(
                extents=(2, 8 + 6 * k, 30 - 3 * k),
                transform=trimesh.transformations.translation_matrix((5.0 * k, 2.0 * k, 0)),
            )
            for k in range(7)
        ]
    )


PIN, COMB, PLAIN = 0, 1, 2


def judge_of(population: Population, list_parts: int = 100, policy: AlertPolicy | None = None) -> Judge:
    shapes = trimesh.creation.cylinder(4, 30, sections=48), comb(), comb()
    surfaces = [sample_surface(mesh_of(shape)) for shape in shapes]
    prints = [(describe(s)[None], s.radius) for s in surfaces]
    parts = [Listed("hinge", "pin"), Listed("loom", "comb"), Listed("box", "block", distinctiveness=0.0)]

    def print_of(part: int) -> tuple[npt.NDArray[np.float32], float]:
        return prints[part]

    return Judge(
        CALIBRATION, population, policy or AlertPolicy(), list_parts, lambda part: parts[part], print_of
    )


def test_a_plain_pin_earns_far_fewer_bits_than_a_shape_of_its_own(population: Population) -> None:
    judge = judge_of(population)
    pin, comb = judge.weigh(PIN, 0.8, SizeFit.NONE), judge.weigh(COMB, 0.8, SizeFit.NONE)
    assert comb.bits > pin.bits + 4
    assert comb.false_per_10000 < pin.false_per_10000 / 30


def test_a_better_fit_is_worth_more_and_alarms_less(population: Population) -> None:
    judge = judge_of(population)
    weights = [judge.weigh(PIN, score, SizeFit.OWN) for score in (0.6, 0.8, 0.95)]
    assert weights[0].bits < weights[1].bits < weights[2].bits
    assert weights[0].false_per_10000 > weights[1].false_per_10000 > weights[2].false_per_10000


def test_the_parts_own_size_is_worth_something(population: Population) -> None:
    judge = judge_of(population)
    own, other = (judge.weigh(PIN, 0.95, size) for size in (SizeFit.OWN, SizeFit.NONE))
    assert own.false_per_10000 < other.false_per_10000 / 3


def test_a_size_by_an_inferred_unit_is_worth_less_than_by_its_own(population: Population) -> None:
    judge = judge_of(population)
    own, inferred, none = (
        judge.weigh(PIN, 0.95, size).false_per_10000 for size in (SizeFit.OWN, SizeFit.INFERRED, SizeFit.NONE)
    )
    assert own <= inferred < none


def test_a_plain_part_alarms_as_often_as_was_counted_whatever_its_neighbours(population: Population) -> None:
    judge = judge_of(population)
    assert judge.weigh(COMB, 1.0, SizeFit.OWN).false_per_10000 < 1
    assert judge.weigh(PLAIN, 1.0, SizeFit.OWN).false_per_10000 == pytest.approx(1000)
    assert judge.weigh(PLAIN, 1.0, SizeFit.NONE).false_per_10000 == pytest.approx(5000)


def test_a_list_twice_as_long_takes_one_bit_off_and_alarms_twice_as_often(population: Population) -> None:
    short, long = judge_of(population, 50), judge_of(population, 100)
    one, two = (judge.weigh(PIN, 0.9, SizeFit.OWN) for judge in (short, long))
    assert one.bits - two.bits == pytest.approx(1, abs=0.011)
    assert two.false_per_10000 == pytest.approx(2 * one.false_per_10000)


def test_no_more_bits_than_the_population_supports(population: Population) -> None:
    judge = judge_of(population, 100)
    weight = judge.weigh(COMB, 1.0, SizeFit.OWN)
    assert weight.bits == pytest.approx(CALIBRATION.bound(100), abs=0.01)
    assert weight.bits <= CALIBRATION.bound(100)
    assert judge.evidence(COMB, weight, None).at_bound


def test_the_policy_decides_what_is_allowed(population: Population) -> None:
    expected = judge_of(population).weigh(PIN, 0.95, SizeFit.OWN).false_per_10000
    for times, allowed in ((0.9, False), (1.1, True)):
        policy = AlertPolicy("p", expected * times, expected * times)
        weight = judge_of(population, policy=policy).weigh(PIN, 0.95, SizeFit.OWN)
        assert (weight.is_match, weight.is_review) == (allowed, allowed)


def test_the_evidence_names_both_propositions_and_both_rivals(population: Population) -> None:
    judge = judge_of(population)
    weight = judge.weigh(PIN, 0.95, SizeFit.OWN)
    evidence = judge.evidence(PIN, weight, (COMB, 0.61234))
    assert "hinge" in evidence.statement
    assert "plain things" in evidence.statement
    assert "100 parts" in evidence.statement
    assert (evidence.rival.design, evidence.rival.part, evidence.rival.score) == ("loom", "comb", 0.6123)
    assert evidence.rival.look_alike is not None
    assert evidence.rival.look_alike.startswith("generated: pin ")
    assert evidence.rival.similarity is not None
    assert 1.9 < evidence.rival.similarity <= 2
    assert evidence.support in list(Support)
    assert evidence.bound == 11.35


def test_without_another_part_no_rival_is_named(population: Population) -> None:
    judge = judge_of(population)
    rival = judge.evidence(PIN, judge.weigh(PIN, 0.9, SizeFit.OWN), None).rival
    assert (rival.design, rival.part, rival.score) == (None, None, None)


def test_the_basis_states_its_size(population: Population) -> None:
    basis = basis_of(CALIBRATION, population, 1024)
    assert (basis.bodies, basis.families, basis.projects) == (len(population), len(population), 1)
    assert (basis.list_parts, basis.bound) == (1024, 8.0)


def test_a_part_of_several_prints_is_as_plain_as_its_plainest(population: Population) -> None:
    first, second = describe(sample_surface(mesh_of(comb()))), population.descriptors[3]
    both = profile_of(population, np.stack([first, second]), 10.0, 0.5, 0.02)
    alone = [profile_of(population, one, 10.0, 0.5, 0.02).similarity for one in (first, second)]
    assert np.allclose(both.similarity, np.maximum(*alone))


def test_surprise_is_bits_of_an_expectation_for_the_list() -> None:
    assert surprise_of(1 / 1024, 4) == 8
    assert math.isfinite(surprise_of(0.0, 10))
