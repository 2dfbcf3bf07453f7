"""Splink's part: it is quiet, it answers the same each time, and its weights are read back level by level."""

from __future__ import annotations

import random

import numpy as np
import pytest

from partwatch.case.resolution import scoring
from partwatch.case.resolution.blocking import blocks_of
from partwatch.case.resolution.model import COMPARISONS, settings_of, shipped_shares
from partwatch.case.resolution.records import Kind, Records, records
from partwatch.case.resolution.scoring import Scorer, distinct


def crowd(count: int) -> Records:
    rng = random.Random(3)
    said = {}
    for place in range(count):
        person = random.Random(place // 2)
        given, family = (person.choice(["Anna", "Jan", "Mia", "Otto", "Rolf"]) for _ in range(2))
        said[f"{place:04d}"] = {
            "name": [f"{given} {family}{person.randrange(20)}"],
            "birthDate": [f"19{person.randrange(40, 99)}-0{person.randrange(1, 10)}-1{person.randrange(10)}"],
            "phone": [f"+4930{person.randrange(10**6) + (rng.random() < 0.2):06d}"],
        }
    return records(Kind.PERSON, said)


def test_it_learns_from_a_case_that_is_large_enough_and_is_quiet(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(scoring, "LEAST_TO_LEARN", 100)
    monkeypatch.setattr(scoring, "LEAST_PAIRS", 20)
    rows = crowd(200)
    with Scorer(rows) as scorer:
        assert scorer.learned
        assert scorer.shares != distinct(shipped_shares(Kind.PERSON))
        for levels in scorer.shares.values():
            assert sum(m for m, _ in levels) == pytest.approx(1.0, abs=0.01)
        assert len(scorer.blocked(blocks_of(rows), -10.0)) >= 80
    assert capfd.readouterr() == ("", "")


def test_weights_are_read_back_by_level() -> None:
    rows = records(
        Kind.PERSON,
        {
            "a": {"name": ["Anna Lang"], "birthDate": ["1980-05-04"]},
            "b": {"name": ["Lang Anna"], "birthDate": ["1980-04-05"]},
            "c": {"name": ["A. Lang"], "birthDate": ["1980"]},
        },
    )
    left, right = np.array([0, 0], np.int32), np.array([1, 2], np.int32)
    with Scorer(rows) as scorer:
        found = scorer.pairs(left, right)
    names = [one.name for one in COMPARISONS[Kind.PERSON]]
    labels = [
        {
            name: COMPARISONS[Kind.PERSON][place].labels[level]
            for place, (name, level) in enumerate(zip(names, levels, strict=True))
            if level >= 0
        }
        for levels in found.levels.tolist()
    ]
    assert labels == [
        {"given": "names exchanged", "family": "names exchanged", "birth": "day and month exchanged"},
        {"given": "an initial that fits", "family": "the same", "birth": "as far as it is told"},
    ]
    assert found.raw == pytest.approx(found.weights.sum(axis=1), abs=1e-4)
    assert (found.weights[:, names.index("phone")] == 0).all()


@pytest.mark.parametrize("kind", Kind)
def test_one_model_gives_settings_for_either_backend(kind: Kind) -> None:
    here, there = (settings_of(kind, dialect=dialect) for dialect in ("duckdb", "spark"))
    assert [one["output_column_name"] for one in here["comparisons"]] == [
        one["output_column_name"] for one in there["comparisons"]
    ]
    told = str(there)
    assert "jaro_winkler(" in told
    assert "jaro_winkler_similarity" not in told
    for one, other in zip(here["comparisons"], there["comparisons"], strict=True):
        for level, twin in zip(one["comparison_levels"], other["comparison_levels"], strict=True):
            assert level.get("m_probability") == twin.get("m_probability")


def test_no_two_levels_have_one_weight() -> None:
    told = distinct({"given": ((0.5, 0.1), (0.5, 0.1), (0.2, 0.2), (1e-9, 1e-12))})["given"]
    weights = [float(np.log2(m / u)) for m, u in told] + [0.0]
    assert min(abs(a - b) for place, a in enumerate(weights) for b in weights[:place]) >= 1e-4
