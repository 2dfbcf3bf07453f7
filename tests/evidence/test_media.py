"""Bodies rebuilt from print jobs are weighed by numbers of their own, where there are any; others are not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from calibration_samples import CALIBRATION

from partwatch.evidence.calibration import (
    Calibration,
    RegionModel,
    calibration_text,
    read_calibration,
    shipped_calibration,
)
from partwatch.evidence.judge import Judge
from partwatch.evidence.media import REBUILT, MediumModel
from partwatch.evidence.numbers import Line, PlainShapes
from partwatch.evidence.policy import AlertPolicy
from partwatch.evidence.population import Population
from partwatch.evidence.tail import RegionTail, TailModel
from partwatch.fingerprint import DESCRIPTOR_SIZE
from partwatch.fingerprint.local import features_layout
from partwatch.matching.weight import SizeFit
from partwatch.model.document import Medium
from partwatch.model.errors import UsageError

MODEL = MediumModel(
    tail=TailModel(-8.0, 2.0, 1.5, 0.1, 0.7),
    plain_shapes=PlainShapes(0.3, 0.001, 0.004),
    weight=Line(-1.0, 0.5),
    plain=-0.5,
    missed=-2.0,
    pair_bound=12.0,
    search_bound=4.0,
    mates=80,
    non_mates=300,
    family_pairs=9000,
    families=70,
    projects=9,
    list_parts=1000,
    made_from="jobs",
    fitted_with=(Medium.TOOLPATH,),
    regions=RegionModel(RegionTail(-3.0, 0.5), Line(-2.0, 0.6), 40, 300, features_layout()),
)
WITH_MEDIA = replace(CALIBRATION, media={Medium.TOOLPATH: MODEL})


def judge_of(calibration: Calibration) -> Judge:
    """Of a list of 100 parts, all of them like one body of a population of 50."""
    descriptors = np.eye(50, DESCRIPTOR_SIZE, dtype=np.float32)
    population = Population(
        name="things",
        descriptors=descriptors,
        families=np.arange(50, dtype=np.int32),
        projects=np.zeros(50, dtype=np.int32),
        radius_mm=np.full(50, 10.0, dtype=np.float32),
        names=tuple(map(str, range(50))),
        project_names=("generated",),
        sources=("",),
    )
    part: Any = SimpleNamespace(
        design="loom",
        name="comb",
        sha256="0" * 64,
        expires=date(2030, 1, 1),
        distinctiveness=0.5,
        triangles=12,
    )
    return Judge(
        calibration, population, AlertPolicy(), 100, lambda _: part, lambda _: (descriptors[:1] * 1.2, 10.0)
    )


def test_a_file_gives_back_the_numbers_of_media() -> None:
    assert read_calibration(calibration_text(WITH_MEDIA), "here") == WITH_MEDIA
    assert WITH_MEDIA.version != CALIBRATION.version
    other = replace(CALIBRATION, media={Medium.TOOLPATH: replace(MODEL, mates=81)})
    assert other.version != WITH_MEDIA.version


def test_a_file_without_media_is_as_it_was_before_there_were_any() -> None:
    document = json.loads(calibration_text(CALIBRATION))
    assert "media" not in document
    assert read_calibration(json.dumps(document), "here").media == {}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("media",), [1]),
        (("media",), {"mesh": {}}),
        (("media",), {"wax": {}}),
        (("media", "toolpath"), None),
        (("media", "toolpath", "weight"), {"offset": 1.0}),
        (("media", "toolpath", "missed"), None),
        (("media", "toolpath", "families"), 1.5),
        (("media", "toolpath", "mates"), -1),
        (("media", "toolpath", "fitted_with"), ["mesh"]),
        (("media", "toolpath", "search_bound"), 40.0),
        (("media", "toolpath", "more"), 1.0),
        (("media", "toolpath", "regions"), {"features": "0"}),
    ],
)
def test_damaged_numbers_of_a_medium_are_refused_by_the_files_name(
    path: tuple[str, ...], value: object
) -> None:
    document = json.loads(calibration_text(WITH_MEDIA))
    place = document
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    with pytest.raises(UsageError, match=r"here\.json: this is no calibration, or it is damaged"):
        read_calibration(json.dumps(document), "here.json")


def test_regions_of_a_medium_that_other_features_made_are_refused() -> None:
    assert MODEL.regions is not None
    old = replace(MODEL, regions=replace(MODEL.regions, features="0-0"))
    text = calibration_text(replace(CALIBRATION, media={Medium.TOOLPATH: old}))
    with pytest.raises(UsageError, match="made for local features 0-0"):
        read_calibration(text, "here")


@pytest.mark.parametrize("medium", [Medium.MESH, Medium.BREP, Medium.SCAN])
def test_what_is_no_print_job_is_weighed_as_before(medium: Medium) -> None:
    before, now = judge_of(CALIBRATION), judge_of(WITH_MEDIA).of_medium(medium)
    for size in SizeFit:
        assert now.weigh(0, 0.9, size) == before.weigh(0, 0.9, size)
    assert now.weigh_region(20.0) == before.weigh_region(20.0)
    weight = before.weigh(0, 0.9, SizeFit.OWN)
    told = now.evidence(0, weight, None).model_dump_json()
    assert told == before.evidence(0, weight, None).model_dump_json()
    assert "calibrated_on" not in told


def test_a_print_jobs_body_is_weighed_by_its_own_line_tail_and_bound() -> None:
    own = replace(
        CALIBRATION,
        tail=MODEL.tail,
        plain_shapes=MODEL.plain_shapes,
        weight=MODEL.weight,
        plain=MODEL.plain,
        pair_bound=MODEL.pair_bound,
        search_bound=MODEL.search_bound,
        list_parts=MODEL.list_parts,
        regions=MODEL.regions,
    )
    of_job, of_mesh = judge_of(WITH_MEDIA).of_medium(Medium.TOOLPATH), judge_of(WITH_MEDIA)
    for score in (0.6, 0.9, 0.99):
        weight = of_job.weigh(0, score, SizeFit.OWN)
        assert weight == judge_of(own).weigh(0, score, SizeFit.OWN)
        assert weight != of_mesh.weigh(0, score, SizeFit.OWN)
        assert weight.bits <= 12.0 - np.log2(100)
    assert of_job.weigh_region(20.0) == judge_of(own).weigh_region(20.0)


def test_the_evidence_says_whose_bodies_it_rests_on() -> None:
    judge = judge_of(WITH_MEDIA).of_medium(Medium.TOOLPATH)
    evidence = judge.evidence(0, judge.weigh(0, 0.9, SizeFit.OWN), None)
    assert evidence.calibrated_on is not None
    assert evidence.calibrated_on.model_dump() == {
        "medium": "toolpath", "bodies": 300, "families": 70, "projects": 9,
    }  # fmt: skip
    assert evidence.statement.endswith(
        "; it was weighed as a body rebuilt from a print job's moves, by 300 such bodies of 70 families and "
        "9 projects."
    )


def test_without_numbers_of_its_own_it_is_weighed_as_a_mesh_and_says_so() -> None:
    judge = judge_of(WITH_MEDIA).of_medium(Medium.LAYERS)
    weight = judge.weigh(0, 0.9, SizeFit.OWN)
    assert weight == judge_of(CALIBRATION).weigh(0, 0.9, SizeFit.OWN)
    evidence = judge.evidence(0, weight, None)
    assert evidence.calibrated_on is not None
    assert evidence.calibrated_on.medium is Medium.MESH
    assert "as a mesh is" in evidence.statement


def test_what_ships_has_numbers_for_print_jobs_that_claim_no_more_than_meshes() -> None:
    shipped = shipped_calibration()
    assert set(shipped.media) == set(REBUILT)
    for medium in REBUILT:
        own = shipped.of_medium(medium)
        assert own.families < shipped.families
        assert own.weight.slope <= shipped.weight.slope
        assert own.tail.intercept >= shipped.tail.intercept
        for parts in (1, 30, 1000, 100_000):
            assert own.bound(parts) <= shipped.bound(parts)
