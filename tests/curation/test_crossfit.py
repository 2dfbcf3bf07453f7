"""Folds: no family is in two, and nothing is judged by what saw it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from partwatch.curation import crossfit
from partwatch.curation.crossfit import FOLDS, cross_fitted, folds_of
from partwatch.curation.observations import Bodies, Lain, Observations, Parts
from partwatch.model.errors import UsageError

NONE = np.zeros(0)


def observed(projects: int, families: list[tuple[int, int]]) -> Observations:
    """One part for each (project, family)."""
    n = len(families)
    of_project = np.array([project for project, _ in families], dtype=np.int32)
    of_family = np.array([family for _, family in families], dtype=np.int32)
    names = tuple(map(str, range(n)))
    descriptors = np.zeros((n, 1), dtype=np.float32)
    return Observations(
        project_names=tuple(f"project {k}" for k in range(projects)),
        licences=("",) * projects,
        bodies=Bodies(descriptors, np.ones(n), of_project, of_family, names),
        parts=Parts(descriptors, np.arange(n + 1), np.ones(n), of_project, of_family, names, np.ones(n)),
        strangers=Lain(NONE.astype(np.int32), NONE.astype(np.int32), NONE, NONE, ()),
        copies=(),
        revisions=(),
        unlisted=(),
        unread=0,
        items=n,
    )


CHAINED = [(0, 0), (1, 0), (1, 1), (2, 1), (3, 2), (4, 3), (5, 4), (6, 5), (7, 6)]


@pytest.mark.parametrize("seed", range(12))
def test_projects_that_share_a_family_are_in_one_fold(seed: int) -> None:
    fold = folds_of(observed(8, CHAINED), seed, 3)
    assert fold[0] == fold[1] == fold[2]
    assert set(fold) == {0, 1, 2}


def test_folds_have_about_as_many_families() -> None:
    apart = [(project, family) for family, project in enumerate([0] * 7 + [1] * 3 + [2] * 2 + [3] * 2)]
    fold = folds_of(observed(4, apart), 0, 2)
    assert sorted(np.bincount([fold[project] for project, _ in apart])) == [7, 7]


def test_the_seed_draws_the_folds() -> None:
    one = observed(8, CHAINED)
    assert len({folds_of(one, seed, FOLDS).tobytes() for seed in range(12)}) > 1
    assert np.array_equal(folds_of(one, 3, FOLDS), folds_of(replace(one), 3, FOLDS))


def test_a_pair_is_judged_by_what_saw_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def fit(observed: Observations, population: object, made_from: str, projects: np.ndarray) -> object:
        seen.append(projects)
        return SimpleNamespace(tail=len(seen) - 1, plain_shapes=None)

    monkeypatch.setattr(crossfit, "fit", fit)
    monkeypatch.setattr(crossfit, "population_from", lambda *_: SimpleNamespace(name="others"))
    one = observed(8, CHAINED)
    panel = cross_fitted(one, 0, 3)
    assert len(panel.judges) == 6
    for body, of_body in enumerate(one.bodies.projects):
        for part, of_part in enumerate(one.parts.projects):
            known = seen[panel.of_pair(body, part).calibration.tail]
            assert not known[of_body]
            assert not known[of_part]
            assert known.any()


def test_a_corpus_with_nothing_alike_is_too_few_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crossfit, "population_from", lambda *_: SimpleNamespace(name="others"))
    with pytest.raises(UsageError, match="too few files for a calibration"):
        cross_fitted(observed(8, CHAINED), 0)
